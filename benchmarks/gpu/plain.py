"""diffusers without the worker: as its documentation calls it, and with the worker's recipe.

Source: docs/source/en/api/pipelines/ltx2.md of diffusers (commit 58eb52c), sections "LTX-2.5" and "Two-stage generation
for LTX-2.5" for 2.5, "Distilled checkpoint generation" for the distilled older ones, and the example of `LTX2Pipeline`
for a dev checkpoint. What differs here: nothing is downloaded, and where the device holds all weights they stay there;
the page's sequential offload would only be slower.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import attrs
import numpy as np
import torch
from diffusers import LTX2LatentUpsamplePipeline, LTX2Pipeline
from diffusers.pipelines.ltx2.utils import (
    DEFAULT_NEGATIVE_PROMPT,
    DISTILLED_SIGMA_VALUES,
    STAGE_2_DISTILLED_SIGMA_VALUES,
)
from typing_extensions import override

from adapters.video_model.diffusers.call_mapping import map_call
from adapters.video_model.diffusers.engine import Engine
from adapters.video_model.diffusers.schedulers import scheduler_for
from benchmarks.gpu.subject import FPS, SEED, ClipSize, Subject, SubjectName
from benchmarks.gpu.worker import planned
from domain.memory import MemoryPolicy

SHAREABLE: Final[tuple[MemoryPolicy, ...]] = ("resident", "text_offload", "model_offload")
"""The worker's policies that leave the components as plain diffusers can use them."""

_PARTS: Final = ("tokenizer", "text_encoder", "connectors", "transformer", "vae", "audio_vae", "vocoder")

_DOCUMENTED_2_5: Final = {"guidance_scale": 1.0, "audio_guidance_scale": 1.0}
_DOCUMENTED_DISTILLED: Final = {"guidance_scale": 1.0, "negative_prompt": DEFAULT_NEGATIVE_PROMPT}
_DOCUMENTED_DEV: Final = {
    "guidance_scale": 3.0,
    "negative_prompt": DEFAULT_NEGATIVE_PROMPT,
    "num_inference_steps": 30,
}

Call = Mapping[str, Any]


class Plain(Subject):
    """Runs the calls of one or two stages on one `LTX2Pipeline`; the last one gives frames on the host ("np").

    Where the worker keeps all weights on the device, so does this; else `enable_model_cpu_offload` is used, as the
    example of `LTX2Pipeline` does.
    """

    def __init__(
        self,
        name: SubjectName,
        engine: Engine,
        calls: tuple[Call, ...],
        *,
        scheduler: Any,  # noqa: ANN401 - diffusers has no types
        noise_from: str,
        tiles: bool = False,
    ) -> None:
        self._name: Final = name
        self._engine: Final = engine
        self._calls: Final = calls
        self._noise_from: Final = noise_from
        self._tiles: Final = tiles
        parts = engine.components.by_name
        self._pipeline: Final = LTX2Pipeline(scheduler=scheduler, **{part: parts[part] for part in _PARTS})
        self._pipeline.set_progress_bar_config(disable=True)
        upsampler = parts["latent_upsampler"]
        self._upsampler: Final = LTX2LatentUpsamplePipeline(vae=parts["vae"], latent_upsampler=upsampler)

    @property
    @override
    def name(self) -> SubjectName:
        return self._name

    @override
    @contextmanager
    def ready(self) -> Iterator[None]:
        vae = self._engine.components.by_name["vae"]
        with self._placed():
            if self._tiles:
                vae.enable_tiling()
            try:
                yield
            finally:
                vae.disable_tiling()

    @override
    def make(self, prompt: str, on_step: Callable[[], None], *, keep: bool) -> Any:
        def callback(_: object, __: int, ___: object, tensors: dict[str, Any]) -> dict[str, Any]:
            on_step()
            return tensors

        *earlier, last = self._calls
        generator = torch.Generator(self._noise_from).manual_seed(SEED)
        always = {"generator": generator, "callback_on_step_end": callback, "return_dict": False}
        start: dict[str, Any] = {}
        for call in earlier:
            latents, sound = self._pipeline(prompt=prompt, **{**call, "output_type": "latent"}, **always)
            larger = self._upsampler(latents=latents, latents_normalized=False, output_type="latent", return_dict=False)
            start = {"latents": larger[0], "audio_latents": sound}
        frames, sound = self._pipeline(prompt=prompt, **{**last, "output_type": "np"}, **start, **always)
        sound.float().cpu()
        return _as_bytes(frames[0]) if keep else None

    @override
    def remarks(self) -> tuple[str, ...]:
        placement = "all weights on the device" if self._is_resident else "enable_model_cpu_offload"
        return (placement, "vae.enable_tiling()") if self._tiles else (placement,)

    @property
    def _is_resident(self) -> bool:
        return self._engine.residency.policy == "resident"

    @contextmanager
    def _placed(self) -> Iterator[None]:
        if self._is_resident:
            yield
            return
        modules = self._engine.components.modules
        homes = {name: next(module.parameters()).device for name, module in modules.items()}
        try:
            self._pipeline.enable_model_cpu_offload(device=self._engine.device)
            self._upsampler.enable_model_cpu_offload(device=self._engine.device)
            yield
        finally:
            self._upsampler.remove_all_hooks()
            self._pipeline.remove_all_hooks()
            for name, module in modules.items():
                module.to(homes[name])


def documented(engine: Engine, size: ClipSize) -> Plain:
    """As the documentation has it."""
    checkpoint = engine.profile.checkpoint
    prototype = engine.components.by_name["scheduler"]
    scheduler = type(prototype).from_config(prototype.config)
    if not checkpoint.is_distilled:
        calls: tuple[Call, ...] = ({**_geometry(size, 1), **_DOCUMENTED_DEV},)
        return Plain("documented", engine, calls, scheduler=scheduler, noise_from=engine.device)
    is_newest = checkpoint.family.name == "ltx-2.5"
    guidance = _DOCUMENTED_2_5 if is_newest else _DOCUMENTED_DISTILLED
    first = {**_geometry(size, size.stages), "sigmas": DISTILLED_SIGMA_VALUES, **guidance}
    sigmas = STAGE_2_DISTILLED_SIGMA_VALUES
    second = {**_geometry(size, 1), "sigmas": sigmas, "noise_scale": sigmas[0], **guidance}
    calls = (first, second)[: size.stages]
    return Plain("documented", engine, calls, scheduler=scheduler, noise_from=engine.device, tiles=is_newest)


def same_recipe(engine: Engine, size: ClipSize, steps: int | None) -> Plain:
    """With the arguments that the worker gives: what is left is what the worker adds or saves around them.

    One scheduler is enough: a distilled checkpoint's two stages both run given sigmas.
    """
    wanted = planned(size, "-", attrs.evolve(engine.profile, memory=None), steps)  # whether it fits is seen later
    mapped = [map_call(wanted, stage) for stage in wanted.stages]
    calls = tuple({**call.arguments, "negative_prompt": wanted.negative_prompt} for call in mapped)
    scheduler = scheduler_for(engine.components.by_name["scheduler"], mapped[0].scheduler)
    return Plain("same_recipe", engine, calls, scheduler=scheduler, noise_from="cpu")


def _geometry(size: ClipSize, divisor: int) -> dict[str, Any]:
    return {
        "width": size.width // divisor,
        "height": size.height // divisor,
        "num_frames": size.frames,
        "frame_rate": float(FPS),
    }


def _as_bytes(frames: Any) -> Any:  # noqa: ANN401 - numpy arrays
    """Raises RuntimeError if random weights did not give a picture: kernels may be faster on NaN."""
    if not np.isfinite(frames).all():
        message = "the clip has pixels that are no numbers"
        raise RuntimeError(message)
    return (frames * 255).round().astype(np.uint8)
