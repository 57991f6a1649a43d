"""What a snapshot must have is known by name, and nothing else is asked for."""

from pathlib import Path
from typing import Any

import pytest

from adapters.video_model.diffusers.inventory import missing_files, parts
from tests.unit.adapters.video_model.snapshots import DECLARED, DIFFUSERS, FILES, write, write_shards, write_snapshot


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_snapshot(tmp_path / "snapshot")


def missing(root: Path, *, enhancer: bool = False) -> tuple[str, ...]:
    return missing_files(root, enhancer=enhancer)


def names(root: Path, *, enhancer: bool = False) -> list[str]:
    return [part.name for part in parts(root, enhancer=enhancer)]


def kind(root: Path, name: str) -> tuple[str, str]:
    (part,) = (part for part in parts(root, enhancer=True) if part.name == name)
    return part.library, part.kind


def test_a_whole_snapshot_lacks_nothing(root: Path) -> None:
    assert missing(root) == ()


@pytest.mark.parametrize("file", [*FILES, "model_index.json"])
def test_a_missing_file_is_named(root: Path, file: str) -> None:
    (root / file).unlink()
    assert missing(root) == (file,)


def test_either_kind_of_tokenizer_file_will_do(root: Path) -> None:
    (root / "tokenizer" / "tokenizer.json").rename(root / "tokenizer" / "tokenizer.model")
    assert missing(root) == ()


def test_weights_of_another_precision_or_format_are_not_the_weights(root: Path) -> None:
    vae = root / "vae"
    (vae / DIFFUSERS).rename(vae / "diffusion_pytorch_model.fp16.safetensors")
    (vae / "diffusion_pytorch_model.bin").touch()
    assert missing(root) == (f"vae/{DIFFUSERS}",)


@pytest.mark.parametrize(("component", "stem"), [("text_encoder", "model"), ("vae", "diffusion_pytorch_model")])
def test_every_shard_that_the_index_names_is_needed(root: Path, component: str, stem: str) -> None:
    write_shards(root, component, stem, ("one.safetensors", "two.safetensors"))
    assert missing(root) == ()
    (root / component / "two.safetensors").unlink()
    assert missing(root) == (f"{component}/two.safetensors",)


@pytest.mark.parametrize(("component", "stem"), [("text_encoder", "model"), ("vae", "diffusion_pytorch_model")])
def test_shards_without_their_index_are_no_weights(root: Path, component: str, stem: str) -> None:
    write_shards(root, component, stem, ("one.safetensors", "two.safetensors"))
    (root / component / f"{stem}.safetensors.index.json").unlink()
    assert missing(root) == (f"{component}/{stem}.safetensors",)


def test_with_both_an_index_and_a_single_file_the_one_that_the_library_reads_counts(root: Path) -> None:
    for component, stem in (("text_encoder", "model"), ("vae", "diffusion_pytorch_model")):
        write_shards(root, component, stem, ("one.safetensors",))
        write(root, f"{component}/{stem}.safetensors")
    read = {part.name: [file.name for file in part.weights] for part in parts(root, enhancer=False)}
    assert read["text_encoder"] == ["model.safetensors"]
    assert read["vae"] == ["one.safetensors"]


@pytest.mark.parametrize("content", [[], {}, {"weight_map": []}, {"weight_map": {}}])
def test_a_broken_index_is_named(root: Path, content: Any) -> None:
    write_shards(root, "vae", "diffusion_pytorch_model", ())
    write(root, "vae/diffusion_pytorch_model.safetensors.index.json", content)
    assert missing(root) == ("vae/diffusion_pytorch_model.safetensors.index.json",)


def test_a_link_to_a_blob_that_was_never_downloaded_is_missing(root: Path, tmp_path: Path) -> None:
    weights = root / "vae" / DIFFUSERS
    weights.unlink()
    weights.symlink_to(tmp_path / "no-such-blob")
    assert missing(root) == (f"vae/{DIFFUSERS}",)


@pytest.mark.parametrize("entry", [None, [None, None], ["diffusers"], "diffusers"])
def test_a_component_that_is_not_declared_is_named(tmp_path: Path, entry: Any) -> None:
    root = write_snapshot(tmp_path / "snapshot", {**DECLARED, "vae": entry})
    assert missing(root) == ("vae in model_index.json",)


def test_what_a_job_needs_first_comes_first(root: Path) -> None:
    order = [name for name in names(root) if (root / name / "config.json").exists()]
    assert order == ["text_encoder", "connectors", "transformer", "vae", "audio_vae", "vocoder"]


def test_null_entries_other_folders_and_files_at_the_root_are_no_components(root: Path) -> None:
    for file in ("transformer_full/config.json", "diffusion_decoder/config.json", "ltx-2-19b-dev.safetensors"):
        write(root, file)
    assert missing(root) == ()
    assert {"processor", "transformer_full", "diffusion_decoder"}.isdisjoint(names(root))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("latent_upsampler", ("ltx2", "LTX2LatentUpsamplerModel")),
        ("temporal_upsampler", ("ltx2", "LTX2LatentUpsamplerModel")),
        ("duration_head", ("ltx2", "LTX2DurationHead")),
    ],
)
def test_a_folder_is_enough_for_an_optional_component_and_half_of_one_is_incomplete(
    root: Path, name: str, expected: tuple[str, str]
) -> None:
    write(root, f"{name}/config.json")
    assert missing(root) == (f"{name}/{DIFFUSERS}",)
    write(root, f"{name}/{DIFFUSERS}")
    assert missing(root) == ()
    assert kind(root, name) == expected


def test_an_optional_component_that_is_declared_must_be_there(tmp_path: Path) -> None:
    declared = {**DECLARED, "duration_head": ["ltx2", "D"], "processor": ["transformers", "P"]}
    root = write_snapshot(tmp_path / "snapshot", declared)
    assert missing(root) == (
        "processor/tokenizer_config.json",
        "processor/tokenizer.json",
        "processor/processor_config.json",
        "duration_head/config.json",
        f"duration_head/{DIFFUSERS}",
    )
    assert kind(root, "duration_head") == ("ltx2", "D")


@pytest.mark.parametrize("file", ["processor_config.json", "preprocessor_config.json"])
def test_a_processor_that_no_index_declares_says_its_class_itself(root: Path, file: str) -> None:
    write(root, "processor/tokenizer_config.json")
    write(root, "processor/tokenizer.json")
    write(root, f"processor/{file}", {"processor_class": "Gemma3Processor"})
    assert missing(root) == ()
    assert kind(root, "processor") == ("transformers", "Gemma3Processor")


def test_the_prompt_enhancer_counts_only_where_it_is_asked_for(tmp_path: Path) -> None:
    root = write_snapshot(tmp_path / "snapshot", {**DECLARED, "prompt_enhancer": ["transformers", "P"]})
    assert missing(root) == ()
    assert "prompt_enhancer" not in names(root)
    assert missing(root, enhancer=True) == ("prompt_enhancer/config.json", "prompt_enhancer/model.safetensors")


def test_where_there_is_no_prompt_enhancer_none_is_missed(root: Path) -> None:
    assert missing(root, enhancer=True) == ()
