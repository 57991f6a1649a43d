"""The processors of prompt enhancement: chat text and a picture to the language model's inputs."""

import json
from pathlib import Path
from typing import Final

from transformers import Gemma3Processor, Gemma4AudioFeatureExtractor
from transformers.models.gemma3.image_processing_pil_gemma3 import Gemma3ImageProcessorPil
from transformers.models.gemma4.image_processing_pil_gemma4 import Gemma4ImageProcessorPil

from adapters.video_model.diffusers.still_image_processor import StillImageProcessor
from adapters.video_model.tiny.language import IMAGE_SIZE, IMAGE_TOKENS, MOST_IMAGE_TOKENS, PATCH, POOLING
from adapters.video_model.tiny.tokenizer import MEDIA_TOKENS, build_chat_tokenizer

_CONFIG: Final = "processor_config.json"


def build_gemma3_processor() -> Gemma3Processor:
    """For Gemma 3: every picture is shrunk to one square."""
    return Gemma3Processor(
        image_processor=Gemma3ImageProcessorPil(size={"height": IMAGE_SIZE, "width": IMAGE_SIZE}),
        tokenizer=build_chat_tokenizer(MEDIA_TOKENS["boi_token"]),
        image_seq_length=IMAGE_TOKENS,
    )


def save_gemma4_processor(folder: Path) -> None:
    """Write a processor for Gemma 4 to `folder`, with the files of a `Gemma4Processor`.

    It is written, not built, because the class cannot be constructed without torchvision (`StillImageProcessor`).
    """
    image_processor = Gemma4ImageProcessorPil(
        patch_size=PATCH, pooling_kernel_size=POOLING, max_soft_tokens=MOST_IMAGE_TOKENS
    )
    tokenizer = build_chat_tokenizer(MEDIA_TOKENS["image_token"])
    StillImageProcessor(image_processor, tokenizer, image_seq_length=MOST_IMAGE_TOKENS).save_pretrained(folder)
    config = json.loads((folder / _CONFIG).read_text(encoding="utf-8"))
    config |= {
        "processor_class": "Gemma4Processor",
        "audio_ms_per_token": 40,
        "audio_seq_length": 750,
        "feature_extractor": json.loads(Gemma4AudioFeatureExtractor().to_json_string()),
        "video_processor": {"video_processor_type": "Gemma4VideoProcessor", "patch_size": PATCH},
    }
    (folder / _CONFIG).write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
