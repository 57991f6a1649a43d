"""Prompt enhancement on real classes: the pipelines' own text, without their effects on the process."""

import itertools
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
import torch
from diffusers import LTX2Pipeline
from diffusers.hooks import apply_group_offloading
from diffusers.pipelines.ltx2.utils import (
    I2V_DEFAULT_SYSTEM_PROMPT,
    LTX2_5_I2V_DEFAULT_SYSTEM_PROMPT,
    LTX2_5_T2V_DEFAULT_SYSTEM_PROMPT,
    T2V_DEFAULT_SYSTEM_PROMPT,
)

from adapters.video_model.diffusers.components import Components
from adapters.video_model.diffusers.text.answers import ECHO, NO_TEXT
from adapters.video_model.diffusers.text.cache import EmbeddingCache
from adapters.video_model.diffusers.text.encoding import PromptEncoder
from adapters.video_model.diffusers.text.enhancement import can_enhance, enhance
from adapters.video_model.diffusers.text.residency import Residency
from domain.errors import Cancelled
from tests.support.text import Forwards, RecordingResidency, tiny_components

TOKENS = 6
PICTURE = PIL.Image.new("RGB", (96, 64), "red")


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Components]:
    names = ("builtin/tiny", "builtin/tiny-2.5")
    return {name: tiny_components(name, tmp_path_factory.mktemp("processor")) for name in names}


@pytest.fixture
def residency() -> RecordingResidency:
    return RecordingResidency()


def enhanced(components: Components, residency: Residency, **changes: Any) -> Any:
    arguments = {"device": "cpu", "seed": 1, "max_new_tokens": TOKENS, **changes}
    return enhance(components, residency, "a dog", **arguments)


@pytest.mark.parametrize("image", [None, PICTURE])
@pytest.mark.parametrize("name", ["builtin/tiny", "builtin/tiny-2.5"])
def test_an_enhanced_prompt_is_the_pipelines_own(
    name: str, image: PIL.Image.Image | None, checkpoints: dict[str, Components], residency: RecordingResidency
) -> None:
    components = checkpoints[name]
    dedicated = components.by_name["prompt_enhancer"] is not None
    instructions = {
        (False, False): T2V_DEFAULT_SYSTEM_PROMPT,
        (False, True): I2V_DEFAULT_SYSTEM_PROMPT,
        (True, False): LTX2_5_T2V_DEFAULT_SYSTEM_PROMPT,
        (True, True): LTX2_5_I2V_DEFAULT_SYSTEM_PROMPT,
    }[dedicated, image is not None]
    assert can_enhance(components)
    with Forwards.watched(components, residency) as forwards:
        result = enhanced(components, residency, image=image)
    with torch.random.fork_rng(devices=[]):
        pipeline = LTX2Pipeline(**components.by_name)
        (own,) = pipeline.enhance_prompt(
            "a dog", instructions, max_new_tokens=TOKENS, seed=1, device="cpu", image=image
        )
    assert result.warning is None
    assert result.text == " ".join(own.split())
    assert result.text != "a dog"
    writer = "prompt_enhancer" if dedicated else "text_encoder"
    assert residency.asked == [(writer,)]
    assert 4 <= forwards.counts[writer] <= TOKENS


def test_enhancement_depends_on_the_seed_and_leaves_the_random_state_alone(
    checkpoints: dict[str, Components], residency: RecordingResidency
) -> None:
    components = checkpoints["builtin/tiny"]
    before = torch.get_rng_state()
    first, second, other = (enhanced(components, residency, seed=seed).text for seed in (1, 1, 2))
    assert first == second
    assert first != other
    assert torch.equal(torch.get_rng_state(), before)


def test_a_job_can_stop_the_enhancement_at_any_token(
    checkpoints: dict[str, Components], residency: RecordingResidency
) -> None:
    components, calls = checkpoints["builtin/tiny"], itertools.count(1)

    def check() -> None:
        if next(calls) == 3:
            message = "stop"
            raise Cancelled(message)

    before = torch.get_rng_state()
    with Forwards.watched(components, residency) as forwards, pytest.raises(Cancelled):
        enhanced(components, residency, check=check)
    assert forwards.counts["text_encoder"] == 3
    assert not +residency.in_use
    assert torch.equal(torch.get_rng_state(), before)


class Rooted:
    """A language model that must not be moved."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def to(self, device: object) -> None:
        pytest.fail(f"moved to {device}")

    @property
    def device(self) -> torch.device:
        return self._model.device  # type: ignore[no-any-return]  # transformers has no types

    def generate(self, **arguments: Any) -> Any:
        return self._model.generate(**arguments)


def test_the_language_model_stays_where_the_memory_policy_has_it(
    checkpoints: dict[str, Components], residency: RecordingResidency
) -> None:
    parts = checkpoints["builtin/tiny-2.5"].by_name
    rooted = Components({**parts, "prompt_enhancer": Rooted(parts["prompt_enhancer"])})
    assert enhanced(rooted, residency) == enhanced(checkpoints["builtin/tiny-2.5"], residency)


def test_a_group_offloaded_language_model_writes_and_encodes_the_same(
    tmp_path: Path, residency: RecordingResidency
) -> None:
    components = tiny_components("builtin/tiny", tmp_path)
    encoder = PromptEncoder(components, residency, "cpu", EmbeddingCache(0), "a family")
    text, encoded = enhanced(components, residency), encoder.encode("a dog")
    cpu = torch.device("cpu")
    apply_group_offloading(
        components.by_name["text_encoder"], onload_device=cpu, offload_device=cpu, offload_type="leaf_level"
    )
    assert enhanced(components, residency) == text
    assert torch.equal(encoder.encode("a dog").video, encoded.video)


class Waiting(torch.nn.Module):
    """A language model whose weights are not where it computes, as under group offload; it fails on request."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1, device="meta"))
        self.seen: list[torch.device] = []

    @property
    def device(self) -> torch.device:
        return self.weight.device

    def generate(self, *, input_ids: torch.Tensor, stopping_criteria: Any, **_: object) -> torch.Tensor:
        self.seen.append(self.device)
        stopping_criteria[0](input_ids, None)
        return input_ids


def test_a_language_model_says_where_it_computes_only_while_it_writes(
    checkpoints: dict[str, Components], residency: RecordingResidency
) -> None:
    def refuse() -> None:
        message = "stop"
        raise Cancelled(message)

    model = Waiting()
    waiting = Components({**checkpoints["builtin/tiny"].by_name, "text_encoder": model})
    enhanced(waiting, residency)
    with pytest.raises(Cancelled):
        enhanced(waiting, residency, check=refuse)
    assert model.seen == [torch.device("cpu")] * 2
    assert type(model) is Waiting
    assert model.device == torch.device("meta")


class Parrot:
    """A processor's tokenizer and language model in one, which answers with a fixed text."""

    chat_template = "a template"
    pad_token_id = 0
    device = torch.device("cpu")

    def __init__(self, processor: Any, answer: str) -> None:
        self._processor = processor
        self._answer = answer
        self.tokenizer = self

    def apply_chat_template(self, messages: Any, **arguments: Any) -> Any:
        return self._processor.tokenizer.apply_chat_template(messages, **arguments)

    def __call__(self, **arguments: Any) -> Any:
        return self._processor(**arguments)

    def generate(self, *, input_ids: torch.Tensor, **_: object) -> torch.Tensor:
        return input_ids

    def batch_decode(self, ids: Any, *, skip_special_tokens: bool) -> list[str]:
        return [self._answer]


@pytest.mark.parametrize(
    ("answer", "text", "warning"),
    [
        ("1. A dog runs — fast.\n", "A dog runs - fast.", None),  # diffusers' own cleaning comes first
        ("", "a dog", NO_TEXT),
        (T2V_DEFAULT_SYSTEM_PROMPT.rpartition("Output: ")[2], "a dog", ECHO),
        (I2V_DEFAULT_SYSTEM_PROMPT.rpartition("Example output: ")[2], "a dog", ECHO),
    ],
)
def test_an_answer_that_is_no_prompt_leaves_the_callers(
    answer: str, text: str, warning: str | None, checkpoints: dict[str, Components], residency: RecordingResidency
) -> None:
    parts = checkpoints["builtin/tiny"].by_name
    parrot = Parrot(parts["processor"], answer)
    image = PICTURE if "barista" in answer else None
    result = enhanced(Components({**parts, "processor": parrot, "text_encoder": parrot}), residency, image=image)
    assert (result.text, result.warning) == (text, warning)


def test_what_a_checkpoint_lacks_for_enhancement(checkpoints: dict[str, Components]) -> None:
    gemma3, gemma4 = checkpoints["builtin/tiny"].by_name, checkpoints["builtin/tiny-2.5"].by_name
    without_template = Parrot(gemma3["processor"], "")
    without_template.chat_template = None  # type: ignore[assignment]  # as a tokenizer without one says
    assert not can_enhance(Components({**gemma3, "processor": None}))
    assert not can_enhance(Components({**gemma3, "processor": without_template}))
    assert not can_enhance(Components({name: part for name, part in gemma3.items() if name != "processor"}))
    assert not can_enhance(Components({**gemma4, "prompt_enhancer": None}))
