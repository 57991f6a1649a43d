"""How an encoded text gets into a diffusers pipeline: past its tokenizer, text encoder and connectors."""

from typing import Any

import torch
from typing_extensions import override

from adapters.video_model.diffusers.text.cache import EncodedText


class CachedConnectors(torch.nn.Module):
    """Stands where a pipeline has its connectors, and gives what they gave for the texts of this call.

    It holds no weights. Its `device` is the one that the clip is made on, also while other components are on the
    host: a pipeline that asks its components where to compute gets the right answer from it.
    """

    def __init__(self, positive: EncodedText, negative: EncodedText | None, device: str) -> None:
        super().__init__()
        self._positive = positive
        self._negative = negative
        self._device = torch.device(device)

    @property
    def device(self) -> torch.device:
        return self._device

    @property
    def dtype(self) -> torch.dtype:
        return self._positive.video.dtype

    @override
    def forward(
        self, placeholder: torch.Tensor, attention_mask: torch.Tensor, padding_side: str = "left"
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Video embeddings, audio embeddings and mask, on the device.

        For a batch of one those of the positive text; for a batch of two those of the negative and the positive
        one, in the order of the pipelines.

        Raises:
            ValueError: any other batch, or a guided one without a negative text.
        """
        del attention_mask, padding_side  # of the placeholder
        match placeholder.shape[0], self._negative:
            case 1, _:
                texts = [self._positive]
            case 2, EncodedText() as negative:
                texts = [negative, self._positive]
            case _:
                message = (
                    f"a batch of {placeholder.shape[0]} prompts, {'no' if self._negative is None else 'a'} negative"
                )
                raise ValueError(message)
        return (
            torch.cat([text.video.to(self._device) for text in texts]),
            torch.cat([text.audio.to(self._device) for text in texts]),
            torch.cat([text.mask.to(self._device) for text in texts]),
        )


def placeholders(positive: EncodedText, negative: EncodedText | None) -> dict[str, Any]:
    """Arguments of a pipeline that has `CachedConnectors`, in place of `prompt` and `negative_prompt`.

    They have the rank and the dtype that a pipeline looks at (it casts the latents to it), and say nothing. A
    guided call needs a negative text; an unguided one ignores it. Such a pipeline needs no tokenizer and no text
    encoder; without the latter it takes 33 for the CRF of an input picture, also on 2.5, unless it is given one.
    """
    arguments = _placeholder("", positive)
    return arguments if negative is None else arguments | _placeholder("negative_", negative)


def _placeholder(prefix: str, text: EncodedText) -> dict[str, Any]:
    return {
        f"{prefix}prompt_embeds": torch.zeros(1, 1, 1, dtype=text.video.dtype),
        f"{prefix}prompt_attention_mask": torch.ones(1, 1, dtype=torch.int64),
    }
