"""Azure Blob Storage's variables."""

import pytest

from adapters.object_store.config import AzureConfig
from adapters.settings.environment import read_settings
from domain.secret import Secret
from tests.unit.adapters.settings.environments import faults

AZURE = {
    "STORAGE_BACKEND": "azure",
    "AZURE_STORAGE_ACCOUNT": "clips1",
    "AZURE_STORAGE_KEY": "a2V5+/==",  # pragma: allowlist secret
    "AZURE_CONTAINER": "my-clips",
    "HOME": "/home/me",
}


def test_account_key_and_container_are_enough() -> None:
    assert read_settings(AZURE).store.config == AzureConfig(
        account="clips1",
        key=Secret("a2V5+/=="),
        container="my-clips",
        endpoint_url=None,
        prefix="ltx2",
        public_base_url=None,
        signed_url_seconds=86_400,
    )


def test_every_variable_arrives_at_its_place() -> None:
    more = {
        "AZURE_PREFIX": "team/ltx2",
        "AZURE_ENDPOINT_URL": "https://clips1.blob.core.usgovcloudapi.net/",
        "AZURE_PUBLIC_BASE_URL": "https://clips.azureedge.net",
        "AZURE_SIGNED_URL_TTL_SECONDS": "2592000",
    }
    assert read_settings(AZURE | more).store.config == AzureConfig(
        account="clips1",
        key=Secret("a2V5+/=="),
        container="my-clips",
        endpoint_url="https://clips1.blob.core.usgovcloudapi.net",
        prefix="team/ltx2",
        public_base_url="https://clips.azureedge.net",
        signed_url_seconds=2_592_000,
    )


def test_account_key_and_container_are_required() -> None:
    assert list(faults({"STORAGE_BACKEND": "azure", "HOME": "/home/me"})) == [
        "AZURE_STORAGE_ACCOUNT",
        "AZURE_STORAGE_KEY",
        "AZURE_CONTAINER",
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("AZURE_STORAGE_ACCOUNT", "Clips"),
        ("AZURE_STORAGE_ACCOUNT", "ab"),
        ("AZURE_STORAGE_ACCOUNT", "https://clips1.blob.core.windows.net"),
        ("AZURE_STORAGE_KEY", "DefaultEndpointsProtocol=https;AccountName=clips1;AccountKey=a2V5"),
        ("AZURE_STORAGE_KEY", "sv=2023-11-03&sig=abc"),
        ("AZURE_STORAGE_KEY", "schlüssel"),
        ("AZURE_STORAGE_KEY", "a2V5+/="),
        ("AZURE_CONTAINER", "My-clips"),
        ("AZURE_CONTAINER", "my--clips"),
        ("AZURE_CONTAINER", "-clips"),
        ("AZURE_CONTAINER", "x" * 64),
        ("AZURE_ENDPOINT_URL", "http://10.0.0.1:10000/clips1"),
        ("AZURE_SIGNED_URL_TTL_SECONDS", "0"),
    ],
)
def test_what_cannot_work_is_refused(name: str, text: str) -> None:
    told = faults(AZURE | {name: text})
    assert list(told) == [name]
    if name == "AZURE_STORAGE_KEY":
        assert "no connection string or SAS token" in told[name]
        assert text not in told[name]
