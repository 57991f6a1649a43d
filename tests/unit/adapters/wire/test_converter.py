"""What the converter makes of nested values, and of errors that are none of the caller's."""

import attrs
import pytest
from cattrs import ClassValidationError, Converter

from adapters.wire.converter import CONVERTER, faults_in, located
from domain.errors import Fault
from domain.sampling import Steps


@attrs.frozen
class Inner:
    steps: Steps
    low: bool = False


@attrs.frozen
class Outer:
    inner: Inner


def test_faults_of_a_nested_object_have_whole_paths() -> None:
    with pytest.raises(ClassValidationError) as error:
        CONVERTER.structure({"inner": {"low": "no"}}, Outer)
    assert set(faults_in(error.value, "batch[1]")) == {
        Fault("batch[1].inner.steps", "is required"),
        Fault("batch[1].inner.low", 'must be true or false, got "no"'),
    }


def test_an_unforeseen_error_is_not_taken_for_the_callers() -> None:
    def broken(_: object, _type: type) -> Steps:
        message = "a bug"
        raise TypeError(message)

    converter = Converter()
    converter.register_structure_hook(Steps, broken)
    with pytest.raises(ClassValidationError) as error:
        converter.structure({"inner": {"steps": 1}}, Outer)
    with pytest.raises(TypeError, match="a bug"):
        list(faults_in(error.value, ""))


def test_an_error_of_the_whole_object_is_not_lost() -> None:
    with pytest.raises(ClassValidationError) as error:
        CONVERTER.structure({"steps": 1, "lwo": True}, Inner)
    with pytest.raises(Exception, match="Extra fields in constructor for Inner: lwo"):
        list(faults_in(error.value, ""))


def test_a_path_is_joined_by_dots() -> None:
    assert located("", "width") == "width"
    assert located("batch[1]", "width") == "batch[1].width"
