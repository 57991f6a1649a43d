"""What each family, preset and mode really runs: forwards, sigmas, scales, frames and sound, counted."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from adapters.video_model.diffusers.video_model import DiffusersModel
from application.job_control import JobControl
from application.ports.video_model import GenerationInputs
from domain.clip import Picture
from domain.conditions import FramePosition, Strength
from domain.geometry import FrameCount, FrameRate, Resolution, Side
from domain.limits import Limits
from domain.plan import plan
from domain.recipes import Preset
from domain.requests import (
    GenerationRequest,
    ImageToVideo,
    InlineImage,
    Keyframe,
    KeyframesToVideo,
    Prompt,
    TextToVideo,
)
from domain.sampling import GuidanceScale, Seed, Steps
from tests.support.tiny import tiny_model
from tests.support.watched_transformer import Forward, Scales, watched

PICTURE = Picture(Resolution(96, 64), memoryview(bytes(range(256)) * 72))
OFF = (1.0, 0.0, 1.0, 0.0)
WIDTH, HEIGHT, FRAMES = 128, 192, 17

Sigmas = Callable[[int], list[float]]
"""Of a run, by the number of its tokens."""


def given(*sigmas: float) -> Sigmas:
    return lambda _: list(sigmas)


def dynamic(steps: int) -> Sigmas:
    """diffusers' own shift: by the number of tokens, stretched to end at 0.1."""
    return lambda tokens: shifted(steps, 0.95 + (tokens - 1024) * 1.1 / 3072)


def anchored(steps: int) -> Sigmas:
    """The makers' shift: as for 4096 tokens, whatever the clip."""
    return given(*shifted(steps, 2.05))


def shifted(steps: int, mu: float) -> list[float]:
    plain = [1 - step * (1 - 1 / steps) / (steps - 1) for step in range(steps)]
    noise = [math.exp(mu) / (math.exp(mu) + (1 / sigma - 1)) for sigma in plain]
    return [1 - (1 - sigma) * 0.9 / (1 - noise[-1]) for sigma in noise]


EIGHT = given(1.0, 0.99375, 0.9875, 0.98125, 0.975, 0.909375, 0.725, 0.421875)
THREE = given(0.909375, 0.725, 0.421875)


@attrs.frozen(kw_only=True)
class Run:
    """One stage as it should be: what happens at each sigma is (rows, isolated, perturbed blocks)."""

    sigmas: Sigmas
    passes: tuple[tuple[int, bool, tuple[int, ...]], ...] = ((1, False, ()),)
    video: tuple[float, float, float, float] = OFF
    audio: tuple[float, float, float, float] = OFF
    divisor: int = 1
    loras: int = 0


TEXT, STG, ALONE = (2, False, ()), (1, False, (1,)), (1, True, ())
DEV_20 = {
    "standard": [Run(sigmas=dynamic(4), passes=(TEXT, ALONE), video=(7, 0, 3, 0.7), audio=(7, 0, 3, 0.7))],
    "official": [Run(sigmas=anchored(4), passes=(TEXT, ALONE), video=(3, 0, 3, 0.7), audio=(7, 0, 3, 0.7))],
    "fast": [Run(sigmas=dynamic(4), passes=(TEXT,), video=(3, 0, 1, 0), audio=(7, 0, 1, 0))],
    "quality": [
        Run(sigmas=anchored(4), passes=(TEXT, ALONE), video=(3, 0, 3, 0.7), audio=(7, 0, 3, 0.7), divisor=2),
        Run(sigmas=THREE, loras=1),
    ],
}
DEV_23 = {
    "standard": [Run(sigmas=dynamic(4), passes=(TEXT, STG, ALONE), video=(7, 1, 3, 0.7), audio=(7, 1, 3, 0.7))],
    "official": [Run(sigmas=anchored(4), passes=(TEXT, STG, ALONE), video=(3, 1, 3, 0.7), audio=(7, 1, 3, 0.7))],
    "fast": [Run(sigmas=dynamic(4), passes=(TEXT,), video=(3, 0, 1, 0), audio=(7, 0, 1, 0))],
    "quality": [
        Run(sigmas=anchored(4), passes=(TEXT, STG, ALONE), video=(3, 1, 3, 0.7), audio=(7, 1, 3, 0.7), divisor=2),
        Run(sigmas=THREE, loras=1),
    ],
}
DISTILLED_25 = {
    "standard": [Run(sigmas=EIGHT)],
    "fast": [Run(sigmas=EIGHT)],
    "official": [Run(sigmas=EIGHT, divisor=2), Run(sigmas=THREE)],
    "quality": [Run(sigmas=EIGHT, divisor=2), Run(sigmas=THREE)],
}
EXPECTED: dict[str, dict[str, list[Run]]] = {
    "builtin/tiny": DEV_20,
    "builtin/tiny-2.3": DEV_23,
    "builtin/tiny-2.5": DISTILLED_25,
}
MODES = ("t2v", "i2v", "weak i2v", "keyframes")
CASES = [(name, preset, mode) for name, presets in EXPECTED.items() for preset in presets for mode in MODES]
KEYFRAMES = (0, 5, -1)
APPENDED = ((5.0, 6.0), (13.0, 14.0))
"""Of 14 frames. The first keyframe overwrites tokens of the clip."""
MODELS: dict[str, DiffusersModel] = {}


@pytest.fixture
def pipelines(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Scales]]:
    """The scales in effect at the end of each call of a diffusers pipeline."""
    from diffusers import DiffusionPipeline  # noqa: PLC0415 - three seconds

    seen: list[Scales] = []
    monkeypatch.setattr(DiffusionPipeline, "maybe_free_model_hooks", lambda called: seen.append(Scales.of(called)))
    return iter([seen])


def request_for(name: str, preset: str, mode: str) -> GenerationRequest:
    fields: dict[str, Any] = {
        "prompt": Prompt("a dog"),
        "preset": preset,
        "steps": None if name == "builtin/tiny-2.5" else Steps(4),
        "width": Side(WIDTH - 2),
        "height": Side(HEIGHT),
        "num_frames": FrameCount(FRAMES - 3),
        "fps": FrameRate.from_number(24),
    }
    if mode == "t2v":
        return TextToVideo(**fields)
    if mode == "keyframes":
        keyframes = (Keyframe(image=InlineImage("-"), frame=FramePosition(number)) for number in KEYFRAMES)
        return KeyframesToVideo(keyframes=tuple(keyframes), **fields)
    strength = Strength(0.5 if mode == "weak i2v" else 1.0)
    return ImageToVideo(image=InlineImage("-"), image_strength=strength, **fields)


@pytest.mark.parametrize(("name", "preset", "mode"), CASES)
def test_a_preset_runs_exactly_what_it_says(
    hub_cache: Path, name: str, preset: Preset, mode: str, pipelines: Iterator[list[Scales]]
) -> None:
    model = MODELS.setdefault(name, tiny_model(hub_cache, name))
    planned = plan(request_for(name, preset, mode), model.profile(), Limits(), Seed(7))
    inputs = GenerationInputs(pictures=(PICTURE,) * len(planned.conditions))

    with watched(model) as forwards, model.generate(planned, inputs, JobControl()) as clip:
        frames = sum(chunk.nbytes for chunk in clip.chunks) // clip.frame_bytes
        audio = clip.audio

    runs = EXPECTED[name][preset]
    expected = [forward for run in runs for forward in forwards_of(run, name, APPENDED if mode == "keyframes" else ())]
    assert [attrs.evolve(forward, sigma=0.0) for forward in forwards] == [
        attrs.evolve(forward, sigma=0.0) for forward in expected
    ]
    assert [forward.sigma for forward in forwards] == pytest.approx([forward.sigma for forward in expected], abs=1e-6)
    in_effect = [value for scales in next(pipelines) for value in (*scales.video, *scales.audio)]
    assert in_effect == pytest.approx([value for run in runs for value in (*run.video, *run.audio)])
    assert frames == FRAMES - 3
    assert audio is not None
    assert audio.length == samples_of(name)


def forwards_of(run: Run, name: str, appended: tuple[tuple[float, float], ...]) -> Iterator[Forward]:
    """18 audio latents: 17 frames at 24 fps are 0.7083 s, at 25 latents a second."""
    frames = FRAMES // 8 + 1 + len(appended)
    tokens = frames * (WIDTH // 32 // run.divisor) * (HEIGHT // 32 // run.divisor)
    for sigma in run.sigmas(tokens):
        for rows, isolated, perturbed in run.passes:
            yield Forward(
                sigma=sigma,
                rows=rows,
                tokens=tokens,
                audio_tokens=18,
                isolated=isolated,
                perturbed=perturbed,
                cross_timestep=name != "builtin/tiny",
                loras=run.loras,
                appended=appended,
            )


def samples_of(name: str) -> int:
    """The vocoders' lengths for 18 latents: 4 x 18 - 3 mel frames, 10 ms each; at 48 kHz three times the 16 kHz."""
    mel_frames = 4 * 18 - 3
    return mel_frames * 240 if name == "builtin/tiny" else mel_frames * 160 * 3


def test_guidance_speaks_of_the_picture_only(hub_cache: Path, pipelines: Iterator[list[Scales]]) -> None:
    """Also where it is off: a scale of 0 or 1 for the picture leaves the sound's as it is."""
    model = MODELS.setdefault("builtin/tiny", tiny_model(hub_cache, "builtin/tiny"))
    request = attrs.evolve(request_for("builtin/tiny", "official", "t2v"), guidance=GuidanceScale(1.0), steps=Steps(2))
    planned = plan(request, model.profile(), Limits(), Seed(7))
    with watched(model) as forwards, model.generate(planned, GenerationInputs(), JobControl()):
        assert {forward.rows for forward in forwards} == {1, 2}
    (scales,) = next(pipelines)
    assert (scales.video[0], scales.audio[0]) == (1.0, 7.0)


def test_the_same_seed_gives_ancestral_and_plain_stages_different_clips(hub_cache: Path) -> None:
    model = MODELS.setdefault("builtin/tiny-2.5", tiny_model(hub_cache, "builtin/tiny-2.5"))

    def made(preset: Preset) -> bytes:
        planned = plan(request_for("builtin/tiny-2.5", preset, "t2v"), model.profile(), Limits(), Seed(7))
        with model.generate(planned, GenerationInputs(), JobControl()) as clip:
            return b"".join(clip.chunks)

    official = made("official")
    assert official == made("official")
    assert official != made("quality")
