"""What training is made of: the order, samples, least squares, options, figures."""

import ast
import dataclasses
import fcntl
import math
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import torch

from assets import commit, manifest, one_writer
from rigging.registration import topologies
from rigging.training import folder, items, judge, learn, sample, store
from rigging.training.config import Run
from scripts import train_rig
from tests.training import SMALL, here, ignore, prepare, run_at, train


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare(tmp_path_factory.mktemp("prepared"))


def test_least_squares_find_the_maps_that_made_the_fields(prepared: Path) -> None:
    """Where all vertices are control vertices, and the fields are some decoder's."""
    run = run_at(prepared, prepared)
    config = dataclasses.replace(SMALL, topologies=("anny",), ridge=1e-9)
    learner = learn.Learner(config, learn.reach(config, run))
    order = [items.Item("fit", "seen", i % 3, "anny", i % 2 == 0, i) for i in range(24)]
    samples = [store.read(config, run, item) for item in order]
    with torch.no_grad():
        truth = torch.randn(learner.network.maps.shape, generator=torch.manual_seed(0))
        learner.network.maps.copy_(truth)
        made = [
            sample.Sample(one.laid, one.surface, learner.network(learner.show(one)[0]).numpy())
            for one in samples
        ]
        learner.network.maps.zero_()
        learner.fit(made)
        for one in made:
            off = learner.network(learner.show(one)[0]).numpy() - one.fields
            assert np.abs(off).max() < 1e-3 * np.abs(one.fields).max()


def test_the_order_is_the_seeds_alone() -> None:
    names = topologies.NAMES
    config = dataclasses.replace(SMALL, people=40, topologies=names, own_share=0.5, noisy_share=0.5)
    places = list(range(4 * 40))
    found = [items.drawn(config, "learn", place) for place in places]
    for place in reversed(places):
        assert items.drawn(config, "learn", place) == found[place]
    for start in range(0, len(places), 40):
        assert sorted(item.person for item in found[start : start + 40]) == list(range(40))
    assert {item.topology for item in found} == set(topologies.NAMES)
    own = np.mean([item.topology == "anny" for item in found])
    assert own == pytest.approx(0.5 + 0.5 / 7, abs=0.12)
    assert np.mean([item.mirrored for item in found]) == pytest.approx(0.5, abs=0.12)
    assert np.mean([item.noise is not None for item in found]) == pytest.approx(0.5, abs=0.12)
    fitted = [items.drawn(config, "fit", place) for place in places]
    assert {(item.topology, item.noise) for item in fitted} == {("anny", None)}
    assert found != [items.drawn(config, "fit", place) for place in places]


def test_a_mirrored_sample_is_the_other_side(prepared: Path) -> None:
    stored = safetensors.numpy.load_file(store.path_of(Run(prepared.parent), "seen", 0))
    there, back = sample.Person.of(stored, False), sample.Person.of(stored, True)
    again = {"vertices": back.vertices, "marks": back.marks, "fields": stored["fields"][::-1]}
    twin = sample.Person.of(again, True)
    assert np.array_equal(twin.vertices, there.vertices)
    assert np.array_equal(twin.marks, there.marks)
    # What the right muscles do to a face, the left ones do to its mirror image, nearly alike.
    far = np.abs(back.fields - there.fields).max()
    assert 0 < far < 0.2 * np.abs(there.fields).max()


def test_held_out_meshes_are_never_learnt_from(
    tmp_path: Path, prepared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in topologies.HELD_OUT:
        with pytest.raises(ValueError, match=f"got {name}, held out for judging"):
            dataclasses.replace(SMALL, topologies=("anny", name))
    asked: list[str] = []

    def spied(name: str, load: Callable[[str], Any] = topologies.load) -> Any:
        asked.append(name)
        return load(name)

    store.laid.cache_clear()
    monkeypatch.setattr(topologies, "load", spied)
    train(run_at(tmp_path / "run", prepared), dataclasses.replace(SMALL, steps=2))
    assert set(asked) == set(SMALL.topologies)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"people": 0}, "people must be at least 1, got 0"),
        ({"steps": -1}, "steps must be at least 1, got -1"),
        ({"seed": 2**63}, "seed must be at most 9223372036854775807"),
        ({"own_share": 1.5}, "own_share must be from 0 to 1, got 1.5"),
        ({"learning_rate": 0.0}, "learning_rate must be above 0 and finite, got 0.0"),
        ({"noise": math.nan}, "noise must be at least 0 and finite, got nan"),
        ({"ages": "9"}, "ages must be LOW-HIGH"),
        ({"topologies": ()}, "topologies must be one or more of anny, .*, got none"),
        ({"topologies": ("anny", "cube")}, "topologies must be among anny, .*, got cube"),
        ({"topologies": ("anny", "anny")}, "topologies must name each thing once"),
    ],
)
def test_options_that_cannot_be_meant(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        dataclasses.replace(SMALL, **options)


def test_no_device_is_taken_for_another(tmp_path: Path, prepared: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    config = dataclasses.replace(SMALL, device="cuda")
    with pytest.raises(ValueError, match="device must be cpu where there is no CUDA, got cuda"):
        train(run_at(tmp_path / "run", prepared), config)


def test_figures_are_shares_of_what_the_teacher_moves() -> None:
    found = judge.Judge()
    teacher = torch.ones(10, len(sample.AUS), 3)
    rig = teacher.clone()
    rig[:, sample.AUS.index(4)] *= 1.5
    found.add("anny", teacher, rig)
    figures = found.figures()
    assert figures["error_share_au4"] == pytest.approx(0.5)
    assert figures["error_share_au6"] == 0.0
    assert figures["error_share"] == pytest.approx(0.5 / len(sample.AUS))
    assert figures["error_share_anny"] == figures["error_share"]
    assert figures["strength"] == pytest.approx(1 + 0.5 / len(sample.AUS))


def test_stale_people_are_refused(
    tmp_path: Path, prepared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def again() -> None:
        store.prepare(SMALL, run_at(tmp_path, prepared), train_rig.people(SMALL), here, ignore)

    again()
    files = manifest.entries()
    other = files | {store.HEAD: dataclasses.replace(files[store.HEAD], sha256="0")}
    with monkeypatch.context() as patch:
        patch.setattr(manifest, "entries", lambda: other)
        with pytest.raises(ValueError, match=r"head_model must be '\w{64}' as in .*people.json"):
            again()
    for name in store.TEACHER:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(store.ROOT / name, tmp_path / name)
    monkeypatch.setattr(store, "ROOT", tmp_path)
    again()
    for name in store.TEACHER:
        before = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(before + b"# changed\n")
        with pytest.raises(ValueError, match=r"teacher must be '\w{64}' as in .*people.json, got"):
            again()
        (tmp_path / name).write_bytes(before)


def test_the_teacher_is_all_of_our_code_that_its_fields_come_from() -> None:
    """What `features` needs of this package, and what that needs in turn."""
    found, waiting = set(), ["features"]
    while waiting:
        name = f"rigging/{waiting.pop()}.py"
        if name not in found:
            found.add(name)
            for node in ast.walk(ast.parse((store.ROOT / name).read_text())):
                if isinstance(node, ast.ImportFrom) and node.module == "rigging":
                    waiting += [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom) and str(node.module).startswith("rigging."):
                    waiting.append(str(node.module).partition(".")[2])
    assert len(found) > 3
    assert found == {name for name in store.TEACHER if name.startswith("rigging/")}


def test_a_lock_that_is_let_go_still_bars_two_writers(tmp_path: Path) -> None:
    """A process that opened it while it was held has the same file as one that comes later."""
    run = Run(tmp_path / "run", resume=True)
    with folder.claimed(run, SMALL):
        waiting = open(run.out / one_writer.LOCK, "ab")
    with waiting:
        fcntl.flock(waiting, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with pytest.raises(ValueError, match="got a second"), folder.claimed(run, SMALL):
            pass
    with folder.claimed(run, SMALL):
        pass


def test_the_commit_is_no_tag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def git(*arguments: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@b")
        command = ["git", "-C", str(tmp_path), *who, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    monkeypatch.setattr(commit, "ROOT", tmp_path)
    assert commit.commit() == "unknown"
    (tmp_path / "a").write_text("1")
    for command in ("init", "add a", "commit -m one", "tag -a v1 -m v1"):
        git(*command.split())
    assert git("describe") == "v1"
    assert commit.commit() == git("rev-parse", "HEAD")
    (tmp_path / "a").write_text("2")
    assert commit.commit() == git("rev-parse", "HEAD") + "-dirty"
