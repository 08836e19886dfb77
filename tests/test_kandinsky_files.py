"""Adding Kandinsky 2.2: parts found, every file checked, and nothing believed that has changed."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType

import huggingface_hub
import pytest

from assets import added, kandinsky
from assets.kandinsky_parts import INDEX, OF_DIFFUSERS, OF_TRANSFORMERS, PARTS, PartName
from tests import tiny_kandinsky

REVISION = "40cd65123bb828e5641b118b77b38be1aee69891"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_kandinsky.write(tmp_path_factory.mktemp("kandinsky"))


@pytest.fixture
def parts(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the parts, and an empty folder to add them to."""
    monkeypatch.setenv(added.VARIABLE, str(tmp_path / "added"))
    return shutil.copytree(tiny, tmp_path / "parts")


def part(parts: Path, name: PartName) -> Path:
    return parts / PARTS[name].name


def rewritten(path: Path, **said: object) -> None:
    """Have a JSON file say something else; None takes a key away."""
    old = {key: value for key, value in json.loads(path.read_text()).items() if key not in said}
    path.write_text(json.dumps(old | {k: v for k, v in said.items() if v is not None}))


def test_what_is_read_is_written_down_and_nothing_is_copied(parts: Path, tmp_path: Path) -> None:
    (part(parts, "depth") / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"pickled")
    (part(parts, "depth") / "README.md").write_text("card")
    seen: list[tuple[int, int]] = []
    known = kandinsky.add(parts, lambda count, total: seen.append((count, total)))
    assert known["parts"] == kandinsky.facts()
    assert list(known["parts"]) == ["prior", "depth", "inpaint"]
    depth = known["parts"]["depth"]
    assert sorted(depth["files"]) == [
        INDEX,
        "movq/config.json",
        f"movq/{OF_DIFFUSERS}",
        "scheduler/scheduler_config.json",
        "unet/config.json",
        f"unet/{OF_DIFFUSERS}",
    ]
    assert {
        "tokenizer/vocab.json",
        "tokenizer/merges.txt",
        f"text_encoder/{OF_TRANSFORMERS}",
    } <= set(known["parts"]["prior"]["files"])
    for name, said in known["parts"].items():
        assert said["repository"] == PARTS[name].repository
        assert (said["licence"], said["revision"]) == ("Apache-2.0", None)
        for file, stated in said["files"].items():
            path = Path(said["folder"]) / file
            data = path.read_bytes()
            assert stated["sha256"] == hashlib.sha256(data).hexdigest()
            assert (stated["size"], stated["mtime_ns"]) == (len(data), path.stat().st_mtime_ns)
    total = sum(file["size"] for said in known["parts"].values() for file in said["files"].values())
    assert sum(count for count, _ in seen) == total
    assert {of for _, of in seen} == {total}
    copied = sorted(path.name for path in (tmp_path / "added").rglob("*") if path.is_file())
    assert copied == ["kandinsky.json"]
    there = kandinsky.folders(("prior", "depth"), "texture kandinsky")
    assert there == {name: part(parts, name) for name in ("prior", "depth")}


def test_the_hash_is_of_content_alone_and_of_the_parts_asked_for(
    parts: Path, tmp_path: Path
) -> None:
    kandinsky.add(parts)
    both = [kandinsky.sha256(asked) for asked in (kandinsky.TEXTURE, kandinsky.BACKGROUND)]
    assert both[0] != both[1]
    elsewhere = shutil.copytree(parts, tmp_path / "elsewhere", copy_function=shutil.copyfile)
    kandinsky.add(elsewhere)
    assert kandinsky.sha256(kandinsky.TEXTURE) == both[0]
    path = part(elsewhere, "depth") / "unet" / "config.json"
    path.write_text(path.read_text() + "\n")
    kandinsky.add(elsewhere)
    now = [kandinsky.sha256(asked) for asked in (kandinsky.TEXTURE, kandinsky.BACKGROUND)]
    assert now[0] != both[0]
    assert now[1] == both[1]


def test_two_parts_suffice_and_the_third_may_come_later(parts: Path, tmp_path: Path) -> None:
    later = tmp_path / "later"
    later.mkdir()
    part(parts, "inpaint").rename(later / PARTS["inpaint"].name)
    with pytest.raises(
        ValueError, match=r"later must hold kandinsky-2-2-prior and .* got kandinsky"
    ):
        kandinsky.add(later)
    assert list(kandinsky.add(parts)["parts"]) == ["prior", "depth"]
    text = (
        "background inpaint needs kandinsky-community/kandinsky-2-2-decoder-inpaint, not added "
        "yet: pain3d assets add kandinsky PATH"
    )
    with pytest.raises(ValueError, match=text):
        kandinsky.folders(kandinsky.BACKGROUND, "background inpaint")
    assert list(kandinsky.add(later)["parts"]) == ["prior", "depth", "inpaint"]
    there = kandinsky.folders(kandinsky.BACKGROUND, "background inpaint")
    assert there["inpaint"] == later / PARTS["inpaint"].name


def test_what_was_never_added_is_asked_for_by_option_and_command(parts: Path) -> None:
    text = r"texture kandinsky needs what is not in .*: pain3d assets add kandinsky PATH puts it"
    with pytest.raises(ValueError, match=text):
        kandinsky.folders(kandinsky.TEXTURE, "texture kandinsky")
    with pytest.raises(ValueError, match=f"{parts}/none must be a folder, or the word hub, got"):
        kandinsky.add(parts / "none")
    with pytest.raises(ValueError, match="must hold folders named kandinsky-2-2-prior, kandinsky"):
        kandinsky.add(part(parts, "prior"))


def test_revisions_are_read_from_a_cache_of_the_hub_and_beside_downloads(
    parts: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "hub"
    for name in PARTS:
        commit = PARTS[name].revision or REVISION
        held = cache / f"models--kandinsky-community--{PARTS[name].name}"
        shutil.copytree(part(parts, name), held / "snapshots" / commit)
    known = kandinsky.add(cache)["parts"]
    assert known["prior"]["revision"] == known["inpaint"]["revision"] == REVISION
    assert known["depth"]["revision"] == PARTS["depth"].revision
    assert kandinsky.version(("prior", "depth")) == (
        "kandinsky-2-2-prior@40cd651 kandinsky-2-2-controlnet-depth@0863252"
    )
    told = part(parts, "prior") / ".cache" / "huggingface" / "download" / f"{INDEX}.metadata"
    told.parent.mkdir(parents=True)
    told.write_text(f"{REVISION}\n0123abcd\n1700000000.0\n")
    kandinsky.add(parts)
    assert kandinsky.version(("prior", "depth")) == (
        "kandinsky-2-2-prior@40cd651 kandinsky-2-2-controlnet-depth@unknown"
    )


def test_of_several_snapshots_that_of_the_main_branch_is_read(parts: Path, tmp_path: Path) -> None:
    cache = tmp_path / "hub"
    for name in ("prior", "depth"):
        held = cache / f"models--kandinsky-community--{PARTS[name].name}"
        for commit in (REVISION, "0" * 40):
            shutil.copytree(part(parts, name), held / "snapshots" / commit)
    with pytest.raises(ValueError, match=r"must hold one snapshot of .*kandinsky-2-2-prior, got 2"):
        kandinsky.add(cache)
    for held in cache.iterdir():
        (held / "refs").mkdir()
        (held / "refs" / "main").write_text("0" * 40)
    assert kandinsky.add(cache)["parts"]["prior"]["revision"] == "0" * 40
    shutil.copytree(
        part(parts, "depth"),
        cache / f"models--{'kandinsky-community--kandinsky-2-2-controlnet-depth'}" / "snapshots"
        / str(PARTS["depth"].revision),
    )  # fmt: skip
    assert kandinsky.add(cache)["parts"]["depth"]["revision"] == PARTS["depth"].revision


def no_index(parts: Path) -> None:
    (part(parts, "prior") / INDEX).unlink()


def broken_index(parts: Path) -> None:
    (part(parts, "prior") / INDEX).write_text("{")


def listed_index(parts: Path) -> None:
    (part(parts, "prior") / INDEX).write_text("[]")


def other_pipeline(parts: Path) -> None:
    rewritten(part(parts, "depth") / INDEX, _class_name="KandinskyV22Pipeline")


def other_class(parts: Path) -> None:
    rewritten(part(parts, "inpaint") / INDEX, movq=["diffusers", "AutoencoderKL"])


def unnamed_component(parts: Path) -> None:
    rewritten(part(parts, "prior") / INDEX, tokenizer=None)


def no_component(parts: Path) -> None:
    shutil.rmtree(part(parts, "prior") / "text_encoder")


def no_weights(parts: Path) -> None:
    (part(parts, "inpaint") / "movq" / OF_DIFFUSERS).unlink()


def no_words(parts: Path) -> None:
    (part(parts, "prior") / "tokenizer" / "merges.txt").unlink()


def half_a_vocabulary(parts: Path) -> None:
    (part(parts, "prior") / "tokenizer" / "vocab.json").write_text('{"a": 1, "b"')


def listed_scheduler(parts: Path) -> None:
    (part(parts, "prior") / "scheduler" / "scheduler_config.json").write_text("[]")


def no_pairs(parts: Path) -> None:
    (part(parts, "prior") / "tokenizer" / "merges.txt").write_text("#version: 0.2\na b c\n")


def strange_pairs(parts: Path) -> None:
    (part(parts, "prior") / "tokenizer" / "merges.txt").write_text("#version: 0.2\nzq qz\n")


def no_text(parts: Path) -> None:
    (part(parts, "prior") / "tokenizer" / "merges.txt").write_bytes(b"\xff\xfe")


def pickled(parts: Path) -> None:
    path = part(parts, "depth") / "unet" / OF_DIFFUSERS
    path.rename(path.with_suffix(".bin"))


def truncated(parts: Path) -> None:
    path = part(parts, "depth") / "movq" / OF_DIFFUSERS
    path.write_bytes(path.read_bytes()[:-1])


def longer(parts: Path) -> None:
    path = part(parts, "depth") / "movq" / OF_DIFFUSERS
    path.write_bytes(path.read_bytes() + b"\0")


def pointer(parts: Path) -> None:
    text = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n"
    (part(parts, "prior") / "prior" / OF_DIFFUSERS).write_text(text)


def unguided(parts: Path) -> None:
    rewritten(part(parts, "depth") / "unet" / "config.json", addition_embed_type="image")


def unmasked(parts: Path) -> None:
    rewritten(part(parts, "inpaint") / "unet" / "config.json", in_channels=4)


WRONG: MappingProxyType[Callable[[Path], None], str] = MappingProxyType(
    {
        no_index: "kandinsky-2-2-prior must hold model_index.json, got none",
        broken_index: "kandinsky-2-2-prior/model_index.json must be JSON",
        listed_index: "prior/model_index.json must be a JSON object, got list",
        other_pipeline: "depth/model_index.json must be the index of a "
        "KandinskyV22ControlnetPipeline, got KandinskyV22Pipeline",
        other_class: r"inpaint/model_index.json must say that movq is \['diffusers', 'VQModel'\], "
        r"got \['diffusers', 'AutoencoderKL'\]",
        unnamed_component: r"say that tokenizer is \['transformers', 'CLIPTokenizer'\], got None",
        no_component: "prior/text_encoder must hold config.json, got none",
        no_weights: f"inpaint/movq must hold {OF_DIFFUSERS}, got none",
        no_words: "tokenizer must hold merges.txt, got none",
        half_a_vocabulary: "tokenizer/vocab.json must be JSON",
        listed_scheduler: "scheduler/scheduler_config.json must be a JSON object, got list",
        no_pairs: "merges.txt must have two words that join to .*, got 'a b c' in line 2",
        strange_pairs: "merges.txt must have two words that join to .*, got 'zq qz' in line 2",
        no_text: "tokenizer/merges.txt must be text",
        pickled: f"unet must hold {OF_DIFFUSERS}, got diffusion_pytorch_model.bin, which is "
        "pickled and never read: hf download kandinsky-community/kandinsky-2-2-controlnet-depth "
        "--revision 08632524a2b7e3bed39a7901d92cdd07e37544d0 "
        "--local-dir PATH/kandinsky-2-2-controlnet-depth",
        truncated: f"movq/{OF_DIFFUSERS} must be a whole safetensors file",
        longer: f"movq/{OF_DIFFUSERS} must be a whole safetensors file",
        pointer: f"prior/{OF_DIFFUSERS} must be a whole safetensors file",
        unguided: "unet/config.json must say addition_embed_type image_hint, as that of "
        "kandinsky-2-2-controlnet-depth does, got image",
        unmasked: "unet/config.json must say in_channels 9, as that of "
        "kandinsky-2-2-decoder-inpaint does, got 4",
    }
)


@pytest.mark.parametrize("damage", WRONG, ids=lambda damage: damage.__name__)
def test_what_is_wrong_with_a_part_is_named_and_nothing_is_added(
    parts: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    damage(parts)
    with pytest.raises(ValueError, match=WRONG[damage]) as error:
        kandinsky.add(parts)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "added" / kandinsky.NAME).exists()


def test_a_file_that_changed_after_it_was_added_is_named(parts: Path) -> None:
    kandinsky.add(parts)
    path = part(parts, "depth") / "movq" / OF_DIFFUSERS
    was = path.read_bytes()
    os.utime(path, ns=(1, 1))
    kandinsky.folders(("prior", "depth"), "texture kandinsky")
    path.write_bytes(was[:-1] + bytes([was[-1] ^ 1]))
    old, new = hashlib.sha256(was).hexdigest(), hashlib.sha256(path.read_bytes()).hexdigest()
    text = f"{path} must have sha256 {old}, got {new}: pain3d assets add kandinsky PATH"
    with pytest.raises(ValueError, match=text):
        kandinsky.folders(("prior", "depth"), "texture kandinsky")
    kandinsky.folders(("prior", "inpaint"), "background inpaint")
    path.unlink()
    text = f"{path} must be where it was added, got none: pain3d assets add kandinsky PATH"
    with pytest.raises(ValueError, match=text):
        kandinsky.folders(("prior", "depth"), "texture kandinsky")


def test_what_another_release_wrote_down_is_not_read(parts: Path, tmp_path: Path) -> None:
    kandinsky.add(parts)
    rewritten(tmp_path / "added" / "kandinsky" / "kandinsky.json", format=0)
    with pytest.raises(
        ValueError, match="kandinsky must be made with format 1; add it again, got 0"
    ):
        kandinsky.facts()
    shutil.rmtree(part(parts, "inpaint"))
    assert list(kandinsky.add(parts)["parts"]) == ["prior", "depth"]


def test_the_hub_is_asked_for_what_is_read_and_no_more(
    parts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str | None, list[str]]] = []

    def give(repository: str, *, revision: str | None, allow_patterns: list[str]) -> str:
        asked.append((repository, revision, allow_patterns))
        return str(parts / repository.rpartition("/")[2])

    monkeypatch.setattr(huggingface_hub, "snapshot_download", give)
    known = kandinsky.add(Path("hub"))["parts"]
    assert [row[0] for row in asked] == [said["repository"] for said in known.values()]
    assert [row[1] for row in asked] == [None, PARTS["depth"].revision, None]
    patterns = [pattern for _, _, row in asked for pattern in row]
    assert not [pattern for pattern in patterns if "image_encoder" in pattern or ".bin" in pattern]
    for name, (_, _, row) in zip(PARTS, asked, strict=True):
        for file in known[name]["files"]:
            assert any(Path(file).match(pattern) for pattern in row), file


def test_a_hub_that_is_offline_is_one_line_with_the_way_out(
    parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    text = (
        r"kandinsky-community/kandinsky-2-2-prior must come from the hub: .* \(on a machine that "
        r"is online, hf download kandinsky-community/kandinsky-2-2-prior --local-dir "
        r"PATH/kandinsky-2-2-prior; hf download .*controlnet-depth; hf download .*decoder-inpaint; "
        r"then pain3d assets add kandinsky PATH\)"
    )
    with pytest.raises(ValueError, match=text) as error:
        kandinsky.add(Path("hub"))
    assert "\n" not in str(error.value)


def test_a_folder_named_hub_is_a_folder(parts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(parts.parent)
    parts.rename(parts.with_name("hub"))
    known = kandinsky.add(Path("hub"))["parts"]
    assert known["prior"]["folder"] == str(parts.with_name("hub") / PARTS["prior"].name)
