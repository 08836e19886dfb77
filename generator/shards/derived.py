"""What `config.json` states of a data set that was made from another one, and what its card says.

Such a set has `derived` where a generated one has `options` and an imported one `imported`. Its
card follows from it, so that `verify` makes the card anew and compares it byte for byte.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from assets.unbc import SURROGATE
from generator.shards.card import About
from generator.shards.imported import IMPORTED, NOBODY
from generator.shards.record import DRAWN, TRANSLATED, Record
from generator.shards.record_json import read_value
from generator.shards.rules import Wrong

DERIVED = "derived"
Step = Literal["register", "attach-openface", "augment2d"]
Registered = Literal["2d", "3d"]


@dataclass(frozen=True)
class Derived:
    """From what a data set was made and how; null is what does not apply to a step."""

    step: Step
    data: str
    """SHA-256 of the manifest of the data set that it was made from."""
    source: str
    """Source that the records carry."""
    surrogate: bool
    """What it was made from stands in for UNBC-McMaster, or was made from what does."""
    registered: Registered | None
    """How the faces were aligned, here or before."""
    size: int
    """Side of the square pictures, pixels; 0 where they are as they were."""
    people_per_shard: int
    head: Literal["anny", "flame"] | None = None
    csv: str | None = None
    """Hash of OpenFace's CSVs."""
    gan: str | None = None
    """Hash of the networks."""
    per_level: int | None = None
    """Pictures a person, fold and PSPI level."""
    seed: int | None = None
    people: tuple[str, ...] = ()
    """Sources of the people whom networks painted, and of all who trained the networks."""


def read_derived(config: Mapping[str, Any], where: str) -> Derived | None:
    """Read `derived` out of a configuration, None where it has none.

    Raises ValueError that begins with `where` and names the field that is missing, unknown or not
    of its type.
    """
    if DERIVED not in config:
        return None
    read = read_value(config[DERIVED], Derived, f"{where}: {DERIVED}")
    assert isinstance(read, Derived)
    if (read.source == TRANSLATED) != (read.step == "augment2d"):
        rule = f"source {TRANSLATED} where the step is augment2d, and only there"
        raise ValueError(f"{where}: {DERIVED} must have the {rule}, got {read.source}")
    if bool(read.people) != (read.step == "augment2d"):
        rule = "people where the step is augment2d, and only there"
        got = ", ".join(read.people) or "none"
        raise ValueError(f"{where}: {DERIVED} must name {rule}, got {got}")
    if read.size < 0 or read.people_per_shard < 1:
        got = f"{read.size} and {read.people_per_shard}"
        rule = "a size from 0 and people_per_shard from 1"
        raise ValueError(f"{where}: {DERIVED} must have {rule}, got {got}")
    return read


def stands_in(config: Mapping[str, Any]) -> bool:
    """Whether a data set stands in for UNBC-McMaster, or was made from one that does."""
    stated = config.get(DERIVED) or config.get(IMPORTED) or {}
    return bool(stated.get("surrogate", False))


def derived_faults(record: Record, derived: Derived | None) -> Iterator[Wrong]:
    """Yield what a record says against how its data set was made; nothing where it was not."""
    if derived is None:
        return
    if record.source != derived.source:
        yield f"source must be {derived.source}, as in config.json", record.source
    if derived.size and (record.width, record.height) != (derived.size, derived.size):
        got = f"{record.width} x {record.height}"
        yield f"pictures must be {derived.size} x {derived.size}, as in config.json", got
    registration = record.registration
    if (None if registration is None else registration.mode) != derived.registered:
        got = "none" if registration is None else registration.mode
        yield f"faces must be registered as in config.json ({derived.registered})", got
    translation = record.translation
    if derived.step != "augment2d":
        return
    if translation is None:
        yield "translation must say how the picture came about", None
        return
    if record.identity in translation.trained_on:
        yield "a network must never have seen the person whom it paints", record.identity
    made = (translation.condition, translation.aus, translation.score, translation.network)
    known = [one is not None for one in made]
    if any(known) != all(known):
        yield "condition, list, score and network must be known together", str(made)[:120]
    if record.pspi is not None and all(known) != (record.pspi > 0):
        yield "what is unchanged must be PSPI 0, and nothing else", record.pspi


TEXTS: dict[Step, tuple[str, str]] = {
    "register": (
        "{source}, registered",
        """Faces of another data set, aligned to each other. A head is fitted to the landmarks of
every picture (pose, distance, shape, expression); `registration` has the pose as photographed in
radians, how far the fit is off, and what share of the face was not seen. `head_pose`, landmarks and
`crop` are those of the picture as it is here. {how}""",
    ),
    "attach-openface": (
        "{source}, with OpenFace's action units",
        """Another data set with what OpenFace 2 read from its pictures (`aus.openface`, 0-5, no
AU43); a picture in which it found no face has none. What people coded stays what `label_source`
names, where there is any.""",
    ),
    "augment2d": (
        "Faces in pain, painted by a network (2D path)",
        """Pictures of people at PSPI 0, and what a network (GANimation, Pumarola et al. 2018) made
of them: as many pictures a person, fold and PSPI level as were asked for, from the lists of action
units that Feng's scoring keeps. `aus.target` is the list, `translation` names the input frame, what
the network was given, the list's score, and the people who trained the network: never the one who
is shown. Where `translation.network` is null nobody painted the picture: it is an input of PSPI 0,
at the size of the others and encoded as they are; a block's first is its `neutral`, the rest are
`pain` of PSPI 0. `fold` is the outer fold of which neither validation nor test people trained the
network.""",
    ),
}
HOW: dict[Registered | None, str] = {
    "2d": "Turned, moved and scaled in the plane so that eyes and nose lie where they always do.",
    "3d": """The face is drawn from the front through the fitted head, always the same size;
what the photograph did not see comes from the other side of the face. `crop` is null: no affine map
leads from the original picture to this one. Around the face it is black.""",
    None: "",
}
LIMITS = """## Limits
- The terms of whoever gave the first data set decide what may be done with this one and who may see
  it.
- Facial expression is one sign of pain. PSPI scores a picture's expression, not what a person
  feels: nobody may be refused care, medication or belief because a model trained here reads a low
  score.
- There is no split by person beyond what the first data set has."""


def about_derived(derived: Derived) -> About:
    """What the card of a data set that was made from another one says."""
    title, text = TEXTS[derived.step]
    shown = title.format(source="A stand-in" if derived.source == SURROGATE else derived.source)
    said = text.format(how=HOW[derived.registered])
    warned = f"{NOBODY}\n\n" if derived.surrogate else ""
    assert derived.step in get_args(Step)
    licence = "cc0-1.0" if derived.source == DRAWN else "other"
    return About(shown, licence, f"## What it is\n{warned}{said}\n\n{LIMITS}")
