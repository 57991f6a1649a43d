"""Which encoded texts are kept, and in what memory."""

import torch

from adapters.video_model.diffusers.text.cache import EmbeddingCache, EncodedText, TextKey

ENTRY = 4 * 3 * 2 + 4 * 3 + 8 * 3
"""Bytes of what `encoded` makes."""


def key(text: str, **changes: str) -> TextKey:
    return TextKey(text=text, family=changes.get("family", "ltx-2"), variant=changes.get("variant", ""))


def encoded(value: float = 0.0) -> EncodedText:
    video = torch.full((1, 3, 2), value, dtype=torch.float32)
    return EncodedText.copied(video, video[..., :1], torch.ones(1, 3, dtype=torch.int64))


def test_what_was_put_is_found_and_nothing_else() -> None:
    cache, first, second = EmbeddingCache(10 * ENTRY), encoded(1), encoded(2)
    cache.put(key("a"), first)
    cache.put(key("b"), second)
    assert cache.get(key("a")) is first
    assert cache.get(key("b")) is second
    assert cache.get(key("c")) is None


def test_family_variant_and_length_are_part_of_the_key() -> None:
    cache = EmbeddingCache(10 * ENTRY)
    cache.put(key("a"), encoded())
    assert cache.get(key("a", family="ltx-2.3")) is None
    assert cache.get(key("a", variant="lora")) is None
    assert cache.get(TextKey(text="a", family="ltx-2", max_tokens=512)) is None


def test_the_least_recently_used_goes_first() -> None:
    cache = EmbeddingCache(2 * ENTRY)
    cache.put(key("a"), encoded())
    cache.put(key("b"), encoded())
    cache.get(key("a"))
    cache.put(key("c"), encoded())
    assert [cache.get(key(text)) is not None for text in "abc"] == [True, False, True]


def test_bytes_stay_below_the_bound() -> None:
    cache = EmbeddingCache(3 * ENTRY + 1)
    for text in "abcdefgabc":
        cache.put(key(text), encoded())
        assert cache.nbytes <= 3 * ENTRY + 1
    assert cache.nbytes == 3 * ENTRY


def test_a_replaced_entry_counts_once() -> None:
    cache, newer = EmbeddingCache(2 * ENTRY), encoded(2)
    cache.put(key("b"), encoded())
    cache.put(key("a"), encoded())
    cache.put(key("a"), newer)
    assert cache.nbytes == 2 * ENTRY
    assert cache.get(key("a")) is newer
    assert cache.get(key("b")) is not None


def test_an_entry_above_the_bound_is_not_kept_and_drives_nobody_out() -> None:
    cache = EmbeddingCache(ENTRY)
    cache.put(key("a"), encoded())
    large = EncodedText.copied(torch.zeros(1, 64, 2), torch.zeros(1, 64, 1), torch.ones(1, 64, dtype=torch.int64))
    cache.put(key("b"), large)
    assert cache.get(key("b")) is None
    assert cache.get(key("a")) is not None


def test_an_entry_owns_no_more_memory_than_it_shows() -> None:
    whole = torch.arange(1000.0).reshape(10, 50, 2)
    text = EncodedText.copied(whole[3:4, ::2], whole[:1, :1].expand(1, 25, 2), torch.ones(1, 25, dtype=torch.int64))
    assert text.nbytes == 25 * 2 * 4 * 2 + 25 * 8
    before = text.video.clone()
    whole.zero_()
    assert torch.equal(text.video, before)
    assert before.any()


def test_prompts_stay_out_of_what_is_printed() -> None:
    assert "secret" not in repr(key("secret"))
