"""Painted data sets: balanced, told where from, the same bytes always, nobody by who saw them."""

import json
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assets.folds import folds
from assets.unbc import SUBJECTS
from generator import au_lists
from generator.gan2d import folder
from generator.jobs import Run, generate
from generator.shards.codec import decode
from generator.shards.derived import derived_faults, read_derived
from generator.shards.folder import DataSet, open_folder
from generator.shards.record import Record
from generator.shards.verify import verify
from generator.synth2d import records
from generator.synth2d.config import SynthConfig, check, derived
from generator.synth2d.producer import PRODUCER, REPORT
from generator.synth2d.wishes import LEVELS, wishes
from scripts.cli import run
from tests.cohort import cohort
from tests.registered import TINY, gan, registered
from tests.runs import ignore

EACH = 3


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return registered(tmp_path_factory.mktemp("faces") / "reg")


@pytest.fixture(scope="module")
def networks(faces: Path) -> Path:
    gan(faces.parent / "gan", faces, folds="public5")
    return faces.parent / "gan"


@pytest.fixture(scope="module")
def painted(faces: Path, networks: Path) -> DataSet:
    config = SynthConfig(faces, networks, EACH, people_per_shard=5)
    check(config)
    generate(config, PRODUCER, Run(faces.parent / "aug", workers=2), ignore)
    return open_folder(faces.parent / "aug")


@pytest.fixture(scope="module")
def every(painted: DataSet) -> list[Record]:
    return [painted.sample(row).record for row in painted.index.to_pylist()]


def test_every_person_fold_and_level_has_as_many_pictures(painted: DataSet, faces: Path) -> None:
    rows = painted.index.to_pylist()
    counts = Counter((row["identity"], row["fold"], row["pspi"]) for row in rows)
    frames = open_folder(faces).index.to_pylist()
    calm = Counter(row["identity"] for row in frames if row["pspi"] == 0.0)
    expected = {
        (name, fold.number, float(level)): EACH if level else min(EACH, calm[name])
        for fold in folds("public5", SUBJECTS[:10], 0)
        for name in fold.train
        for level in (0, *LEVELS)
    }
    assert counts == expected
    # Some have fewer frames of PSPI 0 than were asked for, which is told.
    report = json.loads((painted.folder / REPORT).read_text())
    few = sum(EACH - count for (_, _, level), count in expected.items() if level == 0.0)
    assert few > 0
    assert report["figures"]["people left out, or out of a fold"] == 0
    assert report["figures"]["pictures fewer than asked for"] == few
    assert report["notes"][0]["what"].endswith(", PSPI 0")


def test_nobody_is_painted_by_a_network_that_saw_them(every: list[Record]) -> None:
    divided = {fold.number: fold for fold in folds("public5", SUBJECTS[:10], 0)}
    for record in every:
        assert record.fold is not None
        assert record.translation is not None
        fold, seen = divided[record.fold], set(record.translation.trained_on)
        assert len(seen) == 4
        assert seen < set(fold.train)
        assert record.identity in fold.train
        assert record.identity not in seen
        assert not seen & {*fold.val, *fold.test}


def test_a_record_tells_its_list_score_input_and_network(
    every: list[Record], faces: Path, networks: Path
) -> None:
    frames = {row["key"]: row for row in open_folder(faces).index.to_pylist()}
    made = {one.name: one for one in folder.opened(networks).networks}
    for record in every:
        told = record.translation
        assert told is not None
        assert frames[told.input_key]["identity"] == record.identity
        assert frames[told.input_key]["pspi"] == 0.0
        if record.pspi == 0.0:
            assert (told.network, told.aus, told.score, told.condition) == (None,) * 4
            assert record.label_source == "manual"
            continue
        assert told.network is not None
        name, _, digest = told.network.partition(" sha256:")
        done = made[name].done
        assert done is not None
        assert done.generator == digest
        target = record.aus.target
        assert target is not None
        lists = au_lists.kept(int(record.pspi or 0))
        mine = np.array([target.label[au] for au in (4, 6, 7, 9, 10, 43)])
        (at,) = np.flatnonzero((lists.aus == mine).all(axis=1))
        assert told.score == lists.scores[at]
        assert told.aus == au_lists.name(lists.aus[at])
        assert told.condition is not None
        assert told.condition[43] == target.label[43]
        assert told.condition[45] is None
        assert target.label[45] == 5.0 * (target.label[43] or 0.0)


def test_an_input_is_unchanged_and_the_most_frontal_comes_first(
    painted: DataSet, every: list[Record], faces: Path
) -> None:
    data = open_folder(faces)
    frames = {row["key"]: row for row in data.index.to_pylist()}
    rows = {row["key"]: row for row in painted.index.to_pylist()}
    inputs = [record for record in every if record.pspi == 0.0]
    for record in inputs:
        assert record.translation is not None
        before = data.sample(frames[record.translation.input_key]).members["jpg"]
        after = decode("jpg", painted.sample(rows[record.key]).members["jpg"]).astype(int)
        # A JPEG of a JPEG.
        assert np.abs(after - decode("jpg", before)).mean() < 1.0
    blocks: dict[tuple[str, int | None], list[Record]] = {}
    for one in inputs:
        blocks.setdefault((one.identity, one.fold), []).append(one)
    assert max(map(len, blocks.values())) > 1
    for mine in blocks.values():
        yaws = [abs(one.registration.pose.yaw) for one in mine if one.registration]
        assert yaws == sorted(yaws)
        assert [one.kind for one in mine] == ["neutral", *["pain"] * (len(mine) - 1)]
        assert {one.neutral_key for one in mine} == {mine[0].key}


def test_a_network_changes_the_picture_by_the_list(painted: DataSet) -> None:
    rows = [row for row in painted.index.to_pylist() if row["pspi"] == 12.0][:EACH]
    pictures = [decode("jpg", painted.sample(row).members["jpg"]) for row in rows]
    assert len({one.tobytes() for one in pictures}) > 1


def test_nothing_is_wrong_with_the_set(painted: DataSet) -> None:
    found = verify(painted.folder, ignore)
    assert [str(fault) for fault in found.faults] == []
    card = (painted.folder / "README.md").read_text()
    assert "never the one who\nis shown" in card


def test_bytes_do_not_depend_on_workers(painted: DataSet, faces: Path, networks: Path) -> None:
    config = SynthConfig(faces, networks, EACH, people_per_shard=5)
    generate(config, PRODUCER, Run(faces.parent / "again"), ignore)
    one, other = ((folder / "manifest.json").read_bytes() for folder in
                  (painted.folder, faces.parent / "again"))  # fmt: skip
    assert one == other


def test_what_a_painted_record_may_not_say(painted: DataSet, every: list[Record]) -> None:
    derived = read_derived(painted.config, "config.json")
    record = next(one for one in every if one.pspi == 5.0)
    told = record.translation
    assert told is not None
    assert list(derived_faults(record, derived)) == []
    for wrong, said in (
        (
            replace(record, translation=replace(told, trained_on=(record.identity,))),
            "a network must never have seen the person whom it paints",
        ),
        (
            replace(record, translation=replace(told, network=None)),
            "condition, list, score and network must be known together",
        ),
        (replace(record, pspi=0.0), "what is unchanged must be PSPI 0, and nothing else"),
        (replace(record, translation=None), "translation must say how the picture came about"),
        (replace(record, registration=None), "faces must be registered as in config.json (3d)"),
        (replace(record, source="3d"), "source must be 2d, as in config.json"),
    ):
        assert said in [rule for rule, _ in derived_faults(wrong, derived)]


@pytest.mark.parametrize(
    ("level", "count", "inputs", "expected"),
    [(1, 8, 9, {0}), (1, 20, 9, {0, 1, 2}), (10, 100, 9, {0}), (15, 100, 9, {0, 1})],
)
def test_a_level_with_few_lists_takes_more_inputs(
    level: int, count: int, inputs: int, expected: set[int]
) -> None:
    drawn = wishes(level, count, inputs, np.random.default_rng(0))
    assert len(drawn) == count
    assert {wish.input for wish in drawn} == expected
    assert len({(wish.input, *wish.aus.tolist()) for wish in drawn}) == count
    assert [wish.number for wish in drawn] == list(range(count))


def test_drawn_lists_are_spread_over_all_that_are_kept() -> None:
    kept = au_lists.kept(5)
    counts: Counter[tuple[int, ...]] = Counter()
    rounds, count = 200, 45
    for seed in range(rounds):
        for wish in wishes(5, count, 1, np.random.default_rng(seed)):
            counts[tuple(wish.aus.tolist())] += 1
    # Chi-square of 454 lists at the 0.1 % level, corrected for draws without replacement.
    expected = rounds * count / len(kept)
    spread = sum((counts[tuple(row)] - expected) ** 2 for row in kept.aus.tolist()) / expected
    assert spread / (1 - count / len(kept)) < 553


def test_a_level_that_cannot_be_drawn() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"level must be from 1 to 15, where lists .*, got 16"):
        wishes(16, 1, 1, rng)
    with pytest.raises(ValueError, match="inputs of PSPI 0 must be at least 1, got 0"):
        wishes(3, 1, 0, rng)
    assert len(wishes(1, 100, 2, rng)) == 16


def test_closed_eyes_in_the_aus_of_a_network() -> None:
    wish = next(one for one in wishes(4, 30, 1, np.random.default_rng(0)) if one.aus[5])
    aus = (4, 6, 7, 9, 10, 45)
    given = records.condition(wish, aus, 0.4)
    assert given[45] == pytest.approx(2.0)
    assert given[43] is None
    assert records.scaled(given, aus)[-1] == pytest.approx(0.4)
    assert records.target(wish).label[45] == 5.0


def test_what_cannot_be_painted(
    painted: DataSet, faces: Path, networks: Path, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"plain must be registered \(pain3d register\), got"):
        check(SynthConfig(cohort(tmp_path / "plain"), networks))
    other = registered(tmp_path / "other", mode="2d")
    with pytest.raises(
        ValueError, match=r"must be registered as the faces that trained .* 3d, got"
    ):
        check(SynthConfig(other, networks))
    with pytest.raises(ValueError, match="photographs, registered, got a set that networks"):
        check(SynthConfig(painted.folder, networks))
    gan(tmp_path / "few", faces, replace(TINY, aus=(4, 25, 43)))
    with pytest.raises(ValueError, match=r"must paint the action units of PSPI.* none for AU6"):
        check(SynthConfig(faces, tmp_path / "few"))
    blind = tmp_path / "blind"
    shutil.copytree(networks, blind)
    made = folder.opened(blind)
    eyes = replace(made.config, aus=(*made.config.aus[:-1], 45))
    folder.write(blind, replace(made, config=eyes))
    with pytest.raises(ValueError, match="must have measured for every network, which AU45"):
        check(SynthConfig(faces, blind))
    with pytest.raises(ValueError, match="per_level must be at least 1, got 0"):
        SynthConfig(faces, networks, 0)


def test_a_set_names_everybody_whom_its_networks_saw(faces: Path, tmp_path: Path) -> None:
    """So that nobody learns from it who is tested on any of them."""
    gan(tmp_path / "first", faces)
    others = registered(tmp_path / "others", source="other", seed=5)
    gan(tmp_path / "second", others, init=tmp_path / "first")
    third = registered(tmp_path / "third", source="third", seed=6)
    config = SynthConfig(third, tmp_path / "second", 1)
    assert derived(config).people == ("other", "third", "unbc")


def test_who_has_no_network_or_no_input_is_listed_and_the_rest_goes_on(
    faces: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "who").write_text("\n".join(SUBJECTS[:9]))
    gan(tmp_path / "gan", faces, subjects=tmp_path / "who")
    more = ["--data", str(faces), "--gan", str(tmp_path / "gan"), "--per-level", "2"]
    assert run(["augment2d", *more, "--out", str(tmp_path / "out")]) == 0
    data = open_folder(tmp_path / "out")
    assert set(data.index.column("identity").to_pylist()) == {SUBJECTS[9]}
    assert set(data.index.column("fold").to_pylist()) == {None}
    notes = json.loads((tmp_path / "out" / REPORT).read_text())["notes"]
    assert [(note["what"], note["value"]) for note in notes] == [
        (name, "somebody who trained it") for name in SUBJECTS[:9]
    ]
    assert "people left out" in capsys.readouterr().out


def test_nobody_to_paint_makes_no_set(
    faces: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gan(tmp_path / "gan", faces)
    more = ["--data", str(faces), "--gan", str(tmp_path / "gan")]
    assert run(["augment2d", *more, "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert "must have somebody at PSPI 0 whom a network may paint and has never seen" in said
    assert not (tmp_path / "out" / "config.json").exists()


def test_a_network_that_saw_somebody_of_its_fold_is_told(
    faces: Path, networks: Path, tmp_path: Path
) -> None:
    shutil.copytree(networks, tmp_path / "gan")
    made = folder.opened(tmp_path / "gan")
    first = made.networks[0]
    assert first.paints
    seen = replace(first, trained_on=(*first.trained_on, first.paints[0]))
    folder.write(tmp_path / "gan", replace(made, networks=(seen, *made.networks[1:])))
    config = SynthConfig(faces, tmp_path / "gan", 1)
    generate(config, PRODUCER, Run(tmp_path / "out"), ignore)
    notes = json.loads((tmp_path / "out" / REPORT).read_text())["notes"]
    told = [note for note in notes if note["value"] == "somebody who trained it"]
    assert [note["what"] for note in told] == [first.paints[0]]
    assert f"network {first.name}" in told[0]["rule"]
