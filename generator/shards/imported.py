"""What `config.json` states of a data set that was imported, and what its card says.

Such a set has `imported` where a generated one has `options`. Its card follows from it, so that
`verify` makes the card anew and compares it byte for byte.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from assets.facs import PAIN_AUS, pspi
from assets.unbc import SURROGATE
from generator.shards.card import About
from generator.shards.record import Record
from generator.shards.record_json import read_value
from generator.shards.rules import Wrong

IMPORTED = "imported"
PSPI_SUM = 1e-6
Layout = Literal["unbc", "unbc_hdf5", "3dpain", "openface"]
Crop = Literal["landmarks", "detector", "none"]


@dataclass(frozen=True)
class Imported:
    """Where a data set comes from and how its pictures were cut."""

    layout: Layout
    source: str
    surrogate: bool
    crop: Crop
    margin: float
    size: int
    people_per_shard: int
    person: Literal["folder", "picture"] | None
    content: str
    splits: str | None
    labels: str | None


def read_imported(config: dict[str, Any], where: str) -> Imported | None:
    """Read `imported` out of a configuration, None where it has none.

    Raises ValueError that begins with `where` and names the field that is missing, unknown or not
    of its type.
    """
    if IMPORTED not in config:
        return None
    read = read_value(config[IMPORTED], Imported, f"{where}: {IMPORTED}")
    assert isinstance(read, Imported)
    if read.size < 1 or not read.margin >= 0.0:
        got = f"size {read.size} and margin {read.margin:g}"
        raise ValueError(f"{where}: {IMPORTED} must have a size and a margin from 0, got {got}")
    if (read.source == SURROGATE) != read.surrogate:
        rule = f"source {SURROGATE} where surrogate is true, and only there"
        raise ValueError(f"{where}: {IMPORTED} must have the {rule}, got {read.source}")
    return read


def imported_faults(record: Record, imported: Imported | None) -> Iterator[Wrong]:
    """Yield what a record says against the configuration of the import; nothing without one."""
    if imported is None:
        return
    if record.source != imported.source:
        yield f"source must be {imported.source}, as in config.json", record.source
    if (record.width, record.height) != (imported.size, imported.size):
        got = f"{record.width} x {record.height}"
        yield f"pictures must be {imported.size} x {imported.size}, as in config.json", got
    if imported.crop == "landmarks" and record.landmarks is None:
        yield "landmarks must be known where pictures were cut by them", None
    labels = record.labels
    known = {} if labels is None else labels.label
    coded = {au: value for au in PAIN_AUS if (value := known.get(au)) is not None}
    if len(coded) == len(PAIN_AUS):
        computed = pspi(coded)
        if record.pspi is None or abs(record.pspi - computed) > PSPI_SUM:
            yield f"pspi must be AU4 + max(6, 7) + max(9, 10) + AU43 = {computed:g}", record.pspi


UNBC = """## What it is
Frames of the UNBC-McMaster Shoulder Pain Expression Archive (Lucey, Cohn, Prkachin, Solomon and
Matthews: Painful data, FG 2011): people with shoulder pain who move their arms, with action units
4 6 7 9 10 12 20 25 26 27 43 coded by people, frame by frame, and scores of whole sequences. These
units are null where a frame has no file of them, and 0 where the file has no row; all others were
not coded and are null. `pspi` is computed from the action units; where there are none it is the
archive's own. `import_report.json` lists where the two differ, and all that is missing."""
NOBODY = """**A stand-in: nobody in it exists, and no figure made from it says anything of
UNBC-McMaster.**"""
STAND_IN = f"""## What it is
{NOBODY} It has the names and the layout of the UNBC-McMaster archive and
pictures that were generated, to try and to test everything without the archive's licence. Its
labels are what the pictures were drawn from, rounded as a coder does."""
LIMITS = """## Limits
- The terms of whoever gave the data decide what may be done with it and who may see it; this folder
  is a copy in another layout and changes none of them.
- Facial expression is one sign of pain. PSPI scores a picture's expression, not what a person
  feels: nobody may be refused care, medication or belief because a model trained here reads a low
  score.
- There is one split, `train`: folds by person divide the set, not splits."""
PAIN_3D = """## What it is
Pictures of 3D-Pain (synthetic faces in pain and their neutrals, in three views), as published. An
expression has action units 4 6 7 9 10 43 from its annotation, the others are null; a neutral has no
annotation and is PSPI 0 by its name, hence 0 in those six. Splits are those of its list, where a
neutral has its person's. `import_report.json` lists what is missing."""
PAIN_3D_LIMITS = """## Limits
- The terms of whoever gave the data decide what may be done with it.
- No person in it exists; a model that works here has not been shown to work on people."""
OPENFACE = """## What it is
Pictures of somebody's own with what OpenFace 2 reads from them: 17 action units without AU43, hence
no PSPI but where a list of labels gives it (then `label_source` is `manual`). A picture that
OpenFace could not read has no labels. `import_report.json` lists them."""
CUTS = {
    "landmarks": "Faces are cut out by the landmarks that came with them",
    "detector": "Faces are cut out by a detector",
    "none": "Pictures are whole, or the middle square of what is no square",
}


def about_imported(imported: Imported) -> About:
    """What the card of an imported data set says."""
    match imported.layout:
        case "unbc" | "unbc_hdf5":
            title = "UNBC-McMaster shoulder pain, imported"
            text, limits = UNBC, LIMITS
            if imported.surrogate:
                title, text = "A stand-in for UNBC-McMaster, not UNBC-McMaster", STAND_IN
        case "3dpain":
            title, text, limits = "3D-Pain, imported", PAIN_3D, PAIN_3D_LIMITS
        case "openface":
            title, text, limits = f"{imported.source}, imported", OPENFACE, LIMITS
            if imported.surrogate:
                text = text.replace("\n", f"\n{NOBODY} ", 1)
    cut = CUTS[imported.crop]
    room = f", with a margin of {imported.margin:g} of the square" if imported.margin else ""
    drawn = f"{cut}{room}, drawn at {imported.size} pixels; `crop` is the map from the original"
    return About(title, "other", f"{text} {drawn} picture's pixels.\n\n{limits}")
