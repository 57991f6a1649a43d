"""What encodes given pictures, clips and sounds is on the device while it does, wherever it waits before."""

from pathlib import Path
from typing import Any

import attrs
import pytest

from adapters.video_model.diffusers.memory.residency import Residency
from adapters.video_model.diffusers.rendering import rendered
from application.job_control import JobControl
from tests.contract.video_model_contract import plan_for
from tests.integration.memory.device_memory import DEVICE, DeviceMemory
from tests.support.shown_sources import held, inputs_for, reference, showing
from tests.support.tiny import tiny_model


@pytest.mark.parametrize("preset", ["standard", "quality"])
def test_encoders_are_where_the_work_is(hub_cache: Path, preset: Any) -> None:
    model, memory = tiny_model(hub_cache), DeviceMemory()
    engine = model._ready()
    engine = attrs.evolve(engine, residency=Residency(engine.components, "model_offload", DEVICE, by=memory))
    engine.residency.settle()
    places: dict[str, set[str]] = {"vae": set(), "audio_vae": set()}
    for name, seen in places.items():
        part = engine.components.by_name[name]
        assert memory.place(part) == {"host"}
        part.encoder.register_forward_pre_hook(lambda encoder, _, seen=seen: seen.update(memory.place(encoder)))
    for shown in ((held(9),), (reference(17),), ()):
        planned = showing(plan_for(model, frames=17, preset=preset), *shown, sound=True)
        with rendered(engine, planned, inputs_for(planned), (), JobControl()) as clip:
            for _ in clip.chunks:
                pass

        assert places["audio_vae"] == {"device"}
    assert places["vae"] == {"device"}
