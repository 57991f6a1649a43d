"""Digits as dots, for pictures that must carry text without a font library."""

from typing import Final

import numpy as np
import numpy.typing as npt

Dots = npt.NDArray[np.uint8]

_GLYPHS: Final = {
    "0": "01110 10001 10011 10101 11001 10001 01110",
    "1": "00100 01100 00100 00100 00100 00100 01110",
    "2": "01110 10001 00001 00010 00100 01000 11111",
    "3": "11111 00010 00100 00010 00001 10001 01110",
    "4": "00010 00110 01010 10010 11111 00010 00010",
    "5": "11111 10000 11110 00001 00001 10001 01110",
    "6": "00110 01000 10000 11110 10001 10001 01110",
    "7": "11111 00001 00010 00100 01000 01000 01000",
    "8": "01110 10001 10001 01110 10001 10001 01110",
    "9": "01110 10001 10001 01111 00001 00010 01100",
    "/": "00001 00001 00010 00100 01000 10000 10000",
}
"""Seven rows of five dots."""


def lettering(text: str) -> Dots:
    """`text` (digits and "/") in ones on zeros: 9 rows, 6 columns a letter and one more, a rim of zeros around it."""
    letters = [np.pad(_dots(letter), ((1, 1), (1, 0))) for letter in text]
    return np.pad(np.concatenate(letters, axis=1), ((0, 0), (0, 1)))


def _dots(letter: str) -> Dots:
    return np.array([[int(dot) for dot in row] for row in _GLYPHS[letter].split()], np.uint8)
