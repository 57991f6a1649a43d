"""From a text to what the transformer sees of it: once per text, not once per job."""

from collections.abc import Sequence
from typing import Any

import torch

from adapters.video_model.diffusers.components import Components
from adapters.video_model.diffusers.text.cache import MAX_TOKENS, EmbeddingCache, EncodedText, TextKey
from adapters.video_model.diffusers.text.residency import Residency


class PromptEncoder:
    """Runs tokenizer, text encoder and connectors for texts that are not in the cache, and nothing for the others.

    One text at a time: a guided pipeline's batch of two differs from that by rounding only (below 1e-5 in float32),
    and an unguided one's by no bit.
    """

    __slots__ = ("_cache", "_components", "_device", "_family", "_residency")

    def __init__(
        self, components: Components, residency: Residency, device: str, cache: EmbeddingCache, family: str
    ) -> None:
        self._components = components
        self._residency = residency
        self._device = device
        self._cache = cache
        self._family = family

    def encode(self, text: str, variant: str = "") -> EncodedText:
        """`text` as the connectors give it; see `encode_each`."""
        return self.encode_each([text], variant)[0]

    def encode_each(self, texts: Sequence[str], variant: str = "") -> tuple[EncodedText, ...]:
        """All of `texts`, in their order. The encoder comes to the device once for those that are new, else not.

        `variant` names the state of the connectors, where it is not that of the checkpoint: their outputs are
        kept apart.
        """
        keys = [TextKey(text=text.strip(), family=self._family, variant=variant) for text in texts]
        encoded = {key: self._cache.get(key) for key in keys}
        new = [key for key, known in encoded.items() if known is None]
        if new:
            encoded |= self._run(new)
        return tuple(found for key in keys if (found := encoded[key]) is not None)

    def _run(self, keys: Sequence[TextKey]) -> dict[TextKey, EncodedText]:
        fresh = {}
        with self._residency.using("text_encoder", "connectors"), torch.no_grad():
            for key in keys:
                fresh[key] = self._connected(key.text)
                self._cache.put(key, fresh[key])
        return fresh

    def _connected(self, text: str) -> EncodedText:
        parts = self._components.by_name
        embeddings, mask, _, _ = _text_pipeline(self._components).encode_prompt(
            prompt=text, do_classifier_free_guidance=False, max_sequence_length=MAX_TOKENS, device=self._device
        )
        connected = parts["connectors"](embeddings, mask, padding_side="left")  # encode_prompt pads on the left
        return EncodedText.copied(*connected, lost_tokens=_lost_tokens(parts["tokenizer"], text))


def _text_pipeline(components: Components) -> Any:  # noqa: ANN401 - diffusers has no types
    """A pipeline that can encode a prompt, and nothing else."""
    from diffusers import LTX2Pipeline  # noqa: PLC0415 - three seconds, paid when the model is loaded

    return LTX2Pipeline(
        tokenizer=components.by_name["tokenizer"],
        text_encoder=components.by_name["text_encoder"],
        **dict.fromkeys(("scheduler", "vae", "audio_vae", "connectors", "transformer", "vocoder")),
    )


def _lost_tokens(tokenizer: Any, text: str) -> int:  # noqa: ANN401 - transformers has no types
    """Tokens beyond those that `encode_prompt` takes; it cuts without a word."""
    count = len(tokenizer(text, add_special_tokens=True, verbose=False)["input_ids"])
    return max(0, count - MAX_TOKENS)
