"""Which policy a machine gets."""

from pathlib import Path

import attrs
import pytest

from adapters.video_model.diffusers.components import Components
from adapters.video_model.diffusers.memory.choice import choose_policy
from adapters.video_model.diffusers.memory.host import free_host_bytes
from adapters.video_model.diffusers.memory.sizes import dimensions, expected_bytes, loaded_bytes
from domain.activations import ModelDimensions
from domain.errors import OutOfMemory, SettingsInvalid
from domain.memory import MemoryPolicy

GIB = 1 << 30
NEWER = {
    "transformer": int(35.4 * GIB),
    "text_encoder": int(22.8 * GIB),
    "connectors": int(5.9 * GIB),
    "vae": int(1.3 * GIB),
    "audio_vae": int(0.2 * GIB),
    "vocoder": int(0.2 * GIB),
    "latent_upsampler": int(0.9 * GIB),
}
"""About 2.3's."""


def chosen(device: int | None, host: int | None = None, forced: MemoryPolicy | None = None) -> MemoryPolicy:
    return choose_policy(
        NEWER,
        device_bytes=None if device is None else device * GIB,
        host_bytes=None if host is None else host * GIB,
        dimensions=ModelDimensions(),
        forced=forced,
    )


@pytest.mark.parametrize(
    ("device", "policy"),
    [
        (139, "resident"),  # H200
        (78, "resident"),  # H100 and A100 of 80 GB
        (47, "model_offload"),  # L40S, A6000
        (31, "group_offload"),  # 5090
        (23, "group_offload"),  # 4090, L4
        (15, "group_offload"),  # 16 GB
        (11, "leaf_offload"),
        (36, "fp8"),
        (70, "text_offload"),
    ],
)
def test_the_fastest_policy_that_has_room_for_a_typical_clip(device: int, policy: MemoryPolicy) -> None:
    assert chosen(device) == policy


def test_what_does_not_go_with_other_settings_is_not_chosen() -> None:
    def among(*possible: MemoryPolicy) -> MemoryPolicy:
        free = 78 * GIB
        return choose_policy(NEWER, device_bytes=free, host_bytes=None, dimensions=ModelDimensions(), possible=possible)

    assert among("resident", "model_offload") == "resident"
    assert among("model_offload", "leaf_offload") == "model_offload"


def test_a_gpu_that_is_too_small_for_any_policy_is_refused_with_the_figures() -> None:
    with pytest.raises(OutOfMemory, match=r"the GPU has 8\.0 GiB free and needs \d+\.\d GiB with a clip of 768x512"):
        chosen(8)


def test_a_host_without_room_bars_what_would_have_to_be_kept_there() -> None:
    assert chosen(47, host=80) == "model_offload"
    assert chosen(47, host=50) == "fp8"
    with pytest.raises(OutOfMemory, match=r"the host has 16\.0 GiB free and needs 7\d\.\d GiB"):
        chosen(47, host=16)
    assert chosen(78, host=16) == "resident"


def test_a_policy_that_is_asked_for_is_taken_if_it_can_work() -> None:
    assert chosen(139, host=256, forced="leaf_offload") == "leaf_offload"
    assert chosen(47, host=256, forced="fp8") == "fp8"


@pytest.mark.parametrize(
    ("device", "host", "forced", "lack"),
    [
        (47, 256, "resident", "the GPU has 47.0 GiB free"),
        (139, 32, "model_offload", "the host has 32.0 GiB free"),
    ],
)
def test_a_policy_that_cannot_work_is_refused_by_its_variable(
    device: int, host: int, forced: MemoryPolicy, lack: str
) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        chosen(device, host, forced)
    assert [fault.path for fault in caught.value.faults] == ["MEMORY_POLICY"]
    assert f'is "{forced}", but {lack}' in caught.value.faults[0].message


def test_the_cpu_holds_everything_unless_told_otherwise() -> None:
    assert chosen(None) == "resident"
    assert chosen(None, forced="group_offload") == "group_offload"


def test_the_sizes_that_are_expected_are_those_in_memory(snapshot: Path, pristine: Components) -> None:
    expected, loaded = expected_bytes(snapshot, "bfloat16"), loaded_bytes(pristine)
    assert set(loaded) <= set(expected)
    assert sum(loaded.values()) == pytest.approx(sum(expected[name] for name in loaded), rel=0.05)


def test_the_dimensions_are_the_transformers(pristine: Components) -> None:
    transformer, vae = pristine.by_name["transformer"].config, pristine.by_name["vae"].config
    expected = ModelDimensions(video_width=32, audio_width=16, layers=2, value_bytes=4)
    assert dimensions(transformer, vae, "float32") == expected
    assert dimensions(transformer, vae, "bfloat16") == attrs.evolve(expected, value_bytes=2, streams=True)


def machine(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        file = folder / name.replace("__", "/").replace("_dot_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


MEMINFO = "MemTotal:       131072 kB\nMemFree:         1024 kB\nMemAvailable:   65536 kB\n"
MIB = 1 << 20


@pytest.mark.parametrize(
    ("files", "free"),
    [
        ({"meminfo": MEMINFO}, 64 * MIB),
        ({"meminfo": MEMINFO, "memory_dot_max": "max\n", "memory_dot_current": "1"}, 64 * MIB),
        ({"meminfo": MEMINFO, "memory_dot_max": f"{48 * MIB}\n", "memory_dot_current": f"{8 * MIB}"}, 40 * MIB),
        (
            {
                "meminfo": MEMINFO,
                "memory_dot_max": f"{48 * MIB}",
                "memory_dot_current": f"{40 * MIB}",
                "memory_dot_stat": f"anon 1\ninactive_file {30 * MIB}\nactive_file 7\n",
            },
            38 * MIB,
        ),
        ({"memory_dot_max": "100", "memory_dot_current": "300"}, 0),
        (
            {
                "meminfo": MEMINFO,
                "memory__memory_dot_limit_in_bytes": f"{32 * MIB}",
                "memory__memory_dot_usage_in_bytes": f"{20 * MIB}",
                "memory__memory_dot_stat": f"inactive_file 1\ntotal_inactive_file {4 * MIB}\n",
            },
            16 * MIB,
        ),
        (
            {
                "meminfo": MEMINFO,
                "memory__memory_dot_limit_in_bytes": "9223372036854771712",
                "memory__memory_dot_usage_in_bytes": "5",
            },
            64 * MIB,
        ),
        ({}, None),
    ],
    ids=["plain", "v2 unlimited", "v2", "v2 file pages", "v2 over", "v1", "v1 unlimited", "no Linux"],
)
def test_a_containers_limit_counts(tmp_path: Path, files: dict[str, str], free: int | None) -> None:
    folder = machine(tmp_path, **files)
    assert free_host_bytes(folder / "meminfo", folder) == free
