"""The attention backend: the chosen one computes, for one job, or it is refused at start."""

from collections.abc import Callable, Iterator

import pytest
import torch
from diffusers.models.attention_dispatch import AttentionBackendName, _AttentionBackendRegistry

from adapters.video_model.diffusers.acceleration import attention as attention_module
from adapters.video_model.diffusers.acceleration.attention import attention, check_attention
from adapters.video_model.diffusers.components import Components
from adapters.video_model.tiny.components import build_pipeline
from adapters.video_model.tiny.configuration import CHECKPOINTS
from domain.errors import SettingsInvalid
from tests.support.tiny_transformer import forward

BACKENDS = _AttentionBackendRegistry._backends
NATIVE, MATH = AttentionBackendName.NATIVE, AttentionBackendName._NATIVE_MATH


@pytest.fixture(scope="module")
def components() -> Components:
    return Components(build_pipeline(CHECKPOINTS["builtin/tiny-2.3"]).components)


@pytest.fixture
def calls() -> Iterator[list[str]]:
    """Which attention backend computes, call by call."""
    names: list[str] = []
    kept = dict(BACKENDS)

    def recording(name: str, function: Callable[..., object]) -> Callable[..., object]:
        def call(**arguments: object) -> object:
            names.append(name)
            return function(**arguments)

        return call

    BACKENDS.update({backend: recording(backend.value, BACKENDS[backend]) for backend in (NATIVE, MATH)})
    yield names
    BACKENDS.update(kept)


def test_the_chosen_backend_computes_every_attention_of_a_pass(components: Components, calls: list[str]) -> None:
    model = components.by_name["transformer"]
    native = forward(model)
    each = len(calls)
    with attention("_native_math"):
        chosen = forward(model)
    assert calls == ["native"] * each + ["_native_math"] * each
    assert each == 6 * len(model.transformer_blocks)
    torch.testing.assert_close(chosen, native, atol=1e-4, rtol=1e-4)


def test_the_choice_ends_with_the_job_also_when_it_fails() -> None:
    with pytest.raises(ZeroDivisionError), attention("_native_math"):
        raise ZeroDivisionError
    assert _AttentionBackendRegistry.get_active_backend()[0] == NATIVE


def test_without_a_choice_the_native_backend_computes_whatever_was_left_behind(components: Components) -> None:
    _AttentionBackendRegistry.set_active_backend(MATH)
    try:
        with attention(None):
            assert _AttentionBackendRegistry.get_active_backend()[0] == NATIVE
    finally:
        _AttentionBackendRegistry.set_active_backend(NATIVE)


@pytest.mark.parametrize("name", [None, "native", "_native_math"])
def test_backends_that_work_pass_and_leave_nothing_behind(components: Components, name: str | None) -> None:
    before, state = dict(BACKENDS), torch.random.get_rng_state()
    check_attention(name, components, "cpu")
    assert before == BACKENDS
    assert torch.equal(torch.random.get_rng_state(), state)
    assert _AttentionBackendRegistry.get_active_backend()[0] == NATIVE


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("fast", "no attention backend of diffusers"),
        ("sage", "not installed or cannot compute"),
        ("xformers", "not installed or cannot compute"),
        ("_native_flash", "cannot compute LTX-2's attention with a mask on this device"),
        ("_native_cudnn", "cannot compute LTX-2's attention on this device"),
        ("flash_hub", "fetches its code from the Hub"),
        ("flex", "whole score matrix"),
    ],
)
def test_other_backends_are_refused_with_those_that_work(components: Components, name: str, reason: str) -> None:
    before = dict(BACKENDS)
    with pytest.raises(SettingsInvalid) as refused:
        check_attention(name, components, "cpu")
    (fault,) = refused.value.faults
    assert fault.path == "ATTENTION_BACKEND"
    assert f'is "{name}"' in fault.message
    assert reason in fault.message
    assert fault.message.endswith("usable here: _native_math, native")
    assert before == BACKENDS
    assert _AttentionBackendRegistry.get_active_backend()[0] == NATIVE


def test_a_backend_that_ignores_the_mask_is_refused(components: Components) -> None:
    real = BACKENDS[MATH]
    BACKENDS[MATH] = lambda **arguments: real(**{**arguments, "attn_mask": None})
    try:
        with pytest.raises(SettingsInvalid, match=r'"_native_math", whose result is off by \d+%'):
            check_attention("_native_math", components, "cpu")
    finally:
        BACKENDS[MATH] = real


def test_a_processor_with_a_backend_of_its_own_is_noticed(components: Components) -> None:
    processor = components.by_name["transformer"].transformer_blocks[0].attn1.processor
    processor._attention_backend = NATIVE
    try:
        with pytest.raises(SettingsInvalid, match="does not call"):
            check_attention("_native_math", components, "cpu")
    finally:
        processor._attention_backend = None


def test_masks_and_head_widths_are_the_checkpoints(components: Components) -> None:
    cases = attention_module._cases(components, "cpu")
    assert {(case[0].head_dim, case[3] is not None) for case in cases} == {
        (width, masked) for width in (16, 8) for masked in (True, False)
    }
