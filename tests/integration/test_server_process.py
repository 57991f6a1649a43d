"""A test server that does not start is a failure that shows its log, and none outlives its block."""

import os
import time
from pathlib import Path

import pytest

from tests.support.processes import is_running, until
from tests.support.server_process import Program, ServerFailed, port_in, running


def shell(folder: Path, script: str, seconds: float = 10.0) -> Program:
    return Program(command=["/bin/sh", "-c", script], folder=folder, seconds=seconds)


def test_the_port_is_read_from_the_log(tmp_path: Path) -> None:
    with running(shell(tmp_path, "echo listening on :4711; sleep 60"), port_in(r"on :(\d+)\n")) as port:
        assert port == 4711


@pytest.mark.parametrize(
    ("script", "what"),
    [
        ("echo no such option; exit 3", r"ended at its start with 3\nno such option"),
        ("echo still thinking; sleep 60", r"not up after 0\.3 s\nstill thinking"),
    ],
)
def test_a_server_that_is_not_up_fails_with_its_log(tmp_path: Path, script: str, what: str) -> None:
    with pytest.raises(ServerFailed, match=what), running(shell(tmp_path, script, 0.3), port_in(r"on :(\d+)\n")):
        pytest.fail("it is not up")


def test_a_server_that_ends_while_it_is_needed_fails(tmp_path: Path) -> None:
    with (
        pytest.raises(ServerFailed, match=r"ended by itself with 4"),
        running(shell(tmp_path, "echo on :1; sleep 0.1; exit 4"), port_in(r"on :(\d+)\n")),
    ):
        time.sleep(0.3)


def test_its_children_go_with_it_also_after_an_error(tmp_path: Path) -> None:
    def use(child: int) -> None:
        assert is_running(child)
        raise ValueError

    script = "sleep 60 & echo on :$!; wait"
    with pytest.raises(ValueError), running(shell(tmp_path, script), port_in(r"on :(\d+)\n")) as child:  # noqa: PT011 - ours
        use(child)
    assert until(lambda: not is_running(int((tmp_path / "server.log").read_text().split(":")[1])))


def test_it_sees_no_variable_of_ours(tmp_path: Path) -> None:
    assert set(os.environ) > {"PATH", "HOME"}
    with running(shell(tmp_path, "env | cut -d= -f1; echo on :1; sleep 60"), port_in(r"on :(\d+)\n")):
        names = set((tmp_path / "server.log").read_text().split())
    assert {"PATH", "HOME"} <= names <= {"PATH", "HOME", "PWD", "OLDPWD", "SHLVL", "_", "on", ":1"}
