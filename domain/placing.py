"""Where in a clip its pictures belong."""

from domain.conditions import Condition
from domain.errors import Fault, InvalidInput, InvalidValue
from domain.families import Family
from domain.requests import GenerationRequest, Keyframe


def placed(request: GenerationRequest, family: Family) -> tuple[Condition, ...]:
    """The request's conditions, in its order.

    As long as the number of frames is left to the model, each is said to be for the first frame.

    Raises:
        InvalidInput: with a fault for each picture beyond the clip, or on the frame of one before it. As long as the
            clip's length is not known, only what is wrong in every clip: the same number twice.
    """
    faults: list[Fault] = []
    taken: dict[int, int] = {}
    for index, keyframe in enumerate(request.conditions):
        path = f"keyframes[{index}].frame"
        try:
            frame = _frame(keyframe, request)
        except InvalidValue as refused:
            faults.append(Fault(path, refused.message))
            continue
        if frame in taken:
            faults.append(Fault(path, f"must be another frame than item {taken[frame]}'s, got {keyframe.frame.number}"))
        taken[frame] = index
    if faults:
        raise InvalidInput(tuple(faults))
    return tuple(
        Condition(
            frame=0 if request.num_frames is None else _frame(keyframe, request),
            strength=keyframe.strength.share,
            crf=family.image_crf if keyframe.crf is None else keyframe.crf.factor,
        )
        for keyframe in request.conditions
    )


def _frame(keyframe: Keyframe, request: GenerationRequest) -> int:
    """Raises InvalidValue if the clip has no such frame."""
    return keyframe.frame.number if request.num_frames is None else keyframe.frame.within(request.num_frames.frames)
