"""A true data set, made once, a copy of it for each test that damages one; what runs first."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest

from assets import added, flame
from generator import flame_add
from tests import flame_files
from tests.damage import CONFIG
from tests.runs import make

LONGEST = (
    "test_story.py",
    "test_docs.py",
    "test_ablation_whole.py",
    "test_whole_way.py",
    "test_gan2d_learns.py",
    "test_synth2d.py",
    "test_jobs.py",
    "test_vitpain_train.py",
    "test_rig_evaluation.py",
    "test_vitpain_finetune.py",
    "test_ablation_planted.py",
    "test_ablation_cells.py",
    "test_ablation_ray.py",
    "test_ablation_plan.py",
)
"""Files that take longest, in order: two workers end together where these begin first."""


def pytest_configure(config: pytest.Config) -> None:
    """Keep the order of `LONGEST`: xdist would begin with the files that have most tests."""
    config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first; all others stay in their order."""
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.name, len(LONGEST)))


@pytest.fixture(scope="session")
def true(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("true") / "data", CONFIG)


@pytest.fixture
def data(true: Path, tmp_path: Path) -> Path:
    return copytree(true, tmp_path / "data")


@pytest.fixture(scope="session")
def flame_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of added assets that holds FLAME, fitted to fewer people than a user's is."""
    root = tmp_path_factory.mktemp("assets")
    path = flame_files.write(tmp_path_factory.mktemp("flame") / "flame2023_Open.pkl", "numpy 2")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(added.VARIABLE, str(root))
        flame_add.add(path, people=150)
    path.unlink()
    return root


@pytest.fixture
def added_flame(flame_root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder in which FLAME lies, in place of the user's."""
    monkeypatch.setenv(added.VARIABLE, str(flame_root))
    flame.load.cache_clear()
    yield flame_root / flame.NAME
    flame.load.cache_clear()
