"""The audit of a folder: people made again, and what is said of folders that were not made here."""

import csv
import json
import re
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from assets.facs import AUS
from generator import synth3d
from generator.audit import build, change, sitting, source
from generator.audit.build import AuditConfig, audit
from generator.audit.person import measure
from generator.config import GenerateConfig
from generator.jobs import Run, generate
from generator.provenance import DECIDING
from generator.provenance import source as code
from generator.shards import folder
from generator.shards.manifest import json_bytes
from render.camera import project
from scripts import cli
from tests.runs import here, ignore

MADE = GenerateConfig(
    identities=2, pain_per_identity=0, views=1, size=96, ages="18-90", annotations=("seg",)
)
AUDIT = AuditConfig(people=2, aus=(4, 43), size=128)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("audit") / "data"
    with here():
        generate(MADE, synth3d.PRODUCER, Run(out), ignore)
    return out


def test_people_are_made_again(ours: Path, tmp_path: Path) -> None:
    done: list[tuple[int, int]] = []
    made = audit(ours, tmp_path / "out", AUDIT, lambda count, total: done.append((count, total)))
    assert made.again
    assert sum(count for count, _ in done) == done[-1][1] == 2 * (2 + 4 + 5 + 1) + 2
    assert [(s.facts.identity, s.au, s.intensity) for s in made.steps] == [
        (name, *what)
        for name in ("p000000", "p000001")
        for what in ((4, 1), (4, 2), (4, 3), (4, 4), (4, 5), (43, 1))
    ]
    # What a worker measured is what this process measures.
    config = source.sitting_config(MADE, AUDIT.size, "cpu")
    same = measure(sitting.seat(config, 1), (4,), False, lambda count: None)
    for one, other in zip(same.steps, made.steps[6:11], strict=True):
        # Sums by several threads, as here, are not the same to the last digit.
        figures = [{**vars(step), "facts": 0.0} for step in (one, other)]
        assert one.facts == other.facts
        assert figures[0] == pytest.approx(figures[1], rel=0.02)
    for course in made.courses:
        assert course.growth == 1.0
        assert course.inside is not None
        assert course.inside > 0.75
    closed = [step for step in made.steps if step.au == 43]
    assert all(step.eye_pixels == 0 and step.lid_gap < -0.8 for step in closed)
    assert all(step.change > 2 * step.again for step in closed)

    out = tmp_path / "out"
    written = json.loads((out / build.FIGURES).read_bytes())
    assert written["people_made_again"] is True
    assert [goal["name"] for goal in written["goals"]] == [goal.name for goal in made.goals]
    assert written["detector_in_the_folder"][0]["people"] == 2
    assert [one["identity"] for one in written["textures"]] == ["p000000", "p000001"]
    assert same.texture == made.textures[1]
    rows = list(csv.DictReader((out / build.ROWS).read_text().splitlines()))
    assert [float(row["change"]) for row in rows] == [step.change for step in made.steps]
    page = (out / build.PAGE).read_text()
    for name in ("growth.png", "inside.png", "groups.png", "regions.jpg", "sheet_p000001.jpg"):
        assert (out / name).stat().st_size > 10_000, name
    assert page.count("data:image/png") == 3
    assert page.count("data:image/jpeg") == 3
    assert "://" not in page


def test_the_neutral_again_differs_in_what_it_says_alone() -> None:
    config = source.sitting_config(MADE, 96, "cpu")
    sitter = sitting.seat(config, 0)
    neutral, same = sitter.take({}), sitter.take({})
    assert np.array_equal(neutral.frame.image, same.frame.image)
    at_rest = change.seen(neutral.frame)
    noisy = sitter.take({}, sitting.Shot(noise_seed=7))
    bright = sitter.take({}, sitting.Shot(exposure=1.05))
    apart = np.abs(change.seen(noisy.frame).lightness - at_rest.lightness)[at_rest.head]
    assert 0.05 < apart.mean() < 1.5
    lighter = (change.seen(bright.frame).lightness - at_rest.lightness)[at_rest.head]
    # 5 % more light is 5 % / 3 of L* + 16, until the film bends.
    expected = (1.05 ** (1 / 3) - 1) * (at_rest.lightness[at_rest.head] + 16)
    assert np.median(lighter / expected) == pytest.approx(1.0, abs=0.15)

    turned = sitting.turned(neutral.frame.camera, np.radians(1.0))
    points = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 0.1]])
    before, _ = project(neutral.frame.camera, points)
    after, _ = project(turned, points)
    assert after[0] == pytest.approx(before[0], abs=1e-6)
    focal, depth = neutral.frame.camera.intrinsics[0, 0], np.linalg.norm(turned.position)
    # The tip of a nose 10 cm before that point goes to the picture's right by its sine.
    assert after[1, 0] - before[1, 0] == pytest.approx(0.1 * np.sin(np.radians(1)) * focal / depth,
                                                       rel=0.15)  # fmt: skip


def test_a_folder_from_elsewhere_says_what_it_cannot(data: Path, tmp_path: Path) -> None:
    """As real data: no options, nothing of ours."""
    stated = json.loads((data / folder.CONFIG).read_bytes())
    del stated["options"]
    (data / folder.CONFIG).write_bytes(json_bytes(stated))
    with here():
        made = audit(data, tmp_path / "out", replace(AUDIT, people=4), ignore)
    assert (made.again, made.goals, made.steps) == (False, (), ())
    assert made.reason == "it was not drawn by this project's 3D path"
    page = (tmp_path / "out" / build.PAGE).read_text()
    assert "cannot be made again: it was not drawn by this project" in page
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        build.PAGE, build.FIGURES, build.ROWS
    }  # fmt: skip
    assert [one.au for one in made.frames] == [None, *AUS]
    assert made.frames[0].pictures == 4 * 3
    silent = next(one for one in made.frames if one.au == 17)
    assert silent.rank is None


def _ours(stated: dict) -> None:
    stated["made_with"]["source"] = f"sha256:{code(*DECIDING)}"


def _older(stated: dict) -> None:
    _ours(stated)
    del stated["options"]["flush"]


@pytest.mark.parametrize(
    ("tamper", "reason"),
    [
        (_ours, r"this code does not make its people again: p00000\d has age_years .*, got "),
        (_older, "this version does not share its option flush"),
    ],
)
def test_people_that_cannot_be_made_again_are_not(
    data: Path, tamper: Callable[[dict], None], reason: str
) -> None:
    stated = json.loads((data / folder.CONFIG).read_bytes())
    tamper(stated)
    (data / folder.CONFIG).write_bytes(json_bytes(stated))
    origin = source.origin(folder.open_folder(data), f"sha256:{code(*DECIDING)}")
    assert (origin.config, origin.same_code) == (None, True)
    assert re.match(reason, origin.reason), origin.reason


def test_the_users_files_are_not_needed(ours: Path) -> None:
    data = folder.open_folder(ours)
    data.config["options"] |= {
        "expressions": "sha256:0", "pspi": None, "pain_per_identity": None, "other_aus": None,
        "background": "folder", "background_folder": "sha256:1",
    }  # fmt: skip
    origin = source.origin(data, "other code")
    assert origin.config is not None
    assert not origin.same_code
    wanted = asdict(MADE) | {"background": "plain", "pain_per_identity": 10}
    assert asdict(origin.config) == wanted


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--size", "64"], "pain3d audit: size must be from 96 to 1024, got 64"),
        (["--people", "0"], "pain3d audit: people must be at least 1, got 0"),
        (["--aus", "4,4"], "pain3d audit: aus must be some of .* each once, got 4, 4"),
        (["--light", "sun"], "pain3d audit: light must be one of .* got sun"),
        ([], "pain3d audit: .* must be a finished data set, got none of manifest.json"),
    ],
)
def test_refusals_say_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], given: list[str], said: str
) -> None:
    arguments = ["audit", str(tmp_path), "--out", str(tmp_path / "out"), *given]
    try:
        code = cli.run(arguments)
    except SystemExit as stop:
        code = stop.code
    assert code == (2 if given else 1)
    whole = " ".join(capsys.readouterr().err.split())
    begin, _, end = said.partition(".*")
    assert whole.startswith(begin)
    assert whole.endswith(end)


def test_a_filled_folder_is_left_alone(data: Path, tmp_path: Path) -> None:
    (tmp_path / "note").write_text("mine")
    with pytest.raises(ValueError, match="out must be an empty folder"):
        audit(data, tmp_path, AUDIT, ignore)
    assert (tmp_path / "note").read_text() == "mine"
