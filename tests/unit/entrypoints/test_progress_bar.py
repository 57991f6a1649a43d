"""The bar on a terminal, and silence elsewhere."""

import io

from typing_extensions import override

from application.job_control import Place
from application.progress import ProgressUpdate
from entrypoints.progress_bar import progress_bar


class Terminal(io.StringIO):
    @override
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_stage_percentage_and_what_is_left() -> None:
    stream = Terminal()
    with progress_bar(stream) as show:
        show(ProgressUpdate("generate", 12, 30, 34.3, 41.4))
    assert "generate" in stream.getvalue()
    assert "34.3 %  12 of 30 steps, 41 s left" in stream.getvalue()


def test_an_unknown_total_or_estimate_is_left_out() -> None:
    stream = Terminal()
    with progress_bar(stream) as show:
        show(ProgressUpdate("upload", 4096, None, 96.0, None))
    assert "96.0 %  4096 bytes" in stream.getvalue()
    assert "None" not in stream.getvalue()
    assert " left" not in stream.getvalue()


def test_a_file_gets_nothing() -> None:
    stream = io.StringIO()
    with progress_bar(stream) as show:
        show(ProgressUpdate("generate", 12, 30, 34.3, 41.0))
    assert stream.getvalue() == ""


def test_of_several_clips_the_bar_says_which() -> None:
    stream = Terminal()
    with progress_bar(stream) as show:
        show(ProgressUpdate("generate", 12, 30, 34.3, None, Place(3, 8)))
    assert "item 3/8, 12 of 30 steps" in stream.getvalue()
