"""Jobs with a target of their own, a picture from the store, and fresh URLs, in the SDK's own loop."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx
import pytest

from tests.e2e.settings import SMALL
from tests.support.moto_server import MotoServer, moto_server
from tests.support.pictures import encoded, two_halves
from tests.support.runpod_cloud import RunPodCloud
from tests.support.targets import ACCESS_ID, ACCESS_SECRET
from tests.support.worker_process import WorkerProcess


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoServer]:
    with moto_server(tmp_path_factory.mktemp("moto")) as server:
        server.make_bucket("clips")
        yield server


def s3_config(moto: MotoServer) -> dict[str, str]:
    return {
        "accessId": ACCESS_ID,
        "accessSecret": ACCESS_SECRET,
        "bucketName": "clips",
        "endpointUrl": moto.endpoint,
    }


def test_a_clip_goes_to_the_bucket_that_stands_beside_the_input(
    cloud: RunPodCloud, worker: WorkerProcess, store: Path, moto: MotoServer
) -> None:
    job = cloud.wait(cloud.submit(SMALL, s3Config=s3_config(moto)))
    assert (job.state, job.error) == ("COMPLETED", None)
    storage = job.output["storage"]
    assert (storage["backend"], storage["bucket"], storage["path"].split("/")[2]) == ("s3", "clips", job.id)
    content = httpx.get(storage["signed_url"], trust_env=False).raise_for_status().content
    assert hashlib.sha256(content).hexdigest() == storage["sha256"]
    assert not (store / storage["path"]).exists()
    assert not (store / "ltx2" / "_jobs" / f"{job.id}.json").exists()
    for secret in (ACCESS_SECRET, ACCESS_ID, "X-Amz-Signature"):
        assert secret not in worker.output()


def test_a_clip_goes_to_an_upload_url(cloud: RunPodCloud, worker: WorkerProcess, moto: MotoServer) -> None:
    url = f"{moto.endpoint}/clips/by-url.mp4?X-Amz-Signature=topsecret"
    job = cloud.wait(cloud.submit({**SMALL, "upload_url": url}))
    storage = job.output["storage"]
    assert (storage["backend"], storage["bucket"], storage["path"]) == ("upload_url", None, None)
    content = httpx.get(url, trust_env=False).raise_for_status().content
    assert hashlib.sha256(content).hexdigest() == storage["sha256"]
    assert "topsecret" not in str(job.output)
    assert "topsecret" not in worker.output()


def test_a_host_that_is_not_listed_is_refused(cloud: RunPodCloud, worker: WorkerProcess) -> None:
    job = cloud.wait(cloud.submit({**SMALL, "upload_url": "https://other.example.com/a.mp4?X-Amz-Signature=topsecret"}))
    assert (job.state, job.output["code"]) == ("FAILED", "input_refused")
    assert job.error == "upload_url must lead to a host that UPLOAD_ALLOWED_HOSTS names"


def test_a_picture_may_lie_in_the_store(cloud: RunPodCloud, worker: WorkerProcess, store: Path) -> None:
    (store / "inputs").mkdir(parents=True, exist_ok=True)
    (store / "inputs" / "a.png").write_bytes(encoded(two_halves(64, 96)))
    job = cloud.wait(cloud.submit({**SMALL, "mode": "i2v", "image_path": "inputs/a.png"}))
    assert (job.state, job.output["mode"]) == ("COMPLETED", "i2v")
    refused = cloud.wait(cloud.submit({**SMALL, "mode": "i2v", "image_path": job.output["storage"]["path"]}))
    assert refused.error == "image_path must begin with inputs/"


def test_a_clip_gets_a_fresh_url_and_its_record_none(cloud: RunPodCloud, worker: WorkerProcess, store: Path) -> None:
    clip = cloud.wait(cloud.submit(SMALL))
    signed = cloud.wait(cloud.submit({"mode": "sign", "path": clip.output["storage"]["path"]}))
    assert (signed.state, signed.output["mode"]) == ("COMPLETED", "sign")
    assert signed.output["storage"] == clip.output["storage"]
    path = Path(unquote(urlsplit(signed.output["storage"]["public_url"]).path))
    assert path.stat().st_size == clip.output["storage"]["bytes"]
    assert (store / "ltx2" / "_jobs" / f"{clip.id}.json").is_file()
    record = cloud.wait(cloud.submit({"mode": "sign", "path": f"ltx2/_jobs/{clip.id}.json"}))
    assert (record.state, record.output["code"]) == ("FAILED", "input_refused")
