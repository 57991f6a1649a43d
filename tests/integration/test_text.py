"""Encoded texts on real classes: they give the clips of the pipelines' own path, and run nothing twice."""

import copy
from typing import Any

import PIL.Image
import pytest
import torch
from diffusers import LTX2ConditionPipeline, LTX2ImageToVideoPipeline, LTX2Pipeline

from adapters.video_model.diffusers.components import Components
from adapters.video_model.diffusers.text.cache import EmbeddingCache, EncodedText
from adapters.video_model.diffusers.text.connected import CachedConnectors, placeholders
from adapters.video_model.diffusers.text.duration import predict_frames
from adapters.video_model.diffusers.text.encoding import PromptEncoder
from adapters.video_model.diffusers.text.residency import Residency
from adapters.video_model.tiny.components import build_pipeline
from adapters.video_model.tiny.configuration import CHECKPOINTS
from tests.support.text import Forwards, RecordingResidency, tiny_components

FAMILIES = list(CHECKPOINTS)
OFF = {"guidance_scale": 1.0, "stg_scale": 0.0, "modality_scale": 1.0, "guidance_rescale": 0.0}
UNGUIDED = {**OFF, **{f"audio_{name}": value for name, value in OFF.items()}}
GUIDED = {**UNGUIDED, "guidance_scale": 3.0, "audio_guidance_scale": 3.0}
NEGATIVE = "blurry, loud"
PICTURE = PIL.Image.new("RGB", (96, 64), "red")


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Components]:
    return {name: tiny_components(name, tmp_path_factory.mktemp("processor")) for name in FAMILIES}


@pytest.fixture(params=FAMILIES)
def components(request: pytest.FixtureRequest, checkpoints: dict[str, Components]) -> Components:
    return checkpoints[request.param]


@pytest.fixture
def residency() -> RecordingResidency:
    return RecordingResidency()


def encoder_of(components: Components, residency: Residency, max_bytes: int = 1 << 30) -> PromptEncoder:
    return PromptEncoder(components, residency, "cpu", EmbeddingCache(max_bytes), "a family")


def parts_for(kind: Any, components: Components, **changes: Any) -> dict[str, Any]:
    optional = set(kind._optional_components)
    return {name: part for name, part in components.by_name.items() if name not in optional} | changes


def run(pipeline: Any, **arguments: Any) -> Any:
    pipeline.set_progress_bar_config(disable=True)
    generator = torch.Generator("cpu").manual_seed(3)
    size = {"height": 64, "width": 64, "num_frames": 9, "num_inference_steps": 2}
    return pipeline(**size, generator=generator, output_type="latent", **arguments)


def run_own(kind: Any, components: Components, **arguments: Any) -> Any:
    return run(kind(**parts_for(kind, components)), prompt="a dog", negative_prompt=NEGATIVE, **arguments)


def run_cached(kind: Any, components: Components, texts: tuple[EncodedText, ...], **arguments: Any) -> Any:
    positive, negative = texts
    connectors = CachedConnectors(positive, negative, "cpu")
    pipeline = kind(**parts_for(kind, components, connectors=connectors, text_encoder=None, tokenizer=None))
    return run(pipeline, **placeholders(positive, negative), **arguments)


@pytest.mark.parametrize("kind", [LTX2Pipeline, LTX2ImageToVideoPipeline, LTX2ConditionPipeline])
def test_unguided_clips_are_those_of_the_pipelines_own_path_to_the_bit(
    kind: Any, components: Components, residency: RecordingResidency
) -> None:
    arguments = {**UNGUIDED, **({"image": PICTURE, "image_crf": 0} if kind is LTX2ImageToVideoPipeline else {})}
    texts = encoder_of(components, residency).encode_each(["a dog", NEGATIVE])
    own, cached = run_own(kind, components, **arguments), run_cached(kind, components, texts, **arguments)
    assert torch.equal(own.frames, cached.frames)
    assert torch.equal(own.audio, cached.audio)


def test_guided_clips_differ_by_rounding_only_and_are_repeatable(
    components: Components, residency: RecordingResidency
) -> None:
    texts = encoder_of(components, residency).encode_each(["a dog", NEGATIVE])
    own = run_own(LTX2Pipeline, components, **GUIDED)
    cached, again = (run_cached(LTX2Pipeline, components, texts, **GUIDED) for _ in range(2))
    assert torch.allclose(own.frames, cached.frames, rtol=0, atol=1e-5)
    assert torch.allclose(own.audio, cached.audio, rtol=0, atol=1e-5)
    assert torch.equal(cached.frames, again.frames)
    assert torch.equal(cached.audio, again.audio)
    swapped = run_cached(LTX2Pipeline, components, texts[::-1], **GUIDED)
    assert not torch.allclose(own.frames, swapped.frames, rtol=0, atol=1e-5)


def test_bfloat16_gives_the_same_clip(residency: RecordingResidency) -> None:
    pipeline = build_pipeline(CHECKPOINTS["builtin/tiny-2.3"]).to(torch.bfloat16)
    components = Components(pipeline.components)
    texts = encoder_of(components, residency).encode_each(["a dog", NEGATIVE])
    assert texts[0].video.dtype == torch.bfloat16
    own = run_own(LTX2Pipeline, components, **UNGUIDED)
    cached = run_cached(LTX2Pipeline, components, texts, **UNGUIDED)
    assert torch.equal(own.frames, cached.frames)
    assert torch.equal(own.audio, cached.audio)


def test_a_known_text_runs_nothing(components: Components, residency: RecordingResidency) -> None:
    encoder = encoder_of(components, residency)
    with Forwards.watched(components, residency) as forwards:
        first = encoder.encode_each(["a dog", NEGATIVE])
        assert residency.asked == [("text_encoder", "connectors")]
        assert forwards.counts == {"text_encoder": 2, "connectors": 2}
        second = encoder.encode_each([NEGATIVE, "  a dog\n"])
        run_cached(LTX2Pipeline, components, second[::-1], **GUIDED)
        assert forwards.counts == {"text_encoder": 2, "connectors": 2}
        assert len(residency.asked) == 1
    assert (second[1], second[0]) == first


def test_a_text_that_is_asked_for_twice_at_once_is_encoded_once(
    checkpoints: dict[str, Components], residency: RecordingResidency
) -> None:
    components = checkpoints["builtin/tiny"]
    with Forwards.watched(components, residency) as forwards:
        one, two = encoder_of(components, residency, max_bytes=0).encode_each(["", " "])
    assert one is two
    assert forwards.counts == {"text_encoder": 1, "connectors": 1}


def test_without_room_in_the_cache_each_job_encodes(
    checkpoints: dict[str, Components], residency: RecordingResidency
) -> None:
    components = checkpoints["builtin/tiny"]
    encoder = encoder_of(components, residency, max_bytes=0)
    with Forwards.watched(components, residency) as forwards:
        first, second = encoder.encode("a dog"), encoder.encode("a dog")
    assert forwards.counts["text_encoder"] == 2
    assert torch.equal(first.video, second.video)


def test_outputs_of_changed_connectors_are_kept_apart(
    checkpoints: dict[str, Components], residency: RecordingResidency
) -> None:
    components = checkpoints["builtin/tiny"]
    encoder = encoder_of(components, residency)
    with Forwards.watched(components, residency) as forwards:
        encoder.encode("a dog")
        encoder.encode("a dog", variant="lora@1.0")
        encoder.encode("a dog", variant="lora@1.0")
    assert forwards.counts["connectors"] == 2


@pytest.mark.parametrize(("characters", "lost"), [(1023, 0), (1024, 1), (1500, 477)])
def test_a_text_with_more_tokens_than_fit_says_how_many_were_lost(
    characters: int, lost: int, checkpoints: dict[str, Components], residency: RecordingResidency
) -> None:
    encoder = encoder_of(checkpoints["builtin/tiny"], residency)
    encoded = encoder.encode("x" * 1000 + "y" * (characters - 1000))  # one token a character, and <bos>
    assert encoded.lost_tokens == lost
    assert encoder.encode("a dog").lost_tokens == 0
    whole = encoder.encode("x" * 1000 + "y" * 23)
    assert torch.equal(encoded.video, whole.video)  # it is the end that was cut


def test_the_duration_head_sees_the_encoded_text_and_runs_alone_for_a_known_one(
    checkpoints: dict[str, Components], residency: RecordingResidency
) -> None:
    components = checkpoints["builtin/tiny-2.5"]
    encoder = encoder_of(components, residency)
    encoded = encoder.encode("a dog")
    seconds = components.by_name["duration_head"](encoded.video, encoded.audio).item()
    assert 1.5 < seconds < 4
    with Forwards.watched(components, residency) as forwards:
        frames = predict_frames(
            components, residency, encoder, "a dog", device="cpu", frame_rate=24.0, max_seconds=20.0
        )
    assert frames == (round(seconds * 24) - 1) // 8 * 8 + 1
    assert forwards.counts == {"duration_head": 1}
    assert residency.asked[-1] == ("duration_head",)


class StubbornHead:
    """A duration head that predicts 49 frames, and remembers what for."""

    def predict_num_frames(self, video: torch.Tensor, audio: torch.Tensor, **_: object) -> int:
        self.tokens = (video, audio)
        return 49


def test_the_duration_head_is_given_both_streams(
    checkpoints: dict[str, Components], residency: RecordingResidency
) -> None:
    head = StubbornHead()
    components = Components({**checkpoints["builtin/tiny-2.5"].by_name, "duration_head": head})
    encoder = encoder_of(components, residency)
    bound = {"frame_rate": 24.0, "max_seconds": 20.0}
    assert predict_frames(components, residency, encoder, "a dog", device="cpu", **bound) == 49
    encoded = encoder.encode("a dog")
    assert torch.equal(head.tokens[0], encoded.video)
    assert torch.equal(head.tokens[1], encoded.audio)


NTSC = 24000 / 1001


@pytest.mark.parametrize(
    ("log_seconds", "bound", "frames"),
    [
        (-9, {"frame_rate": 24.0, "max_seconds": 20.0}, 25),  # the first 8k+1 from 1 s on
        (9, {"frame_rate": 24.0, "max_seconds": 20.0}, 473),
        (9, {"frame_rate": 24.0, "max_seconds": 3600.0}, 473),
        (9, {"frame_rate": NTSC, "max_seconds": 20.0}, 473),
        (9, {"frame_rate": 120.0, "max_seconds": 20.0}, 2393),
        (9, {"frame_rate": 24.0, "max_seconds": 1.5}, 33),
        (9, {"frame_rate": NTSC, "max_seconds": 49 / NTSC}, 49),  # comes back as 48.99999999999999 frames
        (9, {"frame_rate": 24.0, "max_seconds": 1.02}, 17),  # 25 would be longer
        (-9, {"frame_rate": 24.0, "max_seconds": 1.0}, 17),
        (-9, {"frame_rate": 24.0, "max_seconds": 0.5}, 9),
        (9, {"frame_rate": 24.0, "max_seconds": 0.001}, 1),
        (-9, {"frame_rate": 1.0, "max_seconds": 20.0}, 1),
        (9, {"frame_rate": 1.0, "max_seconds": 20.0}, 17),
    ],
)
def test_a_predicted_length_stays_within_its_bounds(
    log_seconds: float,
    bound: dict[str, float],
    frames: int,
    checkpoints: dict[str, Components],
    residency: RecordingResidency,
) -> None:
    components = predicting(checkpoints["builtin/tiny-2.5"], log_seconds)
    encoder = encoder_of(components, residency)
    assert predict_frames(components, residency, encoder, "a dog", device="cpu", **bound) == frames


def predicting(components: Components, log_seconds: float) -> Components:
    """`components` with a head that predicts about e^`log_seconds` seconds."""
    head = copy.deepcopy(components.by_name["duration_head"])
    torch.nn.init.constant_(head.mlp_out.bias, log_seconds)
    return Components({**components.by_name, "duration_head": head})
