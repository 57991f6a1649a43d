"""What a child has and may: nothing of the worker's, limits in force, no way out, an end with the worker."""

import os
import platform
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.sandbox.config import SandboxLimits
from adapters.sandbox.sandbox import Sandbox
from application.job_control import JobControl
from tests.support.processes import is_running, until

ROOT = Path(__file__).resolve().parents[2]
LIMITS = SandboxLimits(output_bytes=1000, memory_bytes=256 * 2**20, seconds=10.0)

needs_filter = pytest.mark.skipif(platform.machine() != "x86_64", reason="the filter knows this machine's numbers only")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SUPABASE_SECRET_KEY", "canary-of-the-environment")
        sandbox = Sandbox(module="tests.support.hostile_child", limits=LIMITS)
        sandbox.check()
    yield sandbox
    sandbox.close()


def run(sandbox: Sandbox, task: str, **arguments: object) -> dict[str, object]:
    control = JobControl()
    return dict(sandbox.run(task, b"", arguments, lambda fields, _: fields, path="image_url", control=control))


def proc(sandbox: Sandbox, name: str) -> Path:
    return Path(f"/proc/{sandbox.pid}/{name}")


def test_the_childs_environment_is_a_list_of_its_own(sandbox: Sandbox) -> None:
    variables = proc(sandbox, "environ").read_bytes().decode().rstrip("\0").split("\0")
    assert {variable.partition("=")[0] for variable in variables} == {
        "PATH", "LANG", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "OMP_NUM_THREADS",
        "MALLOC_ARENA_MAX", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_",
    }  # fmt: skip
    assert f"PYTHONPATH={ROOT}" in variables
    assert "canary" not in str(variables)


def test_the_child_holds_no_descriptor_of_the_worker(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, (ROOT / "LICENSE").open() as file:
        os.set_inheritable(server.fileno(), True)
        os.set_inheritable(file.fileno(), True)
        fresh = Sandbox(module="tests.support.hostile_child", limits=LIMITS)
        fresh.check()
        targets = [str(link.readlink()) for link in proc(fresh, "fd").iterdir()]
        fresh.close()
    kinds = sorted(target.partition(":")[0] for target in targets)
    assert kinds == ["/dev/null", "/dev/null", "pipe", "socket"]


def test_the_child_stands_apart_and_goes_first(sandbox: Sandbox) -> None:
    assert sandbox.pid is not None
    assert os.getsid(sandbox.pid) == os.getpgid(sandbox.pid) == sandbox.pid
    assert proc(sandbox, "cwd").readlink() == Path("/")
    assert proc(sandbox, "oom_score_adj").read_text() == "1000\n"


@needs_filter
def test_the_childs_system_calls_are_filtered(sandbox: Sandbox) -> None:
    status = dict(line.split(":\t", 1) for line in proc(sandbox, "status").read_text().splitlines())
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


def test_the_limits_are_in_force_and_cannot_be_raised(sandbox: Sandbox) -> None:
    run(sandbox, "use_a_thread")
    lines = proc(sandbox, "limits").read_text().splitlines()[1:]
    limits = {line[:25].strip(): line[25:].split()[:2] for line in lines}
    for name, value in (
        ("Max address space", 256 * 2**20),
        ("Max file size", 1000),
        ("Max open files", 16),
        ("Max core file size", 0),
        ("Max locked memory", 0),
    ):
        assert limits[name] == [str(value), str(value)], name
    assert 10 <= int(limits["Max cpu time"][0]) <= 12


def test_a_gpu_library_and_an_http_client_are_not_in_the_child() -> None:
    from adapters.image_fetcher.config import ImageLimits  # noqa: PLC0415 - Pillow is for this test alone
    from adapters.image_fetcher.decoders import picture_sandbox  # noqa: PLC0415 - as above

    pictures = picture_sandbox(ImageLimits())
    pictures.check()
    maps = proc(pictures, "maps").read_text()
    assert "PIL/_imaging" in maps
    for library in ("libtorch", "numpy", "cuda", "_ssl", "libssl", "/av/"):
        assert library not in maps
    assert int(proc(pictures, "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") < 64 * 2**20
    pictures.close()


@needs_filter
def test_there_is_no_way_out(sandbox: Sandbox, tmp_path: Path) -> None:
    readable, writable = tmp_path / "readable", tmp_path / "writable"
    readable.touch()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        outcomes = run(sandbox, "break_out", readable=str(readable), writable=str(writable), port=port)
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert len(outcomes) > 10
    assert {name: outcome for name, outcome in outcomes.items() if outcome != "PermissionError"} == {
        "raise the memory": "ValueError"
    }
    assert [path.name for path in tmp_path.iterdir()] == ["readable"]


def test_a_thread_is_allowed(sandbox: Sandbox) -> None:
    assert run(sandbox, "use_a_thread") == {"kept": "from the thread"}


def worker(kind: str, lines: int = 1) -> tuple["subprocess.Popen[str]", list[int]]:
    """A worker, and the process numbers that it prints."""
    command = [sys.executable, "-m", "tests.support.sandbox_worker", kind]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout:
        return process, [int(process.stdout.readline()) for _ in range(lines)]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("kind", ["loop", "idle"])
def test_the_child_ends_with_a_worker_that_is_killed(kind: str, number: signal.Signals) -> None:
    process, (child,) = worker(kind)
    assert is_running(child)
    process.send_signal(number)
    process.wait()
    assert until(lambda: not is_running(child)), "the child outlived the worker"


def test_the_child_ends_with_a_worker_that_leaves() -> None:
    process, (child,) = worker("leave")
    assert process.wait() == 0
    assert not is_running(child)


@pytest.mark.parametrize("kind", ["forked", "both"])
def test_a_fork_of_the_worker_keeps_the_workers_child_neither_busy_nor_alive(kind: str) -> None:
    process, (first, second) = worker(kind, lines=2)
    (child,) = [pid for pid in (first, second) if os.getpgid(pid) == pid]
    (fork,) = {first, second} - {child}
    process.kill()
    process.wait()
    assert until(lambda: not is_running(child)), "the fork keeps the child alive"
    assert is_running(fork)
    os.kill(fork, signal.SIGKILL)
