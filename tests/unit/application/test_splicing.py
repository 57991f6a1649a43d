"""Modes that begin with a clip or a sound, among fakes: what is fetched, shown to the model, and in the file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from typing_extensions import override

from application.job_control import JobControl
from application.ports.video_model import GenerationInputs
from domain.clip import Audio, Clip
from domain.conditions import FramePosition
from domain.errors import Cancelled, InputUnavailable, InvalidInput, OverLimit, WorkerError
from domain.geometry import FrameCount, Resolution
from domain.interpolation import Interpolation
from domain.limits import Limits
from domain.media import MP4, OutputFormat
from domain.output import Poster
from domain.plan import GenerationPlan
from domain.requests import ImageUrl, Prompt
from domain.results import GenerationResult
from domain.sampling import Seed, Steps
from domain.sound import HEARD_RATE
from domain.source_media import AudioUrl, SourceTime, VideoUrl
from domain.source_requests import AudioToVideo, ExtendVideo, RetakeVideo, SourceRequest, VideoToVideo
from tests.fakes.encoder import FakeEncoder
from tests.fakes.media_fetcher import FakeMedia
from tests.fakes.video_model import FAKE_PROFILE, FakeVideoModel
from tests.unit.application.test_generate_video import World
from tests.unit.domain.test_source_requests import ALL

FRAMES = 40
COLOURS = tuple((index, 100, 200) for index in range(FRAMES))
SIZE = Resolution(96, 64)
RATE = 48_000
TONE = tuple(0.25 if index % 2 else -0.25 for index in range(FRAMES * 2_000))
MEDIA = {
    "https://a.b/v": FakeMedia(colours=COLOURS, size=SIZE, channels=(TONE, TONE), sampling_rate=RATE),
    "https://a.b/silent": FakeMedia(colours=COLOURS, size=SIZE),
    "https://a.b/s": FakeMedia(channels=(TONE,), sampling_rate=RATE),
}
COMMON: dict[str, Any] = {"prompt": Prompt("a dog"), "seed": Seed(3), "num_frames": None, "left_out": ALL}


class KeepingEncoder(FakeEncoder):
    """Keeps what it is given: frames, and all samples of the sound."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: list[bytes] = []
        self.audio: Audio | None = None
        self.samples: list[float] = []

    @override
    def encode(self, clip: Clip, target: Path, control: JobControl, *, output_format: OutputFormat = MP4) -> None:
        self.audio = clip.audio
        self.samples = [] if clip.audio is None else list(clip.audio.samples)
        kept = attrs.evolve(clip, chunks=self._kept(clip))
        super().encode(kept, target, control, output_format=output_format)

    def _kept(self, clip: Clip) -> Iterator[memoryview]:
        for chunk in clip.chunks:
            flat, size = chunk.cast("B"), clip.frame_bytes
            self.frames += [bytes(flat[at : at + size]) for at in range(0, len(flat), size)]
            yield chunk


class Film:
    """A world whose media are MEDIA, and what its encoder was given."""

    def __init__(self, root: Path) -> None:
        self.world = World(root)
        self.world.media.media.update(MEDIA)
        self.encoder = self.world.generate.encoder = KeepingEncoder()

    def run(self, request: SourceRequest, **control: Any) -> GenerationResult:
        return self.world.run(request, **control)

    @property
    def plan(self) -> GenerationPlan:
        return self.world.model.plans[-1]

    @property
    def inputs(self) -> GenerationInputs:
        return self.world.model.inputs[-1]

    @property
    def kept(self) -> list[int | None]:
        """Of each frame of the file: which of the source's it is; None: another one."""
        numbers = {bytes(colour) * SIZE.pixels: number for number, colour in enumerate(COLOURS)}
        return [numbers.get(frame) for frame in self.encoder.frames]


@pytest.fixture
def film(tmp_path: Path) -> Film:
    return Film(tmp_path)


def extend(made: int = 10, **fields: Any) -> ExtendVideo:
    given = {"num_frames": FrameCount(made), "left_out": ("fps", "size"), "video": VideoUrl("https://a.b/v")}
    return ExtendVideo(**(COMMON | given | fields))


def retake(start: float, end: float, **fields: Any) -> RetakeVideo:
    times = {"start": SourceTime(start), "end": SourceTime(end)}
    return RetakeVideo(**(COMMON | {"video": VideoUrl("https://a.b/v")} | times | fields))


def colours_of(inputs: GenerationInputs, number: int) -> list[int]:
    """The numbers of the source's frames that the model was shown."""
    clip = inputs.clips[number]
    flat = b"".join(clip.chunks)
    assert len(flat) == clip.frames * clip.resolution.pixels * 3
    return list(flat[:: clip.resolution.pixels * 3])


def test_an_extension_has_every_frame_once_and_goes_on_from_the_last_ones(film: Film) -> None:
    result = film.run(extend(10))
    assert film.kept == [*range(40), *([None] * 10)]
    assert (result.output.frames, result.output.frame_rate.number, str(result.output.resolution)) == (50, 24, "96x64")
    assert colours_of(film.inputs, 0) == list(range(15, 40))
    assert result.canvas.frames == 41


def test_an_extension_in_front_leads_to_the_first_frames(film: Film) -> None:
    film.run(extend(10, direction="before"))
    assert film.kept == [*([None] * 10), *range(40)]
    assert colours_of(film.inputs, 0) == list(range(25))
    assert film.plan.clips[0].frame == 10


def test_a_retake_replaces_its_window_and_nothing_else(film: Film) -> None:
    film.run(retake(0.5, 0.75))
    assert film.kept == [*range(12), *([None] * 6), *range(18, 40)]
    assert colours_of(film.inputs, 0) == list(range(3, 12))
    assert colours_of(film.inputs, 1) == list(range(18, 35))
    rate, length = RATE, 40 * 2_000
    for channel in range(2):
        heard = film.encoder.samples[channel * length : (channel + 1) * length]
        assert heard[: rate // 2] == list(TONE[: rate // 2])
        assert heard[rate * 3 // 4 :] == list(TONE[rate * 3 // 4 :])
        assert len(set(heard[rate * 11 // 20 : rate * 7 // 10])) == 1  # the fake's sound is level


def test_a_retake_of_the_picture_is_made_to_the_sound_and_keeps_it(film: Film) -> None:
    film.run(retake(0.5, 0.75, replace="video"))
    assert film.kept[12:18] == [None] * 6
    assert film.encoder.samples == [*TONE, *TONE]
    assert film.inputs.sound is not None
    assert film.inputs.sound.length == film.plan.canvas.samples(HEARD_RATE)


def test_a_retake_of_the_sound_keeps_every_frame(film: Film) -> None:
    film.run(retake(0.5, 0.75, replace="audio"))
    assert film.kept == list(range(40))
    assert film.encoder.samples != [*TONE, *TONE]
    frames = film.plan.canvas.frames
    assert colours_of(film.inputs, 0) == list(range(3, 3 + frames))


def test_a_reference_is_shown_whole_and_the_clip_is_new(film: Film) -> None:
    request = VideoToVideo(**COMMON, video=VideoUrl("https://a.b/v"))
    result = film.run(request)
    assert film.kept == [None] * 40
    assert colours_of(film.inputs, 0) == [*range(40), 39]
    assert film.encoder.audio is not None
    assert film.encoder.audio.sampling_rate != RATE
    film.run(attrs.evolve(request, audio="source"))
    assert film.encoder.samples == [*TONE, *TONE]
    assert result.mode == "v2v"


def test_a_reference_is_read_in_the_rate_that_is_denoised_not_in_that_of_the_file(film: Film) -> None:
    checkpoint = attrs.evolve(FAKE_PROFILE.checkpoint, has_temporal_upsampler=True)
    film.world.model = film.world.generate.model = FakeVideoModel(attrs.evolve(FAKE_PROFILE, checkpoint=checkpoint))
    result = film.run(VideoToVideo(**COMMON, video=VideoUrl("https://a.b/v"), interpolate=Interpolation(2)))
    assert (result.output.frames, film.plan.temporal_rounds) == (80, 1)
    assert colours_of(film.inputs, 0) == [*range(40), 39]


def test_a_sound_is_heard_by_the_model_and_in_the_file(film: Film) -> None:
    result = film.run(AudioToVideo(**COMMON, audio_source=AudioUrl("https://a.b/s"), image=ImageUrl("https://a.b/c")))
    assert result.output.frames == 40
    assert film.encoder.samples == [*TONE, *TONE]
    assert film.inputs.sound is not None
    assert (film.inputs.sound.length, len(film.inputs.pictures)) == (film.plan.canvas.samples(HEARD_RATE), 1)


@pytest.mark.parametrize("model_is_silent", [False, True])
def test_a_source_without_sound_is_silent_where_it_is_kept(film: Film, model_is_silent: bool) -> None:
    film.world.model.silent = model_is_silent
    film.run(extend(10, video=VideoUrl("https://a.b/silent")))
    if model_is_silent:
        assert film.encoder.audio is None
        return
    assert film.encoder.audio is not None
    rate = film.encoder.audio.sampling_rate
    assert set(film.encoder.samples[: int(rate * 1.6)]) == {0.0}
    assert film.encoder.samples[-1] != 0.0


def test_a_model_without_sound_leaves_that_of_the_source(film: Film) -> None:
    film.world.model.silent = True
    film.run(extend(10))
    assert film.encoder.samples == [*TONE, *([0.0] * 20_000), *TONE, *([0.0] * 20_000)]


def test_a_sound_whose_rate_no_file_has_is_resampled(film: Film) -> None:
    odd = FakeMedia(colours=COLOURS, size=SIZE, channels=(TONE, TONE), sampling_rate=37_800)
    film.world.media.media["https://a.b/odd"] = odd
    film.run(extend(10, video=VideoUrl("https://a.b/odd")))
    assert film.encoder.audio is not None
    assert (film.encoder.audio.sampling_rate, film.encoder.audio.length) == (48_000, 100_000)


def test_the_sound_can_be_left_out(film: Film) -> None:
    film.run(extend(10, audio="off"))
    assert film.encoder.audio is None


def test_the_sources_own_sound_begins_with_the_source(film: Film) -> None:
    film.run(extend(12, direction="before", audio="source"))
    assert film.encoder.samples == [*([0.0] * 24_000), *TONE] * 2


def test_a_poster_may_be_of_any_frame_of_the_finished_clip(film: Film) -> None:
    result = film.run(extend(10, poster=Poster(FramePosition(-1))))
    assert result.poster is not None
    assert result.poster.frame == 49
    with pytest.raises(InvalidInput, match="poster must be from -50 to 49"):
        film.run(extend(10, poster=Poster(FramePosition(50))))


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (extend(10, video=VideoUrl("https://nobody/v")), InputUnavailable),
        (extend(10, steps=Steps(1)), InvalidInput),
        (extend(1026), OverLimit),
        (retake(0.5, 9.0), InvalidInput),
    ],
)
def test_what_fails_before_the_model_costs_no_generation(
    film: Film, request_: SourceRequest, error: type[WorkerError]
) -> None:
    with pytest.raises(error):
        film.run(request_)
    assert film.world.model.plans == []
    assert film.world.store.objects == {}
    assert list(film.world.root.iterdir()) == []


def test_nothing_is_fetched_for_a_request_that_is_wrong_by_itself(film: Film) -> None:
    with pytest.raises(InvalidInput):
        film.run(extend(10, steps=Steps(1)))
    assert film.world.media.fetched == []


def test_no_picture_is_fetched_for_a_sound_that_makes_the_clip_too_long(film: Film) -> None:
    film.world.generate.limits = Limits(seconds=1.5)
    with pytest.raises(OverLimit):
        film.run(AudioToVideo(**COMMON, audio_source=AudioUrl("https://a.b/s"), image=ImageUrl("https://a.b/c")))
    assert len(film.world.media.fetched) == 1
    assert film.world.fetcher.fetched == []


def test_a_job_that_is_stopped_while_its_source_is_read_leaves_nothing(film: Film) -> None:
    checks = iter(range(1_000))
    with pytest.raises(Cancelled):
        film.run(extend(10), is_cancelled=lambda: next(checks) > 12)
    assert film.world.store.objects == {}
    assert list(film.world.root.iterdir()) == []
    assert film.run(extend(10)).output.frames == 50
