"""The tiny checkpoints through diffusers' own pipelines, as any checkpoint would be used."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import PIL.Image
import pytest
import torch
from diffusers import LTX2LatentUpsamplePipeline, LTX2Pipeline
from diffusers.pipelines.ltx2.latent_upsampler import LTX2LatentUpsamplerModel
from diffusers.pipelines.ltx2.utils import DISTILLED_SIGMA_VALUES

from adapters.video_model.diffusers.still_image_processor import StillImageProcessor
from adapters.video_model.tiny.adapter import LORA_FILE
from adapters.video_model.tiny.checkpoint import save_checkpoint
from adapters.video_model.tiny.configuration import CHECKPOINTS

_ROOT = Path(__file__).parents[2]
_COMMON = {
    "vae": "AutoencoderKLLTX2Video",
    "audio_vae": "AutoencoderKLLTX2Audio",
    "connectors": "LTX2TextConnectors",
    "transformer": "LTX2VideoTransformer3DModel",
    "tokenizer": "GemmaTokenizer",
    "scheduler": "FlowMatchEulerDiscreteScheduler",
}
_GEMMA_3 = {"text_encoder": "Gemma3ForConditionalGeneration", "processor": "Gemma3Processor"}
_GEMMA_4 = {
    "text_encoder": "Gemma4UnifiedForConditionalGeneration",
    "prompt_enhancer": "Gemma4ForConditionalGeneration",
}
_CLASSES = {
    "builtin/tiny": {**_COMMON, **_GEMMA_3, "vocoder": "LTX2Vocoder"},
    "builtin/tiny-2.3": {**_COMMON, **_GEMMA_3, "vocoder": "LTX2VocoderWithBWE"},
    "builtin/tiny-2.5": {
        **_COMMON,
        **_GEMMA_4,
        "vocoder": "LTX2VocoderWithBWE",
        "duration_head": "LTX2DurationHead",
    },
}
_DEV = ("builtin/tiny", "builtin/tiny-2.3")
_UNGUIDED = {
    f"{modality}{scale}": value
    for modality in ("", "audio_")
    for scale, value in {"guidance_scale": 1, "stg_scale": 0, "modality_scale": 1, "guidance_rescale": 0}.items()
}
_SAVE_ALL = """
import pathlib, sys
from adapters.video_model.tiny.checkpoint import save_checkpoint
from adapters.video_model.tiny.configuration import CHECKPOINTS
for name, checkpoint in CHECKPOINTS.items():
    save_checkpoint(checkpoint, pathlib.Path(sys.argv[1]) / name)
"""


@attrs.frozen
class _Loaded:
    name: str
    folder: Path
    pipeline: Any

    @property
    def text_pipeline(self) -> Any:
        """With the processor that `model_index.json` does not name."""
        if self.pipeline.processor is not None:
            return self.pipeline
        processor = StillImageProcessor.from_pretrained(self.folder / "processor")
        return LTX2Pipeline(**{**self.pipeline.components, "processor": processor})

    def run(self, **changes: Any) -> Any:
        arguments = {
            "prompt": "a cat",
            "height": 64,
            "width": 64,
            "num_frames": 9,
            "frame_rate": 24.0,
            "sigmas": DISTILLED_SIGMA_VALUES,
            "generator": torch.Generator().manual_seed(1),
            "output_type": "np",
            "return_dict": False,
            **_UNGUIDED,
        }
        return self.pipeline(**(arguments | changes))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("tiny")
    for name, checkpoint in CHECKPOINTS.items():
        save_checkpoint(checkpoint, root / name)
    return {name: root / name for name in CHECKPOINTS}


@pytest.fixture(scope="module")
def all_loaded(folders: dict[str, Path]) -> dict[str, _Loaded]:
    loaded = {}
    for name, folder in folders.items():
        pipeline = LTX2Pipeline.from_pretrained(folder, local_files_only=True)
        pipeline.set_progress_bar_config(disable=True)
        loaded[name] = _Loaded(name, folder, pipeline)
    return loaded


@pytest.fixture(params=list(CHECKPOINTS))
def loaded(all_loaded: dict[str, _Loaded], request: pytest.FixtureRequest) -> _Loaded:
    return all_loaded[request.param]


@pytest.fixture(autouse=True)
def _own_random_state() -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):  # enhance_prompt seeds the global generator
        yield


def _digests(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.soak
def test_another_process_writes_the_same_bytes(folders: dict[str, Path], tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "OMP_NUM_THREADS": "2"}
    command = [sys.executable, "-W", "error", "-c", _SAVE_ALL, str(tmp_path)]
    process = subprocess.run(command, cwd=_ROOT, env=environment, check=True, capture_output=True, text=True)
    assert process.stdout + process.stderr == ""
    for name, folder in folders.items():
        assert len(_digests(folder)) > 20
        assert _digests(tmp_path / name) == _digests(folder)


def test_saving_leaves_the_global_random_state_alone(tmp_path: Path) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    save_checkpoint(CHECKPOINTS["builtin/tiny"], tmp_path)
    assert torch.equal(torch.rand(3), expected)


def test_it_loads_with_real_components_and_is_small(loaded: _Loaded) -> None:
    components = {name: type(part).__name__ for name, part in loaded.pipeline.components.items() if part is not None}
    assert components == _CLASSES[loaded.name]
    size = sum(path.stat().st_size for path in loaded.folder.rglob("*") if path.is_file())
    assert 5e6 < size < 15e6


def test_what_is_beside_the_pipeline_is_not_in_its_index(loaded: _Loaded) -> None:
    index = json.loads((loaded.folder / "model_index.json").read_text())
    assert "latent_upsampler" not in index
    assert (loaded.folder / LORA_FILE).is_file() == (loaded.name in _DEV)
    assert index["processor"] == (["transformers", "Gemma3Processor"] if loaded.name in _DEV else [None, None])


def test_text_to_video_with_the_distilled_sigmas(loaded: _Loaded) -> None:
    video, audio = loaded.run()
    assert video.shape == (1, 9, 64, 64, 3)
    assert np.isfinite(video).all()
    assert video.std() > 0.01
    rate = loaded.pipeline.vocoder.config.output_sampling_rate
    assert rate == (24_000 if loaded.name == "builtin/tiny" else 48_000)
    latents = round(25 * 9 / 24)
    assert audio.shape == (1, 2, (4 * latents - 3) * rate // 100)
    assert torch.isfinite(audio).all()
    assert audio.std() > 0
    ran_as_given = np.allclose(loaded.pipeline.scheduler.sigmas, [*DISTILLED_SIGMA_VALUES, 0])
    assert ran_as_given == (loaded.name == "builtin/tiny-2.5")


def test_the_prompt_changes_the_clip(loaded: _Loaded) -> None:
    one, other = (loaded.run(prompt=prompt, output_type="latent")[0] for prompt in ("a cat", "two dogs"))
    assert not torch.equal(one, other)


def test_the_upsampler_doubles_the_sides(loaded: _Loaded) -> None:
    upsampler = LTX2LatentUpsamplerModel.from_pretrained(loaded.folder, subfolder="latent_upsampler")
    assert upsampler.config.use_rational_resampler == (loaded.name == "builtin/tiny")
    pipeline = LTX2LatentUpsamplePipeline(vae=loaded.pipeline.vae, latent_upsampler=upsampler)
    latents = torch.randn(1, 16, 2, 2, 3, generator=torch.Generator().manual_seed(1))
    larger = pipeline(latents=latents, height=64, width=96, num_frames=9, output_type="latent", return_dict=False)[0]
    assert larger.shape == (1, 16, 2, 4, 6)
    assert larger.std() > 0.01


def test_one_has_an_upsampler_that_doubles_the_frames_but_for_the_first(folders: dict[str, Path]) -> None:
    assert [name for name, folder in folders.items() if (folder / "temporal_upsampler").is_dir()] == [
        "builtin/tiny-2.3"
    ]
    upsampler = LTX2LatentUpsamplerModel.from_pretrained(folders["builtin/tiny-2.3"], subfolder="temporal_upsampler")
    latents = torch.randn(1, 16, 3, 2, 3, generator=torch.Generator().manual_seed(1))
    longer = upsampler(latents)
    assert longer.shape == (1, 16, 5, 2, 3)
    assert longer.std() > 0.01


@pytest.mark.parametrize("name", _DEV)
def test_the_lora_changes_the_clip_and_leaves_without_a_trace(all_loaded: dict[str, _Loaded], name: str) -> None:
    loaded = all_loaded[name]
    before = loaded.run(output_type="latent")
    loaded.pipeline.load_lora_weights(loaded.folder, weight_name=LORA_FILE)
    try:
        with_lora = loaded.run(output_type="latent")
        blocks = loaded.pipeline.transformer.transformer_blocks
        bare = [name for name, layer in blocks.named_modules() if _is_bare_linear(name, layer)]
    finally:
        loaded.pipeline.unload_lora_weights()
    after = loaded.run(output_type="latent")
    assert bare == []
    for without, changed, again in zip(before, with_lora, after, strict=True):
        assert torch.equal(without, again)
        assert (without - changed).std() > 0.05 * without.std()


def _is_bare_linear(name: str, layer: torch.nn.Module) -> bool:
    """Whether a layer has no LoRA: PEFT moves what it wraps to `base_layer`, its own lie in `lora_A` and `lora_B`."""
    is_wrapped = name.endswith(".base_layer") or ".lora_" in name
    return type(layer) is torch.nn.Linear and not is_wrapped


def test_the_tokenizer_writes_back_any_prompt(loaded: _Loaded) -> None:
    tokenizer = loaded.pipeline.tokenizer
    ids = tokenizer("The cat, über alles: 猫! <|video|>").input_ids
    assert ids[0] == tokenizer.bos_token_id
    assert tokenizer.unk_token_id not in ids
    assert max(ids) < loaded.pipeline.text_encoder.config.text_config.vocab_size
    assert tokenizer.decode(ids[1:]) == "The cat, über alles: 猫! <|video|>"


@pytest.mark.parametrize("prompt", ["a cat", "", "a long walk " * 50])
def test_the_duration_head_predicts_two_seconds(all_loaded: dict[str, _Loaded], prompt: str) -> None:
    pipeline = all_loaded["builtin/tiny-2.5"].pipeline
    with torch.no_grad():
        embeddings, mask, *_ = pipeline.encode_prompt(prompt, do_classifier_free_guidance=False)
        video, audio, _ = pipeline.connectors(embeddings, mask, padding_side="left")
        rate = {"frame_rate": 24.0, "temporal_compression_ratio": 8}
        assert pipeline.duration_head.predict_num_frames(video, audio, **rate) == 49
        assert pipeline.duration_head.predict_num_frames(video, audio, **rate, min_seconds=3.0) == 73


@pytest.mark.parametrize("size", [None, (320, 180), (64, 96)], ids=["text", "wide", "tall"])
def test_an_enhanced_prompt_is_printable_text(loaded: _Loaded, size: tuple[int, int] | None) -> None:
    image = None if size is None else PIL.Image.new("RGB", size, "red")

    def enhance(prompt: str, **arguments: Any) -> str:
        (text,) = loaded.text_pipeline.enhance_prompt(prompt, "Describe a film.", image=image, **arguments)
        assert isinstance(text, str)
        return text

    texts = [enhance("a cat", max_new_tokens=8), enhance("a cat"), enhance("a dog in the rain")]
    assert all(text[0].isalpha() and text.isprintable() for text in texts)
    assert 1 < len(texts[0]) < len(texts[1]) < 120
    assert texts[1] != texts[2]


def test_the_picture_has_a_say_in_the_enhanced_prompt(loaded: _Loaded) -> None:
    pictures = [PIL.Image.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
    texts = {loaded.text_pipeline.enhance_prompt("a cat", "Describe.", 32, image=picture)[0] for picture in pictures}
    assert len(texts) == 2
