"""The GPU benchmark's rehearsal: tiny architectures on the CPU, with nothing but torch's libraries installed."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
import torch
from typing_extensions import override

from adapters.video_model.diffusers.streaming.coverage import covers
from adapters.video_model.diffusers.streaming.decoder import decode_stream
from benchmarks.gpu.architecture import ARCHITECTURES
from benchmarks.gpu.building import MODULES, build_module, weight_bytes
from benchmarks.gpu.figures import Spread, stage_figures
from benchmarks.gpu.options import parsed
from benchmarks.gpu.probe import Probe
from benchmarks.gpu.subject import ClipSize, Subject, SubjectName
from benchmarks.gpu.trials import Trials
from domain.errors import OutOfMemory

ROOT = Path(__file__).resolve().parents[2]
NOT_INSTALLED = (
    *("accelerate", "aiohttp", "av", "cattrs", "click", "dependency_injector", "dotenv"),
    *("peft", "rich", "runpod", "storage3", "supabase", "torchao"),
)
BARE = f"""
import runpy, sys
class Hiding:
    def __init__(self, finder): self.finder = finder
    def __getattr__(self, name): return getattr(self.finder, name)
    def find_spec(self, name, path=None, target=None):
        hidden = name.split(".")[0] in {NOT_INSTALLED!r}
        return None if hidden else self.finder.find_spec(name, path, target)
sys.meta_path[:] = [Hiding(finder) for finder in sys.meta_path]
runpy.run_module("benchmarks.gpu", run_name="__main__")
"""
FAMILIES = ("ltx-2", "ltx-2.5")


@attrs.frozen
class Run:
    table: str
    figures: dict[str, Any]

    def clip(self, subject: str, family: str = "ltx-2.5", width: int = 64) -> dict[str, Any]:
        (found,) = (
            clip
            for clip in self.figures["clips"]
            if (clip["subject"], clip["family"], clip["width"]) == (subject, family, width)
        )
        return dict(found)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("benchmark")
    asked = ["--sizes", "64x64x9", "--two-stage", "128x128x9", "--families", *FAMILIES, "--rounds", "1"]
    options = ["--device", "cpu", "--scratch", str(folder), "--json", str(folder / "figures.json"), *asked]
    done = subprocess.run([sys.executable, "-c", BARE, *options], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in folder.iterdir()] == ["figures.json"]
    return Run(done.stdout, json.loads((folder / "figures.json").read_text()))


def test_every_clip_is_made_in_every_way(run: Run) -> None:
    made = [(clip["family"], clip["width"], clip["subject"]) for clip in run.figures["clips"]]
    ways = ("worker", "documented", "same_recipe")
    assert made == [(family, width, way) for family in FAMILIES for width in (64, 128) for way in ways]
    assert all(clip["failure"] is None and clip["rounds"] == 1 for clip in run.figures["clips"])


def test_forwards_are_counted(run: Run) -> None:
    for family in FAMILIES:
        for width, steps in ((64, 8), (128, 11)):
            assert run.clip("worker", family, width)["forwards"] == steps
            assert run.clip("same_recipe", family, width)["forwards"] == steps
            assert run.clip("documented", family, width)["forwards"] == 3 * steps  # the page leaves guidance on


def test_the_worker_and_plain_diffusers_do_the_same_work(run: Run) -> None:
    for clip in run.figures["clips"]:
        is_same = clip["difference"] == 0.0
        assert is_same == (clip["subject"] != "documented")


def test_the_parts_of_a_clip_add_up(run: Run) -> None:
    for clip in run.figures["clips"]:
        names = [stage["name"] for stage in clip["stages"]]
        assert names == (["base"] if clip["width"] == 64 else ["base", "refine"])
        assert [stage["steps"] for stage in clip["stages"]] == [8, 3][: len(names)]
        denoising = sum(stage["seconds"]["least"] for stage in clip["stages"])
        assert 0 < denoising < clip["seconds"]["most"]
        assert 0 < clip["parts"]["transformer"] <= sum(stage["seconds"]["most"] for stage in clip["stages"])
        assert denoising + sum(clip["parts"][part] for part in ("text_encoder", "vae")) < clip["seconds"]["most"] * 1.2
        assert ("latent_upsampler" in clip["parts"]) == (clip["width"] == 128)
        for spread in (clip["seconds"], *(stage["step_seconds"] for stage in clip["stages"])):
            assert 0 < spread["least"] <= spread["median"] <= spread["most"]


def test_figures_over_rounds() -> None:
    size = ClipSize(width=128, height=128, frames=9, stages=2)
    base, refine = stage_figures(
        size, [[1.0, 2.0, 0.5, 0.5, 0.5], [3.0, 4.0, 1.0, 1.0, 1.0], [5.0, 5.0, 2.0, 2.0, 3.0]]
    )
    assert (base.name, base.steps, refine.name, refine.steps) == ("base", 2, "refine", 3)
    assert base.seconds == Spread(median=7.0, least=3.0, most=10.0)
    assert base.step_seconds == Spread(median=3.5, least=1.0, most=5.0)
    assert refine.seconds == Spread(median=3.0, least=1.5, most=7.0)


def test_loading_is_timed_cold_and_warm(run: Run) -> None:
    timed = [(load["family"], load["cache"], load["subject"]) for load in run.figures["loads"]]
    ways = ("worker", "from_pretrained")
    assert timed == [(family, cache, way) for family in FAMILIES for cache in ("cold", "warm") for way in ways]
    for load in run.figures["loads"]:
        assert load["components"] == ["vae", "connectors"]
        assert load["file_bytes"] > 6_000_000
        assert load["gb_per_second"] == pytest.approx(load["file_bytes"] / load["seconds"]["median"] / 1e9)


def test_the_table_shows_the_figures(run: Run) -> None:
    lines = run.table.splitlines()
    assert "tiny architectures, random weights, rounds: 1" in run.table
    for clip in run.figures["clips"]:
        size = f"{clip['width']}x{clip['height']}x{clip['frames']}"
        start, middle = [clip["family"], size, clip["subject"]], f"{clip['seconds']['median']:.3f}"
        (line,) = (line.split() for line in lines if line.split()[:3] == start)
        assert line[3] == middle
        assert line[-1] == str(clip["forwards"])
    assert run.figures["machine"]["torch"] == torch.__version__


def test_the_true_architectures_have_the_released_sizes() -> None:
    sizes = {family: weight_bytes(shape, torch.bfloat16) for family, shape in ARCHITECTURES["true"].items()}
    assert sizes["ltx-2"]["transformer"] == pytest.approx(2 * 18.88e9, rel=1e-3)
    assert sizes["ltx-2.5"]["transformer"] == pytest.approx(38.0e9, rel=1e-3)
    assert sizes["ltx-2.5"]["text_encoder"] == pytest.approx(2 * 11.95e9, rel=2e-3)
    assert sum(sizes["ltx-2.5"].values()) == pytest.approx(70.9e9, rel=5e-3)  # Lightricks/LTX-2.5-Diffusers
    assert sizes["ltx-2.3"]["vae"] == pytest.approx(1.47e9, rel=0.02)
    assert sizes["ltx-2.5"]["latent_upsampler"] == pytest.approx(996e6, rel=1e-3)


def test_the_text_encoders_fit_the_connectors() -> None:
    for family, shape in ARCHITECTURES["true"].items():
        connectors = build_module(shape, "connectors", device="meta", dtype=torch.bfloat16).config
        assert connectors.caption_channels == shape.text["text_config"]["hidden_size"], family
        assert connectors.text_proj_in_factor == shape.text["text_config"]["num_hidden_layers"] + 1, family


def test_building_leaves_the_process_as_it_was() -> None:
    before = torch.random.get_rng_state()
    module = build_module(ARCHITECTURES["tiny"]["ltx-2.5"], "connectors", device="cpu", dtype=torch.bfloat16)
    assert {parameter.dtype for parameter in module.parameters()} == {torch.bfloat16}
    assert not module.training
    assert torch.get_default_dtype() is torch.float32
    assert torch.equal(torch.random.get_rng_state(), before)


def test_what_a_probe_watched_is_as_before() -> None:
    components = {name: build_tiny(name) for name in MODULES}
    probe = Probe("cpu")
    with probe.watching(components):
        assert "decode" in vars(components["vae"])
        with pytest.raises(RuntimeError, match="was not called"):
            probe.step_ended()
    assert not any("decode" in vars(module) for module in components.values())
    layers = [layer for module in components.values() for layer in module.modules()]
    assert not any(layer._forward_hooks or layer._forward_pre_hooks for layer in layers)


def test_a_decode_is_timed_once_whole_or_streamed() -> None:
    components = {name: build_tiny(name, torch.bfloat16) for name in MODULES}
    vae = components["vae"]
    latents = torch.zeros(1, vae.config.latent_channels, 3, 2, 2, dtype=torch.bfloat16)
    ways = (lambda: vae.decode(latents), lambda: list(decode_stream(vae.decoder, latents)))
    for decode in ways:
        probe = Probe("cpu")
        begin = time.perf_counter()
        with probe.watching(components), torch.no_grad():
            assert covers(vae)
            decode()
        seconds = time.perf_counter() - begin
        assert 0 < probe.work().parts["vae"] < seconds


def build_tiny(name: str, dtype: torch.dtype = torch.float32) -> Any:
    return build_module(ARCHITECTURES["tiny"]["ltx-2.5"], name, device="cpu", dtype=dtype)


class TooLarge(Subject):
    """Makes no clip: `error` is raised."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.left = False

    @property
    @override
    def name(self) -> SubjectName:
        return "documented"

    @override
    @contextmanager
    def ready(self) -> Iterator[None]:
        try:
            yield
        finally:
            self.left = True

    @override
    def make(self, prompt: str, on_step: Any, *, keep: bool) -> Any:
        raise self.error

    @override
    def remarks(self) -> tuple[str, ...]:
        return ()


@pytest.mark.parametrize("error", [OutOfMemory("no room"), torch.OutOfMemoryError("no room\nat all")])
def test_a_clip_that_does_not_fit_is_a_result(error: Exception) -> None:
    subject = TooLarge(error)
    trials = Trials(subject)
    with trials.trial():
        subject.make("a dog", lambda: None, keep=False)
    assert trials.failure in {"OutOfMemory: no room", "OutOfMemoryError: no room"}
    assert subject.left


def test_any_other_error_ends_the_run() -> None:
    subject = TooLarge(RuntimeError("a bug"))
    with pytest.raises(RuntimeError, match="a bug"), Trials(subject).trial():
        subject.make("a dog", lambda: None, keep=False)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--sizes", "768x512"], "not WIDTHxHEIGHTxFRAMES"),
        (["--sizes", "768x500x121"], "off the grid"),
        (["--sizes", "768x512x120"], "off the grid"),
        (["--two-stage", "1280x736x121"], "multiples of 64"),
        (["--checkpoint", "dev", "--two-stage", "128x128x9"], "distilled LoRA"),
        (["--steps", "4"], "--checkpoint dev"),
    ],
)
def test_what_cannot_be_measured_is_refused(given: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed(given)
    assert message in capsys.readouterr().err


def test_a_gpu_gets_the_true_sizes() -> None:
    on_gpu, on_cpu = parsed(["--device", "cuda"]), parsed(["--device", "cpu"])
    assert [str(size) for size in on_gpu.sizes] == ["768x512x121", "1280x704x121", "1536x1024x121 in two stages"]
    assert (on_gpu.scale, on_gpu.dtype) == ("true", "bfloat16")
    assert (on_cpu.scale, on_cpu.dtype) == ("tiny", "float32")
