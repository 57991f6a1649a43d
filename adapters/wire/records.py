"""Records of finished jobs as JSON, both ways and exact: what is read back gives the same reply."""

import datetime as dt
import json
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from cattrs import BaseValidationError, Converter

from adapters.wire.converter import strict_converter
from domain.errors import InvalidValue
from domain.geometry import FrameRate
from domain.lora import LoraScale, LoraSource, WeightName
from domain.record import JobRecord
from domain.sampling import Seed

_RATE: Final = re.compile(r"([1-9][0-9]{0,9})/([1-9][0-9]{0,9})", re.ASCII)


def encode_record(record: JobRecord) -> bytes:
    """The record as ASCII JSON, without NaN."""
    return json.dumps(_CONVERTER.unstructure(record), indent=1, allow_nan=False).encode("ascii")


def decode_record(content: bytes) -> JobRecord:
    """The record that `content` holds.

    Raises:
        InvalidValue: it holds none that this version wrote, or could have written.
    """
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as exc:
        message = "must be JSON"
        raise InvalidValue(message) from exc
    try:
        return _CONVERTER.structure(document, JobRecord)
    except (BaseValidationError, TypeError, AttributeError) as exc:  # the latter two: it is no object
        message = "must be the record of a job"
        raise InvalidValue(message) from exc


def _texts(value: object, _: type) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        message = "must be a list of strings"
        raise InvalidValue(message)
    return tuple(value)


def _texts_by_name(value: object, _: type) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        message = "must be an object of strings"
        raise InvalidValue(message)
    return value


def _frame_rate(text: object, _: type) -> FrameRate:
    found = _RATE.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        message = "must be a rate such as 24/1"
        raise InvalidValue(message)
    return FrameRate(Fraction(int(found[1]), int(found[2])))


def _moment(text: object, _: type) -> dt.datetime:
    message = "must be a date and time with its offset"
    if not isinstance(text, str):
        raise InvalidValue(message)
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as exc:
        raise InvalidValue(message) from exc
    if moment.tzinfo is None:
        raise InvalidValue(message)
    return moment


def _record_converter() -> Converter:
    converter = strict_converter(omit_if_default=True)  # an absent value is left out: no URL stands in a record
    # cattrs' own hooks take a text for a list of letters, and a list of pairs for an object
    converter.register_structure_hook_func(lambda kind: kind == tuple[str, ...], _texts)
    converter.register_structure_hook_func(lambda kind: kind == Mapping[str, str], _texts_by_name)
    converter.register_structure_hook(FrameRate, _frame_rate)
    converter.register_unstructure_hook(FrameRate, str)
    converter.register_structure_hook(dt.datetime, _moment)
    converter.register_unstructure_hook(dt.datetime, dt.datetime.isoformat)
    converter.register_unstructure_hook(Seed, lambda seed: seed.number)
    converter.register_unstructure_hook(LoraSource, lambda source: source.name)
    converter.register_unstructure_hook(WeightName, lambda weight: weight.name)
    converter.register_unstructure_hook(LoraScale, lambda scale: scale.scale)
    return converter


_CONVERTER: Final = _record_converter()
