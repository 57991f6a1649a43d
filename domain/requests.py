"""What a caller asks for: one frozen class per mode. Field names are those of the README's table."""

from typing import Annotated, ClassVar, Final, Self

import attrs

from domain.conditions import (
    FIRST_FRAME,
    FULL_STRENGTH,
    ClipCondition,
    Crf,
    FramePosition,
    SoundCondition,
    Strength,
)
from domain.errors import InvalidValue
from domain.geometry import ClipGeometry, FrameCount, FrameRate, Resolution, Side
from domain.interpolation import Interpolation
from domain.lora import Lora
from domain.media import MP4, OutputFormat
from domain.naming import FileName, IdempotencyKey, ObjectPath
from domain.output import ONE_OUTPUT, OutputCount, Poster
from domain.recipes import Preset
from domain.sampling import NORMAL_SPEED, GuidanceScale, MotionSpeed, Seed, Steps
from domain.sizing import DEFAULT_SIDE, Measures
from domain.sound import AudioChoice
from domain.source_media import Source, SourceReference
from domain.stretch import Stretch
from domain.targets import S3Target, Target, UploadUrl
from domain.upscaling import Upscale, upscaled
from domain.webhook import WebhookUrl

MAX_PROMPT: Final = 10_000
"""Characters. A text encoder reads 1024 tokens, but a tokenizer works on all that it is given."""

NegativePrompt = Annotated[str, MAX_PROMPT]
"""Text of at most 10,000 characters, taken as it is; the reader of requests (adapters/wire) refuses longer ones."""


def _stripped(text: str) -> str:
    return text.strip()


@attrs.frozen
class Prompt:
    """Text of a prompt, stripped, 1 to 10,000 characters."""

    text: str = attrs.field(converter=_stripped)

    def __attrs_post_init__(self) -> None:
        if not 1 <= len(self.text) <= MAX_PROMPT:
            message = f"must have 1 to {MAX_PROMPT} characters after trimming, got {len(self.text)}"
            raise InvalidValue(message)


@attrs.frozen
class ImageUrl:
    """An input picture that is fetched. `path` is the request's field, for the errors about it."""

    url: str = attrs.field(repr=False)  # may carry a signature
    path: str = "image_url"


@attrs.frozen
class InlineImage:
    """An input picture in base64 that came with the request, maybe as a `data:` URL."""

    base64: str = attrs.field(repr=False)  # megabytes
    path: str = "image_base64"


@attrs.frozen
class StoredImage:
    """An input picture that lies in the worker's own store, below INPUT_PREFIX."""

    object: ObjectPath
    path: str = "image_path"


ImageReference = ImageUrl | InlineImage | StoredImage


@attrs.frozen(kw_only=True)
class Keyframe:
    """A picture that the clip shows at a frame. `crf` None: as the checkpoint was trained."""

    image: ImageReference
    frame: FramePosition
    strength: Strength = FULL_STRENGTH
    crf: Crf | None = None


DELIVERY_FIELDS: Final = frozenset({"upload_url", "s3Config", "webhook_url"})
"""Where the clip and the news of it go. Nothing of the clip depends on these, and they hold secrets: they count neither
for the fingerprint nor for a drawn seed."""

WORDING_FIELDS: Final = frozenset({"given_as"})
"""In which words the caller put what stands in other fields, too: as little of the clip depends on them."""

LATER_FIELDS: Final = frozenset({
    "num_outputs", "image_strength", "image_crf", "poster", "upscale", "motion_speed", "interpolate", "audio",
})  # fmt: skip
"""Fields that were added when records and drawn seeds were in use: at their defaults they count for neither."""


@attrs.frozen(kw_only=True)
class GenerationRequest:
    """The fields that every mode has.

    None: the checkpoint's default (preset, steps, guidance), drawn (seed), or told by the model (num_frames).
    """

    mode: ClassVar[str]
    splices: ClassVar[bool] = False
    """Whether frames of the source stand in the finished clip as they are."""

    prompt: Prompt
    negative_prompt: NegativePrompt | None = None
    enhance_prompt: bool = False
    seed: Seed | None = None
    num_outputs: OutputCount = ONE_OUTPUT
    preset: Preset | None = None
    steps: Steps | None = None
    guidance: GuidanceScale | None = None
    fps: FrameRate = attrs.field(factory=lambda: FrameRate.from_number(24))
    num_frames: FrameCount | None = FrameCount(49)
    height: Side = DEFAULT_SIDE
    width: Side = DEFAULT_SIDE
    given_as: Measures = attrs.field(default=Measures(), eq=False)
    """Not a field that a caller knows: what `num_frames`, `height` and `width` come from. See `measured`."""
    upscale: Upscale | None = None
    motion_speed: MotionSpeed = NORMAL_SPEED
    interpolate: Interpolation | None = None
    loras: tuple[Lora, ...] = ()
    audio: AudioChoice = "generate"
    output_format: OutputFormat = MP4
    file_name: FileName = attrs.field(
        default=attrs.Factory(lambda self: FileName.default(self.output_format), takes_self=True)
    )
    poster: Poster | None = None
    return_signed_url: bool = True
    low_vram: bool = False
    idempotency_key: IdempotencyKey | None = None
    upload_url: UploadUrl | None = None
    s3Config: S3Target | None = None  # noqa: N815 - RunPod's documented name
    webhook_url: WebhookUrl | None = None

    def measured(self, measures: Measures) -> Self:
        """The request with the frames that `measures` are at its rate, and with the pixels that they mean."""
        frames, size = measures.frames_at(self.fps), measures.size
        return attrs.evolve(
            self,
            num_frames=self.num_frames if frames is None else frames,
            width=self.width if size is None else Side(size.width),
            height=self.height if size is None else Side(size.height),
            given_as=measures,
        )

    @property
    def source(self) -> SourceReference | None:
        """The clip or the sound that the request begins with; see `domain.source_requests`."""
        return None

    def stretch(self, _source: Source, /) -> Stretch | None:
        """What is made anew of the source; None: the clip is new from its first frame to its last."""
        return None

    def clips(self, source: Source, canvas_frames: int, /) -> tuple[ClipCondition, ...]:
        """What of the source the model sees on a canvas of so many frames: what stands beside the stretch, if any."""
        stretch = self.stretch(source)
        return () if stretch is None else stretch.context(canvas_frames)

    def heard(self, _source: Source, /) -> SoundCondition | None:
        """What of the source the model hears; None: it makes a sound."""
        return None

    @property
    def target(self) -> Target | None:
        """Where the clip is put; None: into the worker's own store. The reader of requests lets only one be given."""
        return self.upload_url or self.s3Config

    @property
    def geometry(self) -> ClipGeometry:
        """What the caller gets, to the pixel and the frame; one frame as long as their number is not known."""
        size = upscaled(Resolution(self.width.pixels, self.height.pixels), self.upscale)
        return ClipGeometry(size, self.num_frames.frames if self.num_frames else 1, self.fps)

    @property
    def length_field(self) -> str:
        """The field by which the request says how much is generated: errors about that are about it."""
        return self.given_as.length_field

    @property
    def conditions(self) -> tuple[Keyframe, ...]:
        """The pictures that the clip is to show, in the order in which they are fetched."""
        return ()

    @property
    def pictures(self) -> tuple[ImageReference, ...]:
        """All that must be fetched for `conditions`, in their order."""
        return tuple(keyframe.image for keyframe in self.conditions)


@attrs.frozen(kw_only=True)
class TextToVideo(GenerationRequest):
    """`t2v`: a clip from a prompt alone."""

    mode = "t2v"


@attrs.frozen(kw_only=True)
class ImageToVideo(GenerationRequest):
    """`i2v`: a clip that starts with the given picture."""

    mode = "i2v"

    image: ImageReference
    image_strength: Strength = FULL_STRENGTH
    image_crf: Crf | None = None

    @property
    def conditions(self) -> tuple[Keyframe, ...]:
        return (Keyframe(image=self.image, frame=FIRST_FRAME, strength=self.image_strength, crf=self.image_crf),)


@attrs.frozen(kw_only=True)
class KeyframesToVideo(GenerationRequest):
    """`keyframes`: a clip that shows each of the given pictures at its frame."""

    mode = "keyframes"

    keyframes: tuple[Keyframe, ...]

    @property
    def conditions(self) -> tuple[Keyframe, ...]:
        return self.keyframes
