"""Which file a request's adapter is; nothing outside of the folder and of the cache is opened."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from typing_extensions import override

from adapters.video_model.config import ModelConfig
from adapters.video_model.diffusers.lora.library import LoraLibrary
from adapters.video_model.snapshot import RepositoryCache
from domain.errors import InputRefused, InputUnreadable, InvalidInput, ModelUnavailable
from domain.lora import Lora, LoraScale, LoraSource, WeightName
from tests.support.hub_server import COMMIT, HubServer
from tests.support.lora_files import pair, written

NAME = "org/style"
LAYER = "transformer.transformer_blocks.0.attn1.to_q"


def a_lora(path: Path) -> Path:
    return written(path, pair(LAYER, 32, 32))


def named(source: str, weight_name: str | None = None, scale: float = 1.0) -> Lora:
    weights = None if weight_name is None else WeightName(weight_name)
    return Lora(LoraSource(source), weights, LoraScale(scale))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "loras"
    made.mkdir()
    return made


@pytest.fixture
def library(folder: Path, tmp_path: Path) -> LoraLibrary:
    return LoraLibrary(config=ModelConfig(lora_dir=folder, hub_cache=tmp_path / "hub"))


# --- files below LORA_DIR ------------------------------------------------------------------------------------------


def test_files_are_found_with_their_scales(library: LoraLibrary, folder: Path) -> None:
    ink, oil = a_lora(folder / "ink.safetensors"), a_lora(folder / "styles" / "oil.safetensors")
    pairs = library.pairs([named("ink.safetensors"), named("styles/oil.safetensors", scale=-0.5)])
    assert pairs == ((ink, 1.0), (oil, -0.5))


@pytest.mark.parametrize(
    "name",
    ["../secret.safetensors", "styles/../../secret.safetensors", "/etc/secret.safetensors", "a/../ink.safetensors"],
)
def test_no_path_leads_out_of_the_folder(library: LoraLibrary, folder: Path, name: str) -> None:
    a_lora(folder.parent / "secret.safetensors")
    a_lora(folder / "ink.safetensors")
    with pytest.raises(InputRefused) as caught:
        library.locate(named(name), "loras[0]")
    assert caught.value.message == "loras[0]: must be a path below LORA_DIR, without '..'"
    assert [fault.path for fault in caught.value.faults] == ["loras[0]"]


def test_no_link_leads_out_of_the_folder(library: LoraLibrary, folder: Path) -> None:
    secret = a_lora(folder.parent / "secret" / "secret.safetensors")
    (folder / "link.safetensors").symlink_to(secret)
    (folder / "linked").symlink_to(secret.parent)
    for name in ("link.safetensors", "linked/secret.safetensors"):
        with pytest.raises(InputRefused, match=r"^loras\[1\]: leads out of LORA_DIR$"):
            library.locate(named(name), "loras[1]")


def test_a_neighbour_whose_name_begins_alike_is_outside(library: LoraLibrary, folder: Path) -> None:
    (folder / "link.safetensors").symlink_to(a_lora(folder.parent / "loras-private" / "a.safetensors"))
    with pytest.raises(InputRefused, match="leads out of LORA_DIR"):
        library.locate(named("link.safetensors"), "loras[0]")


def test_links_inside_are_followed_also_where_the_folder_is_a_link(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "linked").symlink_to(folder)
    target = a_lora(folder / "v2" / "ink.safetensors")
    (folder / "ink.safetensors").symlink_to(target)
    library = LoraLibrary(config=ModelConfig(lora_dir=tmp_path / "linked"))
    assert library.locate(named("ink.safetensors"), "loras[0]") == target


@pytest.mark.parametrize("name", ["pose.safetensors", "a/b/pose.safetensors", "folder.safetensors",
                                  "circle.safetensors", "ink.safetensors/pose.safetensors",
                                  "x" * 243 + ".safetensors"])  # fmt: skip
def test_a_file_that_is_not_there_is_named_without_the_folders_path(
    library: LoraLibrary, folder: Path, name: str
) -> None:
    a_lora(folder / "ink.safetensors")
    (folder / "folder.safetensors").mkdir()
    (folder / "circle.safetensors").symlink_to(folder / "circle.safetensors")
    with pytest.raises(ModelUnavailable) as caught:
        library.locate(named(name), "loras[0]")
    assert caught.value.message == f"loras[0]: no file {name} below LORA_DIR"


def test_a_folder_that_is_not_there_has_no_files(tmp_path: Path) -> None:
    library = LoraLibrary(config=ModelConfig(lora_dir=tmp_path / "missing"))
    with pytest.raises(ModelUnavailable, match=r"no file a\.safetensors below LORA_DIR"):
        library.locate(named("a.safetensors"), "loras[0]")


def test_without_a_folder_no_file_is_taken(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="takes no LoRA files"):
        LoraLibrary(config=ModelConfig(hub_cache=tmp_path)).locate(named("a.safetensors"), "loras[0]")


def test_large_files_are_refused(library: LoraLibrary, folder: Path) -> None:
    size = a_lora(folder / "a.safetensors").stat().st_size
    attrs.evolve(library, max_bytes=size).locate(named("a.safetensors"), "loras[0]")
    with pytest.raises(InputRefused, match=r"loras\[0\]: has 0\.0 GiB, at most"):
        attrs.evolve(library, max_bytes=size - 1).locate(named("a.safetensors"), "loras[0]")


def test_a_damaged_file_is_told_with_its_place_in_the_request(library: LoraLibrary, folder: Path) -> None:
    (folder / "a.safetensors").write_bytes(b"\x80\x04pickle")
    with pytest.raises(InputUnreadable, match=r"^loras\[0\]: is damaged, or no safetensors file$"):
        library.locate(named("a.safetensors"), "loras[0]")


# --- the Hub -------------------------------------------------------------------------------------------------------


def cached(library: LoraLibrary, *files: str, commit: str = "a" * 40) -> Path:
    cache = RepositoryCache.of(library.config.hub_cache, NAME)
    blob = a_lora(cache.root / "blobs" / "blob")
    for file in files:
        link = cache.snapshot(commit) / file
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(blob)
    cache.set_ref("main", commit)
    return cache.snapshot(commit)


def test_the_only_file_of_a_cached_repository_is_meant(library: LoraLibrary) -> None:
    snapshot = cached(library, "sub/a.safetensors", "README.md", "pytorch.bin")
    assert library.locate(named(NAME), "loras[0]") == snapshot / "sub/a.safetensors"


def test_several_files_are_named_and_one_is_asked_for(library: LoraLibrary) -> None:
    snapshot = cached(library, *(f"{letter}.safetensors" for letter in "gfedcba"))
    with pytest.raises(InvalidInput) as caught:
        library.locate(named(NAME), "loras[0]")
    assert [fault.path for fault in caught.value.faults] == ["loras[0].weight_name"]
    assert caught.value.faults[0].message == (
        "must say which file of org/style is meant: "
        "a.safetensors, b.safetensors, c.safetensors, d.safetensors, e.safetensors and 2 more"
    )
    assert library.locate(named(NAME, "g.safetensors"), "loras[0]") == snapshot / "g.safetensors"


def test_what_is_not_cached_is_not_downloaded_unless_allowed(library: LoraLibrary) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        library.locate(named(NAME), "loras[0]")
    assert caught.value.message == "loras[0]: org/style is not in the Hub cache and LORA_DOWNLOAD is false"
    cached(library, "a.safetensors")
    with pytest.raises(ModelUnavailable, match=r"b\.safetensors of org/style is not in the Hub cache"):
        library.locate(named(NAME, "b.safetensors"), "loras[0]")


@pytest.mark.parametrize("name", ["../../../secret.safetensors", "/etc/secret.safetensors", "a/../a.safetensors"])
def test_no_weight_name_leads_out_of_the_repository(library: LoraLibrary, name: str) -> None:
    cached(library, "a.safetensors")
    with pytest.raises(InputRefused, match=r"loras\[0\]\.weight_name: must be a path in the repository"):
        library.locate(named(NAME, name), "loras[0]")


def test_a_link_out_of_the_repositorys_cache_is_no_file_of_it(library: LoraLibrary, tmp_path: Path) -> None:
    snapshot = cached(library, "a.safetensors")
    (snapshot / "b.safetensors").symlink_to(a_lora(tmp_path / "secret.safetensors"))
    assert library.locate(named(NAME), "loras[0]") == snapshot / "a.safetensors"
    with pytest.raises(ModelUnavailable):
        library.locate(named(NAME, "b.safetensors"), "loras[0]")


class SizedHub(HubServer):
    """Tells the files' sizes too, as the real Hub does where it is asked for them."""

    @override
    def description(self) -> dict[str, Any]:
        files = [{"rfilename": file["path"], "size": file["size"]} for file in self.tree()]
        return {"id": self.name, "sha": COMMIT, "siblings": files}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[SizedHub]:
    a_lora(tmp_path / "repository" / "a.safetensors")
    (tmp_path / "repository" / "README.md").write_text("# A style")
    with SizedHub(NAME, tmp_path / "repository") as hub:
        yield hub


@pytest.fixture
def online(library: LoraLibrary, hub: SizedHub) -> LoraLibrary:
    return attrs.evolve(library, config=attrs.evolve(library.config, lora_download=True), hub_endpoint=hub.url)


def fetched(hub: SizedHub) -> list[str]:
    return [file for method, file in hub.requested if method == "GET"]


def test_one_file_is_downloaded_once_and_found_afterwards(
    online: LoraLibrary, library: LoraLibrary, hub: SizedHub
) -> None:
    path = online.locate(named(NAME), "loras[0]")
    assert path.name == "a.safetensors"
    assert online.locate(named(NAME), "loras[0]") == path
    assert online.locate(named(NAME, "a.safetensors"), "loras[0]") == path
    assert fetched(hub) == ["a.safetensors"]
    hub.__exit__(None, None, None)
    assert online.locate(named(NAME, "a.safetensors"), "loras[0]") == path
    assert library.locate(named(NAME), "loras[0]") == path


def test_of_several_files_none_is_guessed_because_it_is_cached(
    online: LoraLibrary, hub: SizedHub, tmp_path: Path
) -> None:
    a_lora(tmp_path / "repository" / "b.safetensors")
    online.locate(named(NAME, "b.safetensors"), "loras[0]")
    with pytest.raises(InvalidInput, match=r"a\.safetensors, b\.safetensors"):
        online.locate(named(NAME), "loras[0]")
    assert fetched(hub) == ["b.safetensors"]


def test_a_cached_repository_stays_at_its_commit(online: LoraLibrary, hub: SizedHub, tmp_path: Path) -> None:
    a_lora(tmp_path / "repository" / "b.safetensors")
    snapshot = cached(online, "model_index.safetensors", commit=COMMIT)
    main = RepositoryCache.of(online.config.hub_cache, NAME).root / "refs" / "main"
    main.write_text(COMMIT + "\n")  # told apart from one that is written anew
    assert online.locate(named(NAME, "b.safetensors"), "loras[0]") == snapshot / "b.safetensors"
    assert main.read_text() == COMMIT + "\n"


def test_large_files_are_not_downloaded(online: LoraLibrary, hub: SizedHub) -> None:
    with pytest.raises(InputRefused, match="at most"):
        attrs.evolve(online, max_bytes=10).locate(named(NAME), "loras[0]")
    assert fetched(hub) == []


def test_a_file_that_the_hub_does_not_have(online: LoraLibrary, hub: SizedHub) -> None:
    with pytest.raises(ModelUnavailable, match=r"loras\[0\]: org/style has no file b\.safetensors$"):
        online.locate(named(NAME, "b.safetensors"), "loras[0]")


@pytest.mark.parametrize("trouble", ["repository", "file", "hub"])
def test_a_download_that_fails_is_told_without_addresses(
    online: LoraLibrary, hub: SizedHub, tmp_path: Path, trouble: str
) -> None:
    hub.missing.update({"a.safetensors"} if trouble == "file" else ())
    if trouble == "hub":
        hub.__exit__(None, None, None)
    source = "org/other" if trouble == "repository" else NAME
    with pytest.raises(ModelUnavailable) as caught:
        online.locate(named(source), "loras[0]")
    assert caught.value.message.startswith(f"loras[0]: {source} could not be downloaded from HuggingFace: ")
    assert "127.0.0.1" not in caught.value.message
    assert str(tmp_path) not in caught.value.message
