"""The wiring: every provider builds for every combination of backends, and what must be one is one."""

import base64
import itertools
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from adapters.object_store.outbox_folder import OutboxFolder
from application.job_control import JobControl
from application.ports.object_store import ObjectHeaders
from container import Container, open_codec, open_container
from domain.errors import DeadlineExceeded, InputRefused, SettingsInvalid
from domain.naming import ObjectPath
from domain.requests import ImageUrl, InlineImage, StoredImage, TextToVideo
from domain.source_media import StoredVideo, VideoUrl
from tests.fakes.object_store import InMemoryStore
from tests.support.media_files import media
from tests.support.pictures import encoded, two_halves

MODELS = ("diffusers", "synthetic")
STORES = ("supabase", "s3", "gcs", "azure", "local")


def environment(tmp_path: Path, model: str = "synthetic", store: str = "local") -> dict[str, str]:
    return {
        "MODEL_BACKEND": model,
        "MODEL_NAME": "builtin/tiny",
        "STORAGE_BACKEND": store,
        "SUPABASE_URL": "http://127.0.0.1:9",
        "SUPABASE_SECRET_KEY": "sb_secret_canary",  # pragma: allowlist secret
        "S3_BUCKET": "clips",
        "BUCKET_ACCESS_KEY_ID": "canary-key-id",
        "BUCKET_SECRET_ACCESS_KEY": "canary-key",  # pragma: allowlist secret
        "GCS_BUCKET": "clips",
        "GCS_SERVICE_ACCOUNT_FILE": "/nowhere/key.json",
        "AZURE_STORAGE_ACCOUNT": "clips",
        "AZURE_STORAGE_KEY": "canarykey+==",
        "AZURE_CONTAINER": "clips",
        "LOCAL_STORE_DIR": str(tmp_path / "outputs"),
        "HF_HUB_CACHE": str(tmp_path / "hub"),
        "HOME": str(tmp_path),
    }


@pytest.mark.parametrize(("model", "store"), list(itertools.product(MODELS, STORES)))
def test_every_provider_builds_for_every_combination(tmp_path: Path, model: str, store: str) -> None:
    container = open_container(environment(tmp_path, model, store))
    for name, provider in container.providers.items():
        assert provider() is not None or name in {"work_root", "configure_logging"}
    generate = container.generate_video()
    assert generate.model is container.model()
    assert generate.store is container.store()
    assert generate.encoder is container.encoder()
    assert generate.fetcher is container.image_fetcher()
    assert generate.prefix == "ltx2"
    assert generate.store.backend == store
    once = container.generate_once()
    assert once.generate is generate
    assert (once.model, once.store, once.prefix, once.keep_prompts) == (generate.model, generate.store, "ltx2", True)
    names = [check.name for check in container.diagnose().checks]
    assert set(names) >= {"disk", "encoder", "snapshot", "store"}
    assert names.index("decoder") < min(names.index(name) for name in names if name in {"gpu", "snapshot", "memory"})


def test_pictures_are_decoded_by_the_process_that_the_preflight_starts(tmp_path: Path) -> None:
    container = open_container(environment(tmp_path))
    sandbox = container.picture_sandbox()
    findings = container.diagnose()()
    (line,) = [finding.line for finding in findings if finding.name == "decoder"]
    assert line.startswith("a process of its own, 1536 MiB, 20 s")
    pid = sandbox.pid
    assert pid is not None
    picture = InlineImage(base64.b64encode(encoded(two_halves())).decode(), "image_base64")
    assert container.image_fetcher().fetch(picture, JobControl()).pixels.tobytes() == two_halves().tobytes()
    assert sandbox.pid == pid
    os.kill(pid, signal.SIGSTOP)  # it is this very process that decodes
    with pytest.raises(DeadlineExceeded):
        container.image_fetcher().fetch(picture, JobControl(deadline=time.monotonic() + 0.2))
    sandbox.close()


def test_an_outbox_and_unkept_prompts_are_as_the_settings_say(tmp_path: Path) -> None:
    asked = {"OUTBOX_DIR": str(tmp_path / "outbox"), "RECORD_PROMPTS": "false"}
    container = open_container(environment(tmp_path, store="supabase") | asked)
    assert container.redactor().text(f"{tmp_path}/outbox/ready-1") == "<outbox>/ready-1"
    folder = OutboxFolder(tmp_path / "outbox")
    (tmp_path / "clip").write_bytes(b"clip")
    folder.add(tmp_path / "clip", "ltx2/clip.mp4", ObjectHeaders(content_type="video/mp4"))
    fake = InMemoryStore()
    with container.plain_store.override(fake):
        assert container.store().drain(10) == 1
        assert not container.generate_once().keep_prompts
    assert fake.objects["ltx2/clip.mp4"].content == b"clip"


def test_the_model_is_built_once_however_many_threads_ask(tmp_path: Path) -> None:
    container = open_container(environment(tmp_path))
    models: list[object] = []
    barrier = threading.Barrier(8)

    def ask() -> None:
        barrier.wait()
        models.append(container.model())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(model) for model in models}) == 1


def test_an_adapter_can_be_swapped_before_it_is_used(tmp_path: Path) -> None:
    container = open_container(environment(tmp_path))
    fake = InMemoryStore()
    with container.store.override(fake):
        assert container.generate_video().store is fake


def test_a_container_does_not_build_without_settings() -> None:
    with pytest.raises(Exception, match="settings"):
        Container().generate_video()


def test_wrong_settings_are_all_named_in_one_error(tmp_path: Path) -> None:
    wrong = environment(tmp_path) | {"MODEL_BACKEND": "x", "MAX_SECONDS": "soon"}
    with pytest.raises(SettingsInvalid) as caught:
        open_container(wrong)
    assert {fault.path for fault in caught.value.faults} == {"MODEL_BACKEND", "MAX_SECONDS"}


def test_the_codec_needs_no_settings() -> None:
    decoded = open_codec().decode_job({"prompt": "a"})
    assert isinstance(decoded, TextToVideo)


def test_secrets_of_the_settings_are_masked_in_the_start_line_and_known_to_the_redactor(tmp_path: Path) -> None:
    container = open_container(environment(tmp_path, store="supabase"))
    assert "canary" not in str(container.described_settings())
    assert container.redactor().text("key sb_secret_canary") == "key [redacted]"


def test_input_videos_are_fetched_as_the_settings_say(tmp_path: Path) -> None:
    container = open_container({**environment(tmp_path), "INPUT_PREFIX": "inputs"})
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(media())
    container.store().put(clip, "inputs/a.mp4", ObjectHeaders(content_type="video/mp4"), JobControl())
    fetcher = container.media_fetcher()
    found = fetcher.video(StoredVideo(ObjectPath("inputs/a.mp4")), tmp_path, JobControl())
    assert len(b"".join(fetcher.frames(found, found.window(0, found.frames), JobControl()))) == 10 * 64 * 48 * 3
    with pytest.raises(InputRefused, match="video_url must be an https URL"):
        fetcher.video(VideoUrl("http://127.0.0.1/a.mp4"), tmp_path, JobControl())
    assert container.media_fetcher() is fetcher


def test_inputs_come_from_the_allowed_hosts_only_and_never_from_the_records(tmp_path: Path) -> None:
    environ = environment(tmp_path) | {"INPUT_ALLOWED_HOSTS": "pictures.example", "INPUT_PREFIX": "ltx2"}
    container = open_container(environ)
    record = ObjectPath("ltx2/_jobs/job-1.json")
    fetcher = container.image_fetcher()
    with pytest.raises(InputRefused, match="INPUT_ALLOWED_HOSTS"):
        fetcher.fetch(ImageUrl("https://other.example/a.png"), JobControl())
    with pytest.raises(InputRefused, match="not that of a job's record"):
        fetcher.fetch(StoredImage(record), JobControl())
    with pytest.raises(InputRefused, match="not that of a job's record"):
        container.media_fetcher().video(StoredVideo(record), tmp_path, JobControl())
    with pytest.raises(InputRefused, match="INPUT_ALLOWED_HOSTS"):
        container.media_fetcher().video(VideoUrl("https://other.example/a.mp4"), tmp_path, JobControl())
