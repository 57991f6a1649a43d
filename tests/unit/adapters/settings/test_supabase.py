"""What people paste as Supabase's URL and key."""

import pytest

from adapters.object_store.config import SupabaseConfig
from adapters.settings.environment import read_settings
from domain.secret import Secret
from tests.unit.adapters.settings.environments import SUPABASE, faults, jwt


def _url(text: str) -> str:
    supabase = read_settings(SUPABASE | {"SUPABASE_URL": text}).store.config
    assert isinstance(supabase, SupabaseConfig)
    return supabase.url


def _key(**keys: str) -> Secret:
    environ = {"SUPABASE_URL": "https://abc.supabase.co", "HOME": "/root"} | keys
    supabase = read_settings(environ).store.config
    assert isinstance(supabase, SupabaseConfig)
    return supabase.key


@pytest.mark.parametrize(
    "text",
    [
        "https://abc.supabase.co",
        "https://abc.supabase.co/",
        "  https://abc.supabase.co//\n",
        "https://abc.supabase.co/rest/v1",
        "https://abc.supabase.co/rest/v1/",
        "https://abc.supabase.co/storage/v1",
        "https://abc.supabase.co/auth/v1/",
        "HTTPS://abc.supabase.co",
    ],
)
def test_the_projects_root_is_found(text: str) -> None:
    assert _url(text) == "https://abc.supabase.co"


@pytest.mark.parametrize(
    "text",
    ["http://127.0.0.1:54321", "http://localhost:8000", "http://[::1]:8000", "https://db.example.com:8443/supabase"],
)
def test_loopback_ports_and_paths_are_kept(text: str) -> None:
    assert _url(text + "/") == text


@pytest.mark.parametrize(
    "text",
    [
        "http://abc.supabase.co",
        "http://10.0.0.1",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "abc.supabase.co",
        "https://",
        "https:///rest/v1",
        "ftp://abc.supabase.co",
        "https://abc.supabase.co:http",
        "https://abc.supabase.co:99999",
        "https://abc.supabase.co:0",
        "https://[::1",
        "https://user:pw@abc.supabase.co",  # pragma: allowlist secret
        "https://abc.supabase.co?apikey=1",
        "https://abc.supabase.co/#top",
        "https://abc.supa base.co",
        "https://äbc.supabase.co",
        "postgresql://postgres:pw@db.abc.supabase.co/postgres",  # pragma: allowlist secret
    ],
)
def test_other_urls_are_refused(text: str) -> None:
    message = faults(SUPABASE | {"SUPABASE_URL": text})["SUPABASE_URL"]
    assert message.startswith("must be the project's https URL such as https://abcdefgh.supabase.co (http only for")
    assert ":pw" not in message


def test_the_secret_key_wins() -> None:
    assert _key(SUPABASE_SECRET_KEY="sb_secret_a", SUPABASE_SERVICE_ROLE_KEY="role") == Secret("sb_secret_a")
    assert _key(SUPABASE_SERVICE_ROLE_KEY="role") == Secret("role")


@pytest.mark.parametrize(
    "key",
    [
        "sb_secret_abc",
        jwt({"role": "service_role"}),
        jwt({"role": ["anon"]}),
        jwt({}),
        jwt("anon"),
        "a.b.c",
        "a.%%%%.c",
        "a.Ynl0ZXM.c",
        "eyJhbG...",
    ],
)
def test_a_key_that_may_work_is_taken_stripped(key: str) -> None:
    assert _key(SUPABASE_SERVICE_ROLE_KEY=f" {key}\n") == Secret(key)


@pytest.mark.parametrize("name", ["SUPABASE_SERVICE_ROLE_KEY", "SUPABASE_SECRET_KEY"])
@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("sb_publishable_abc", "no publishable one"),
        (jwt({"role": "anon"}), "no JWT with the role anon"),
        (jwt({"role": "authenticated"}), "no JWT with the role authenticated"),
    ],
)
def test_a_browsers_key_is_refused_with_the_one_that_is_needed(name: str, key: str, why: str) -> None:
    environ = {"SUPABASE_URL": "https://abc.supabase.co", "HOME": "/root", name: key}
    told = faults(environ)
    assert list(told) == [name]
    assert why in told[name]
    assert "sb_secret_…" in told[name]
    assert "service_role" in told[name]
    assert key not in told[name]
    assert told[name].endswith("got ********")


@pytest.mark.parametrize("key", ["sb_secret_a b", "sb_secret_a\nb", "sb_secret_ä", "sb_secret_a\x7f"])
def test_a_key_that_no_header_can_carry_is_refused_unseen(key: str) -> None:
    told = faults(SUPABASE | {"SUPABASE_SECRET_KEY": key})
    told_of_the_key = told.pop("SUPABASE_SECRET_KEY")
    assert told_of_the_key == "must be printable ASCII without spaces or line breaks, got ********"
    assert told == {}


@pytest.mark.parametrize("secret", ["sb_secret_q7Z8", "hf_q7Z8", jwt({"role": "service_role"})])
@pytest.mark.parametrize("name", ["SUPABASE_URL", "MODEL_NAME", "DEVICE", "LOG_LEVEL", "INPUT_ALLOW_HTTP"])
def test_a_key_in_the_wrong_variable_is_masked(name: str, secret: str) -> None:
    message = faults(SUPABASE | {name: secret})[name]
    assert secret[-4:] not in message
    assert message.endswith("got ********")
