"""The fake keeps the port's promise."""

from pathlib import Path

import pytest
from typing_extensions import override

from application.job_control import JobControl
from domain.errors import InputRefused, InputUnavailable, InputUnreadable
from domain.naming import ObjectPath
from domain.source_media import AudioUrl, StoredVideo, VideoUrl
from tests.contract.media_fetcher_contract import (
    FIELD,
    GREYS,
    LEFT,
    RATE,
    RIGHT,
    SIZE,
    SOUND_RATE,
    MediaFetcherContract,
)
from tests.fakes.media_fetcher import FakeMedia, FakeMediaFetcher

COLOURS = tuple((grey, grey, grey) for grey in GREYS)
MEDIA = {
    "good": FakeMedia(colours=COLOURS, rate=RATE, size=SIZE, channels=(LEFT, RIGHT), sampling_rate=SOUND_RATE),
    "silent": FakeMedia(colours=COLOURS, rate=RATE, size=SIZE),
    "sound": FakeMedia(channels=(LEFT,)),
}


class TestFakeMediaFetcher(MediaFetcherContract):
    @override
    def fetcher(self) -> FakeMediaFetcher:
        return FakeMediaFetcher(MEDIA, {"refused": InputRefused, "broken": InputUnreadable})

    @override
    def good(self) -> VideoUrl:
        return VideoUrl("good", FIELD)

    @override
    def good_audio(self) -> AudioUrl:
        return AudioUrl("good", FIELD)

    @override
    def silent(self) -> VideoUrl:
        return VideoUrl("silent", FIELD)

    @override
    def silent_audio(self) -> AudioUrl:
        return AudioUrl("silent", FIELD)

    @override
    def sound_alone(self) -> VideoUrl:
        return VideoUrl("sound", FIELD)

    @override
    def refused(self) -> VideoUrl:
        return VideoUrl("refused", FIELD)

    @override
    def unreadable(self) -> VideoUrl:
        return VideoUrl("broken", FIELD)

    @override
    def unavailable(self) -> VideoUrl:
        return VideoUrl("nowhere", FIELD)

    def test_it_lists_what_was_asked_for(self, tmp_path: Path) -> None:
        fetcher = self.fetcher()
        stored = StoredVideo(ObjectPath("inputs/none.mp4"))
        with pytest.raises(InputUnavailable):
            fetcher.video(stored, tmp_path, JobControl())
        fetcher.audio(AudioUrl("sound"), tmp_path, JobControl())
        assert fetcher.fetched == [stored, AudioUrl("sound")]
