"""Base64 from a request."""

import base64

import pytest

from adapters.image_fetcher.inline import decode_base64
from domain.errors import InputRefused, InputUnreadable

DATA = bytes(range(256))
TEXT = base64.b64encode(DATA).decode()
FIELD = "image_base64"


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        f"data:image/png;base64,{TEXT}",
        f"DATA:image/png;name=a.png;BASE64,{TEXT}",
        f"data:;base64,{TEXT}",
        "\r\n".join(TEXT[start : start + 76] for start in range(0, len(TEXT), 76)) + "\n",
    ],
)
def test_base64_with_or_without_a_head(text: str) -> None:
    assert decode_base64(text, FIELD, len(DATA)) == DATA


@pytest.mark.parametrize("size", [255, 256, 257])
def test_the_limit_counts_decoded_bytes(size: int) -> None:
    text = base64.b64encode(bytes(size)).decode()
    assert len(decode_base64(text, FIELD, size)) == size
    with pytest.raises(InputRefused) as caught:
        decode_base64(text, FIELD, size - 1)
    assert caught.value.message == f"image_base64 must be at most {size - 1} bytes when decoded"


def test_the_limit_comes_before_the_alphabet() -> None:
    with pytest.raises(InputRefused):
        decode_base64("!" * 4000, FIELD, 100)


@pytest.mark.parametrize(
    "text", ["%%%%", "AAA", "AA=A", "A===", "-_-_", "ÄÄÄÄ", TEXT[:-1], "AAAA=AAA", "=AAA", "AAAAA"]
)
def test_anything_else_is_unreadable(text: str) -> None:
    with pytest.raises(InputUnreadable) as caught:
        decode_base64(text, FIELD, 1000)
    assert caught.value.message == "image_base64 is not valid base64"


def test_a_data_url_must_hold_base64() -> None:
    with pytest.raises(InputUnreadable, match="must hold base64"):
        decode_base64("data:image/svg+xml,%3Csvg%3E", FIELD, 1000)
