"""What a request comes to with its source: what is generated of the finished clip, and where its sound is from."""

import attrs

from domain.conditions import SoundCondition
from domain.errors import Fault, InvalidInput
from domain.geometry import ClipGeometry
from domain.requests import GenerationRequest
from domain.sound import Soundtrack, file_rate
from domain.source_media import Source, sound_of
from domain.stretch import Stretch


@attrs.frozen(kw_only=True)
class Sourced:
    """`output` is what the model makes, `finished` the clip that it is part of; they differ where it is spliced."""

    output: ClipGeometry
    finished: ClipGeometry
    stretch: Stretch | None = None
    sound: SoundCondition | None = None
    soundtrack: Soundtrack = "made"
    sampling_rate: int | None = None
    """That the model's sound must have to be put into the source's; None: any."""


def sourced(request: GenerationRequest, source: Source | None) -> Sourced:
    """What `request`, settled by `source`, comes to; None: it begins with nothing.

    Raises:
        InvalidInput: its sound is to be the source's, which has none; or nothing is left of what would be made.
    """
    if request.audio != "generate":
        _refuse_choice(request, source)
    if source is None:
        soundtrack: Soundtrack = "none" if request.audio == "off" else "made"
        return Sourced(output=request.geometry, finished=request.geometry, soundtrack=soundtrack)
    stretch, sound = request.stretch(source), request.heard(source)
    audio = sound_of(source)
    output = finished = request.geometry
    if stretch is not None:
        output = attrs.evolve(output, frames=stretch.generated)
        finished = attrs.evolve(output, frames=stretch.finished)
    soundtrack = _soundtrack(request, stretch, sound, has_sound=audio is not None)
    if soundtrack == "none":
        _refuse_nothing(request, source)
    return Sourced(
        output=output,
        finished=finished,
        stretch=stretch,
        sound=sound,
        soundtrack=soundtrack,
        sampling_rate=file_rate(audio.rate) if audio is not None and soundtrack == "spliced" else None,
    )


def _soundtrack(
    request: GenerationRequest, stretch: Stretch | None, sound: SoundCondition | None, *, has_sound: bool
) -> Soundtrack:
    if request.audio == "off":
        return "none"
    if request.audio == "source":
        return "given"
    if stretch is not None:
        if stretch.is_heard:
            return "spliced"
        return "given" if has_sound else "none"
    return "made" if sound is None else "given"


def _refuse_choice(request: GenerationRequest, source: Source | None) -> None:
    """Refuse an `audio` for which there is no sound, and one with which the source would come back as it is."""
    if source is None:
        if request.audio == "off":
            return
        message = f'must be "generate" or "off" in mode {request.mode}, which is given no clip'
    elif request.audio == "source" and sound_of(source) is None:
        message = f'must not be "source": {source.media.path} has no sound'
    elif (stretch := request.stretch(source)) is not None and not stretch.is_seen:
        message = f'must not be "{request.audio}" where nothing but the sound is made anew'
    else:
        return
    raise InvalidInput((Fault("audio", message),))


def _refuse_nothing(request: GenerationRequest, source: Source) -> None:
    """Refuse a file of sound alone where the source has none and none is made; `audio` "off" is refused elsewhere."""
    if request.audio == "generate" and not request.output_format.has_picture:
        message = f"must be one with a picture: {source.media.path} has no sound, and none is made"
        raise InvalidInput((Fault("output_format", message),))
