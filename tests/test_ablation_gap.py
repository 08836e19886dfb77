"""How far sources look apart: discrepancy by hand, exchanges, probes, sets of drawn faces."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from generator.shards import manifest
from tests import drawn_faces
from tests.runs import here
from tests.test_image_quality import SMALL
from vitpain.ablation import domains, gap, mmd, telling
from vitpain.ablation.gap import Apart, Gap, Told
from vitpain.ablation.stored import FORMAT, STUDY
from vitpain.data.frames import Frames
from vitpain.image_quality.distance import distance
from vitpain.image_quality.seen import Seen, look

PEOPLE = 20


def rng(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """A slow twin: the definition, point by point."""
    every = np.concatenate([one, other]).astype(np.float64)
    far = [np.linalg.norm(a - b) for at, a in enumerate(every) for b in every[:at]]
    width = np.median(far)

    def mean(left: np.ndarray, right: np.ndarray, same: bool) -> float:
        said = [
            np.exp(-float(((a - b) ** 2).sum()) / (2.0 * width**2))
            for at, a in enumerate(left)
            for to, b in enumerate(right)
            if not (same and at == to)
        ]
        return float(np.mean(said))

    one, other = every[: len(one)], every[len(one) :]
    return mean(one, one, True) + mean(other, other, True) - 2.0 * mean(one, other, False)


def found(one: np.ndarray, other: np.ndarray) -> float:
    of = mmd.kernel(np.concatenate([one, other]))
    assert of is not None
    return mmd.mmd2(of, np.arange(len(one) + len(other)) < len(one))


def test_the_discrepancy_is_the_definition_and_about_0_for_the_same() -> None:
    drawn = rng(0)
    # Far from the origin nothing of the distances is lost.
    one = (1000.0 + drawn.standard_normal((7, 4))).astype(np.float32)
    other = (1000.5 + drawn.standard_normal((9, 4))).astype(np.float32)
    assert found(one, other) == pytest.approx(apart(one, other), abs=1e-9)
    clouds = drawn.standard_normal((200, 2, 30, 5))
    same = np.array([found(*two) for two in clouds])
    assert abs(same.mean()) < 3.0 * same.std() / np.sqrt(200)
    assert same.min() < 0.0 < same.max()
    assert min(found(a, b + 1.0) for a, b in clouds[:20]) > same.max()
    assert mmd.kernel(np.ones((9, 3))) is None


def crowd(seed: int, both: int, alone: int, shift: float = 0.0) -> tuple[Any, ...]:
    """Features of six frames of each person, who differ more than their frames do; who is in both
    clouds, and who in one of them."""
    drawn, features, first, people = rng(seed), [], [], []
    for name in range(both + 2 * alone):
        face = 3.0 * drawn.standard_normal(4)
        for side in (True, False) if name < both else (name % 2 == 0,):
            features.append(face + drawn.standard_normal((6, 4)) + (0.0 if side else shift))
            first += [side] * 6
            people += [f"p{name}"] * 6
    return np.concatenate(features), np.array(first), np.array(people)


def p_value(given: tuple[Any, ...], seed: int = 0) -> float:
    features, first, people = given
    of = mmd.kernel(features)
    assert of is not None
    return mmd.p_value(of, first, people, seed)


@pytest.mark.parametrize(("both", "alone"), [(12, 0), (0, 6), (4, 4)])
def test_people_who_differ_are_no_difference_of_sources(both: int, alone: int) -> None:
    said = np.array([p_value(crowd(seed, both, alone)) for seed in range(200)])
    # As often as a test at 5 % may be wrong, and no test that always says 1.
    wrong = int((said <= 0.05).sum())
    assert binom.sf(wrong - 1, 200, 0.05) > 0.01
    assert binom.sf(int((said <= 0.5).sum()), 200, 0.5) < 0.99
    # What shifts everybody is found, of the same people at once.
    assert p_value(crowd(0, both, alone, 8.0 if alone else 1.0)) <= 0.01


def test_a_share_of_few_exchanges() -> None:
    # One person in both: turned round they are as far apart.
    assert p_value(crowd(0, 1, 0, 9.0)) == 1.0
    # Two and two: of six ways to deal them two are the observed one.
    assert p_value(crowd(0, 0, 2, 50.0)) == pytest.approx(1 / 3, abs=0.05)
    given = crowd(3, 6, 0)
    assert p_value(given, 1) == p_value(given, 1)


def test_the_probe_is_at_chance_for_the_same_and_finds_a_shift() -> None:
    for both, alone in ((16, 0), (0, 16)):
        same = [tell(crowd(seed, both, alone)) for seed in range(16)]
        assert abs(np.mean(same) - 0.5) < 0.08
    assert tell(crowd(0, 16, 0, 4.0)) > 0.8
    assert tell(crowd(0, 0, 16, 20.0)) == 1.0


def tell(given: tuple[Any, ...]) -> float:
    features, first, people = given
    said = telling.told(features, first.astype(np.int64), people, 0)
    assert said is not None
    return said


def test_the_probe_knows_nobody_it_is_asked_about() -> None:
    """Who is known by one frame would be told by the others: every person has a place of theirs."""
    people = np.repeat([f"p{at}" for at in range(16)], 10)
    source = np.repeat(np.arange(16) % 2, 10)
    places = np.eye(16)[np.repeat(np.arange(16), 10)]
    # Nothing is known of those asked about: all are told alike.
    assert telling.told(places, source, people, 0) == 0.5
    # All of one source are one person: there is nobody to ask about.
    assert telling.told(places, source, np.where(source == 0, "a", people), 0) is None


@dataclass(frozen=True)
class Measured:
    """A study with what was found of it, and what was looked at meanwhile."""

    run: Path
    found: Gap
    seen: list[tuple[Frames, Seen]]


def study(run: Path, real: Path, sources: dict[str, tuple[str, Path]]) -> Path:
    """Write what a study would have begun with."""

    def said(name: str, folder: Path) -> dict[str, Any]:
        digest = manifest.checksum(folder / manifest.NAME).sha256
        return {"name": name, "folder": str(folder), "manifest": digest, "frames": 1}

    content = {
        "format": FORMAT, "config": {}, "arms": [], "surrogate": True, "level16": {},
        "matched": {}, "versions": {}, "commit": None, "cells": {},
        "real": {**said("real", real), "subjects": PEOPLE, "source": "unbc"},
        "sources": [{**said(name, place), "kind": kind} for name, (kind, place) in sources.items()],
    }  # fmt: skip
    run.mkdir()
    (run / STUDY).write_text(json.dumps(content))
    return run


def measure(run: Path, frames: int = 1000) -> Gap:
    return domains.measure(run, SMALL, "none", frames, "cpu")


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    """Real faces, blurred ones of other people painted on them, and heads that are drawn alike."""
    out = tmp_path_factory.mktemp("gap")
    with here():
        real = drawn_faces.registered(out / "real", identities=PEOPLE)
        painted = drawn_faces.painted(out / "painted", real, identities=PEOPLE, softened=3.0)
        heads = drawn_faces.heads(out / "heads", identities=PEOPLE, pain_per_identity=12)
    run = study(out / "run", real, {"gan": ("2d", painted), "heads": ("3d", heads)})
    seen: list[tuple[Frames, Seen]] = []

    def watched(looking: Any, frames: Frames, *given: Any) -> Seen:
        seen.append((frames, look(looking, frames, *given)))
        return seen[-1][1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(domains, "look", watched)
        found = measure(run)
    return Measured(run, found, seen)


def test_sources_give_as_many_frames_of_every_level(measured: Measured) -> None:
    levels = [np.floor(frames.pspi[one.rows]).astype(int) for frames, one in measured.seen]
    counts = [np.bincount(one, minlength=17).tolist() for one in levels]
    # Levels that all three have; a painted set's level 0 nobody painted.
    assert [one[1:] for one in counts] == [[20, 20, *[0] * 14]] * 3
    assert [one[0] for one in counts] == [counts[0][0], 0, counts[0][0]]
    assert counts[0][0] == 20
    shown = measured.found.figures.sources
    assert [(one.name, one.kind, one.frames) for one in shown] == [
        ("real", "real", 40), ("gan", "2d", 40), ("heads", "3d", 40),
    ]  # fmt: skip
    assert [one.zeros for one in shown] == [one[0] for one in counts]
    assert shown[1].people == PEOPLE
    places = measured.found.places
    assert places.source.tolist() == np.repeat([0, 1, 2], [len(one) for one in levels]).tolist()
    assert places.level.tolist() == np.concatenate(levels).tolist()
    assert [one.shape for one in places.maps] == [(len(places.level), 2)] * 2
    assert [name.partition(",")[0] for name in measured.found.figures.maps] == ["PCA", "t-SNE"]


def rows(measured: Measured, first: str, second: str) -> dict[int | None, Apart]:
    figures = measured.found.figures
    return {one.level: one for one in figures.apart if (one.first, one.second) == (first, second)}


def test_distances_are_those_of_image_quality(measured: Measured) -> None:
    names = ("real", "gan", "heads")
    vectors = {name: one.features for name, (_, one) in zip(names, measured.seen, strict=True)}
    level = {
        name: np.floor(frames.pspi[one.rows])
        for name, (frames, one) in zip(names, measured.seen, strict=True)
    }
    assert len({(one.first, one.second) for one in measured.found.figures.apart}) == 3
    for first, second in (("real", "gan"), ("real", "heads"), ("gan", "heads")):
        found = rows(measured, first, second)
        assert set(found) == {None, 1, 2} | ({0} if "gan" not in (first, second) else set())
        for at, one in found.items():
            two = [
                vectors[name][level[name] > 0 if at is None else level[name] == at]
                for name in (first, second)
            ]
            known = distance(*two)
            assert (known.real, known.made) == (one.frames, one.frames)
            assert one.fid == pytest.approx(known.fid, rel=1e-9)
            assert one.mmd2 == pytest.approx(apart(*two), abs=1e-6)
    figures = measured.found.figures
    assert (figures.features, figures.dimensions) == (f"{SMALL}, random weights", 96)


def test_a_blur_is_found_and_drawing_alike_is_not(measured: Measured) -> None:
    blurred, alike = rows(measured, "real", "gan")[None], rows(measured, "real", "heads")[None]
    assert blurred.p is not None
    assert blurred.p <= 0.005
    assert alike.p is not None
    assert alike.p > 0.05
    told = {one.sources: one for one in measured.found.figures.told}
    assert set(told) == {
        ("real", "gan", "heads"), ("real", "gan"), ("real", "heads"), ("gan", "heads"),
    }  # fmt: skip
    seen = {names: one.accuracy for names, one in told.items()}
    assert seen["real", "gan"] is not None
    assert seen["real", "gan"] > 0.7
    assert [one.chance for one in told.values()] == [1 / 3, 0.5, 0.5, 0.5]


def test_it_is_found_once_and_read_back(
    measured: Measured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*given: object) -> None:
        raise AssertionError("looked again")

    monkeypatch.setattr(domains.looking, "build", fail)
    for again in (gap.read(measured.run), measure(measured.run)):
        assert again is not None
        assert again.figures == measured.found.figures
        kept, known = again.places, measured.found.places
        assert np.array_equal(kept.source, known.source)
        assert np.array_equal(kept.level, known.level)
        assert all(np.array_equal(*two) for two in zip(kept.maps, known.maps, strict=True))
    with pytest.raises(AssertionError, match="looked again"):
        measure(measured.run, 999)


def other(measured: Measured, run: Path, **changed: Any) -> Path:
    """The same study with other frames of level 1 and above in a source, or another hash."""
    content = json.loads((measured.run / STUDY).read_text())
    content["sources"][0] |= changed
    run.mkdir()
    (run / STUDY).write_text(json.dumps(content))
    return run


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Features of nothing: what they are does not matter."""

    def nothing(looking: Any, frames: Frames, rows: np.ndarray, advance: object) -> Seen:
        drawn = rng(len(rows)).standard_normal((len(rows), 6)).astype(np.float32)
        return Seen(rows, np.zeros(len(rows)), drawn, None)

    monkeypatch.setattr(domains, "look", nothing)


@pytest.mark.usefixtures("blind")
def test_of_too_few_frames_nothing_is_said(measured: Measured, tmp_path: Path) -> None:
    run = other(measured, tmp_path / "few")
    assert gap.read(run) is None
    made = measure(run, 30)
    # Two levels of 15, which are too few each; together they are enough.
    by_level = {one.level: one for one in made.figures.apart if one.second == "gan"}
    assert by_level[1] == Apart("real", "gan", 1, 15, None, None, None)
    assert by_level[None].frames == 30
    assert by_level[None].mmd2 is not None
    assert all(one.accuracy is not None for one in made.figures.told)
    few = measure(run, 16).figures
    assert {one.frames for one in few.apart} == {8, 16}
    assert all((one.mmd2, one.p, one.fid) == (None, None, None) for one in few.apart)
    assert few.told[0] == Told(("real", "gan", "heads"), 16, None, 1 / 3)
    # The newest is what stands there.
    kept = gap.read(run)
    assert kept is not None
    assert kept.figures == few
    assert few.id != made.figures.id


@pytest.mark.usefixtures("blind")
def test_of_no_level_in_common_nothing_is_said(measured: Measured, tmp_path: Path) -> None:
    with here():
        blank = drawn_faces.painted(
            tmp_path / "blank", measured_real(measured), identities=2, painted="nothing"
        )
    digest = manifest.checksum(blank / manifest.NAME).sha256
    made = measure(other(measured, tmp_path / "run", folder=str(blank), manifest=digest))
    assert [one.frames for one in made.figures.sources] == [0, 0, 0]
    overall = [one for one in made.figures.apart if one.level is None]
    assert len(overall) == 3
    assert all((one.frames, one.mmd2, one.fid) == (0, None, None) for one in overall)
    assert [one.accuracy for one in made.figures.told] == [None] * 4


def measured_real(measured: Measured) -> Path:
    return Path(json.loads((measured.run / STUDY).read_text())["real"]["folder"])


def test_what_is_not_as_it_was_is_named(measured: Measured, tmp_path: Path) -> None:
    run = other(measured, tmp_path / "run", manifest="0" * 64)
    with pytest.raises(ValueError, match=r"gan must be as when the study began .* in .*painted"):
        measure(run)
    with pytest.raises(ValueError, match="frames must be at least 15, one a PSPI level, got 14"):
        measure(measured.run, 14)
    damaged = other(measured, tmp_path / "damaged")
    gap.write(measured.found, damaged)
    figures, places = (damaged / gap.FOLDER / name for name in (gap.FIGURES, gap.PLACES))
    with np.load(places) as file:
        kept = {name: file[name] for name in file.files}
    np.savez(places, **kept | {"level": kept["level"][1:]})
    with pytest.raises(ValueError, match=r"gap.npz must hold .* beside it, got "):
        gap.read(damaged)
    places.write_bytes(places.read_bytes()[:200])
    with pytest.raises(ValueError, match=r"gap.npz must hold arrays alone and whole, got "):
        gap.read(damaged)
    figures.write_text(figures.read_text().replace(gap.FORMAT, "pain3d gap 0"))
    with pytest.raises(ValueError, match=r"gap.json must be of a gap \(pain3d gap 1\), got anoth"):
        gap.read(damaged)


def test_reading_needs_no_torch() -> None:
    said = "import sys, vitpain.ablation.gap as g; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", said], check=False).returncode == 0
