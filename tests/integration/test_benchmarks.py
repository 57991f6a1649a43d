"""The benchmarks run: each one's parts on something tiny. How fast that is says nothing; how it is counted does."""

import json
import math
from fractions import Fraction
from pathlib import Path

import pytest
import torch

from benchmarks import load, memory, overhead, queue, summary, tail
from benchmarks.gpu.architecture import ARCHITECTURES
from benchmarks.intervals import Intervals, covered
from benchmarks.jobs import SYNTHETIC
from benchmarks.page_cache import forget, keep, read_plainly
from benchmarks.results import machine, write
from benchmarks.summary import BARS, Bar, FigureMissing
from benchmarks.watching import ENCODER
from domain.geometry import ClipGeometry, FrameRate, Resolution

SHAPE = ClipGeometry(Resolution(64, 64), 17, FrameRate(Fraction(24)))
LATER, EARLIER = "2100-01-01T00:00:00+00:00", "2000-01-01T00:00:00+00:00"


def test_stretches_that_overlap_count_once() -> None:
    assert covered([]) == 0
    assert covered([(5, 6), (0, 2), (1, 3), (1, 2)]) == 4
    ticks = iter([0.0, 1.0, 5.0, 7.0])
    intervals = Intervals(lambda: next(ticks))
    with intervals.working("model"):
        pass
    with pytest.raises(KeyError), intervals.working("store"):
        raise KeyError
    assert (intervals.seconds("model"), intervals.seconds("store"), intervals.seconds()) == (1, 2, 3)
    intervals.forget()
    assert intervals.seconds() == 0


def test_overhead_is_what_is_left_of_a_job(tmp_path: Path) -> None:
    measured = overhead.overheads(tmp_path, SYNTHETIC, 3)
    assert len(measured) == 3
    assert all(0 < milliseconds < 5_000 for milliseconds in measured)
    assert overhead.p95([float(number) for number in range(101)]) == 95


def test_a_tail_holds_decoding_and_upload(tmp_path: Path) -> None:
    bench = tail.Bench(tmp_path, SHAPE, upload=0.1)
    apart = bench.tail(decode=0.3, at_once=True)
    overlapped = bench.tail(decode=0.3, at_once=False)
    for measured in (apart, overlapped):
        assert measured.whole >= 0.4
        assert 0.3 <= measured.decode < measured.whole
        assert 0 < measured.encoder < measured.encode
        assert measured.encode < measured.whole - 0.3  # the encoder does not work while it waits for chunks
    assert apart.whole >= apart.decode + apart.encode + 0.1
    assert len(bench.intervals.of(ENCODER)) == 5  # until each of three chunks, until it hears of the end, and after it


def test_every_run_of_the_tail_is_measured(tmp_path: Path) -> None:
    taken, encoder = tail.measure(tail.Bench(tmp_path, SHAPE, upload=0.05), runs=1)
    assert encoder > 0
    assert set(taken) == {tail.APART, tail.DECODE, tail.ENCODE, *map(tail.overlapped, tail.SHARES)}
    assert all(len(runs) == 1 and runs[0] > 0 for runs in taken.values())


def test_the_tails_limit_is_the_longer_of_both_and_the_store() -> None:
    taken = {tail.DECODE: [2.0, 3.0], tail.ENCODE: [2.5], tail.overlapped(1.0): [4.2, 9.0], tail.overlapped(2.0): [5.5]}
    assert tail.over_limit(taken, 0.5) == pytest.approx(4.2 / 3)
    assert tail.over_limit(taken, 0.5, 2.0) == pytest.approx(5.5 / 4.5)


def test_the_device_makes_one_clip_at_a_time_whatever_the_depth(tmp_path: Path) -> None:
    bench = queue.Bench(tmp_path, SHAPE, model_seconds=0.3)
    assert bench.encode + bench.upload == pytest.approx(0.1)
    assert bench.seconds(1, jobs=3) >= 3 * (0.3 + bench.upload)
    assert bench.seconds(2, jobs=3) >= 3 * 0.3 + bench.upload


def test_a_queue_whose_encoder_takes_more_than_its_share_is_no_measurement(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="more than 33%"):
        queue.Bench(tmp_path, SHAPE, model_seconds=0.001)


def test_the_peak_is_that_of_a_process_of_its_own() -> None:
    assert 30_000_000 < memory.peak_of(64, 9) < 1_000_000_000
    assert memory.slope({49: 1_000, 121: 9_000, 481: 1_000 + 432 * 64}, 8) == 1.0


def test_a_snapshot_is_loaded_in_every_way(tmp_path: Path) -> None:
    files = load.snapshot_of(ARCHITECTURES["tiny"]["ltx-2.5"], tmp_path)
    assert [file.parent.name for file in files] == ["latent_upsampler", "vae"]
    assert [bytes(memory) for memory in read_plainly(files)] == [file.read_bytes() for file in files]
    for prepare in (keep, forget):
        rates = load.measure(tmp_path, files, prepare, runs=1)
        assert set(rates) == {load.OURS, load.PLAIN, "from_pretrained"}
        assert all(0 < rate < 1_000 for (rate,) in rates.values())


def test_a_plain_read_gets_every_block_to_its_place(tmp_path: Path) -> None:
    file = tmp_path / "large"
    file.write_bytes(bytes(range(251)) * 100_000)  # more than a block of 16 MiB, and no multiple of one
    (memory,) = read_plainly([file])
    assert memory[:] == file.read_bytes()


def test_random_weights_do_not_disturb_the_process(tmp_path: Path) -> None:
    before = torch.random.get_rng_state()
    load.snapshot_of(ARCHITECTURES["tiny"]["ltx-2.5"], tmp_path)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_results_tell_the_versions_of_what_is_installed(tmp_path: Path) -> None:
    assert "attrs" in machine(["attrs", "not-installed-anywhere"])
    assert "not-installed-anywhere" not in machine(["attrs", "not-installed-anywhere"])
    write("one", {"figure": 1.5}, folder=tmp_path, runs=[1])
    written = json.loads((tmp_path / "one.json").read_text(encoding="utf-8"))
    assert (written["summary"], written["runs"]) == ({"figure": 1.5}, [1])


def write_result(folder: Path, name: str, figures: object, measured_at: str = LATER) -> None:
    body = {"machine": {"measured_at": measured_at}, "summary": figures}
    (folder / f"{name}.json").write_text(json.dumps(body), encoding="utf-8")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run with every figure, each in its benchmark's result."""
    summary.begin(tmp_path)
    for name in {bar.benchmark for bar in BARS.values()}:
        write_result(tmp_path, name, {key: 1.0 for key, bar in BARS.items() if bar.benchmark == name})
    return tmp_path


def test_a_summary_has_the_figures_of_all_results(run: Path) -> None:
    write_result(run, "extra", {"more": 2})
    write_result(run, "nothing", {})
    (run / "gpu.json").write_text('{"schema": 1}', encoding="utf-8")
    assert summary.merged(run) == {**dict.fromkeys(BARS, 1.0), "more": 2.0}
    assert list(summary.merged(run)) == [*BARS, "more"]


def test_a_figure_that_is_measured_right_after_the_beginning_counts(tmp_path: Path) -> None:
    summary.begin(tmp_path)
    write("all", dict.fromkeys(BARS, 1.0), folder=tmp_path)
    assert summary.merged(tmp_path) == dict.fromkeys(BARS, 1.0)


def test_a_figure_that_is_missing_is_named_with_its_command(run: Path) -> None:
    (run / "tail.json").unlink()
    with pytest.raises(FigureMissing, match=r"\ntail_over_limit: python -m benchmarks\.tail$"):
        summary.merged(run)


def test_a_figure_of_an_earlier_run_does_not_count(run: Path) -> None:
    write_result(run, "queue", {"queue_saving": 0.9}, EARLIER)
    with pytest.raises(FigureMissing, match=r"queue_saving: python -m benchmarks\.queue"):
        summary.merged(run)


@pytest.mark.parametrize("value", [None, True, "1.0", [1.0], math.nan, math.inf])
def test_a_figure_is_a_finite_number(run: Path, value: object) -> None:
    write_result(run, "memory", {"host_bytes_per_pixel": value})
    with pytest.raises(FigureMissing, match=r"host_bytes_per_pixel in memory\.json is .*, and no finite number"):
        summary.merged(run)


def test_two_results_cannot_tell_the_same_figure(run: Path) -> None:
    write_result(run, "zz", {"tail_over_limit": 0.5})
    with pytest.raises(FigureMissing, match=r"tail_over_limit stands in two results, zz\.json"):
        summary.merged(run)


def test_a_summary_needs_a_run(tmp_path: Path) -> None:
    with pytest.raises(FigureMissing, match="no run was begun"):
        summary.merged(tmp_path)


def test_a_new_run_removes_the_last_ones_summary(run: Path) -> None:
    (run / summary.RESULT).write_text("{}", encoding="utf-8")
    summary.begin(run)
    assert not (run / summary.RESULT).exists()


def test_the_table_tells_which_bars_are_met() -> None:
    lines = summary.table({"tail_over_limit": 1.2, "queue_saving": 0.2, "more": 3.0}).splitlines()
    assert [line.split() for line in lines] == [
        ["tail_over_limit", "1.2", "at", "most", "1.1:", "NOT", "MET"],
        ["queue_saving", "0.2", "at", "least", "0.2:", "met"],
        ["more", "3"],
    ]
    assert Bar("x", "at most", 1.0).is_met(1.0)
    assert not Bar("x", "at least", 1.0).is_met(0.99)


def test_every_figure_has_a_benchmark_that_make_bench_runs() -> None:
    makefile = (Path(__file__).resolve().parents[2] / "Makefile").read_text(encoding="utf-8")
    run = makefile[makefile.index("\nbench:") :].split("\n\n")[0].split()
    order = [name.removeprefix("benchmarks.") for name in run if name.startswith("benchmarks.")]
    assert order[0] == order[-1] == "summary"
    assert {bar.benchmark for bar in BARS.values()} <= set(order)
