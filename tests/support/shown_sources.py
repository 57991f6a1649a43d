"""Clips and sounds as a model is given them, without a file behind them."""

from fractions import Fraction
from typing import Any

import attrs
import numpy as np

from application.ports.video_model import GenerationInputs
from domain.clip import Audio, FrameSequence
from domain.conditions import ClipCondition, ClipRole, SoundCondition
from domain.geometry import ClipGeometry, Resolution
from domain.plan import GenerationPlan
from domain.sound import HEARD_RATE

PER_CHUNK = 7


def noisy_clip(size: tuple[int, int], frames: int, seed: int = 0) -> FrameSequence:
    """Frames of coarse random colours, each unlike all others, in chunks of seven."""
    width, height = size
    colours = np.random.default_rng(seed).integers(0, 256, (frames, -(-height // 16), -(-width // 16), 3), np.uint8)
    pixels = colours.repeat(16, axis=1).repeat(16, axis=2)[:, :height, :width]
    return sequence(pixels)


def sequence(pixels: np.ndarray[Any, np.dtype[np.uint8]]) -> FrameSequence:
    """`pixels` (F, H, W, 3)."""
    starts = range(0, len(pixels), PER_CHUNK)
    chunks = tuple(np.ascontiguousarray(pixels[start : start + PER_CHUNK]).data.cast("B") for start in starts)
    return FrameSequence(resolution=Resolution(pixels.shape[2], pixels.shape[1]), frames=len(pixels), chunks=chunks)


def pixels_of(clip: FrameSequence) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """(F, H, W, 3)."""
    joined = np.frombuffer(b"".join(clip.chunks), np.uint8)
    return joined.reshape(clip.frames, clip.resolution.height, clip.resolution.width, 3)


def noisy_sound(canvas: ClipGeometry, seed: int = 0) -> Audio:
    """A tone in noise, stereo, as long as `canvas`."""
    samples = canvas.samples(HEARD_RATE)
    noise = np.random.default_rng(seed).normal(0, 0.1, (2, samples))
    wave = 0.3 * np.sin(2 * np.pi * (300 + 500 * seed) * np.arange(samples) / HEARD_RATE)
    return Audio(HEARD_RATE, 2, (noise + wave).clip(-1, 1).astype(np.float32).data.cast("B").cast("f"))


def showing(plan: GenerationPlan, *clips: ClipCondition, sound: bool = False, **changes: Any) -> GenerationPlan:
    """`plan`, with clips and a sound to be shown."""
    heard = SoundCondition(start=Fraction(0)) if sound else None
    return attrs.evolve(plan, clips=clips, sound=heard, **changes)


def held(frames: int, frame: int = 0, strength: float = 1.0) -> ClipCondition:
    return shown("held", frames, frame, strength)


def reference(frames: int, strength: float = 1.0) -> ClipCondition:
    return shown("reference", frames, 0, strength)


def shown(role: ClipRole, frames: int, frame: int, strength: float) -> ClipCondition:
    return ClipCondition(role=role, first=0, frames=frames, frame=frame, strength=strength)


def inputs_for(plan: GenerationPlan, seed: int = 0) -> GenerationInputs:
    """Clips and sound for all that `plan` speaks of, beside pictures."""
    size = (plan.output.resolution.width, plan.output.resolution.height)
    return GenerationInputs(
        clips=tuple(noisy_clip(size, clip.frames, seed + number) for number, clip in enumerate(plan.clips)),
        sound=None if plan.sound is None else noisy_sound(plan.canvas, seed),
    )
