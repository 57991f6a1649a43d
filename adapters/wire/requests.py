"""From `job["input"]` to a request: strict, and with every fault at once."""

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, TypeVar

import attrs
from cattrs import ClassValidationError

from adapters.wire.converter import CONVERTER, faults_in, located
from adapters.wire.excerpts import MAX_EXCERPT, excerpt, name_excerpt
from adapters.wire.modes import DEFAULT_MODE, MODES, WireMode, modes_that_take
from adapters.wire.source_modes import left_out, length_faults
from domain.errors import Fault, InvalidInput, InvalidValue
from domain.geometry import FrameRate
from domain.interpolation import Interpolation
from domain.media import MP4, OutputFormat
from domain.naming import FileName, ObjectPath
from domain.output import OutputCount, Poster, output_faults
from domain.requests import GenerationRequest
from domain.sizing import REPLACED, Measures
from domain.source_requests import SourceRequest
from domain.targets import UploadUrl

_MEASURES: Final = tuple(field.name for field in attrs.fields(Measures))
_FIELDS: Final = tuple(field.name for field in attrs.fields(GenerationRequest))
_COMMON: Final = tuple(name for name in _FIELDS if name != "given_as")
_OWN: Final = tuple(dict.fromkeys(name for row in MODES.values() for name in row.field_names))
_BEFORE_MEASURES: Final = _FIELDS.index("given_as")
_BEFORE_OWN: Final = _COMMON.index("output_format")
FIELDS: Final = (
    "mode",
    *_COMMON[:_BEFORE_MEASURES],
    *_MEASURES,
    *_COMMON[_BEFORE_MEASURES:_BEFORE_OWN],
    *_OWN,
    *_COMMON[_BEFORE_OWN:],
)
"""The README's table: faults are told in this order. A mode's own fields stand before `output_format`."""

_MAX_UNKNOWN: Final = 20
"""Unknown fields that are named one by one. Each costs a comparison with all known names."""

T = TypeVar("T")


def decode_request(raw: object, path: str = "", other_modes: Collection[str] = ()) -> GenerationRequest:
    """The request that `raw` (parsed JSON) holds.

    `path` says where `raw` stands in a larger document ("batch[2]"); the faults' paths and the picture's
    `path` begin with it. `other_modes` are modes that make no clip and are answered elsewhere: where none is known by
    the name that was given, they are named too.

    Raises:
        InvalidInput: with all faults, in the order of the README's table, unknown fields last.
    """
    if not isinstance(raw, dict):
        raise InvalidInput((Fault(path or "input", f"must be an object, got {excerpt(raw)}"),))
    return _Decoding(raw, path, other_modes).request()


def decode_path(fields: Mapping[str, object]) -> ObjectPath:
    """The path in the fields of mode `sign`. Raises InvalidInput."""
    try:
        return CONVERTER.structure(dict(fields), _SignFields).path
    except ClassValidationError as error:
        raise InvalidInput(tuple(faults_in(error, ""))) from error


@attrs.frozen(kw_only=True)
class _SignFields:
    """All fields of mode `sign` but `mode`."""

    path: ObjectPath


class _Decoding:
    """One run of `decode_request`: collects faults instead of stopping at the first."""

    def __init__(self, raw: dict[object, object], path: str, other_modes: Collection[str]) -> None:
        self._raw = raw
        self._path = path
        self._modes = (*MODES, *other_modes)
        self._faults: list[Fault] = []

    def request(self) -> GenerationRequest:
        mode = self._mode()
        common = self._common()
        self._refuse_two_targets(common)
        self._refuse_output()
        arguments = self._own_arguments(mode) if mode else None
        self._refuse_length(mode)
        self._refuse_foreign(mode)
        self._refuse_unknown()
        if self._faults or mode is None or common is None or arguments is None:
            raise InvalidInput(self._in_order())
        shared = {name: getattr(common, name) for name in _FIELDS} | self._left_to_source(mode)
        return mode.request(**shared, **arguments)

    def _left_to_source(self, mode: WireMode[Any]) -> dict[str, object]:
        """What the request's class takes beyond the fields, where the request begins with a source."""
        if not issubclass(mode.request, SourceRequest):
            return {}
        open_fields = left_out(self._given())
        return {"left_out": open_fields} | ({"num_frames": None} if "length" in open_fields else {})

    def _given(self) -> frozenset[str]:
        """The names of the fields that hold something."""
        return frozenset(name for name, value in self._raw.items() if isinstance(name, str) and value is not None)

    def _mode(self) -> WireMode[Any] | None:
        name = self._raw.get("mode", DEFAULT_MODE)
        if isinstance(name, str) and name in MODES:
            return MODES[name]
        accepted = ", ".join(excerpt(mode) for mode in self._modes)
        self._refuse("mode", f"must be one of {accepted}, got {excerpt(name)}")
        return None

    def _common(self) -> GenerationRequest | None:
        """The fields that every mode has, with seconds as frames and named sizes as pixels."""
        common = self._structure(GenerationRequest, _COMMON)
        measures = self._structure(Measures, _MEASURES)
        for name, replaced in REPLACED.items():
            given = [other for other in replaced if other in self._raw]
            if given and self._raw.get(name) is not None:
                self._refuse(name, f"must not be given together with {' and '.join(given)}, which it replaces")
        return None if common is None or measures is None else common.measured(measures)

    def _structure(self, kind: type[T], names: Iterable[str]) -> T | None:
        try:
            return CONVERTER.structure({name: self._raw[name] for name in names if name in self._raw}, kind)
        except ClassValidationError as error:
            self._faults.extend(faults_in(error, self._path))
            return None

    def _own_arguments(self, mode: WireMode[Any]) -> Mapping[str, Any] | None:
        fields = self._structure(mode.fields, mode.field_names)
        if fields is None:
            return None
        try:
            return mode.arguments(fields, self._path)
        except InvalidInput as refused:
            self._faults.extend(refused.faults)
            return None

    def _refuse_two_targets(self, common: GenerationRequest | None) -> None:
        if common is not None and common.upload_url is not None and common.s3Config is not None:
            self._refuse("s3Config", "must not be given together with upload_url: a clip goes to one place")

    def _refuse_output(self) -> None:
        """Refuse what cannot be together in the file and its poster, also where other fields are wrong."""
        output_format = self._quietly(OutputFormat, "output_format", MP4)
        if output_format is None:
            return
        faults = output_faults(
            output_format=output_format,
            file_name=self._quietly(FileName, "file_name", None),
            fps=self._quietly(FrameRate, "fps", None),
            poster=self._quietly(Poster, "poster", None),
            upload_url=self._quietly(UploadUrl, "upload_url", None),
            audio="off" if self._raw.get("audio") == "off" else None,
            num_outputs=self._quietly(OutputCount, "num_outputs", None),
            interpolation=self._quietly(Interpolation, "interpolate", None),
        )
        for fault in faults:
            self._refuse(fault.path, fault.message)

    def _quietly(self, kind: type[T], name: str, left_out: T | None) -> T | None:
        """The value of one field; None where it is wrong, which is told elsewhere, and where null or false was sent."""
        if name not in self._raw:
            return left_out
        try:
            return CONVERTER.structure(self._raw[name], kind)
        except InvalidValue:
            return None

    def _refuse_length(self, mode: WireMode[Any] | None) -> None:
        if mode is not None and issubclass(mode.request, SourceRequest):
            for fault in length_faults(mode.request, self._given()):
                self._refuse(fault.path, fault.message)

    def _refuse_foreign(self, mode: WireMode[Any] | None) -> None:
        """Refuse fields of other modes; null is what clients send that fill in the whole table."""
        if mode is None:
            return
        for name in _OWN:
            if name not in mode.field_names and self._raw.get(name) is not None:
                takers = modes_that_take(name)
                self._refuse(name, f"belongs to mode{'s' * (len(takers) > 1)} {', '.join(takers)}")

    def _refuse_unknown(self) -> None:
        unknown = [name for name in self._raw if name not in FIELDS]
        for name in unknown[:_MAX_UNKNOWN]:
            self._refuse(name_excerpt(name), "is not a known field" + _suggestion(name))
        if len(unknown) > _MAX_UNKNOWN:
            more = len(unknown) - _MAX_UNKNOWN
            self._faults.append(Fault(self._path or "input", f"has {more} more fields that are not known"))

    def _refuse(self, name: str, message: str) -> None:
        self._faults.append(Fault(located(self._path, name), message))

    def _in_order(self) -> tuple[Fault, ...]:
        rank = {located(self._path, name): number for number, name in enumerate(FIELDS)}
        return tuple(sorted(self._faults, key=lambda fault: rank.get(self._root(fault.path), len(rank))))

    def _root(self, path: str) -> str:
        """The field of the request that `path` leads into: `loras` for `loras[1].scale`."""
        inside = path.removeprefix(f"{self._path}.") if self._path else path
        return located(self._path, re.split(r"[.\[]", inside, maxsplit=1)[0])


def _suggestion(name: object) -> str:
    if not isinstance(name, str) or len(name) > MAX_EXCERPT:
        return ""
    nearest = difflib.get_close_matches(name.lower(), FIELDS, n=1)
    return f" (did you mean {nearest[0]}?)" if nearest else ""
