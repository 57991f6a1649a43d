"""What makes two jobs the same, and what is kept of one."""

import datetime as dt
from typing import Any

import attrs
import pytest

from domain.clip import ClipStatistics
from domain.conditions import Crf, FramePosition, Strength
from domain.geometry import ClipGeometry, FrameCount, FrameRate, Resolution, Side
from domain.interpolation import Interpolation
from domain.lora import Lora, LoraScale, LoraSource
from domain.media import OutputFormat
from domain.naming import FileName, IdempotencyKey, ObjectPath
from domain.output import OutputCount, Poster
from domain.profile import ModelIdentity
from domain.record import JobRecord, fingerprint
from domain.requests import (
    DELIVERY_FIELDS,
    GenerationRequest,
    ImageToVideo,
    ImageUrl,
    InlineImage,
    Keyframe,
    KeyframesToVideo,
    Prompt,
    StoredImage,
    TextToVideo,
)
from domain.results import EncodedVideo, GenerationResult, StoredObject, Timings
from domain.sampling import GuidanceScale, MotionSpeed, Seed, Steps
from domain.secret import Secret
from domain.sizing import Measures, Seconds
from domain.source_media import AudioUrl, SourceReference, StoredAudio, StoredVideo, VideoUrl
from domain.source_requests import AudioToVideo, VideoToVideo
from domain.upscaling import Upscale
from domain.webhook import WebhookUrl
from tests.support.targets import s3_target, upload_url

MODEL = ModelIdentity(name="Lightricks/LTX-2", revision="abc", family="ltx-2")
TEXT = TextToVideo(prompt=Prompt("a dog"), idempotency_key=IdempotencyKey("order-7"))
PICTURE = ImageToVideo(prompt=Prompt("a dog"), image=ImageUrl("https://a.b/c?token=secret"))
NOON = dt.datetime(2026, 1, 13, 12, tzinfo=dt.UTC)
RESULT = GenerationResult(
    mode="t2v",
    seed=Seed(7),
    steps=30,
    guidance=7.0,
    output=ClipGeometry(Resolution(512, 512), 49, FrameRate.from_number(23.976)),
    canvas=ClipGeometry(Resolution(512, 512), 49, FrameRate.from_number(23.976)),
    model=MODEL,
    device="cpu",
    video=EncodedVideo(content_type="video/mp4", size=10, sha256="ab", audio_rate=24_000, audio_channels=2),
    stored=StoredObject(
        backend="supabase",
        bucket="b",
        path="a/b.mp4",
        signed_url="https://a.b/sign?token=secret",
        expires_at=NOON,
        warnings=("of the store",),
    ),
    statistics=ClipStatistics(prepare_seconds=0.1, inference_seconds=2.0, decode_seconds=0.5),
    timings=Timings(fetch=0.0, prepare=0.1, inference=2.0, decode=0.5, encode=1.0, upload=0.25, total=4.0),
    cold=True,
    worker_version="1.2.3",
    warnings=("of the plan",),
)

FIRST_VERSIONS_MARK = "2e5ae787c2bf23006e47a30607bdf0e7d26771d2202530852d9b3ca23549198c"
FIRST_VERSIONS_PICTURE_MARK = "263b035786fc705d73eed8d911808bb109a0e84539dfd8ccc47cf908d37bee6a"

DELIVERIES: dict[str, Any] = {
    "upload_url": upload_url("https://a.b/c?token=secret"),
    "s3Config": s3_target("https://s3.example.com"),
    "webhook_url": WebhookUrl(Secret("https://a.b/hook?token=secret")),
}
OTHERS: dict[str, Any] = {
    "prompt": Prompt("a cat"),
    "negative_prompt": "blurry",
    "enhance_prompt": True,
    "seed": Seed(0),
    "preset": "fast",
    "steps": Steps(30),
    "guidance": GuidanceScale(0),
    "fps": FrameRate.from_number(23.976),
    "num_frames": FrameCount(50),
    "height": Side(514),
    "width": Side(514),
    "upscale": Upscale(2),
    "motion_speed": MotionSpeed(0.5),
    "interpolate": Interpolation(2),
    "num_outputs": OutputCount(2),
    "audio": "off",
    "loras": (Lora(source=LoraSource("org/name")),),
    "output_format": OutputFormat(name="webm", suffix=".webm", content_type="video/webm"),
    "poster": Poster(),
    "file_name": FileName("dog.mp4"),
    "low_vram": True,
}


def mark(request: GenerationRequest) -> str:
    return fingerprint(request, MODEL)


@pytest.mark.parametrize("field", [field.name for field in attrs.fields(TextToVideo)])
def test_every_field_counts_but_those_that_do_not_change_the_object(field: str) -> None:
    if field == "return_signed_url":
        assert mark(attrs.evolve(TEXT, return_signed_url=False)) == mark(TEXT)
    elif field == "given_as":
        assert mark(attrs.evolve(TEXT, given_as=Measures(seconds=Seconds(2)))) == mark(TEXT)
    elif field in DELIVERY_FIELDS:
        assert mark(attrs.evolve(TEXT, **{field: DELIVERIES[field]})) == mark(TEXT)
    elif field == "idempotency_key":
        assert mark(attrs.evolve(TEXT, idempotency_key=None)) == mark(TEXT)
    else:
        assert mark(attrs.evolve(TEXT, **{field: OTHERS[field]})) != mark(TEXT)


def test_fields_that_were_added_later_do_not_count_at_their_defaults() -> None:
    """Worked out with the first version: its records must still be found."""
    plain = TextToVideo(prompt=Prompt("a dog"))
    assert mark(plain) == FIRST_VERSIONS_MARK
    assert mark(PICTURE) == FIRST_VERSIONS_PICTURE_MARK


def test_the_strength_and_compression_of_a_picture_count() -> None:
    others = (PICTURE, attrs.evolve(PICTURE, image_strength=Strength(0.5)), attrs.evolve(PICTURE, image_crf=Crf(33)))
    assert len({mark(request) for request in others}) == 3


def test_each_keyframe_counts_by_picture_frame_and_strength() -> None:
    def with_keyframes(*keyframes: Keyframe) -> str:
        return mark(KeyframesToVideo(prompt=Prompt("a dog"), keyframes=keyframes))

    first = Keyframe(image=PICTURE.image, frame=FramePosition(0))
    last = Keyframe(image=ImageUrl("https://a.b/last"), frame=FramePosition(-1))
    lists = (
        (first,),
        (last,),
        (first, last),
        (first, attrs.evolve(last, frame=FramePosition(5))),
        (first, attrs.evolve(last, strength=Strength(0.5))),
    )
    assert len({with_keyframes(*keyframes) for keyframes in lists}) == len(lists)


def test_the_order_and_the_scale_of_loras_count() -> None:
    def with_loras(*scales: float) -> str:
        loras = tuple(Lora(source=LoraSource(f"org/{n}"), scale=LoraScale(scale)) for n, scale in enumerate(scales))
        return mark(attrs.evolve(TEXT, loras=loras))

    assert len({with_loras(1, 0.5), with_loras(0.5, 1), with_loras(1), mark(TEXT)}) == 4


def test_fields_do_not_stand_in_for_each_other() -> None:
    sides = attrs.evolve(TEXT, width=Side(256)), attrs.evolve(TEXT, height=Side(256))
    texts = attrs.evolve(TEXT, negative_prompt=""), TEXT
    assert len({mark(request) for request in (*sides, *texts)}) == 4


def test_the_model_and_its_revision_count() -> None:
    others = [attrs.evolve(MODEL, name="other"), attrs.evolve(MODEL, revision="def")]
    assert len({fingerprint(TEXT, model) for model in (MODEL, *others)}) == 3


def test_a_number_is_the_same_however_it_was_written() -> None:
    whole, decimal = (attrs.evolve(TEXT, guidance=GuidanceScale(scale)) for scale in (7, 7.0))
    assert mark(whole) == mark(decimal) != mark(attrs.evolve(TEXT, guidance=GuidanceScale(7.5)))


def test_it_stays_the_same_from_one_version_to_the_next() -> None:
    """Records live on: whoever changes this value makes every kept record worthless once."""
    assert mark(TEXT) == "2e5ae787c2bf23006e47a30607bdf0e7d26771d2202530852d9b3ca23549198c"


def test_the_picture_counts_and_the_mode_does() -> None:
    pictures = [
        PICTURE,
        attrs.evolve(PICTURE, image=ImageUrl("https://a.b/d")),
        attrs.evolve(PICTURE, image=InlineImage("AAAA")),
        attrs.evolve(PICTURE, image=InlineImage("AAAB")),
        attrs.evolve(PICTURE, image=InlineImage("https://a.b/c?token=secret")),
        attrs.evolve(PICTURE, image=InlineImage("inputs/a.png")),
        attrs.evolve(PICTURE, image=StoredImage(ObjectPath("inputs/a.png"))),
        attrs.evolve(PICTURE, image=StoredImage(ObjectPath("inputs/b.png"))),
        TEXT,
    ]
    assert len({mark(request) for request in pictures}) == len(pictures)
    moved = attrs.evolve(PICTURE, image=ImageUrl("https://a.b/c?token=secret", path="batch[2].image_url"))
    assert mark(moved) == mark(PICTURE)


def test_the_clip_or_the_sound_counts_by_what_it_is_and_not_by_its_place() -> None:
    def with_source(video: VideoUrl | StoredVideo) -> str:
        return mark(VideoToVideo(prompt=Prompt("a dog"), video=video))

    stored = StoredVideo(ObjectPath("inputs/a.mp4"))
    videos = (VideoUrl("https://a.b/c"), VideoUrl("https://a.b/d"), VideoUrl("inputs/a.mp4"), stored)
    assert len({with_source(video) for video in videos}) == len(videos)
    assert with_source(VideoUrl("https://a.b/c", path="batch[2].video_url")) == with_source(videos[0])
    assert with_source(attrs.evolve(stored, path="batch[2].video_path")) == with_source(stored)


def test_half_a_surrogate_pair_can_be_hashed() -> None:
    assert mark(attrs.evolve(PICTURE, prompt=Prompt("\ud83d"), image=ImageUrl("\ud83d"))) != mark(PICTURE)


def record(request: GenerationRequest, *, keep_prompts: bool = True) -> JobRecord:
    return JobRecord.of(request, RESULT, "f", created_at=NOON, keep_prompts=keep_prompts)


def test_a_record_has_the_result_without_urls_and_what_is_said_of_them() -> None:
    stored = StoredObject(backend="supabase", bucket="b", path="a/b.mp4")
    assert record(TEXT).result == attrs.evolve(RESULT, stored=stored)
    assert (record(TEXT).fingerprint, record(TEXT).created_at) == ("f", NOON)


def test_prompts_are_kept_unless_they_are_not_wanted() -> None:
    request = attrs.evolve(TEXT, negative_prompt="blurry")
    kept, unkept = record(request), record(request, keep_prompts=False)
    assert (kept.prompt, kept.negative_prompt) == ("a dog", "blurry")
    assert (unkept.prompt, unkept.negative_prompt) == (None, None)
    assert "dog" not in repr(unkept)
    assert "blurry" not in repr(unkept)


def test_inputs_are_kept_as_hashes() -> None:
    assert record(TEXT).inputs == {}
    inline = attrs.evolve(PICTURE, image=InlineImage("AAAA"))
    assert record(inline).inputs == {"image_base64": "63c1dd951ffedf6f7fd968ad4efa39b8ed584f162f46e715114ee184f8de9201"}
    assert list(record(PICTURE).inputs) == ["image_url"]
    assert list(record(attrs.evolve(PICTURE, image=StoredImage(ObjectPath("inputs/a.png")))).inputs) == ["image_path"]
    assert "secret" not in repr(record(PICTURE))


@pytest.mark.parametrize(
    ("source", "names"),
    [
        (VideoUrl("https://a.b/c?token=secret"), ["video_url"]),
        (StoredVideo(ObjectPath("inputs/secret.mp4")), ["video_path"]),
        (AudioUrl("https://a.b/c?token=secret"), ["audio_url", "image_url"]),
        (StoredAudio(ObjectPath("inputs/secret.wav")), ["audio_path", "image_url"]),
    ],
)
def test_a_clip_or_a_sound_is_kept_as_a_hash_beside_the_pictures(source: SourceReference, names: list[str]) -> None:
    request: GenerationRequest
    if isinstance(source, VideoUrl | StoredVideo):
        request = VideoToVideo(prompt=Prompt("a dog"), video=source)
    else:
        request = AudioToVideo(prompt=Prompt("a dog"), audio_source=source, image=PICTURE.image)
    assert list(record(request).inputs) == names
    assert {len(digest) for digest in record(request).inputs.values()} == {64}
    assert "secret" not in repr(record(request))


def test_an_enhanced_prompt_is_kept_as_the_callers_is() -> None:
    enhanced = attrs.evolve(RESULT, prompt_used="a dog, at length")

    def kept(*, keep_prompts: bool) -> str | None:
        record = JobRecord.of(TEXT, enhanced, "", created_at=NOON, keep_prompts=keep_prompts)
        return record.result.prompt_used

    assert kept(keep_prompts=True) == "a dog, at length"
    assert kept(keep_prompts=False) is None
