"""What a checkpoint is, read from its configuration files."""

import json
import struct
from pathlib import Path
from typing import Any

import attrs
import pytest

from adapters.video_model.config import FamilyName, ModelConfig
from adapters.video_model.diffusers.recognition import (
    CheckpointFacts,
    facts,
    find_distilled_lora,
    newest_distilled_lora,
    recognise_family_name,
)
from domain.errors import ModelUnavailable, SettingsInvalid
from tests.unit.adapters.video_model.snapshots import CONFIGS, DECLARED, DIFFUSERS, write, write_snapshot

SETTINGS = ModelConfig(device="cpu")
TRANSFORMER_2_3 = {"num_layers": 48, "cross_attn_mod": True, "gated_attn": True, "perturbed_attn": True}
TRANSFORMER_2_5 = {**TRANSFORMER_2_3, "ff_bias": False, "use_keyframes_abs_pos_embedding": True}


def write_lora(root: Path, name: str, *, cut: int = 0) -> None:
    header = json.dumps({"__metadata__": {}, "a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}).encode()
    content = struct.pack("<Q", len(header)) + header + bytes(16)
    (root / name).write_bytes(content[: len(content) - cut])


def test_the_facts_of_a_plain_dev_checkpoint(tmp_path: Path) -> None:
    assert facts(write_snapshot(tmp_path / "snapshot"), SETTINGS) == CheckpointFacts(
        family="ltx-2",
        recognised="ltx-2",
        is_distilled=False,
        transformer_layers=48,
        has_perturbed_attention=False,
        has_upsampler=False,
        has_temporal_upsampler=False,
        distilled_lora=None,
        has_duration_head=False,
        can_enhance=False,
        audio_rate=24000,
    )


def test_the_facts_of_a_checkpoint_that_has_everything(tmp_path: Path) -> None:
    declared = {**DECLARED, "prompt_enhancer": ["transformers", "P"], "duration_head": ["ltx2", "D"]}
    configs = {
        "transformer/config.json": {**TRANSFORMER_2_5, "num_layers": 3},
        "scheduler/scheduler_config.json": {"use_dynamic_shifting": False},
        "vocoder/config.json": {"output_sampling_rate": 48000},
    }
    root = write_snapshot(tmp_path / "snapshot", declared, configs)
    write(root, "latent_upsampler/config.json")
    write(root, "temporal_upsampler/config.json", {"temporal_upsample": True, "spatial_upsample": False})
    write(root, "processor/processor_config.json", {"processor_class": "Gemma4Processor"})
    write_lora(root, "ltx-2.5-distilled-lora-450.safetensors")
    assert facts(root, attrs.evolve(SETTINGS, prompt_enhancer=True)) == CheckpointFacts(
        family="ltx-2.5",
        recognised="ltx-2.5",
        is_distilled=True,
        transformer_layers=3,
        has_perturbed_attention=True,
        has_upsampler=True,
        has_temporal_upsampler=True,
        distilled_lora=root / "ltx-2.5-distilled-lora-450.safetensors",
        has_duration_head=True,
        can_enhance=True,
        audio_rate=48000,
    )


@pytest.mark.parametrize(
    ("transformer", "family"),
    [
        ({}, "ltx-2"),
        ({"cross_attn_mod": False, "perturbed_attn": False, "ff_bias": True}, "ltx-2"),
        (TRANSFORMER_2_3, "ltx-2.3"),
        (TRANSFORMER_2_5, "ltx-2.5"),
        ({"use_keyframes_abs_pos_embedding": True}, "ltx-2.5"),
        ({"gated_attn": True, "ff_bias": False}, "ltx-2.5"),
    ],
)
def test_the_family_is_read_from_the_transformers_configuration(transformer: dict[str, Any], family: str) -> None:
    assert recognise_family_name(transformer) == family


@pytest.mark.parametrize("family", ["ltx-2", "ltx-2.3", "ltx-2.5"])
def test_the_setting_wins_over_what_is_recognised(tmp_path: Path, family: FamilyName) -> None:
    configs = {**CONFIGS, "transformer/config.json": TRANSFORMER_2_3}
    root = write_snapshot(tmp_path / "snapshot", configs=configs)
    found = facts(root, attrs.evolve(SETTINGS, family=family))
    assert (found.family, found.recognised) == (family, "ltx-2.3")
    assert found.has_perturbed_attention  # a fact of the weights, whatever the setting says


@pytest.mark.parametrize(
    ("is_dynamic", "setting", "expected"),
    [(True, None, False), (False, None, True), (True, True, True), (False, True, True), (True, False, False)],
)
def test_the_schedule_tells_a_distilled_checkpoint_unless_a_setting_does(
    tmp_path: Path, is_dynamic: bool, setting: bool | None, expected: bool
) -> None:
    configs = {"scheduler/scheduler_config.json": {"use_dynamic_shifting": is_dynamic}}
    found = facts(write_snapshot(tmp_path / "snapshot", configs=configs), attrs.evolve(SETTINGS, distilled=setting))
    assert found.is_distilled is expected


def test_a_static_schedule_cannot_be_run_as_a_dev_checkpoints(tmp_path: Path) -> None:
    configs = {"scheduler/scheduler_config.json": {"use_dynamic_shifting": False}}
    with pytest.raises(SettingsInvalid, match="MODEL_DISTILLED is false"):
        facts(write_snapshot(tmp_path / "snapshot", configs=configs), attrs.evolve(SETTINGS, distilled=False))


@pytest.mark.parametrize(
    ("transformer", "has_enhancer", "is_wanted", "can_enhance"),
    [
        (TRANSFORMER_2_3, False, False, True),
        (TRANSFORMER_2_5, True, True, True),
        (TRANSFORMER_2_5, True, False, False),
        (TRANSFORMER_2_5, False, True, False),
    ],
)
def test_the_newest_family_enhances_with_a_model_of_its_own(
    tmp_path: Path, transformer: dict[str, Any], has_enhancer: bool, is_wanted: bool, can_enhance: bool
) -> None:
    declared = {**DECLARED, **({"prompt_enhancer": ["transformers", "P"]} if has_enhancer else {})}
    root = write_snapshot(tmp_path / "snapshot", declared, {**CONFIGS, "transformer/config.json": transformer})
    assert not facts(root, attrs.evolve(SETTINGS, prompt_enhancer=is_wanted)).can_enhance
    write(root, "processor/processor_config.json")
    assert facts(root, attrs.evolve(SETTINGS, prompt_enhancer=is_wanted)).can_enhance is can_enhance


@pytest.mark.parametrize(
    ("file", "content", "named"),
    [
        ("transformer/config.json", {}, "num_layers"),
        ("transformer/config.json", {"num_layers": "48"}, "num_layers"),
        ("vocoder/config.json", {}, "output_sampling_rate"),
        ("scheduler/scheduler_config.json", [], "scheduler/scheduler_config.json"),
    ],
)
def test_a_configuration_that_does_not_tell_is_said_to_be_wrong(
    tmp_path: Path, file: str, content: Any, named: str
) -> None:
    root = write_snapshot(tmp_path / "snapshot", configs={**CONFIGS, file: content})
    with pytest.raises(ModelUnavailable, match=named) as caught:
        facts(root, SETTINGS)
    assert str(tmp_path) not in caught.value.message


@pytest.mark.parametrize(
    ("files", "newest"),
    [
        (["ltx-2-19b-dev.safetensors", DIFFUSERS], None),
        (["ltx-2-19b-distilled-lora-384.safetensors"], "ltx-2-19b-distilled-lora-384.safetensors"),
        (
            ["x-distilled-lora-384-1.1.safetensors", "x-distilled-lora-384.safetensors"],
            "x-distilled-lora-384-1.1.safetensors",
        ),
        (
            ["x-distilled-lora-384-1.10.safetensors", "x-distilled-lora-384-1.9.safetensors"],
            "x-distilled-lora-384-1.10.safetensors",
        ),
        (["x-distilled-lora-64.safetensors", "x-distilled-lora-384.safetensors"], "x-distilled-lora-384.safetensors"),
        (
            ["x-distilled-lora-384-1.1.safetensors", "x-distilled-lora-450.safetensors"],
            "x-distilled-lora-384-1.1.safetensors",
        ),
        (["loras/x-distilled-lora-384.safetensors", "x-distilled-lora-384.json"], None),
    ],
)
def test_the_newest_distilled_lora_is_the_one_of_the_highest_version(files: list[str], newest: str | None) -> None:
    assert newest_distilled_lora(files) == newest
    assert newest_distilled_lora(files[::-1]) == newest


def test_a_distilled_lora_that_is_not_whole_is_none(tmp_path: Path) -> None:
    write_lora(tmp_path, "x-distilled-lora-384-1.1.safetensors", cut=1)
    (tmp_path / "x-distilled-lora-384-1.2.safetensors").write_text("version https://git-lfs.github.com/spec/v1\n")
    (tmp_path / "x-distilled-lora-384-1.3.safetensors").mkdir()
    (tmp_path / "x-distilled-lora-384-1.4.safetensors").symlink_to(tmp_path / "nothing")
    (tmp_path / "x-distilled-lora-384-1.5.safetensors").touch()
    (tmp_path / "x-distilled-lora-384-1.6.safetensors").write_bytes(struct.pack("<Q", 2) + b"[]")
    assert find_distilled_lora(tmp_path) is None
    write_lora(tmp_path, "x-distilled-lora-384.safetensors")
    assert find_distilled_lora(tmp_path) == tmp_path / "x-distilled-lora-384.safetensors"


@pytest.mark.parametrize(
    "config", [{}, {"temporal_upsample": True}, {"temporal_upsample": True, "spatial_upsample": True}]
)
def test_an_upsampler_of_another_kind_is_no_temporal_one(tmp_path: Path, config: dict[str, bool]) -> None:
    configs = {
        "transformer/config.json": {**TRANSFORMER_2_5, "num_layers": 3},
        "vocoder/config.json": {"output_sampling_rate": 48000},
    }
    root = write_snapshot(tmp_path / "snapshot", DECLARED, configs)
    write(root, "temporal_upsampler/config.json", config)
    with pytest.raises(ModelUnavailable, match="must have temporal_upsample true and spatial_upsample false"):
        facts(root, SETTINGS)
