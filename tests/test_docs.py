"""What README and pages show is so: commands and Python run in order, links and names are there."""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
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
"""Enough for a train and a val split; pages ask for more. Parts are as many."""
DOCS, EXTEND = ROOT / "docs", "extend.md"
LONGEST = 400
"""Lines of a page; the README has a line for every file besides."""
ROOMS = ("assets", "rigging", "render", "generator", "vitpain", "scripts")
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
SHOWN = re.compile(
    r"^```python\n(?P<python>.*?)^```$|^(?P<line>pain3d [^\n]*?)(?: +#[^\n]*)?$"
    r"|`(?P<span>pain3d [^`]*|--[a-z][^`]*)`",
    re.M | re.S,
)


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


def pages() -> list[Path]:
    """README and pages, in the order in which the site shows them."""
    nav = (ROOT / "mkdocs.yml").read_text().split("\nnav:\n")[1]
    return [ROOT / "README.md", *(DOCS / name for name in re.findall(r"(\S+\.md)$", nav, re.M))]


def shown() -> list[tuple[str, bool]]:
    """Commands in their order, each once, and what is Python (True); options that a table shows
    apart from their command are those of `generate`. Python of `EXTEND` is for a changed project.
    """
    found: dict[tuple[str, bool], None] = {}
    for page in pages():
        for match in SHOWN.finditer(page.read_text()):
            part = match["line"] or match["span"]
            if part is None:
                if page.name != EXTEND:
                    found[match["python"], True] = None
            else:
                given = "pain3d generate … " if part.startswith("--") else ""
                found[" ".join((given + part).split()), False] = None
    return list(found)


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


# Two workers on a machine that does other things besides come near the usual limit.
@pytest.mark.timeout(600)
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
    named = {command.split()[1] for command, is_python in commands if not is_python}
    assert named == set(cli.COMMANDS)
    monkeypatch.chdir(tmp_path)
    for command, is_python in commands:
        if is_python:
            exec(compile(command, "page", "exec"), {})
            continue
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
    there = [path.name for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    assert sorted(named) == sorted(name for name in there if name != "__init__.py")


def test_every_page_is_in_the_site_and_short() -> None:
    listed = pages()
    assert sorted(listed[1:]) == sorted(DOCS.glob("*.md"))
    told = re.findall(r"\]\(docs/(\S+\.md)\)", listed[0].read_text())
    assert told == [page.name for page in listed[1:]]
    long = {page.name: len(page.read_text().splitlines()) for page in listed[1:]}
    assert {name: lines for name, lines in long.items() if lines > LONGEST} == {}


def anchors(page: Path) -> set[str]:
    """Names by which headings of a page are linked to, as GitHub and mkdocs make them."""
    plain = FENCED.sub("", page.read_text())
    titles = re.findall(r"^#+ (.*)$", plain, re.M)
    return {re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", one).strip().lower()) for one in titles}


def test_every_link_and_picture_is_there() -> None:
    links = 0
    for page in pages():
        for target in re.findall(r"\]\(([^)\s]+)\)", FENCED.sub("", page.read_text())):
            path, _, anchor = target.partition("#")
            if path.startswith("https:"):
                continue
            links += 1
            other = page.parent / path if path else page
            assert other.is_file(), f"{page.name}: {target}"
            assert not anchor or anchor in anchors(other), f"{page.name}: {target}"
    assert links > 40
    shown = "".join(page.read_text() for page in pages())
    assert {path.name for path in DOCS.glob("*.jpg") if path.name not in shown} == set()


def test_every_other_line_names_what_is_there() -> None:
    """Lines that cannot run here: make, pip, hf; and scripts that run for minutes."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.M)
    text = "\n".join(page.read_text().split("## The tree")[0] for page in pages())
    code = "".join(path.read_text() for path in (ROOT / "assets").glob("*.py"))
    for language, block in FENCED.findall(text):
        if language:
            assert language in ("python", "diff")
            continue
        for line in block.splitlines():
            match line.split():
                case ["pain3d", *_] | ["pip", "install", *_]:
                    pass
                case ["make", target, *_]:
                    assert target in targets, line
                case ["hf", "download", repository, *_]:
                    assert repository in code, line
                case _:
                    raise AssertionError(f"no test runs {line!r}")
    assert set(re.findall(r"`make (\w+)`", text)) <= set(targets)
    assert set(re.findall(r'-e "\.\[(\w+)\]"', text)) <= set(extras)
    scripts = re.findall(r"`python\s+-m\s+scripts\.(\w+)([^`]*)`", text)
    assert len(scripts) > 4
    for name, options in scripts:
        source = (ROOT / "scripts" / f"{name}.py").read_text()
        assert "__main__" in source, name
        for option in re.findall(r"--([a-z-]+)", options):
            assert re.search(rf"^    {option.replace('-', '_')}: ", source, re.M), (name, option)


def changes(text: str) -> Iterator[tuple[str, str, str]]:
    """File, what stands there, and what is to stand there instead, of each block of changes."""
    for language, block in FENCED.findall(text):
        if language == "diff":
            head, *lines = block.splitlines(keepends=True)
            old, new = ([line[1:] for line in lines if line[0] != sign] for sign in "+-")
            yield head.removeprefix("+++ ").strip(), "".join(old), "".join(new)


def test_the_project_is_extended_as_its_page_says(tmp_path: Path) -> None:
    text = (DOCS / EXTEND).read_text()
    for room in ROOMS:
        left = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / room, tmp_path / room, ignore=left)
    for name, old, new in changes(text):
        path = tmp_path / name
        assert path.exists() == bool(old), f"{name} must be new where nothing stands in it"
        before = path.read_text() if old else ""
        assert before.count(old) == 1, f"{name} must have once what is to change:\n{old}"
        path.write_text(before.replace(old, new))
    parts = [block for language, block in FENCED.findall(text) if language == "python"]
    where = f"import generator; assert generator.__file__.startswith({str(tmp_path)!r})"
    code = "\n".join([where, *parts])
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_what_the_page_on_extending_names_is_there() -> None:
    text = (DOCS / EXTEND).read_text()
    for name in re.findall(r"`([\w/]+\.py)`", text):
        assert "NAME" in name or (ROOT / name).is_file(), name
    listed = re.findall(r"`([\w/]+\.py)`:\s+((?:`\w+`(?:,\s+)?)+)", text)
    assert len(listed) > 25
    for name, symbols in listed:
        source = (ROOT / name).read_text()
        for symbol in re.findall(r"`(\w+)`", symbols):
            defined = rf"^ *(?:def|class) {symbol}\b|^{symbol}\b"
            assert re.search(defined, source, re.M), f"{name}: {symbol}"
