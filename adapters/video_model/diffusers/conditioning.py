"""Fits an input picture onto the canvas that is generated."""

from collections.abc import Iterable

import numpy as np
from PIL import Image

from domain.clip import Picture
from domain.geometry import Resolution
from domain.plan import GenerationPlan


def as_image(picture: Picture) -> Image.Image:
    """`picture` as an RGB image of its own size."""
    rows_of_pixels = (picture.resolution.height, picture.resolution.width, 3)
    return Image.fromarray(np.frombuffer(picture.pixels, np.uint8).reshape(rows_of_pixels))


def fit_to_canvas(picture: Picture, plan: GenerationPlan) -> Image.Image:
    """`picture` as an RGB image of the canvas' size.

    It covers the size that was asked for, centred, never stretched; its edges are replicated out to the grid,
    so that the crop of the finished clip shows exactly the picture.
    """
    covered = _cover(as_image(picture), plan.output.resolution)
    box, canvas = plan.crop, plan.canvas.resolution
    rows = (box.top, canvas.height - box.height - box.top)
    columns = (box.left, canvas.width - box.width - box.left)
    return Image.fromarray(np.pad(np.asarray(covered), (rows, columns, (0, 0)), mode="edge"))


def fitted(pictures: Iterable[Picture], plan: GenerationPlan) -> tuple[Image.Image, ...]:
    """Each of `pictures` as `fit_to_canvas` makes it."""
    return tuple(fit_to_canvas(picture, plan) for picture in pictures)


def shrunk(picture: Image.Image, size: Resolution) -> Image.Image:
    """`picture`, fitted to the finished canvas, in the `size` of a stage that is a whole fraction of it."""
    if picture.size == (size.width, size.height):
        return picture
    return picture.resize((size.width, size.height), Image.Resampling.LANCZOS)


def _cover(image: Image.Image, target: Resolution) -> Image.Image:
    """The largest centred part of `image` with the shape of `target`, resampled to it in one step."""
    scale = max(target.width / image.width, target.height / image.height)
    width, height = target.width / scale, target.height / scale
    left, top = (image.width - width) / 2, (image.height - height) / 2
    part = (max(left, 0.0), max(top, 0.0), min(left + width, image.width), min(top + height, image.height))
    return image.resize((target.width, target.height), Image.Resampling.LANCZOS, box=part)
