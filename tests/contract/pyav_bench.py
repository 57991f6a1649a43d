"""What the suites of PyAvEncoder share, whatever the format."""

from pathlib import Path

import pytest
from typing_extensions import override

from adapters.encoder.config import EncoderConfig
from adapters.encoder.pyav import PyAvEncoder
from application.ports.encoder import Encoder
from tests.contract.encoder_bench import EncoderBench, Summarise, Summary


class PyAvBench(EncoderBench):
    """Subclasses say how a file of their format is read."""

    def read(self, file: Path) -> Summary:
        """What is in `file`, by other means than the encoder's own."""
        raise NotImplementedError

    @pytest.fixture
    @override
    def encoder(self) -> Encoder:
        return PyAvEncoder(EncoderConfig())

    @pytest.fixture
    @override
    def summarise(self) -> Summarise:
        return self.read
