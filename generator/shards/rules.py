"""What a record must say to be true: action units, PSPI, NFCS items, person, key.

Each rule is a function that yields what is wrong; nothing wrong yields nothing. Labels that were
made here (`target`) are held to every rule of `assets.facs`; labels read from elsewhere stay as
read and are held to their ranges alone.
"""

from collections.abc import Iterator
from dataclasses import astuple

from assets import facs
from assets.population import MIXES, SEXES
from generator.shards.record import DRAWN, POINTS, TRANSLATED, AUCodes, Intensities, Record
from generator.shards.tarball import KEY

Wrong = tuple[str, object]
"""A rule that is broken, and the value that breaks it."""

MADE = (DRAWN, TRANSLATED)
"""Sources of pictures made here."""
NFCS_AGE = 2.0
"""Years below which a record has NFCS items."""
SHARES_SUM = 1e-6
PSPI_SUM = 1e-6


def record_faults(record: Record) -> Iterator[Wrong]:
    """Yield every rule that a record breaks by itself."""
    if not KEY.fullmatch(record.key):
        yield "key must be 1 to 80 of A-Z a-z 0-9 _ -", record.key
    yield from label_faults(record)
    yield from person_faults(record)
    points = record.landmarks
    if points is not None:
        count = POINTS[points.scheme]
        if len(points.points) != count or len(points.visible) != count:
            got = (len(points.points), len(points.visible))
            yield f"landmarks must be {count} points and visibilities", got
        if any(len(point) != 2 for point in points.points):
            yield "landmarks must be x and y", points.points
    if record.camera is not None and record.camera.intrinsics[2] != (0.0, 0.0, 1.0):
        yield "the last row of intrinsics must be 0 0 1", record.camera.intrinsics[2]


def label_faults(record: Record) -> Iterator[Wrong]:
    """Yield what is wrong with action units, PSPI, NFCS items and the role of the picture."""
    for name in ("target", "manual", "openface"):
        codes: AUCodes | None = getattr(record.aus, name)
        if codes is not None:
            yield from _range_faults(name, codes)
    labels = record.labels
    if record.label_source is not None and labels is None:
        yield "aus must hold what label_source names", record.label_source
    if record.pspi is not None and not 0.0 <= record.pspi <= facs.HIGHEST_PSPI:
        yield f"pspi must be 0 to {facs.HIGHEST_PSPI}", record.pspi
    if labels is not None and record.label_source == "target" and record.source in MADE:
        yield from _target_faults(record, labels)
    if record.kind == "real" and record.source in MADE:
        yield "kind must not be real for pictures made here", record.source


def _range_faults(source: str, codes: AUCodes) -> Iterator[Wrong]:
    for side, intensities in (("left", codes.left), ("right", codes.right)):
        for au in facs.AUS:
            value, label = intensities[au], codes.label[au]
            if value is not None and not 0.0 <= value <= facs.HIGHEST[au]:
                yield f"{source} AU{au} {side} must be 0 to {facs.HIGHEST[au]:g}", value
            if value is not None and label is None:
                yield f"{source} AU{au} must have a label where a side has one", value
    for au in facs.AUS:
        sides = [side[au] for side in (codes.left, codes.right) if side[au] is not None]
        label = codes.label[au]
        if label is not None and sides and label != max(s for s in sides if s is not None):
            yield f"{source} AU{au} must be the larger side", label


def _target_faults(record: Record, labels: AUCodes) -> Iterator[Wrong]:
    full = _known(labels.label)
    if full is None or _known(labels.left) is None or _known(labels.right) is None:
        yield "target AUs must all be known", labels.label
        return
    for side in (labels.left, labels.right, labels.label):
        known = _known(side)
        assert known is not None
        try:
            facs.check(known, "target")
        except ValueError as error:
            yield "target AUs must keep the rules of the set", str(error)
    if record.pspi is None or abs(record.pspi - facs.pspi(full)) > PSPI_SUM:
        yield f"pspi must be AU4 + max(6, 7) + max(9, 10) + AU43 = {facs.pspi(full):g}", record.pspi
    if record.kind == "neutral" and any(full.values()):
        yield "a neutral must have all AUs at 0", full
    if record.kind == "confounder" and any(full[au] for au in facs.PAIN_AUS):
        yield f"a confounder must have AUs {facs.PAIN_AUS} at 0", full
    age = record.person.age_years
    expected = tuple(facs.nfcs(full).values()) if age is not None and age < NFCS_AGE else None
    got = None if record.nfcs is None else astuple(record.nfcs)
    if got != expected:
        yield f"nfcs must be {expected} at this age", got


def _known(intensities: Intensities) -> dict[int, float] | None:
    """The intensities if none is null."""
    known = {au: value for au, value in intensities.items() if value is not None}
    return known if len(known) == len(intensities) else None


def person_faults(record: Record) -> Iterator[Wrong]:
    """Yield what is wrong with the facts of a person who was sampled here."""
    person = record.person
    if person.age_years is not None and not 0.0 <= person.age_years < 130.0:
        yield "age must be 0 to 130 years", person.age_years
    if person.sex is not None and person.sex not in SEXES:
        yield f"sex must be one of {SEXES}", person.sex
    if person.skin_tone is not None and not 1 <= person.skin_tone <= 10:
        yield "skin tone must be a Monk tone, 1 to 10", person.skin_tone
    if record.source != DRAWN or person.ethnicity is None:
        return
    mix = next((MIXES[name] for name in MIXES if name == person.ethnicity), None)
    if mix is None:
        yield f"ethnicity must be one of {tuple(MIXES)}", person.ethnicity
        return
    shares = (person.african, person.asian, person.caucasian)
    bounds = (mix.african, mix.asian, mix.caucasian)
    known = [share for share in shares if share is not None]
    if len(known) != 3 or abs(sum(known) - 1.0) > SHARES_SUM:
        yield "shares must sum to 1", shares
    elif not all(low <= s <= high for s, (low, high) in zip(known, bounds, strict=True)):
        yield f"shares must be those of {person.ethnicity}", shares
    tone = person.skin_tone
    if tone is not None and not mix.tones[0] <= tone <= mix.tones[1]:
        yield f"skin tone must be {mix.tones[0]} to {mix.tones[1]} for {person.ethnicity}", tone
