"""Gemma 4's processor without the parts that need torchvision."""

from typing import Any, Final

from transformers import Gemma4Processor, ProcessorMixin

_TOKENS: Final = ("image_token", "boi_token", "eoi_token", "audio_token", "boa_token", "eoa_token")


class StillImageProcessor(Gemma4Processor):  # type: ignore[misc]  # transformers has no types
    """Text and pictures for Gemma 4, read from the same files as `Gemma4Processor`.

    The original also holds a video processor, which transformers 5.23 cannot even construct without torchvision;
    prompt enhancement gives it nothing but text and at most one picture. Remove it when transformers makes the video
    processor optional, or torchvision is installed.
    """

    def __init__(
        self,
        image_processor: Any,  # noqa: ANN401 - transformers has no types
        tokenizer: Any,  # noqa: ANN401 - transformers has no types
        chat_template: str | None = None,
        image_seq_length: int = 280,
    ) -> None:
        """Takes what transformers reads from the folder; the parameters' names choose what it reads.

        `image_seq_length`: only stored, each picture has as many tokens as its shape gives.
        """
        self.image_seq_length = image_seq_length
        self.image_token_id = tokenizer.image_token_id
        for name in _TOKENS:
            setattr(self, name, getattr(tokenizer, name))
        ProcessorMixin.__init__(self, image_processor=image_processor, tokenizer=tokenizer, chat_template=chat_template)
