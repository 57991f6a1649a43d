"""The contract on real diffusers classes: both tiny checkpoints, in both number formats."""

from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from application.ports.video_model import VideoModel
from tests.contract.video_model_contract import VideoModelContract
from tests.support.tiny import tiny_model

_MODELS: dict[tuple[str, str], VideoModel] = {}


class TestDiffusersModel(VideoModelContract):
    @pytest.fixture(params=[("builtin/tiny", "float32"), ("builtin/tiny", "bfloat16"), ("builtin/tiny-2.3", "float32")])
    @override
    def model(self, request: pytest.FixtureRequest, hub_cache: Path) -> VideoModel:
        """One model for all cases, as in production: what one leaves behind, the next would notice."""
        key: Any = request.param
        if key not in _MODELS:
            _MODELS[key] = tiny_model(hub_cache, *key)
        return _MODELS[key]
