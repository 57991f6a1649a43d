"""The one converter from JSON to domain values. Nothing is converted that is not already of its type.

cattrs alone would take "512" for a number, null for a text and "false" for true. Here each type has a hook that
accepts exactly what JSON calls by that name, and each value object is built from such a type.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from operator import eq
from typing import Final, Never, TypeVar

from cattrs import ClassValidationError, Converter

from adapters.wire.excerpts import excerpt, is_64_bit
from adapters.wire.loras import lora_list
from adapters.wire.pictures import keyframe_list
from adapters.wire.targets import s3_target, upload_url, webhook_url
from domain.conditions import Crf, FramePosition, Strength
from domain.errors import Fault, InvalidInput, InvalidValue
from domain.geometry import FrameCount, FrameRate, Side
from domain.interpolation import Interpolation
from domain.lora import Lora, LoraScale, LoraSource, WeightName
from domain.media import OUTPUT_FORMATS, OutputFormat
from domain.naming import FileName, IdempotencyKey, ObjectPath
from domain.output import OutputCount, Poster
from domain.recipes import PRESETS, Preset
from domain.requests import MAX_PROMPT, ImageUrl, InlineImage, Keyframe, NegativePrompt, Prompt, StoredImage
from domain.sampling import GuidanceScale, MotionSpeed, Seed, Steps
from domain.secret_url import MAX_URL
from domain.sizing import ASPECT_RATIOS, RESOLUTIONS, AspectRatio, ResolutionName, Seconds
from domain.sound import AUDIO_CHOICES, AudioChoice
from domain.source_media import AudioUrl, SourceTime, StoredAudio, StoredVideo, VideoUrl
from domain.source_requests import DIRECTIONS, REPLACED_PARTS, Direction, Replaced
from domain.targets import S3Target, UploadUrl
from domain.upscaling import Upscale
from domain.webhook import WebhookUrl

T = TypeVar("T")


def located(path: str, name: str) -> str:
    """The path of the field `name` in the object at `path`; "" is the request itself."""
    return f"{path}.{name}" if path else name


def faults_in(error: BaseException, path: str) -> Iterator[Fault]:
    """What is wrong, field by field, in the object at `path` that `CONVERTER` refused."""
    match error:
        case ClassValidationError():
            in_fields, elsewhere = error.group_exceptions()
            for inner, note in in_fields:
                yield from faults_in(inner, located(path, note.name))
            for whole in elsewhere:
                yield from faults_in(whole, path)
        case InvalidValue():
            yield Fault(path, error.message)
        case InvalidInput():  # of a list: where in it
            for fault in error.faults:
                yield Fault(path + fault.path, fault.message)
        case KeyError():
            yield Fault(path, "is required")
        case _:
            raise error


def _refuse(message: str) -> Never:
    raise InvalidValue(message)


def _text(value: object) -> str:
    if not isinstance(value, str):
        _refuse(f"must be a string, got {excerpt(value)}")
    try:
        value.encode()
    except UnicodeEncodeError:
        _refuse("must be valid Unicode text: it holds half of a surrogate pair")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        _refuse(f"must be true or false, got {excerpt(value)}")
    return value


def _integer(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        _refuse(f"must be an integer, got {excerpt(value)}")
    if not is_64_bit(value):
        _refuse("must be an integer of at most 64 bits, got a larger one")
    return value


def _number(value: object) -> float:
    """A finite number. An integer stays one, so that messages and replies show what was sent."""
    if isinstance(value, float):
        return value if math.isfinite(value) else _refuse(f"must be a number, got {excerpt(value)}")
    if isinstance(value, bool) or not isinstance(value, int):
        _refuse(f"must be a number, got {excerpt(value)}")
    return value if is_64_bit(value) else _refuse("must be a number of at most 64 bits, got a larger one")


def _prompt(value: object) -> Prompt:
    return _refuse("is required") if value is None else Prompt(_text(value))


def _negative_prompt(value: object) -> str:
    text = _text(value)
    if len(text) > MAX_PROMPT:
        _refuse(f"must have at most {MAX_PROMPT} characters, got {len(text)}")
    return text


def _one_of(names: Sequence[str]) -> Callable[[object], str]:
    """A reader of one of `names`, which are the values of a Literal."""

    def read(value: object) -> str:
        if _text(value) in names:
            return str(value)
        accepted = ", ".join(excerpt(name) for name in names)
        return _refuse(f"must be one of {accepted}, got {excerpt(value)}")

    return read


def _output_format(value: object) -> OutputFormat:
    found = OUTPUT_FORMATS.get(_text(value))
    accepted = ", ".join(excerpt(name) for name in OUTPUT_FORMATS)
    return found or _refuse(f"must be one of {accepted}, got {excerpt(value)}")


def _poster(value: object) -> Poster | None:
    if isinstance(value, bool):
        return Poster() if value else None
    if not isinstance(value, int):
        _refuse(f"must be true, false or the number of a frame, got {excerpt(value)}")
    return Poster(FramePosition(_integer(value)))


def _url(kind: Callable[[str], T]) -> Callable[[object], T]:
    """A reader of the URL of an input."""

    def read(value: object) -> T:
        url = _text(value)
        if not 1 <= len(url) <= MAX_URL:
            _refuse(f"must have 1 to {MAX_URL} characters, got {len(url)}")
        return kind(url)

    return read


def _inline_image(value: object) -> InlineImage:
    if not isinstance(value, str) or not value:
        _refuse("must be a non-empty string of base64")  # the value itself is never shown: it may be megabytes
    return InlineImage(_text(value))


def _object_path(value: object) -> ObjectPath:
    return ObjectPath(_text(value))


def _build(read: Callable[[object], T], build: Callable[[T], object]) -> Callable[[object], object]:
    return lambda value: build(read(value))


_READERS: Final[dict[type, Callable[[object], object]]] = {
    str: _text,
    bool: _flag,
    int: _integer,
    float: _number,
    Prompt: _prompt,
    Seed: _build(_integer, Seed),
    OutputCount: _build(_integer, OutputCount),
    Steps: _build(_integer, Steps),
    GuidanceScale: _build(_number, GuidanceScale),
    FrameRate: _build(_number, FrameRate.from_number),
    FrameCount: _build(_integer, FrameCount),
    Side: _build(_integer, Side),
    Upscale: _build(_integer, Upscale),
    Interpolation: _build(_integer, Interpolation),
    MotionSpeed: _build(_number, MotionSpeed),
    ImageUrl: _url(ImageUrl),
    VideoUrl: _url(VideoUrl),
    AudioUrl: _url(AudioUrl),
    InlineImage: _inline_image,
    StoredImage: _build(_object_path, StoredImage),
    StoredVideo: _build(_object_path, StoredVideo),
    StoredAudio: _build(_object_path, StoredAudio),
    SourceTime: _build(_number, SourceTime),
    ObjectPath: _object_path,
    FramePosition: _build(_integer, FramePosition),
    Strength: _build(_number, Strength),
    Crf: _build(_integer, Crf),
    OutputFormat: _output_format,
    Seconds: _build(_number, Seconds),
    FileName: _build(_text, FileName),
    Poster: _poster,
    IdempotencyKey: _build(_text, IdempotencyKey),
    LoraSource: _build(_text, LoraSource),
    WeightName: _build(_text, WeightName),
    LoraScale: _build(_number, LoraScale),
    UploadUrl: upload_url,
    S3Target: s3_target,
    WebhookUrl: webhook_url,
}


_LITERALS: Final[Mapping[object, Sequence[str]]] = {
    Preset: PRESETS,
    ResolutionName: RESOLUTIONS,
    AspectRatio: ASPECT_RATIOS,
    AudioChoice: AUDIO_CHOICES,
    Direction: DIRECTIONS,
    Replaced: REPLACED_PARTS,
}


def _hook(read: Callable[[object], object]) -> Callable[[object, type], object]:
    return lambda value, _: read(value)


def strict_converter(*, omit_if_default: bool = False) -> Converter:
    """A new converter with the hooks of requests, to which others can be added."""
    converter = Converter(forbid_extra_keys=True, detailed_validation=True, omit_if_default=omit_if_default)
    for kind, read in _READERS.items():
        converter.register_structure_hook(kind, _hook(read))
    for kind in (Steps, GuidanceScale):  # they may be left out, but the request's table does not say null
        converter.register_structure_hook(kind | None, _hook(_READERS[kind]))
    converter.register_structure_hook_func(
        lambda kind: kind == tuple[Lora, ...], lambda value, _: lora_list(value, converter.structure)
    )
    converter.register_structure_hook_func(
        lambda kind: kind == tuple[Keyframe, ...], lambda value, _: keyframe_list(value, converter.structure)
    )
    for literal, names in _LITERALS.items():
        converter.register_structure_hook_func(partial(eq, literal), _hook(_one_of(names)))
    converter.register_structure_hook_func(lambda kind: kind == NegativePrompt, _hook(_negative_prompt))
    return converter


CONVERTER: Final = strict_converter()
