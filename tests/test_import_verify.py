"""What `verify` holds an imported data set to: its configuration, its PSPI, its neutrals."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from assets.facs import PAIN_AUS
from generator.importers import coded
from generator.importers.config import ImportConfig, imported
from generator.shards.imported import imported_faults, read_imported
from generator.shards.record import AUSources, LandmarkFacts, Record
from generator.shards.rules import record_faults
from generator.shards.set_rules import pair_faults

CONFIG = ImportConfig("3dpain", Path("nowhere"), "3dpain", "none", 0.0, 64)
STATED = imported(CONFIG, "sha256:0")
AUS = {4: 2.0, 6: 1.0, 7: 3.0, 9: 0.0, 10: 1.0, 43: 1.0}
PAIN = Record(
    key="a_pain_1_view_000",
    identity="a",
    split="train",
    kind="pain",
    source="3dpain",
    width=64,
    height=64,
    view=0,
    neutral_key="a_neutral_view_000",
    pspi=7.0,
    label_source="target",
    aus=AUSources(target=coded.codes(coded.only(AUS))),
)


def faults(record: Record) -> list[str]:
    found = (*record_faults(record), *imported_faults(record, STATED))
    return [f"{rule}, got {value}" for rule, value in found]


def test_labels_of_others_may_be_partly_null() -> None:
    assert faults(PAIN) == []
    # Of what is made here every unit is known.
    assert faults(replace(PAIN, source="3d"))[0].startswith("target AUs must all be known")


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (replace(PAIN, pspi=6.0), "pspi must be AU4 + max(6, 7) + max(9, 10) + AU43 = 7, got 6.0"),
        (replace(PAIN, pspi=None), "pspi must be AU4 + max(6, 7) + max(9, 10) + AU43 = 7, got Non"),
        (replace(PAIN, source="unbc"), "source must be 3dpain, as in config.json, got unbc"),
        (replace(PAIN, width=65), "pictures must be 64 x 64, as in config.json, got 65 x 64"),
    ],
)
def test_a_record_that_its_import_does_not_give(record: Record, said: str) -> None:
    assert [one[: len(said)] for one in faults(record)] == [said]


@pytest.mark.parametrize("au", PAIN_AUS)
def test_pspi_stands_alone_where_a_unit_is_null(au: int) -> None:
    fewer = coded.codes(coded.only({**AUS, au: None}))
    assert faults(replace(PAIN, pspi=3.5, aus=AUSources(target=fewer))) == []


def test_landmarks_where_faces_were_cut_by_them() -> None:
    by_landmarks = replace(STATED, crop="landmarks")
    missing = ("landmarks must be known where pictures were cut by them", None)
    assert list(imported_faults(PAIN, by_landmarks)) == [missing]
    points = ((1.0, 1.0),) * 66
    marked = replace(PAIN, landmarks=LandmarkFacts("aam66", points, (True,) * 66))
    assert list(imported_faults(marked, by_landmarks)) == []


def row(record: Record) -> dict:
    names = ("key", "identity", "kind", "view", "fold", "source", "neutral_key")
    return {name: getattr(record, name) for name in names}


def test_a_neutral_that_nobody_names_may_be_missing() -> None:
    alone = row(replace(PAIN, neutral_key=None))
    assert list(pair_faults([alone])) == []
    named = row(PAIN)
    assert [rule for _, rule, _ in pair_faults([named])] == [
        "a view 0 must have one neutral",
        "neutral_key must be in the index",
    ]
    made = row(replace(PAIN, source="3d", neutral_key=None))
    assert [rule for _, rule, _ in pair_faults([made])] == [
        "a view 0 must have one neutral",
        "neutral_key must be in the index",
    ]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"surrogate": True}, "imported must have the source unbc-surrogate where surrogate is"),
        ({"source": "unbc-surrogate"}, "must have the source unbc-surrogate where .*only there"),
        ({"size": 0}, "imported must have a size and a margin from 0, got size 0 and margin 0"),
        ({"layout": "folder"}, "layout must be one of"),
    ],
)
def test_what_config_states_is_held_to_its_rules(changed: dict, said: str) -> None:
    stated = {"imported": {**asdict(STATED), **changed}}
    with pytest.raises(ValueError, match=said):
        read_imported(stated, "config.json")
    assert read_imported({"imported": asdict(STATED)}, "config.json") == STATED
