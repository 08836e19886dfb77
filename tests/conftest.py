"""A true data set, made once, and a copy of it for each test that damages one."""

from pathlib import Path
from shutil import copytree

import pytest

from tests.damage import CONFIG
from tests.runs import make


@pytest.fixture(scope="session")
def true(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("true") / "data", CONFIG)


@pytest.fixture
def data(true: Path, tmp_path: Path) -> Path:
    return copytree(true, tmp_path / "data")
