"""The real fetcher, child and decoder keep the port's promise; from a real server and from the store."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from typing_extensions import override

from adapters.http.stored import StoredInputs
from adapters.media.reader import MediaReader
from adapters.media_fetcher.fetcher import ConfinedMediaFetcher
from application.job_control import JobControl
from application.ports.object_store import ObjectHeaders
from domain.errors import InputRefused
from domain.naming import ObjectPath
from domain.source_media import AudioReference, AudioUrl, StoredAudio, StoredVideo, VideoReference, VideoUrl
from tests.contract.media_fetcher_contract import FIELD, GREYS, LEFT, RIGHT, SIZE, MediaFetcherContract
from tests.fakes.object_store import InMemoryStore
from tests.support.coded_clips import coded, only_sound
from tests.support.http_server import HttpServer, Reply, serving
from tests.support.media_fetchers import fetcher_of, media_reader


@cache
def files() -> dict[str, bytes]:
    pictures = [np.full((SIZE.height, SIZE.width, 3), grey, np.uint8) for grey in GREYS]
    sound = (np.array([LEFT, RIGHT]) * 32_768).astype(np.int16)
    good = coded(pictures, sound=sound)
    return {
        "good": good,
        "silent": coded(pictures),
        "sound": only_sound(sound),
        "broken": good[: len(good) // 2],
        "refused": b"#EXTM3U\n#EXTINF:9,\nhttp://127.0.0.1/a.ts\n",
    }


@pytest.fixture(scope="module")
def reader() -> Iterator[MediaReader]:
    with media_reader() as reader:
        yield reader


class TestConfinedMediaFetcher(MediaFetcherContract):
    server: HttpServer

    @pytest.fixture(autouse=True)
    def _serve(self, reader: MediaReader) -> Iterator[None]:
        self.reader = reader
        replies = {
            f"/{name}": Reply(body=data, headers={"Content-Type": "text/html"}) for name, data in files().items()
        }
        with serving(replies) as self.server:
            yield

    @override
    def fetcher(self) -> ConfinedMediaFetcher:
        return fetcher_of(self.reader)

    def video(self, name: str) -> VideoReference:
        return VideoUrl(self.server.url(f"/{name}"), FIELD)

    def audio(self, name: str) -> AudioReference:
        return AudioUrl(self.server.url(f"/{name}"), FIELD)

    @override
    def good(self) -> VideoReference:
        return self.video("good")

    @override
    def good_audio(self) -> AudioReference:
        return self.audio("good")

    @override
    def silent(self) -> VideoReference:
        return self.video("silent")

    @override
    def silent_audio(self) -> AudioReference:
        return self.audio("silent")

    @override
    def sound_alone(self) -> VideoReference:
        return self.video("sound")

    @override
    def refused(self) -> VideoReference:
        return self.video("refused")

    @override
    def unreadable(self) -> VideoReference:
        return self.video("broken")

    @override
    def unavailable(self) -> VideoReference:
        return self.video("nowhere")


class TestConfinedMediaFetcherStored(TestConfinedMediaFetcher):
    @override
    def fetcher(self) -> ConfinedMediaFetcher:
        store = InMemoryStore()
        for name, data in files().items():
            self._put(store, f"inputs/{name}", data)
        return fetcher_of(self.reader, StoredInputs(store, "inputs"))

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        self.folder = tmp_path_factory.mktemp("put")

    def _put(self, store: InMemoryStore, key: str, data: bytes) -> None:
        source = self.folder / "source"
        source.write_bytes(data)
        store.put(source, key, ObjectHeaders(content_type="video/mp4"), JobControl())

    @override
    def video(self, name: str) -> VideoReference:
        return StoredVideo(ObjectPath(f"inputs/{name}"), FIELD)

    @override
    def audio(self, name: str) -> AudioReference:
        return StoredAudio(ObjectPath(f"inputs/{name}"), FIELD)

    def test_what_lies_elsewhere_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(InputRefused, match="must begin with inputs/"):
            self.fetcher().video(StoredVideo(ObjectPath("outputs/good"), FIELD), tmp_path, JobControl())

    def test_a_record_is_no_clip_and_no_sound_even_where_the_prefixes_are_one(self, tmp_path: Path) -> None:
        store = InMemoryStore()
        self._put(store, "ltx2/_jobs/job-1.json", files()["good"])
        store.calls.clear()
        fetcher = fetcher_of(self.reader, StoredInputs(store, "ltx2", "ltx2"))
        key = ObjectPath("ltx2/_jobs/job-1.json")
        with pytest.raises(InputRefused, match="must be the path of a video, not that of a job's record"):
            fetcher.video(StoredVideo(key, FIELD), tmp_path, JobControl())
        with pytest.raises(InputRefused, match="must be the path of a sound, not that of a job's record"):
            fetcher.audio(StoredAudio(key, FIELD), tmp_path, JobControl())
        assert store.calls == []
        assert list(tmp_path.iterdir()) == []

    def test_without_a_prefix_nothing_is_taken(self, tmp_path: Path) -> None:
        with pytest.raises(InputRefused, match="INPUT_PREFIX is not set"):
            fetcher_of(self.reader).audio(self.good_audio(), tmp_path, JobControl())
