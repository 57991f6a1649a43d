"""From `job["input"]` to one request, or to a list of them: what stands where in a batch."""

from collections.abc import Collection
from typing import Final

import attrs
from cattrs import ClassValidationError

from adapters.wire.converter import CONVERTER, faults_in, located
from adapters.wire.excerpts import excerpt, name_excerpt
from adapters.wire.requests import decode_request
from domain.batch import MAX_BATCH, Batch, Item, numbered
from domain.errors import Fault, InvalidInput
from domain.naming import IdempotencyKey
from domain.requests import GenerationRequest
from domain.targets import S3Target
from domain.webhook import WebhookUrl

BATCH: Final = "batch"

_MAX_FOREIGN: Final = 20
"""Fields beside `batch` that are named one by one."""

_OF_THE_JOB: Final = {
    "idempotency_key": "belongs beside batch: it is the whole job's",
    "webhook_url": "belongs beside batch: one event tells of all items",
    "num_outputs": "is no field of a batch's item: put the request in once for each take, with a seed of its own",
    BATCH: "is no field of a batch's item",
}
"""What no item has, and why."""


@attrs.frozen(kw_only=True)
class _Shared:
    """All fields that may stand beside `batch`."""

    idempotency_key: IdempotencyKey | None = None
    s3Config: S3Target | None = None  # noqa: N815 - RunPod's documented name, which stands beside `input`
    webhook_url: WebhookUrl | None = None


_SHARED: Final = tuple(field.name for field in attrs.fields(_Shared))


def decode_job(raw: object, other_modes: Collection[str] = ()) -> GenerationRequest | Batch:
    """The request that `raw` (parsed JSON) holds, or the list of them where it has the field `batch`.

    `other_modes`: see `requests.decode_request`. An item that is no request has its faults in its place.

    Raises:
        InvalidInput: the request, or what stands around a list of them, is wrong; with all faults.
    """
    if isinstance(raw, dict) and BATCH in raw:
        return _batch(raw, other_modes)
    return decode_request(raw, other_modes=other_modes)


def _batch(raw: dict[object, object], other_modes: Collection[str]) -> Batch:
    faults: list[Fault] = []
    shared = _shared(raw, faults)
    listed = raw[BATCH]
    if not isinstance(listed, list):
        faults.append(Fault(BATCH, f"must be a list of requests, got {excerpt(listed)}"))
    elif not 1 <= len(listed) <= MAX_BATCH:
        faults.append(Fault(BATCH, f"must have 1 to {MAX_BATCH} requests, got {len(listed)}"))
    if faults or not isinstance(listed, list):
        raise InvalidInput(tuple(faults))
    return Batch(
        items=tuple(_item(request, index, shared, other_modes) for index, request in enumerate(listed)),
        webhook_url=shared.webhook_url,
    )


def _shared(raw: dict[object, object], faults: list[Fault]) -> _Shared:
    """The fields of the whole job; what is wrong with them, and with others there, goes to `faults`."""
    foreign = [name for name in raw if name != BATCH and name not in _SHARED]
    message = f"must not stand beside batch, but in its items; beside it may stand {', '.join(_SHARED)}"
    faults.extend(Fault(name_excerpt(name), message) for name in foreign[:_MAX_FOREIGN])
    if len(foreign) > _MAX_FOREIGN:
        faults.append(Fault("input", f"has {len(foreign) - _MAX_FOREIGN} more fields beside batch"))
    try:
        return CONVERTER.structure({name: raw[name] for name in _SHARED if name in raw}, _Shared)
    except ClassValidationError as error:
        faults.extend(faults_in(error, ""))
        return _Shared()


def _item(raw: object, index: int, shared: _Shared, other_modes: Collection[str]) -> Item:
    """One request of a batch, numbered by its place, with the job's key and, if it brings no target, the job's."""
    path = f"{BATCH}[{index}]"
    mode = raw.get("mode") if isinstance(raw, dict) else None
    if isinstance(mode, str) and mode in other_modes:
        message = f"must be one that makes a clip, got {excerpt(mode)}: send it as a job of its own"
        return InvalidInput((Fault(located(path, "mode"), message),))
    misplaced = [name for name in _OF_THE_JOB if isinstance(raw, dict) and raw.get(name) is not None]
    faults = [Fault(located(path, name), _OF_THE_JOB[name]) for name in misplaced]
    own = {name: value for name, value in raw.items() if name not in misplaced} if isinstance(raw, dict) else raw
    try:
        request = decode_request(own, path)
    except InvalidInput as refused:
        return InvalidInput((*refused.faults, *faults))
    if faults:
        return InvalidInput(tuple(faults))
    target = request.s3Config if request.target is not None else shared.s3Config
    whole = attrs.evolve(request, idempotency_key=shared.idempotency_key, s3Config=target)
    return numbered(whole, index + 1)
