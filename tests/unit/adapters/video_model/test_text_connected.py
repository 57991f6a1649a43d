"""What a pipeline gets in place of its text components."""

import pytest
import torch

from adapters.video_model.diffusers.text.cache import EncodedText
from adapters.video_model.diffusers.text.connected import CachedConnectors, placeholders


def encoded(value: float, dtype: torch.dtype = torch.bfloat16) -> EncodedText:
    video = torch.full((1, 4, 3), value, dtype=dtype)
    return EncodedText.copied(video, video[..., :2] + 0.5, torch.full((1, 4), int(value)))


POSITIVE, NEGATIVE = encoded(1.0), encoded(2.0)


def test_a_batch_of_one_gets_the_positive_text() -> None:
    video, audio, mask = CachedConnectors(POSITIVE, NEGATIVE, "cpu")(torch.zeros(1, 1, 1), torch.ones(1, 1))
    assert torch.equal(video, POSITIVE.video)
    assert torch.equal(audio, POSITIVE.audio)
    assert torch.equal(mask, POSITIVE.mask)


def test_a_batch_of_two_gets_the_negative_text_first() -> None:
    video, audio, mask = CachedConnectors(POSITIVE, NEGATIVE, "cpu")(torch.zeros(2, 1, 1), torch.ones(2, 1))
    assert torch.equal(video, torch.cat([NEGATIVE.video, POSITIVE.video]))
    assert torch.equal(audio, torch.cat([NEGATIVE.audio, POSITIVE.audio]))
    assert torch.equal(mask, torch.cat([NEGATIVE.mask, POSITIVE.mask]))


def test_what_a_pipeline_does_to_its_batch_does_not_reach_the_cache() -> None:
    video, audio, mask = CachedConnectors(POSITIVE, None, "cpu")(torch.zeros(1, 1, 1), torch.ones(1, 1))
    for tensor in (video, audio, mask):
        tensor.zero_()
    assert POSITIVE.video.all()
    assert POSITIVE.audio.all()
    assert POSITIVE.mask.all()


@pytest.mark.parametrize(("batch", "negative"), [(2, None), (3, NEGATIVE), (0, NEGATIVE)])
def test_any_other_batch_is_refused(batch: int, negative: EncodedText | None) -> None:
    with pytest.raises(ValueError, match=f"a batch of {batch} prompts"):
        CachedConnectors(POSITIVE, negative, "cpu")(torch.zeros(batch, 1, 1), torch.ones(batch, 1))


def test_it_says_where_the_clip_is_made() -> None:
    connectors = CachedConnectors(POSITIVE, None, "cuda:1")
    assert connectors.device == torch.device("cuda:1")
    assert connectors.dtype == torch.bfloat16
    assert not list(connectors.parameters())


def test_placeholders_have_the_dtype_that_the_latents_are_cast_to() -> None:
    arguments = placeholders(POSITIVE, NEGATIVE)
    assert {name: (tuple(value.shape), value.dtype) for name, value in arguments.items()} == {
        "prompt_embeds": ((1, 1, 1), torch.bfloat16),
        "prompt_attention_mask": ((1, 1), torch.int64),
        "negative_prompt_embeds": ((1, 1, 1), torch.bfloat16),
        "negative_prompt_attention_mask": ((1, 1), torch.int64),
    }
    assert set(placeholders(POSITIVE, None)) == {"prompt_embeds", "prompt_attention_mask"}
