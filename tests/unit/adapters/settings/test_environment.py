"""From environment variables to settings, or to everything that is wrong with them."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.encoder.config import EncoderConfig
from adapters.http.allowed_hosts import AllowedHosts
from adapters.http.config import HttpConfig
from adapters.notifier.config import WebhookConfig
from adapters.object_store.config import LocalConfig, SupabaseConfig
from adapters.settings.environment import read_settings
from adapters.settings.schema import LogSettings, Settings, StoreSettings
from adapters.settings.variables import TABLE
from adapters.video_model.config import Acceleration, ModelConfig
from domain.errors import SettingsInvalid
from domain.limits import Limits
from domain.secret import Secret
from tests.unit.adapters.settings.environments import LOCAL, SUPABASE, faults, jwt

WEBHOOK_SECRET = "whsec_" + "k" * 32  # pragma: allowlist secret


def test_the_defaults_are_the_contracts() -> None:
    assert read_settings(SUPABASE) == Settings(
        model=ModelConfig(
            backend="diffusers",
            name="Lightricks/LTX-2",
            path=None,
            revision="main",
            download=True,
            device=None,
            dtype="bfloat16",
            hub_cache=Path("/home/me/.cache/huggingface/hub"),
            token=None,
            family=None,
            distilled=None,
            memory_policy=None,
            prompt_enhancer=False,
            prompt_cache_bytes=2**29,
            lora_dir=None,
            lora_download=False,
            acceleration=Acceleration(compile=False, compile_cache=None, attention=None, quantization=None),
        ),
        store=StoreSettings(
            backend="supabase",
            config=SupabaseConfig(
                url="https://abc.supabase.co",
                key=Secret("service-role-key"),
                bucket="ltx2-outputs",
                prefix="ltx2",
                public=False,
                signed_url_seconds=86_400,
            ),
        ),
        http=HttpConfig(private_hosts=frozenset(), private_networks=(), allow_http=False),
        input_hosts=AllowedHosts(frozenset(), "INPUT_ALLOWED_HOSTS"),
        input_prefix=None,
        upload_hosts=AllowedHosts(frozenset(), "UPLOAD_ALLOWED_HOSTS"),
        encoder=EncoderConfig(preset="veryfast", crf=19),
        limits=Limits(num_frames=1025, pixels=1920 * 1088, seconds=20),
        log=LogSettings(level="info", format=None),
        job_timeout_seconds=0,
        pipeline_depth=1,
        record_prompts=True,
        on_runpod=False,
    )


def test_every_variable_arrives_at_its_place() -> None:
    settings = read_settings(
        {
            "MODEL_BACKEND": "synthetic",
            "MODEL_NAME": "builtin/tiny",
            "MODEL_PATH": "~/snapshot",
            "MODEL_REVISION": "refs/pr/7",
            "MODEL_DOWNLOAD": "false",
            "DEVICE": "cuda:1",
            "DTYPE": "float32",
            "MODEL_FAMILY": "LTX-2.3",
            "MODEL_DISTILLED": "yes",
            "MEMORY_POLICY": "text_offload",
            "PROMPT_ENHANCER": "true",
            "PROMPT_CACHE_BYTES": "1000",
            "LORA_DIR": "~/loras",
            "LORA_DOWNLOAD": "true",
            "COMPILE": "true",
            "COMPILE_CACHE_DIR": "/kernels",
            "ATTENTION_BACKEND": "_native_cudnn",
            "QUANTIZATION": "int8",
            "HF_HUB_CACHE": "/cache/hub",
            "HF_TOKEN": "hf_abc",
            "STORAGE_BACKEND": "supabase",
            "SUPABASE_URL": "https://abc.supabase.co",
            "SUPABASE_SECRET_KEY": "sb_secret_abc",  # pragma: allowlist secret
            "SUPABASE_SERVICE_ROLE_KEY": jwt({"role": "service_role"}),
            "SUPABASE_BUCKET": "clips",
            "SUPABASE_PREFIX": "/team/ltx2/",
            "SUPABASE_PUBLIC": "yes",
            "SUPABASE_SIGNED_URL_TTL_SECONDS": "60",
            "MAX_NUM_FRAMES": "257",
            "MAX_PIXELS": "4096",
            "MAX_SECONDS": "10.5",
            "OUTBOX_DIR": "~/outbox",
            "RECORD_PROMPTS": "false",
            "JOB_TIMEOUT_SECONDS": "570",
            "PIPELINE_DEPTH": "4",
            "MP4_ENCODING": "fast",
            "MP4_PRESET": "slow",
            "MP4_CRF": "30",
            "INPUT_ALLOW_PRIVATE_HOSTS": "minio",
            "INPUT_ALLOW_HTTP": "on",
            "INPUT_ALLOWED_HOSTS": "cdn.example.com, .Example.ORG",
            "INPUT_PREFIX": "/team/inputs/",
            "UPLOAD_ALLOWED_HOSTS": ".s3.eu-west-1.amazonaws.com",
            "WEBHOOK_URL": "https://hooks.example.com/a",
            "WEBHOOK_ALLOWED_HOSTS": "customer.example.com",
            "WEBHOOK_SECRET": WEBHOOK_SECRET,
            "LOG_LEVEL": "debug",
            "LOG_FORMAT": "json",
            "RUNPOD_POD_ID": "pod",
            "HOME": "/home/me",
        }
    )
    assert settings == Settings(
        model=ModelConfig(
            backend="synthetic",
            name="builtin/tiny",
            path=Path("/home/me/snapshot"),
            revision="refs/pr/7",
            download=False,
            device="cuda:1",
            dtype="float32",
            hub_cache=Path("/cache/hub"),
            token=Secret("hf_abc"),
            family="ltx-2.3",
            distilled=True,
            memory_policy="text_offload",
            prompt_enhancer=True,
            prompt_cache_bytes=1000,
            lora_dir=Path("/home/me/loras"),
            lora_download=True,
            acceleration=Acceleration(
                compile=True, compile_cache=Path("/kernels"), attention="_native_cudnn", quantization="int8"
            ),
        ),
        store=StoreSettings(
            backend="supabase",
            config=SupabaseConfig(
                url="https://abc.supabase.co",
                key=Secret("sb_secret_abc"),
                bucket="clips",
                prefix="team/ltx2",
                public=True,
                signed_url_seconds=60,
            ),
            outbox=Path("/home/me/outbox"),
        ),
        http=HttpConfig(private_hosts=frozenset({"minio"}), allow_http=True),
        input_hosts=AllowedHosts(frozenset({"cdn.example.com", ".example.org"}), "INPUT_ALLOWED_HOSTS"),
        input_prefix="team/inputs",
        upload_hosts=AllowedHosts(frozenset({".s3.eu-west-1.amazonaws.com"}), "UPLOAD_ALLOWED_HOSTS"),
        webhook=WebhookConfig(
            url=Secret("https://hooks.example.com/a"),
            hosts=AllowedHosts(frozenset({"customer.example.com"}), "WEBHOOK_ALLOWED_HOSTS"),
            secrets=(Secret(WEBHOOK_SECRET),),
        ),
        limits=Limits(num_frames=257, pixels=4096, seconds=10.5),
        log=LogSettings(level="debug", format="json"),
        job_timeout_seconds=570,
        pipeline_depth=4,
        encoder=EncoderConfig(preset="slow", crf=30),
        record_prompts=False,
        on_runpod=True,
    )
    assert (settings.store.prefix, settings.store.signed_url_seconds) == ("team/ltx2", 60)
    webhook = {Secret("https://hooks.example.com/a"), Secret(WEBHOOK_SECRET)}
    assert set(settings.secrets) == {Secret("sb_secret_abc"), Secret("hf_abc"), *webhook}


def test_frames_wait_for_the_encoder_only_where_another_job_may_want_the_device() -> None:
    one, two = read_settings(SUPABASE), read_settings(SUPABASE | {"PIPELINE_DEPTH": "2"})
    assert (one.spare_bytes, two.spare_bytes) == (0, 2**30)


@pytest.mark.parametrize("depth", ["0", "5", "-1", "1.5", "two"])
def test_a_pipeline_is_one_to_four_jobs_deep(depth: str) -> None:
    with pytest.raises(SettingsInvalid, match="PIPELINE_DEPTH"):
        read_settings(SUPABASE | {"PIPELINE_DEPTH": depth})


def test_the_outbox_is_on_the_network_volume_where_there_is_one(tmp_path: Path) -> None:
    on_runpod = SUPABASE | {"RUNPOD_POD_ID": "pod"}
    assert read_settings(on_runpod, tmp_path).store.outbox == tmp_path / "ltx2-outbox"
    assert list(tmp_path.iterdir()) == []
    assert read_settings(on_runpod | {"OUTBOX_DIR": "/mine"}, tmp_path).store.outbox == Path("/mine")
    assert read_settings(on_runpod, tmp_path / "missing").store.outbox is None
    assert read_settings(SUPABASE, tmp_path).store.outbox is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_network_volume_that_cannot_be_written_holds_no_outbox(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert read_settings(SUPABASE | {"RUNPOD_POD_ID": "pod"}, tmp_path).store.outbox is None


def test_the_local_store() -> None:
    settings = read_settings(LOCAL)
    assert settings.store == StoreSettings(backend="local", config=LocalConfig(root=Path("outputs")))
    assert (settings.store.prefix, settings.secrets) == ("ltx2", ())
    assert settings.store.signed_url_seconds == 86_400  # for the buckets of `s3Config`
    elsewhere = read_settings(LOCAL | {"LOCAL_STORE_DIR": "~/clips"})
    assert elsewhere.store.config == LocalConfig(root=Path("/home/me/clips"))


@pytest.mark.parametrize("marker", ["RUNPOD_POD_ID", "RUNPOD_WEBHOOK_GET_JOB"])
def test_the_local_store_is_refused_on_runpod_unless_its_folder_is_set(marker: str) -> None:
    on_runpod = LOCAL | {marker: "x"}
    assert list(faults(on_runpod)) == ["LOCAL_STORE_DIR"]
    settings = read_settings(on_runpod | {"LOCAL_STORE_DIR": "outputs"})
    assert settings.on_runpod
    assert settings.store.config == LocalConfig(root=Path("outputs"))


def test_the_local_store_does_not_look_at_supabases_variables() -> None:
    settings = read_settings(LOCAL | {"SUPABASE_URL": "nonsense", "SUPABASE_PUBLIC": "perhaps"})
    assert settings.store.config == LocalConfig()


def test_supabase_needs_a_url_and_a_key() -> None:
    assert list(faults({"HOME": "/root"})) == ["SUPABASE_URL", "SUPABASE_SERVICE_ROLE_KEY"]
    assert "SUPABASE_SECRET_KEY" in faults({"HOME": "/root"})["SUPABASE_SERVICE_ROLE_KEY"]


def test_an_empty_variable_is_not_set_and_values_are_stripped() -> None:
    settings = read_settings(SUPABASE | {"MODEL_NAME": "  ", "DEVICE": "", "LOG_LEVEL": " warning\n"})
    assert (settings.model.name, settings.model.device, settings.log.level) == ("Lightricks/LTX-2", None, "warning")
    assert list(faults(SUPABASE | {"SUPABASE_URL": " "})) == ["SUPABASE_URL"]


def test_all_faults_are_told_at_once_in_the_tables_order() -> None:
    wrong = {
        "LOG_FORMAT": "xml",
        "LOG_LEVEL": "loud",
        "INPUT_ALLOW_HTTP": "2",
        "INPUT_ALLOW_PRIVATE_HOSTS": "http://minio",
        "JOB_TIMEOUT_SECONDS": "-1",
        "MAX_SECONDS": "0",
        "MAX_PIXELS": "1920x1088",
        "MAX_NUM_FRAMES": "0",
        "SUPABASE_SIGNED_URL_TTL_SECONDS": "0",
        "SUPABASE_PUBLIC": "maybe",
        "SUPABASE_PREFIX": "../up",
        "SUPABASE_BUCKET": "a/b",
        "SUPABASE_SECRET_KEY": "sb_publishable_abc",  # pragma: allowlist secret
        "SUPABASE_URL": "ftp://abc.supabase.co",
        "HF_TOKEN": "a b",
        "HF_HOME": "~/hf",
        "DTYPE": "int8",
        "DEVICE": "gpu",
        "MODEL_DOWNLOAD": "nope",
        "MODEL_REVISION": "a..b",
        "MODEL_PATH": "~/snapshot",
        "MODEL_NAME": "LTX-2",
        "MODEL_BACKEND": "comfy",
    }
    told = faults(wrong)
    assert list(told) == [name for name in TABLE if name in wrong]
    assert all(", got " in message for message in told.values())
    assert told["HF_TOKEN"].endswith(", got ********")


def test_a_wrong_backend_is_one_fault_and_guesses_no_others() -> None:
    assert faults({"STORAGE_BACKEND": "s4", "HOME": "/root"}) == {
        "STORAGE_BACKEND": "must be supabase, s3, gcs, azure or local, got 's4'"
    }


@given(
    st.dictionaries(st.sampled_from([*TABLE, "HOME"]), st.text(st.characters(exclude_characters="\x00"), max_size=20))
)
def test_any_environment_ends_in_settings_or_in_settings_invalid(environ: dict[str, str]) -> None:
    try:
        settings = read_settings(environ)
    except SettingsInvalid as wrong:
        assert {fault.path for fault in wrong.faults} <= set(TABLE)  # noqa: PT017 - the other way out is as good
    else:
        assert settings.model.hub_cache.parts[:1] != ("~",)
