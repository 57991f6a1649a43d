"""The contract on real diffusers classes: every tiny checkpoint, and both number formats."""

from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from adapters.video_model.config import DataType
from application.ports.video_model import VideoModel
from tests.contract.video_model_capabilities_contract import (
    DescribingContract,
    EnhancingContract,
    PredictingContract,
    TwoStageContract,
)
from tests.contract.video_model_conditions_contract import ConditionsContract
from tests.contract.video_model_contract import VideoModelContract
from tests.contract.video_model_sources_contract import SourcesContract
from tests.support.tiny import tiny_model

_KEYS: Any = [
    ("builtin/tiny", "float32"),
    ("builtin/tiny", "bfloat16"),
    ("builtin/tiny-2.3", "float32"),
    ("builtin/tiny-2.5", "float32"),
]
_MODELS: dict[tuple[str, str], VideoModel] = {}


def shared_model(key: tuple[str, DataType], hub_cache: Path) -> VideoModel:
    """One model for all cases, as in production: what one leaves behind, the next would notice."""
    if key not in _MODELS:
        _MODELS[key] = tiny_model(hub_cache, *key)
    return _MODELS[key]


class TestDiffusersModel(VideoModelContract, ConditionsContract, SourcesContract, TwoStageContract):
    @pytest.fixture(params=_KEYS)
    @override
    def model(self, request: pytest.FixtureRequest, hub_cache: Path) -> VideoModel:
        return shared_model(request.param, hub_cache)


class TestTheDescriptionByFiles(DescribingContract):
    @pytest.fixture(params=_KEYS[1:])
    def unloaded(self, request: pytest.FixtureRequest, hub_cache: Path) -> VideoModel:
        return tiny_model(hub_cache, *request.param)


class TestDiffusersModelThatEnhances(EnhancingContract):
    @pytest.fixture(params=[_KEYS[0], _KEYS[2]])
    def model(self, request: pytest.FixtureRequest, hub_cache: Path) -> VideoModel:
        return shared_model(request.param, hub_cache)


class TestDiffusersModelThatPredicts(PredictingContract):
    @pytest.fixture
    def model(self, hub_cache: Path) -> VideoModel:
        return shared_model(("builtin/tiny-2.5", "float32"), hub_cache)
