"""LTX-2 on diffusers: one checkpoint, one device, one generation at a time."""

import threading
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from typing import Any, Final

import attrs
import structlog
import torch
from typing_extensions import override

from adapters.video_model.config import ModelConfig
from adapters.video_model.diffusers.call_mapping import map_call
from adapters.video_model.diffusers.conditioning import fit_to_canvas
from adapters.video_model.diffusers.decoding import decode_audio, decode_video, rgb24_chunks
from adapters.video_model.diffusers.device import chosen_device, device_name, free_bytes
from adapters.video_model.diffusers.failures import translated
from adapters.video_model.diffusers.loading import Components, load_components
from adapters.video_model.diffusers.location import locate
from adapters.video_model.diffusers.metering import Meter
from adapters.video_model.diffusers.offload import model_offload
from adapters.video_model.diffusers.placement import loaded_bytes, memory_policy
from adapters.video_model.diffusers.recognition import read_config, recognise_family, recognise_recipe
from adapters.video_model.turns import Turns
from application.job_control import JobControl, StageProgress
from application.ports.video_model import GenerationInputs, VideoModel
from domain.clip import Clip
from domain.plan import GenerationPlan
from domain.profile import ModelProfile

_log: Final = structlog.get_logger()


@attrs.frozen(eq=False)
class _Loaded:
    components: Components
    profile: ModelProfile
    device: str
    home: str
    """Where the weights are between jobs: `device`, or "cpu" where it cannot hold them all."""


class DiffusersModel(VideoModel):
    """Loads on `load`, or on the first use, and keeps the weights until the process ends."""

    __slots__ = ("_config", "_loaded", "_loading", "_turns")

    def __init__(self, config: ModelConfig) -> None:
        self._config = config
        self._loading = threading.Lock()
        self._loaded: _Loaded | None = None
        self._turns = Turns()

    @override
    def load(self) -> None:
        self._ready()

    @override
    def profile(self) -> ModelProfile:
        return self._ready().profile

    @override
    @contextmanager
    def generate(self, plan: GenerationPlan, inputs: GenerationInputs, control: JobControl) -> Iterator[Clip]:
        ready = self._ready()
        meter = Meter(control.clock, ready.device)
        with self._turns.taken(control), ExitStack() as job:
            meter.start()
            with translated(), meter.part("prepare"):
                call = map_call(plan)
                pipeline = ready.components.pipeline(call.kind, static_schedule=plan.sigmas is not None)
                job.enter_context(_memory_policy(pipeline, plan, ready))
                if inputs.image is not None:
                    call.arguments["image"] = fit_to_canvas(inputs.image, plan)
            with translated(), meter.part("denoise"):
                latents, audio_latents = _denoise(pipeline, call.arguments, plan, control)
            with translated(), meter.part("decode"):
                audio = decode_audio(ready.components, audio_latents)
            chunks = job.enter_context(closing(_decoded_chunks(ready.components, [latents], plan, control, meter)))
            del latents, audio_latents
            yield Clip(
                geometry=plan.output, pixel_format="rgb24", audio=audio, chunks=chunks, statistics=meter.statistics
            )

    def _ready(self) -> _Loaded:
        with self._loading:
            if self._loaded is None:
                self._loaded = _load(self._config)
            return self._loaded


def _load(config: ModelConfig) -> _Loaded:
    device = chosen_device(config.device)
    if config.dtype == "float16":
        _log.warning("model.float16_chosen", advice="the text encoder overflows in float16; bfloat16 is as small")
    snapshot = locate(config)
    transformer = read_config(snapshot.path, "transformer/config.json")
    family = recognise_family(transformer)
    profile = ModelProfile(
        name=config.name if config.path is None else config.path.name,
        revision=snapshot.revision,
        family=family,
        recipe=recognise_recipe(family, read_config(snapshot.path, "scheduler/scheduler_config.json")),
        device=device_name(device),
        transformer_layers=int(transformer["num_layers"]),
    )
    components = load_components(snapshot.path, dtype=config.dtype)
    sizes = loaded_bytes(components)
    is_resident = not device.startswith("cuda") or memory_policy(sizes, free_bytes(device)) == "resident"
    home = device if is_resident else "cpu"
    with translated():
        components.move_to(home)
    _log.info(
        "model.loaded",
        model=profile.name,
        revision=profile.revision,
        family=family.name,
        device=profile.device,
        weight_bytes=sum(sizes.values()),
        policy="resident" if is_resident else "model offload",
    )
    return _Loaded(components, profile, device, home)


def _memory_policy(pipeline: Any, plan: GenerationPlan, ready: _Loaded) -> AbstractContextManager[None]:  # noqa: ANN401 - diffusers has no types
    if not ready.device.startswith("cuda"):
        return nullcontext()
    if plan.low_vram or ready.home != ready.device:
        return model_offload(pipeline, ready.device, home=ready.home)
    return nullcontext()


def _denoise(
    pipeline: Any,  # noqa: ANN401 - diffusers has no types
    arguments: dict[str, Any],
    plan: GenerationPlan,
    control: JobControl,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Denormalised latents of picture (1, C, F', H', W') and sound (1, C, L, mel bins), float32."""

    def on_step_end(_: object, step: int, __: object, tensors: dict[str, Any]) -> dict[str, Any]:
        control.report(StageProgress("generate", step + 1, plan.steps))
        control.check()  # raising is the clean way out: diffusers' own interrupt would still decode
        return tensors

    control.check()
    output = pipeline(
        **arguments,
        # On the CPU for every device: the same seed gives the same noise on each kind of GPU.
        generator=torch.Generator("cpu").manual_seed(plan.seed.number),
        callback_on_step_end=on_step_end,
    )
    return output.frames, output.audio


def _decoded_chunks(
    components: Components, latents: list[torch.Tensor], plan: GenerationPlan, control: JobControl, meter: Meter
) -> Generator[memoryview, None, None]:
    """Frames as they are asked for. Empties `latents`, so that nothing but the pictures stays on the device."""
    control.check()
    with translated(), meter.part("decode"):
        video = decode_video(components, latents.pop())
    converted = rgb24_chunks(video, plan)
    while True:
        control.check()
        with translated(), meter.part("decode"):
            chunk = next(converted, None)
        if chunk is None:
            return
        yield chunk
