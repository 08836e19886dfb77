"""What the record of a painted or unchanged picture says."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float32

from assets import facs
from assets.facs import AUS, CLOSED, HIGHEST, PAIN_AUS, AUVector
from generator import au_lists
from generator.shards.record import (
    NFCS,
    TRANSLATED,
    AUCodes,
    AUSources,
    Intensities,
    Record,
    Translation,
)
from generator.shards.rules import NFCS_AGE
from generator.synth2d.wishes import Wish


def target(wish: Wish) -> AUVector:
    """A list as a full set of AUs: closed eyes are AU43 = 1 and AU45 = 5."""
    known = dict(zip(PAIN_AUS, wish.aus.tolist(), strict=True))
    return AUVector.both({**known, 45: CLOSED if known[43] else 0.0})


def condition(wish: Wish, aus: tuple[int, ...], closed: float | None) -> Intensities:
    """What a network of some AUs is given for a list, 0-5; `closed` is the AU45, of 1, that closes
    eyes with it, null where it has no AU45.
    """
    wanted: Intensities = dict.fromkeys(AUS)
    asked = target(wish).label
    for au in aus:
        wanted[au] = asked[au]
    if 45 in aus and asked[43]:
        assert closed is not None
        wanted[45] = closed * HIGHEST[45]
    return wanted


def scaled(given: Intensities, aus: tuple[int, ...]) -> Float32[np.ndarray, " aus"]:
    """A condition as the network takes it, 0-1 in the order of its AUs."""
    known = [(au, given[au]) for au in aus]
    return np.array([value / HIGHEST[au] for au, value in known if value is not None], np.float32)


def unchanged(record: Record, key: str, block: Translation, size: int) -> Record:
    """The record of an input that is left as it was; the first of a block is its neutral."""
    return replace(_moved(record, size), key=key, source=TRANSLATED, kind="pain", translation=block)


def painted(
    record: Record, key: str, wish: Wish, given: Intensities, block: Translation, size: int
) -> Record:
    """The record of a painted picture. What moved with the expression is not known any more."""
    aus = target(wish)
    age = record.person.age_years
    young = age is not None and age < NFCS_AGE
    return replace(
        _moved(record, size),
        key=key,
        source=TRANSLATED,
        kind="pain",
        pspi=aus.pspi,
        label_source="target",
        aus=AUSources(target=AUCodes.of(aus)),
        nfcs=NFCS(**facs.nfcs(aus.label)) if young else None,
        landmarks=None,
        expression=None,
        translation=replace(
            block, condition=given, aus=au_lists.name(wish.aus), score=float(wish.score)
        ),
    )


def _moved(record: Record, size: int) -> Record:
    """The record of an input drawn at another size; sequences are for what was filmed."""
    factor = size / record.width
    marks = record.landmarks
    if marks is not None:
        points = tuple((x * factor, y * factor) for x, y in marks.points)
        marks = replace(marks, points=points)
    crop = record.crop
    if crop is not None:
        (a, b, c), (d, e, f) = crop
        crop = (
            (a * factor, b * factor, c * factor),
            (d * factor, e * factor, f * factor),
        )
    return replace(
        record,
        width=size,
        height=size,
        image="jpg",
        landmarks=marks,
        crop=crop,
        sequence=None,
        frame=None,
        sequence_labels=type(record.sequence_labels)(),
    )
