"""What made the bytes is named by hashes: code, shipped files, instructions of the processor."""

import hashlib
import platform
import shutil
from pathlib import Path

import pytest

from assets import manifest
from generator import provenance, synth3d, synth_record
from generator.config import GenerateConfig
from generator.provenance import DECIDING, ROOT, source, sources_sha256, vectors
from render import device

CONFIG = GenerateConfig(identities=40, seed=7, ages="0-90", rig="blendshapes")


def test_any_change_of_the_code_changes_its_hash(tmp_path: Path) -> None:
    for room in DECIDING:
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("data"))
    before = sources_sha256(tmp_path, DECIDING)
    # Where it lies and what lies beside it change nothing.
    assert before == sources_sha256(ROOT, tuple(reversed(DECIDING))) == source(*DECIDING)
    (tmp_path / "render" / "notes.txt").write_text("x")
    assert sources_sha256(tmp_path, DECIDING) == before
    seen = {before}
    for name in ("assets/facs.py", "generator/shards/codec.py", "render/mesh.py"):
        with open(tmp_path / name, "a") as file:
            file.write("\n")
        seen.add(sources_sha256(tmp_path, DECIDING))
    (tmp_path / "rigging" / "lids.py").rename(tmp_path / "rigging" / "lid.py")
    seen.add(sources_sha256(tmp_path, DECIDING))
    (tmp_path / "rigging" / "more.py").write_text("")
    seen.add(sources_sha256(tmp_path, DECIDING))
    assert len(seen) == 6
    # What lies apart changes nothing, and all else does.
    apart = ("generator/shards",)
    without = sources_sha256(tmp_path, DECIDING, apart)
    (tmp_path / "generator" / "shards" / "codec.py").write_text("")
    assert sources_sha256(tmp_path, DECIDING, apart) == without
    (tmp_path / "generator" / "config.py").write_text("")
    assert sources_sha256(tmp_path, DECIDING, apart) != without
    with pytest.raises(ValueError, match="nowhere must hold the source of a package, got none"):
        sources_sha256(tmp_path, ["nowhere"])


def test_a_data_set_states_code_files_and_processor() -> None:
    stated = synth3d.made_with(CONFIG)
    files = {
        path.name: f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
        for path in manifest.DATA.iterdir()
        if path.suffix in (".npz", ".safetensors")
    }
    assert set(files) == set(manifest.entries())
    assert len(files) >= 4
    assert {name: stated[name] for name in files} == files
    assert stated["source"] == f"sha256:{sources_sha256(ROOT, DECIDING)}"
    assert stated["vectors"] == vectors()
    assert set(stated) == {*files, "source", "vectors", "warp"}


@pytest.mark.skipif(
    platform.machine() != "x86_64" or not Path("/proc/cpuinfo").exists(), reason="reads cpuinfo"
)
def test_the_instructions_are_those_of_this_processor() -> None:
    flags = set(Path("/proc/cpuinfo").read_text().split("flags", 1)[1].split("\n", 1)[0].split())
    wide = {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"} <= flags
    assert ("X86_V4" in vectors() or "AVX512" in vectors()) == wide
    assert vectors() == vectors().strip() != ""


def test_a_graphics_card_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Card:
        name = "Card 1"

    monkeypatch.setattr(device, "start", lambda device: "cuda:0")
    monkeypatch.setattr(device.wp, "get_device", lambda name: Card)
    assert synth3d.made_with(GenerateConfig(device="cuda"))["gpu"] == "Card 1"


def test_a_record_names_what_its_picture_was_made_of() -> None:
    made_by = synth_record.makers(CONFIG)
    files = manifest.entries()
    assert made_by.head.sha256 == files["anny_head.npz"].sha256
    assert made_by.texture.sha256 == files["skin.npz"].sha256
    assert made_by.rig.sha256 == sources_sha256(ROOT, ["rigging"])
    assert made_by.renderer.sha256 == sources_sha256(ROOT, ["render"])
    assert made_by.rig.sha256 != made_by.renderer.sha256


def test_sources_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    source("rigging")
    monkeypatch.setattr(provenance, "ROOT", Path("nowhere"))
    assert source("rigging") == sources_sha256(ROOT, ["rigging"])
