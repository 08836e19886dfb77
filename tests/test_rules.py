"""Each rule of a record is broken once and named, and a true record breaks none."""

import re
from dataclasses import replace
from typing import Any

import pytest

from assets import facs
from generator.config import GenerateConfig
from generator.shards.record import NFCS, AUCodes, AUSources, Record
from generator.shards.rules import record_faults
from tests.fake_producer import make_person

CONFIG = GenerateConfig(identities=12, size=32, ages="0-90", confounders=1)
NONE: dict[int, float | None] = {au: 0.0 for au in facs.AUS}


def of_kind(kind: str, infant: bool = False) -> Record:
    for index in range(CONFIG.identities):
        for sample in make_person(CONFIG, index):
            record = sample.record
            if record.kind == kind and (record.nfcs is not None) == infant:
                return record
    raise AssertionError(kind)


def with_aus(record: Record, pspi: float | None = None, **aus: float) -> Record:
    """The record with these intensities on both sides, unchecked."""
    values = NONE | {int(name[2:]): value for name, value in aus.items()}
    true = facs.pspi({au: value or 0.0 for au, value in values.items()})
    sources = AUSources(target=AUCodes(values, dict(values), dict(values)))
    return replace(record, aus=sources, pspi=true if pspi is None else pspi)


def faults(record: Record) -> str:
    return "; ".join(f"{rule}, got {value}" for rule, value in record_faults(record))


def test_true_records_break_no_rule() -> None:
    for index in range(CONFIG.identities):
        for sample in make_person(CONFIG, index):
            assert faults(sample.record) == ""


PAIN = of_kind("pain")


@pytest.mark.parametrize(
    ("record", "text"),
    [
        (with_aus(PAIN, au43=1.0), "AU43 must be 1 exactly when AU45 is 5"),
        (with_aus(PAIN, au45=5.0), "AU43 must be 1 exactly when AU45 is 5"),
        (with_aus(PAIN, au43=1.0, au45=5.0, au5=1.0), "AU5 and AU45 must not both be above 0"),
        (with_aus(PAIN, au5=1.0, au45=2.0), "AU5 and AU45 must not both be above 0"),
        (with_aus(PAIN, au26=1.0, au27=2.0), "AU26 and AU27 must not both be above 0"),
        (with_aus(PAIN, au4=5.5), "target AU4 left must be 0 to 5, got 5.5"),
        (with_aus(PAIN, 3.0, au4=2.0), r"pspi must be AU4 \+ .* = 2, got 3.0"),
        (with_aus(of_kind("neutral"), au12=1.0), "a neutral must have all AUs at 0"),
        (with_aus(of_kind("confounder"), au7=1.0), "a confounder must have AUs"),
        (replace(PAIN, label_source="manual"), "aus must hold what label_source names, got manual"),
        (replace(PAIN, pspi=17.0), "pspi must be 0 to 16, got 17"),
        (replace(PAIN, kind="real"), "kind must not be real"),
        (replace(PAIN, key="a.b"), "key must be 1 to 80 of"),
        (replace(PAIN, nfcs=NFCS(0, 0, 0, 0)), "nfcs must be None at this age"),
        (replace(of_kind("pain", infant=True), nfcs=None), r"nfcs must be \(.*\) at this age"),
    ],
)
def test_a_broken_rule_is_named(record: Record, text: str) -> None:
    assert re.search(text, faults(record)), faults(record)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"sex": "other"}, "sex must be one of"),
        ({"skin_tone": 11}, "skin tone must be a Monk tone"),
        ({"ethnicity": "martian"}, "ethnicity must be one of"),
        ({"african": 0.9}, "shares must sum to 1"),
        ({"age_years": -1.0}, "age must be 0 to 130"),
    ],
)
def test_a_person_out_of_range_is_named(change: dict[str, Any], text: str) -> None:
    assert text in faults(replace(PAIN, person=replace(PAIN.person, **change)))


def test_a_person_is_held_to_the_mix_that_was_sampled() -> None:
    person = replace(PAIN.person, ethnicity="asian", african=0.2, asian=0.6, caucasian=0.2)
    text = faults(replace(PAIN, person=replace(person, skin_tone=9)))
    assert "shares must be those of asian" in text
    assert "skin tone must be 2 to 6 for asian, got 9" in text


def test_labels_read_from_elsewhere_stay_as_read() -> None:
    closed = AUCodes(NONE | {43: 1.0}, NONE | {43: 1.0}, NONE | {43: 1.0, 9: None})
    record = replace(PAIN, source="unbc", kind="real", label_source="manual", nfcs=None)
    record = replace(
        record,
        aus=AUSources(
            manual=replace(closed, left=NONE | {43: 1.0, 9: None}, right=NONE | {43: 1.0, 9: None})
        ),
    )
    assert faults(record) == ""
    wrong = replace(closed, left=NONE | {10: 6.0}, label=NONE | {10: 6.0})
    assert "manual AU10 left must be 0 to 5" in faults(replace(record, aus=AUSources(manual=wrong)))


def test_the_label_is_the_larger_side() -> None:
    one_sided = AUCodes(NONE | {4: 3.0}, NONE | {4: 1.0}, NONE | {4: 2.0})
    text = faults(replace(PAIN, aus=AUSources(target=one_sided), pspi=2.0))
    assert "target AU4 must be the larger side, got 2.0" in text


def test_landmarks_are_counted() -> None:
    assert PAIN.landmarks is not None
    fewer = replace(PAIN.landmarks, scheme="aam66")
    assert "landmarks must be 66 points" in faults(replace(PAIN, landmarks=fewer))
