"""The reply of mode `capabilities`."""

import json

import attrs

from adapters.wire.codec import Wire
from adapters.wire.modes import MODES
from domain.limits import Limits
from domain.offers import offers
from tests.unit.domain.test_plan import DEV, DISTILLED, WHOLE
from tests.unit.domain.test_plan_memory import SMALL_GPU


def test_a_checkpoint_that_lacks_parts() -> None:
    poor = attrs.evolve(WHOLE, has_upsampler=False, can_enhance=False)
    listed = offers(attrs.evolve(SMALL_GPU, checkpoint=poor), Limits())
    reply = Wire().encode_offers(listed)
    assert json.loads(json.dumps(reply, allow_nan=False)) == reply
    assert (reply["ok"], reply["mode"]) == (True, "capabilities")
    assert reply["model"] == {"name": "org/dev", "revision": "main", "family": "ltx-2", "kind": "dev"}
    assert reply["device"] == "NVIDIA L40S"
    assert reply["parts"] == {
        "latent_upsampler": False,
        "temporal_upsampler": False,
        "distilled_lora": True,
        "duration_head": True,
        "prompt_enhancer": False,
        "perturbed_attention": False,
    }
    presets = {row["name"]: row for row in reply["presets"]}  # type: ignore[attr-defined]  # JSON
    assert presets["quality"] == {
        "name": "quality",
        "available": False,
        "lacks": ["a latent upsampler"],
        "longest": None,
    }
    assert presets["fast"]["longest"] == {
        "fps": 24,
        "aspect_ratio": "16:9",
        "num_frames": dict(listed.longest["fast"]),
    }
    assert {"name": "enhance_prompt", "available": False, "lacks": ["a loaded prompt enhancer"]} in reply["fields"]  # type: ignore[operator]  # JSON
    assert reply["limits"] == {"num_frames": 1025, "pixels": 1920 * 1088, "seconds": 20.0}


def test_modes_name_their_fields() -> None:
    reply = Wire().encode_offers(offers(DEV, Limits()))
    modes = {row["name"]: row["fields"] for row in reply["modes"]}  # type: ignore[attr-defined]  # JSON
    assert list(modes) == list(MODES)
    assert modes["t2v"] == []
    assert {"image_url", "image_base64", "image_path"} <= set(modes["i2v"])


def test_steps_are_null_where_they_are_fixed() -> None:
    assert Wire().encode_offers(offers(DEV, Limits()))["steps"] == {"min": 2, "max": 200}
    assert Wire().encode_offers(offers(DISTILLED, Limits()))["steps"] is None
