"""Every command that the README shows runs, on small people, in the order in which it is shown."""

import re
import shutil
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from assets import hunyuan3d, makehuman
from generator import flame_add
from generator.preview import au_sheet, error_sheet
from generator.shards import codec
from scripts import ablation_inputs, cli, eval_rig, generate
from scripts.ablation_inputs import Inputs
from tests import ablated, flame_files, head_files, stand_in_hy3dgen, tiny_kandinsky
from tests import test_import_openface as openface
from tests.fake_producer import PRODUCER
from tests.packs import forget, write_pack
from tests.runs import ROOT, here
from tests.still_rig import TRIAL
from tests.test_attach_openface import read_folder
from tests.test_face_detector import adult
from tests.unbc_files import points
from vitpain.ablation.sources import Sources

SMALL = ["--pain-per-identity", "1", "--views", "1", "--size", "32", "--people-per-shard", "1"]
PEOPLE = "4"
"""Enough for a train and a val split; a README asks for more. Parts are as many."""


# What keeps a command to seconds: a rig and an estimator that learn next to nothing, five people,
# one in each of the public folds.
TINY = {
    "train-rig": (
        "--people 1 --unseen 1 --topologies decimated_1800 --steps 1 --refit-samples 1 --width 4"
        " --blocks 1 --code 2 --eigenvectors 4"
    ),
    "eval-rig": "--people 1 --together 2 --recovered 1",
    "pretrain": (
        "--weights none --backbone vit_mini_patch16_dinov3 --size 32 --epochs 1 --batch 2"
        " --workers 0 --threads 1"
    ),
    # The fake producer draws nothing that a detector takes for a face.
    "import 3dpain": "--crop none",
    "surrogate-unbc": "--subjects 5 --sequences 1 --frames 3 --width 96 --height 72 --pain 0.5",
    "finetune": "--only 1 2 --epochs 1 --batch 2 --workers 0 --threads 1",
    "register": "--size 32",
    "train-gan": "--size 32 --width 4 --blocks 1 --epochs 1 --decay 1 --batch 4 --threads 1",
    "augment2d": "--per-level 1",
    "train-au-reader": "--size 32 --epochs 1 --batch 2 --threads 1 --workers 0",
    "evaluate2d": "--batch 4",
    "ablate": (
        "--models plain --only 1 --seeds 1 --arms real real_classical --mode 2d --side 32 --size 32"
        " --backbone vit_mini_patch16_dinov3 --weights none --epochs 1 --first-epochs 1 --batch 16"
        " --device cpu"
    ),
    "classify": (
        "--model convnext_atto --weights none --size 32 --epochs 1 --batch 16 --workers 0"
        " --threads 1"
    ),
}


def shown() -> list[str]:
    """Commands in the README, and options that a table shows apart from their command."""
    text = (ROOT / "README.md").read_text()
    lines = re.findall(r"^(pain3d .*?)(?: +#.*)?$|`(pain3d [^`]*|--[a-z][^`]*)`", text, re.M)
    found = [block or span for block, span in lines]
    return [f"pain3d generate … {part}" if part.startswith("--") else part for part in found]


def arguments(command: str, place: Path) -> list[str]:
    """What a command is given here: names in capitals are places, and `…` stands for the rest."""
    given: list[str] = []
    for word in command.split()[1:]:
        if word == "…":
            continue
        if re.fullmatch(r"[A-Z][A-Z0-9]*\*", word):
            given += sorted(str(path) for path in place.glob(word))
        elif re.fullmatch(r"[A-Z][A-Z0-9]*(\.csv|\.obj|\.png|\.onnx)?", word):
            given.append(str(place / word))
        elif named := re.fullmatch(r"([a-z0-9]+)=([A-Z][A-Z0-9]*)", word):
            given.append(f"{named[1]}={place / named[2]}")
        else:
            given.append(word)
    if given[0] != "generate" or "--help" in given:
        name = " ".join(given[:2]) if given[0] == "import" else given[0]
        return given if "--help" in given else [*given, *TINY.get(name, "").split()]
    if "--identities" in given:
        given[given.index("--identities") + 1] = PEOPLE
    else:
        given += ["--identities", PEOPLE]
    if "--out" not in given:
        given += ["--out", str(place / "DIR")]
    if "--workers" in given:
        given[given.index("--workers") + 1] = "2"
    # A file of expressions says how many there are.
    return [*given, *(SMALL[2:] if "--expressions" in given else SMALL)]


def every_part(given: list[str]) -> list[list[str]]:
    """A command for one part, as one for each of the parts."""
    if "--part" not in given:
        return [given]
    at, out = given.index("--part") + 1, given.index("--out") + 1
    stem = given[out].removesuffix(given[at].split("/")[0])
    return [
        [*given[:at], f"{k}/{PEOPLE}", *given[at + 1 : out], f"{stem}{k}", *given[out + 1 :]]
        for k in range(1, int(PEOPLE) + 1)
    ]


def run(given: list[str]) -> int:
    if given[0] == "generate":
        return cli.reported("generate", lambda: generate.main(given[1:], PRODUCER))
    if given[0] == "eval-rig":
        return cli.reported("eval-rig", lambda: eval_rig.main(given[1:], TRIAL))
    return cli.run(given)


def aligned(place: Path) -> Sources:
    """Sets of more people than there are else, aligned alike, in place of those that are shown."""
    there = ablated.sources(place / "aligned")
    for name, one in zip(("UNBC", "PAINTED", "DIR"), there.every, strict=True):
        shutil.rmtree(place / name)
        (place / name).symlink_to(one.folder)
    return there


def read_frames(frames: Path, out: Path) -> None:
    """What OpenFace makes of exported frames, a table a folder."""
    out.mkdir()
    for folder in frames.iterdir():
        (out / f"{folder.name}.csv").write_text(read_folder(folder))


def test_every_command_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = write_pack(tmp_path / "PACK")
    flame_files.write(tmp_path / "FLAME", "numpy 2")
    tiny_kandinsky.write(tmp_path / "WEIGHTS")
    stand_in_hy3dgen.write_weights(tmp_path / "HUNYUAN", hunyuan3d.PAINTERS[0])
    monkeypatch.setattr(flame_add, "add", partial(flame_add.add, people=100))
    monkeypatch.setattr(makehuman, "known", lambda: table)
    monkeypatch.setenv("PAIN3D_ASSETS", str(tmp_path / "added"))
    monkeypatch.setattr(au_sheet, "TILE", 40)
    monkeypatch.setattr(error_sheet, "SIZE", 60)
    head_files.small(tmp_path / "HEAD.obj")
    (tmp_path / "FILE.csv").write_text("AU4,AU6,AU7,AU9,AU10,AU43\n1,0,0,0,0,0\n")
    (tmp_path / "PANORAMAS").mkdir()
    sky = np.linspace(0.1, 1, 32 * 64 * 3, dtype=np.float32).reshape(32, 64, 3)
    cv2.imwrite(str(tmp_path / "PANORAMAS" / "sky.hdr"), sky)
    for name in ("FACE.png", "NEUTRAL.png"):
        (tmp_path / name).write_bytes(codec.encode_image(adult()[0], "png"))
    openface.pictures(tmp_path / "PICS", "somebody", ["a.png"])
    openface.table(tmp_path / "PICS" / "somebody" / "somebody.csv", {1: {4: 1.0}}, points(count=68))
    # What was exported is a set in the layout of the published one.
    (tmp_path / "PUB").symlink_to(tmp_path / "D")
    forget()
    there: list[Sources] = []

    def inputs(out: Path, workers: int) -> Inputs:
        real, gan, mesh = (one.folder for one in there[0].every)
        return Inputs(real, gan, mesh, {})

    monkeypatch.setattr(ablation_inputs, "make", inputs)
    commands = shown()
    assert {command.split()[1] for command in commands} == set(cli.COMMANDS)
    for command in commands:
        for given in every_part(arguments(command, tmp_path)):
            if "--help" in given:
                with pytest.raises(SystemExit) as stop:
                    run(given)
                assert stop.value.code == 0
                continue
            if "--out" in given and "--resume" not in given:
                shutil.rmtree(given[given.index("--out") + 1], ignore_errors=True)
            if given[0] == "ablate" and not there:
                there.append(aligned(tmp_path))
            if given[0] == "attach-openface":
                read_frames(tmp_path / "FRAMES", tmp_path / "CSV")
            with here():
                code = run(given)
            assert code == 0, f"{command}: {capsys.readouterr().err}"


def test_the_tree_names_every_file() -> None:
    tree = (ROOT / "README.md").read_text().split("## The tree")[1]
    named = re.findall(r"^  (\S+\.py) +\S", tree, re.M)
    rooms = ("assets", "rigging", "render", "generator", "vitpain", "scripts")
    there = [path.name for room in rooms for path in (ROOT / room).rglob("*.py")]
    assert sorted(named) == sorted(name for name in there if name != "__init__.py")
