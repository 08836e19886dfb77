"""What was found of generated sets, person by person and in all, as facts for tables and JSON."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vitpain.au_reader.reader import Reader
from vitpain.image_quality.distance import Distance, distance
from vitpain.image_quality.identity import Gallery, Kept, kept, sequences
from vitpain.image_quality.painted import Painted
from vitpain.image_quality.reached import Judged, Reached, reached
from vitpain.image_quality.seen import Seen
from vitpain.image_quality.sets import Compared, Named


@dataclass(frozen=True)
class Sharpness:
    """Mean CPBD of some pictures, of how many; `edgeless` ones have none and are left out."""

    mean: float | None
    pictures: int
    edgeless: int


@dataclass(frozen=True)
class OfPerson:
    """What was found of one person's generated pictures, their inputs and their real pain."""

    sharp: Sharpness
    inputs: Sharpness
    """Of inputs as they are, at the size of what was painted of them."""
    distance: Distance


@dataclass(frozen=True)
class Found:
    """What was found of a generated set."""

    compared: Compared
    people: Mapping[str, OfPerson]
    distance: Distance
    kept: Kept
    unchanged_kept: Kept
    """The same of the inputs left as they are: how well these features know people at all."""
    reached: Reached | None

    @property
    def sharp(self) -> float | None:
        """Mean over people of their mean CPBD."""
        return mean([one.sharp.mean for one in self.people.values()])


def find(
    compared: Compared,
    said: Painted,
    made: Seen,
    real: Seen,
    judged: tuple[Judged, Judged] | None,
    device: str,
    seed: int,
) -> Found:
    """Compare what was seen of a generated set with all rows of its real set.

    `made` has the painted rows first, in the order of `said`, and then those of inputs at rest.
    `judged` are what a judge read in the first and in the second.
    """
    named, photographs = compared.made, compared.real
    identity = named.identity[said.rows]
    count = len(said.rows)
    at_rest, sharp = named.identity[made.rows[count:]], made.sharp
    made = made.first(count)
    pain = photographs.hurting
    people = {}
    for person in np.unique(identity).tolist():
        mine = identity == person
        own = pain[photographs.identity[pain] == person]
        people[person] = OfPerson(
            sharpness(made.sharp[mine]),
            sharpness(sharp[count:][at_rest == person]),
            distance(real.features[own], made.features[mine]),
        )
    shown = pain[np.isin(photographs.identity[pain], identity)]
    gallery = _gallery(photographs, real)
    inputs = np.unique(said.inputs)
    return Found(
        compared,
        people,
        distance(real.features[shown], made.features, seed),
        kept(gallery, made.features, said.inputs, device),
        kept(gallery, real.features[inputs], inputs, device),
        None if judged is None else reached(*judged, said.inputs, said.target),
    )


def read_by(reader: Reader, seen: Seen) -> Judged:
    """What a reader read when it looked at a set."""
    assert seen.aus is not None, "a reader looked"
    return Judged(f"AU reader {reader.sha256[:8]}", reader.aus, seen.aus)


def sharpness(values: np.ndarray) -> Sharpness:
    """Mean CPBD over the pictures that have edges."""
    known = values[~np.isnan(values)]
    middle = float(known.mean()) if len(known) else None
    return Sharpness(middle, len(values), len(values) - len(known))


def mean(values: list[float | None]) -> float | None:
    """Mean of what is known; None where nothing is."""
    known = [one for one in values if one is not None]
    return float(np.mean(known)) if known else None


def _gallery(real: Named, seen: Seen) -> Gallery:
    number = sequences(real.identity, real.frames.column("sequence"))
    return Gallery(seen.features, real.identity, number)
