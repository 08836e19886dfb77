"""The rooms: who may import whom, what an `__init__` may hold, how long a file may be."""

import ast
import sys
from pathlib import Path

import pytest

from tests import conftest

ROOT = Path(__file__).parents[1]
ROOMS = ("assets", "rigging", "render", "generator", "vitpain", "scripts", "tests")
ALLOWED = {
    "assets": set(),
    "rigging": {"assets"},
    "render": {"assets"},
    "generator": {"assets", "rigging", "render"},
    "vitpain": {"assets", "generator.shards"},
    "scripts": {"assets", "rigging", "render", "generator", "vitpain"},
    "tests": set(ROOMS),
}
LONGEST = 400
# The shard is read where no renderer is installed.
LIGHT = {"assets", "generator.shards"}
# What trains the neural rig; nothing else in its room may need it.
LEARNING = (
    "assets.curves",
    "assets.journal",
    "assets.repeatable",
    "assets.torchvision_ready",
    "rigging.network",
    "rigging.training",
    "generator.diffusion",
    "generator.gan2d",
    "generator.synth2d",
)
FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def imports(path: Path) -> list[str]:
    """Every module that a file imports, wherever in the file it does so."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} must import absolutely, line {node.lineno}"
            assert node.module is not None
            if node.module == "__future__":
                assert not any(alias.name == "annotations" for alias in node.names), path
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def inside(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def refused(path: Path) -> list[str]:
    """Imports of our own rooms that the table does not allow."""
    room = path.relative_to(ROOT).parts[0]
    allowed = {room, *ALLOWED[room]}
    if path.is_relative_to(ROOT / "generator" / "shards"):
        allowed = LIGHT
    ours = [name for name in imports(path) if name.partition(".")[0] in ROOMS]
    return [name for name in ours if not any(inside(name, package) for package in allowed)]


def test_every_room_imports_what_it_may() -> None:
    assert len(FILES) > 40
    wrong = {str(path.relative_to(ROOT)): names for path in FILES if (names := refused(path))}
    assert wrong == {}


def test_the_table_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for room in ROOMS:
        (tmp_path / room).mkdir()
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    cases = {
        "assets/a.py": "def f():\n    from render import raster\n",
        "render/b.py": "import rigging.lids\n",
        "vitpain/c.py": "from generator import config\nfrom generator.shards import folder\n",
        "generator/d.py": "from scripts import cli\nfrom assets import facs\n",
    }
    for name, text in cases.items():
        (tmp_path / name).write_text(text)
    assert [refused(tmp_path / name) for name in cases] == [
        ["render.raster"],
        ["rigging.lids"],
        ["generator.config"],
        ["scripts.cli"],
    ]


def test_an_init_holds_one_docstring() -> None:
    found = [path for path in FILES if path.name == "__init__.py" and "tests" not in path.parts]
    assert len(found) >= 7
    for path in found:
        body = ast.parse(path.read_text()).body
        assert len(body) == 1, path
        assert ast.get_docstring(ast.parse(path.read_text())), path


def test_what_runs_first_is_there() -> None:
    assert {name for name in conftest.LONGEST if not (ROOT / "tests" / name).is_file()} == set()


def test_no_file_is_too_long() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in FILES
        if (count := len(path.read_text().splitlines())) > LONGEST
    }
    assert long == {}


def test_the_default_path_needs_no_torch() -> None:
    heavy = {
        "torch",
        "torchvision",
        "diffusers",
        "transformers",
        "anny",
        "pyrender",
        "datasets",
        "timm",
        "webdataset",
    }
    rooms = ("assets", "rigging", "render", "generator")
    learning = 0
    for path in FILES:
        if path.relative_to(ROOT).parts[0] not in rooms:
            continue
        if any(inside(module_of(path), name) for name in LEARNING):
            learning += 1
            continue
        names = imports(path)
        assert not {name.partition(".")[0] for name in names} & heavy, path
        assert not any(inside(name, package) for name in names for package in LEARNING), path
    assert learning > 5
