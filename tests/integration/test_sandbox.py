"""Children that crash, hang, swell and lie: the file is unreadable, and the next one is decoded."""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import pytest

from adapters.sandbox.config import SandboxFailed, SandboxLimits
from adapters.sandbox.sandbox import Sandbox
from application.job_control import JobControl
from domain.errors import Cancelled, DeadlineExceeded, InputRefused, InputUnreadable
from tests.support.processes import children, is_running, named_shared_memory, open_descriptors, until

HOSTILE = "tests.support.hostile_child"
LIMITS = SandboxLimits(output_bytes=1000, memory_bytes=256 * 2**20, seconds=10.0)
FIELD = "keyframes[1].image"
LOST = f"{FIELD} could not be decoded within the limits"


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    sandbox = Sandbox(module=HOSTILE, limits=LIMITS)
    yield sandbox
    sandbox.close()


@pytest.fixture
def sandbox(shared: Sandbox) -> Iterator[Sandbox]:
    """Warm as a rule, and after the test it must do its work."""
    yield shared
    assert decodes(shared)


def new_sandbox(**changes: Any) -> Sandbox:
    return Sandbox(module=HOSTILE, limits=attrs.evolve(LIMITS, **changes))


def run(sandbox: Sandbox, task: str, control: JobControl = JobControl(), **arguments: Any) -> Mapping[str, Any]:  # noqa: B008 - frozen
    return sandbox.run(task, b"", arguments, lambda fields, _: fields, path=FIELD, control=control)


def decodes(sandbox: Sandbox) -> bool:
    """Whether the next file is served."""
    return sandbox.run("echo", b"file", {}, lambda _, data: data.tobytes(), path=FIELD, control=JobControl()) == b"file"


def is_lost(sandbox: Sandbox, task: str, **arguments: Any) -> bool:
    """Whether the task makes the file unreadable, and ends the child."""
    sandbox.check()
    pid = sandbox.pid
    assert pid is not None
    with pytest.raises(InputUnreadable) as caught:
        run(sandbox, task, **arguments)
    assert caught.value.message == LOST
    assert [fault.path for fault in caught.value.faults] == [FIELD]
    return sandbox.pid is None and not is_running(pid)


@pytest.mark.parametrize(("task", "arguments"), [("segfault", {}), ("abort", {}), ("leave", {"code": 0}), ("grow", {})])
def test_a_crash_costs_one_file(sandbox: Sandbox, task: str, arguments: dict[str, Any]) -> None:
    assert is_lost(sandbox, task, **arguments)


def test_a_child_that_was_started_before_is_the_one_that_serves() -> None:
    sandbox = new_sandbox()
    sandbox.start()
    pid = sandbox.pid
    assert pid is not None
    sandbox.start()
    sandbox.check()
    assert sandbox.pid == pid
    assert decodes(sandbox)
    sandbox.close()


def test_a_child_that_is_killed_in_the_middle_costs_one_file(sandbox: Sandbox) -> None:
    sandbox.check()
    assert sandbox.pid is not None
    timer = threading.Timer(0.2, os.kill, (sandbox.pid, signal.SIGKILL))
    timer.start()
    assert is_lost(sandbox, "stall")
    timer.join()


def test_a_child_that_was_killed_between_two_files_costs_none(sandbox: Sandbox) -> None:
    for _ in range(5):
        sandbox.check()
        assert sandbox.pid is not None
        os.kill(sandbox.pid, signal.SIGKILL)
        assert decodes(sandbox)


def test_many_crashes_in_a_row_leave_no_process_no_descriptor_and_no_file_behind(sandbox: Sandbox) -> None:
    sandbox.close()
    before = (children(), open_descriptors(), named_shared_memory())
    for _ in range(8):
        assert is_lost(sandbox, "leave", code=3)
    assert (children(), open_descriptors(), named_shared_memory()) == before


@pytest.mark.parametrize("task", ["loop", "stall"])
def test_an_endless_task_is_ended_by_the_worker(task: str) -> None:
    sandbox = new_sandbox(seconds=0.3)
    sandbox.check()
    begin = time.monotonic()
    assert is_lost(sandbox, task)
    assert time.monotonic() - begin < 3
    assert decodes(sandbox)
    sandbox.close()


@pytest.mark.parametrize(
    "packet",
    [
        "",
        "no json",
        "[" * 4000,
        "[]",
        "7",
        "\x00",
        '{"state": "taken"}',
        '{"state": "ready", "confined": true}',
        '{"state": "done"}',
        '{"state": "done", "bytes": 1001, "fields": {}}',
        '{"state": "done", "bytes": -1, "fields": {}}',
        '{"state": "done", "bytes": true, "fields": {}}',
        '{"state": "done", "bytes": 1e400, "fields": {}}',
        '{"state": "done", "bytes": "6", "fields": {}}',
        '{"state": "done", "bytes": 6, "fields": []}',
        '{"state": "refused", "code": "gpu_failed", "message": "must go"}',
        '{"state": "refused", "code": "internal", "message": "must go"}',
        '{"state": "refused", "code": "input_refused", "message": "two\\nlines"}',
        '{"state": "refused", "code": "input_refused", "message": ["x"]}',
        json.dumps({"state": "refused", "code": "input_refused", "message": "x" * 501}),
        '{"state": "failed", "kind": "no name"}',
    ],
)  # fmt: skip
def test_what_is_no_reply_counts_as_a_crash(sandbox: Sandbox, packet: str) -> None:
    assert is_lost(sandbox, "say", packet=packet, length=0)


def test_a_packet_that_is_too_long_counts_as_a_crash(sandbox: Sandbox) -> None:
    assert is_lost(sandbox, "say", packet='{"state": "done", "bytes": 0, "fields": {}}', length=4097)


def test_pixels_that_the_child_can_still_change_are_not_taken(sandbox: Sandbox) -> None:
    assert is_lost(sandbox, "keep_writing")


def test_shared_memory_cannot_be_shrunk_under_the_worker(sandbox: Sandbox) -> None:
    assert run(sandbox, "shrink") == {"shrink": "PermissionError"}


def test_a_value_that_cannot_be_made_of_the_reply_counts_as_a_crash(sandbox: Sandbox) -> None:
    def accept(_: Mapping[str, Any], __: memoryview) -> None:
        raise ValueError

    pid = sandbox.pid
    with pytest.raises(InputUnreadable):
        sandbox.run("use_a_thread", b"", {}, accept, path=FIELD, control=JobControl())
    assert sandbox.pid is None
    assert pid is None or not is_running(pid)


def test_a_word_that_nobody_asked_for_does_not_become_the_next_reply(sandbox: Sandbox) -> None:
    forged = ('{"state": "taken"}', '{"state": "done", "bytes": 0, "fields": {"kept": "of another file"}}')
    run(sandbox, "say_later", packets=forged)
    pid = sandbox.pid
    time.sleep(0.2)
    assert run(sandbox, "use_a_thread") == {"kept": "from the thread"}
    assert sandbox.pid != pid


def test_a_refusal_names_the_workers_field_and_keeps_the_child(sandbox: Sandbox) -> None:
    sandbox.check()
    pid = sandbox.pid
    with pytest.raises(InputRefused) as caught:
        run(sandbox, "fail", kind="InputRefused", message="must be smaller")
    assert caught.value.message == f"{FIELD} must be smaller"
    assert sandbox.pid == pid


@pytest.mark.parametrize("kind", ["KeyError", "GpuFailed"])
def test_an_error_that_is_none_of_the_files_is_ours(sandbox: Sandbox, kind: str) -> None:
    with pytest.raises(SandboxFailed) as caught:
        run(sandbox, "fail", kind=kind, message="/a/path")
    assert caught.value.message == "Input files cannot be decoded: the decoder failed"
    assert (caught.value.code, caught.value.caller_fault) == ("internal", False)
    assert kind in str(caught.value.__cause__)
    assert sandbox.pid is None


def test_a_cancelled_job_takes_its_child_along(sandbox: Sandbox) -> None:
    sandbox.check()
    pid = sandbox.pid
    assert pid is not None
    begin = time.monotonic()
    with pytest.raises(Cancelled):
        run(sandbox, "loop", JobControl(is_cancelled=lambda: time.monotonic() > begin + 0.2))
    assert time.monotonic() - begin < 2
    assert not is_running(pid)


def test_a_jobs_deadline_counts_while_a_file_is_decoded(sandbox: Sandbox) -> None:
    with pytest.raises(DeadlineExceeded):
        run(sandbox, "stall", JobControl(deadline=time.monotonic() + 0.2))


def test_a_job_waits_for_its_turn_only_as_long_as_it_may(sandbox: Sandbox) -> None:
    sandbox.check()
    busy, enough = threading.Event(), threading.Event()

    def cancelled() -> bool:
        busy.set()
        return enough.is_set()

    def occupy() -> None:
        with pytest.raises(Cancelled):
            run(sandbox, "stall", JobControl(is_cancelled=cancelled))

    other = threading.Thread(target=occupy)
    other.start()
    assert busy.wait(5)
    with pytest.raises(DeadlineExceeded):
        run(sandbox, "use_a_thread", JobControl(deadline=time.monotonic() + 0.1))
    enough.set()
    other.join()


def test_a_child_is_replaced_after_its_share() -> None:
    sandbox = new_sandbox(requests=2)
    pids = []
    for _ in range(5):
        sandbox.check()
        pids.append(sandbox.pid)
        run(sandbox, "use_a_thread")
    sandbox.close()
    assert pids[0] == pids[1] != pids[2] == pids[3] != pids[4]


@pytest.mark.parametrize("module", ["tests.support.no_such_module", "tests.support.processes"])
def test_a_child_that_does_not_start_is_no_fault_of_the_file(module: str) -> None:
    sandbox = Sandbox(module=module, limits=LIMITS)
    with pytest.raises(SandboxFailed) as caught:
        run(sandbox, "echo")
    assert caught.value.message == "Input files cannot be decoded: the decoding process does not start"
    with pytest.raises(SandboxFailed):
        sandbox.check()


def test_a_start_that_takes_too_long_is_given_up() -> None:
    sandbox = new_sandbox(start_seconds=0.001)
    with pytest.raises(SandboxFailed):
        sandbox.check()
    assert sandbox.pid is None


def test_a_sandbox_that_nobody_holds_ends_its_child() -> None:
    sandbox = new_sandbox()
    sandbox.check()
    pid = sandbox.pid
    assert pid is not None
    del sandbox
    assert until(lambda: pid not in children())
