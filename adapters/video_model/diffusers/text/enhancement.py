"""A prompt written out by the checkpoint's own language model, as Lightricks' pipelines do it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import attrs
import PIL.Image
import torch

from adapters.video_model.diffusers.components import Components
from adapters.video_model.diffusers.text.answers import EnhancedPrompt, judged
from adapters.video_model.diffusers.text.residency import Residency

_NO_WRITERS: Final = frozenset({"gemma4", "gemma4_unified"})
"""Text encoders (LTX-2.5) that were not trained to enhance: such a checkpoint needs a `prompt_enhancer`."""


def _go_on() -> None:
    """Let the job go on."""


def can_enhance(components: Components) -> bool:
    """Whether the checkpoint has a language model that can enhance, and a processor with a chat template for it."""
    parts = components.by_name
    tokenizer = getattr(parts.get("processor"), "tokenizer", None)
    if getattr(tokenizer, "chat_template", None) is None:
        return False
    return parts.get("prompt_enhancer") is not None or parts["text_encoder"].config.model_type not in _NO_WRITERS


def enhance(
    components: Components,
    residency: Residency,
    prompt: str,
    *,
    device: str,
    seed: int,
    image: PIL.Image.Image | None = None,
    check: Callable[[], None] = _go_on,
    max_new_tokens: int | None = None,
) -> EnhancedPrompt:
    """`prompt` written out in detail, for a clip that starts with `image` where there is one.

    The same for the same seed; the process's random state stays as it was. `check` is called once a token and ends
    the work by raising. `max_new_tokens` None: the family's own (512, on 2.5 600).
    """
    writer = _writer(components)
    instructions = writer.image_instructions if image is not None else writer.text_instructions
    with residency.using(writer.component), _own_random_state(device):
        answers = _pipeline(components, writer).enhance_prompt(
            prompt,
            instructions,
            max_new_tokens=max_new_tokens,
            seed=seed,
            generation_kwargs={**writer.sampling, "stopping_criteria": [_calling(check)]},
            device=device,
            image=image,
        )
    return judged(answers[0], prompt, instructions)


@attrs.frozen(kw_only=True)
class _Writer:
    """The language model of a family: the component, its instructions for a text alone and for text and picture."""

    component: str
    text_instructions: str
    image_instructions: str
    sampling: dict[str, Any]


def _writer(components: Components) -> _Writer:
    """As `enhance_prompt` chooses: the component that is made for it, else the text encoder."""
    from diffusers.pipelines.ltx2 import utils  # noqa: PLC0415 - three seconds, paid when the model is loaded

    if components.by_name.get("prompt_enhancer") is None:
        return _Writer(
            component="text_encoder",
            text_instructions=utils.T2V_DEFAULT_SYSTEM_PROMPT,
            image_instructions=utils.I2V_DEFAULT_SYSTEM_PROMPT,
            sampling=utils.GEMMA3_PROMPT_ENHANCEMENT_CONFIG.generation_kwargs,
        )
    return _Writer(
        component="prompt_enhancer",
        text_instructions=utils.LTX2_5_T2V_DEFAULT_SYSTEM_PROMPT,
        image_instructions=utils.LTX2_5_I2V_DEFAULT_SYSTEM_PROMPT,
        sampling=utils.GEMMA4_PROMPT_ENHANCEMENT_CONFIG.generation_kwargs,
    )


@attrs.frozen(eq=False)
class _Placed:
    """A language model that is where it should be, and stays there.

    `enhance_prompt` moves it once more. diffusers' models refuse that under group offload; transformers' obey, and
    all their weights would be on the device at once.
    """

    model: Any

    def to(self, device: object) -> None:
        """Stay."""

    def generate(self, **arguments: Any) -> Any:  # noqa: ANN401 - transformers has no types
        with _computing_on(self.model, arguments["input_ids"].device):
            return self.model.generate(**arguments)


@contextmanager
def _computing_on(model: Any, device: torch.device) -> Iterator[None]:  # noqa: ANN401 - transformers has no types
    """Inside, `model.device` is where `model` computes, also while group offload holds its weights on the host.

    `generate` (transformers 5.23) brings all inputs to `model.device` before each forward, and the rotary embedding
    then gets positions on the host for tokens on the GPU. The property can be answered by the class only. Remove it
    when transformers lets a caller name the device.
    """
    own = type(model)
    if model.device == device:
        yield
        return
    model.__class__ = type(own.__name__, (own,), {"__module__": own.__module__, "device": device})
    try:
        yield
    finally:
        model.__class__ = own


def _pipeline(components: Components, writer: _Writer) -> Any:  # noqa: ANN401 - diffusers has no types
    """A pipeline that can enhance a prompt, and nothing else."""
    from diffusers import LTX2Pipeline  # noqa: PLC0415 - three seconds, paid when the model is loaded

    absent = ("scheduler", "vae", "audio_vae", "tokenizer", "text_encoder", "connectors", "transformer", "vocoder")
    parts = dict.fromkeys(absent) | {writer.component: _Placed(components.by_name[writer.component])}
    return LTX2Pipeline(**parts, processor=components.by_name["processor"])


def _own_random_state(device: str) -> Any:  # noqa: ANN401 - torch does not name the type
    """A context after which torch's global generators are as before: `enhance_prompt` seeds all of them."""
    gpus = range(torch.cuda.device_count()) if device.startswith("cuda") else ()
    return torch.random.fork_rng(devices=list(gpus))


def _calling(check: Callable[[], None]) -> Callable[..., torch.Tensor]:
    """`check` as a stopping criterion of `generate`, which never stops by itself."""

    def criterion(input_ids: torch.Tensor, scores: object, **_: object) -> torch.Tensor:
        del scores
        check()
        return torch.zeros(input_ids.shape[0], dtype=torch.bool, device=input_ids.device)

    return criterion
