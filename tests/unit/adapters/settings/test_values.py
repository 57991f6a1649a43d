"""What each kind of variable takes and refuses."""

import ipaddress
from pathlib import Path
from typing import get_args

import pytest

from adapters.encoder.config import Preset
from adapters.settings.environment import read_settings
from adapters.video_model.config import BUILTIN_MODELS
from adapters.video_model.tiny.configuration import CHECKPOINTS
from tests.unit.adapters.settings.environments import LOCAL, SUPABASE, faults


@pytest.mark.parametrize("text", ["true", "1", "yes", "on", "TRUE", "Yes"])
def test_words_for_true(text: str) -> None:
    assert read_settings(LOCAL | {"INPUT_ALLOW_HTTP": text}).http.allow_http is True


@pytest.mark.parametrize("text", ["false", "0", "no", "off", "FALSE", "Off"])
def test_words_for_false(text: str) -> None:
    assert read_settings(LOCAL | {"MODEL_DOWNLOAD": text}).model.download is False


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("MODEL_DOWNLOAD", "maybe", "must be true or false (also 1/0, yes/no, on/off), got 'maybe'"),
        ("MAX_NUM_FRAMES", "12.5", "must be a whole number, 1 or more, got '12.5'"),
        ("MAX_NUM_FRAMES", "1_000", "must be a whole number, 1 or more, got '1_000'"),
        ("MAX_NUM_FRAMES", "١٢", "must be a whole number, 1 or more, got '١٢'"),
        ("MAX_NUM_FRAMES", "9" * 100, "must be a whole number, 1 or more, got '" + "9" * 59 + "…'"),
        ("MAX_PIXELS", "4095", "must be a whole number, 4096 or more, got '4095'"),
        ("MAX_SECONDS", "inf", "must be a number, 1 or more, got 'inf'"),
        ("MAX_SECONDS", "nan", "must be a number, 1 or more, got 'nan'"),
        ("MAX_SECONDS", "1e3", "must be a number, 1 or more, got '1e3'"),
        ("DEVICE", "cuda:", "must be cuda, cuda:N or cpu, got 'cuda:'"),
        ("MP4_ENCODING", "best", "must be balanced or fast, got 'best'"),
        (
            "MP4_PRESET",
            "warp",
            f"must be {', '.join(get_args(Preset)[:-1])} or placebo, got 'warp'",
        ),
        ("MP4_CRF", "0", "must be a whole number, 1 to 51, got '0'"),
        ("MP4_CRF", "52", "must be a whole number, 1 to 51, got '52'"),
        ("MP4_CRF", "18.5", "must be a whole number, 1 to 51, got '18.5'"),
        ("LOG_LEVEL", "trace", "must be debug, info, warning or error, got 'trace'"),
        (
            "MODEL_NAME",
            "builtin/huge",
            f"must be a built-in model ({', '.join(BUILTIN_MODELS)}) or a Hub name, got 'builtin/huge'",
        ),
    ],
)
def test_a_wrong_value_is_told_with_what_is_accepted(name: str, text: str, message: str) -> None:
    assert faults(LOCAL | {name: text}) == {name: message}


@pytest.mark.parametrize(
    "name", ["LTX-2", "a/b/c", "../b", "a/..", "a--b/c", "a b/c", "org/", "/x", "https://hf.co/a/b"]
)
def test_a_model_name_is_a_hub_name(name: str) -> None:
    assert list(faults(LOCAL | {"MODEL_NAME": name})) == ["MODEL_NAME"]


@pytest.mark.parametrize("name", ["Lightricks/LTX-2.3", "org_1/model.v1-dev", *BUILTIN_MODELS])
def test_good_model_names(name: str) -> None:
    assert read_settings(LOCAL | {"MODEL_NAME": name}).model.name == name


def test_the_built_in_models_are_those_that_can_be_built() -> None:
    assert set(BUILTIN_MODELS) == set(CHECKPOINTS)


@pytest.mark.parametrize("prefix", ["..", "a/../b", "a//b", "ä", "a b", "a/.hidden", "/"])
def test_a_prefix_is_made_of_safe_names(prefix: str) -> None:
    assert list(faults(SUPABASE | {"SUPABASE_PREFIX": prefix})) == ["SUPABASE_PREFIX"]


@pytest.mark.parametrize(
    ("texts", "preset", "crf"),
    [
        ({}, "veryfast", 19),
        ({"MP4_ENCODING": "balanced"}, "veryfast", 19),
        ({"MP4_ENCODING": "fast"}, "superfast", 22),
        ({"MP4_ENCODING": "fast", "MP4_PRESET": "medium"}, "medium", 22),
        ({"MP4_ENCODING": "fast", "MP4_CRF": "1"}, "superfast", 1),
        ({"MP4_PRESET": "placebo", "MP4_CRF": "51"}, "placebo", 51),
    ],
)
def test_preset_and_crf_are_those_of_the_encoding_unless_they_are_set(
    texts: dict[str, str], preset: str, crf: int
) -> None:
    encoder = read_settings(LOCAL | texts).encoder
    assert (encoder.preset, encoder.crf) == (preset, crf)


def test_choices_are_taken_in_any_case() -> None:
    settings = read_settings({"HOME": "/root", "STORAGE_BACKEND": "LOCAL", "LOG_LEVEL": "INFO", "DTYPE": "Float32"})
    assert (settings.store.backend, settings.log.level, settings.model.dtype) == ("local", "info", "float32")


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({}, "/home/me/.cache/huggingface/hub"),
        ({"XDG_CACHE_HOME": "/xdg"}, "/xdg/huggingface/hub"),
        ({"HF_HOME": "/hf"}, "/hf/hub"),
        ({"HF_HOME": "~/hf"}, "/home/me/hf/hub"),
        ({"HF_HUB_CACHE": "/hub"}, "/hub"),
        ({"HF_HUB_CACHE": "/hub", "HF_HOME": "/hf", "TRANSFORMERS_CACHE": "/old"}, "/hub"),
        ({"HF_HOME": "/hf", "TRANSFORMERS_CACHE": "/old"}, "/hf/hub"),
        ({"TRANSFORMERS_CACHE": "/old"}, "/old"),
        ({"HF_HOME": " ", "TRANSFORMERS_CACHE": "", "HF_HUB_CACHE": "."}, "."),
    ],
)
def test_where_the_hubs_cache_is(environ: dict[str, str], folder: str) -> None:
    assert read_settings(LOCAL | environ).model.hub_cache == Path(folder)


def test_without_a_home_the_hubs_cache_must_be_named() -> None:
    assert faults({"STORAGE_BACKEND": "local"}) == {
        "HF_HOME": "must not begin with ~ where HOME is not set, got '~/.cache/huggingface'"
    }
    assert read_settings({"STORAGE_BACKEND": "local", "HF_HOME": "/hf"}).model.hub_cache == Path("/hf/hub")


def test_private_hosts_are_names_and_blocks() -> None:
    text = "Minio.Internal., 10.0.0.0/8 ,, 192.168.1.7, fd00::/8, my_service"
    http = read_settings(LOCAL | {"INPUT_ALLOW_PRIVATE_HOSTS": text}).http
    assert http.private_hosts == {"minio.internal", "my_service"}
    assert [str(network) for network in http.private_networks] == ["10.0.0.0/8", "192.168.1.7/32", "fd00::/8"]
    assert isinstance(http.private_networks[2], ipaddress.IPv6Network)


@pytest.mark.parametrize(
    "item",
    [
        "10.0.0.1/8",
        "*.internal",
        "host:80",
        "http://host",
        "a/b",
        "-a",
        "a..b",
        "2130706433",
        "0x7f000001",
        "127.1",
        "a" * 64,
    ],
)
def test_what_is_no_private_host(item: str) -> None:
    message = faults(LOCAL | {"INPUT_ALLOW_PRIVATE_HOSTS": f"good, {item}"})["INPUT_ALLOW_PRIVATE_HOSTS"]
    assert "item 2 is neither" in message
