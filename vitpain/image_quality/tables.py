"""Tables of what was found: sharpness and distance a person, as theses print them, and the rest.

A column (or a line) is a generated set. Every heading names the features or the judge, because
figures of different ones cannot be compared.
"""

from collections.abc import Mapping, Sequence

from vitpain.evaluate.table import NONE, Table
from vitpain.image_quality.distance import SUBSET, Distance
from vitpain.image_quality.found import Found, Sharpness, mean
from vitpain.image_quality.identity import Kept
from vitpain.image_quality.reached import Error
from vitpain.image_quality.sets import Named

ALL = "mean of people"
ALL_UNITS = "all"
FEW = (
    "FID of fewer pictures than features is too large, more so the fewer there are: compare it "
    "only between columns with about as many pictures, in parentheses (real + generated)."
)


def tables(
    found: Sequence[Found],
    features: str,
    dimensions: int,
    own: Mapping[str, float | None],
) -> list[Table]:
    """All tables of a report, those with nothing in them left out."""
    made = [
        _sets(found),
        sharpness_table(found),
        distance_table(found, features, dimensions),
        _summary(found, features),
    ]
    if any(one.reached is not None for one in found):
        made.append(reached_table(found, own))
    return made


def sharpness_table(found: Sequence[Found]) -> Table:
    """Mean CPBD a person, as the thesis's table 9: generated sets beside each other."""
    # Sets of one size that were made from the same real set have about the same inputs.
    of_real = {
        f"{one.compared.real.name}, {one.compared.made.derived.size} px": one
        for one in reversed(found)
    }
    rows = []
    for person in _people(found):
        made = [one.people.get(person) for one in found]
        real = [one.people.get(person) for one in of_real.values()]
        cells = [_sharp(one.sharp if one else None) for one in made]
        rows.append((person, *cells, *(_sharp(one.inputs if one else None) for one in real)))
    inputs = [mean([one.inputs.mean for one in each.people.values()]) for each in of_real.values()]
    rows.append((ALL, *(_number(one.sharp) for one in found), *map(_number, inputs)))
    return Table(
        "Sharpness by person (CPBD)",
        (
            "person",
            *(_column(one) for one in found),
            *(f"inputs, unchanged ({name})" for name in of_real),
        ),
        tuple(rows),
        (
            "Mean CPBD of a person's generated pictures (thesis, table 9); 0 is blurred, 1 sharp, "
            "of the whole picture at its stored size. Beside it that of inputs as they are, at the "
            "same size.",
            *_edgeless(found),
        ),
        frozenset({len(rows) - 1}),
    )


def distance_table(found: Sequence[Found], features: str, dimensions: int) -> Table:
    """FID a person against that person's own real pain, as the thesis's table 10."""
    rows = []
    for person in _people(found):
        cells = [
            _distance(one.people[person].distance if person in one.people else None)
            for one in found
        ]
        rows.append((person, *cells))
    means = [mean([one.distance.fid for one in each.people.values()]) for each in found]
    rows.append((ALL, *(_number(one) for one in means)))
    return Table(
        f"FID by person ({features})",
        (f"person: FID ({features})", *(_column(one) for one in found)),
        tuple(rows),
        (
            "Between a person's generated pictures and their own real frames of PSPI above 0, "
            "registered alike (thesis, table 10).",
            f"The features are {dimensions:,} numbers. {FEW}",
        ),
        frozenset({len(rows) - 1}),
    )


def reached_table(found: Sequence[Found], own: Mapping[str, float | None]) -> Table:
    """Errors of action units, generated and unchanged, with what is left of the error.

    `own` is how far the judge is off where the truth is known, by AU and for all.
    """
    judged = [(one.compared.made.name, one.reached) for one in found if one.reached is not None]
    head = ["AU"]
    for name, _ in judged:
        head += [f"{name}: generated", "unchanged", "ratio"]
    every = sorted({au for _, one in judged for au in one.aus})
    lines = {str(au): [one.aus.get(au) for _, one in judged] for au in every}
    lines[ALL_UNITS] = [one.all for _, one in judged]
    rows = [(au, *_cells(errors)) for au, errors in lines.items()]
    notes = [
        "Mean absolute error between what was asked for and what the judge reads: in generated "
        "faces, and in their inputs left unchanged. FACS 0-5, AU43 0-1, and times 5 in all; AU45 "
        "asks for the same closed eye and is not counted again. No ratio where a unit was to stay "
        "at 0 in every picture."
    ]
    if own:
        head.append("judge's own")
        rows = [(*row, _number(own.get(row[0]))) for row in rows]
        notes.append("The judge's own error is that on people of its data whom it never saw.")
    return Table(
        f"Action units reached ({judged[0][1].judge})",
        tuple(head),
        tuple(rows),
        tuple(notes),
        frozenset({len(rows) - 1}),
    )


def _sets(found: Sequence[Found]) -> Table:
    sets: dict[str, tuple[Named, str]] = {}
    for one in found:
        sets[one.compared.real.name] = (one.compared.real, "real")
    for one in found:
        sets[one.compared.made.name] = (one.compared.made, "generated")
    rows = []
    for name, (one, role) in sets.items():
        sources = ", ".join(sorted(set(one.frames.column("source").tolist())))
        people = len(set(one.identity.tolist()))
        counts = (f"{people:,}", f"{len(one.frames):,}", f"{len(one.hurting):,}")
        stood = "yes" if one.stands_in else "no"
        side = f"{one.derived.size} px"
        rows.append((name, role, sources, str(one.derived.registered), stood, side, *counts))
    head = ("set", "role", "source", "registered", "stand-in", "side", "people", "pictures")
    return Table("Sets", (*head, "PSPI above 0"), tuple(rows), left=frozenset(range(5)))


def _summary(found: Sequence[Found], features: str) -> Table:
    rows = []
    for one in found:
        apart = one.distance
        kid = f"{apart.kid:.5f} (± {apart.kid_spread:.5f})" if apart.kid is not None else NONE
        rows.append(
            (
                one.compared.made.name,
                _distance(apart),
                kid,
                _share(one.kept),
                _share(one.unchanged_kept),
            )
        )
    alone = [f"{one.compared.made.name}: {one.kept.alone:,}" for one in found if one.kept.alone]
    left = (
        f"Not tried, because all frames of the person are in the input's sequence: "
        f"{', '.join(alone)}."
    )
    return Table(
        f"All people together ({features})",
        ("set", f"FID ({features})", f"KID ({features})", "identity kept", "of inputs, unchanged"),
        tuple(rows),
        (
            "FID and KID against all real frames of PSPI above 0 of the people who are shown; KID "
            f"over subsets of as many as the smaller set has, {SUBSET:,} at most.",
            "Identity is kept where the nearest real neighbour, the input's whole sequence left "
            "out, is the same person. Beside it the same of the inputs themselves: what these "
            "features can tell at best.",
            *([left] if alone else []),
        ),
    )


def _people(found: Sequence[Found]) -> list[str]:
    return sorted({person for one in found for person in one.people})


def _column(one: Found) -> str:
    return f"{one.compared.made.name} ({one.compared.made.derived.registered})"


def _number(value: float | None) -> str:
    return NONE if value is None else f"{value:.3f}"


def _sharp(one: Sharpness | None) -> str:
    return NONE if one is None else _number(one.mean)


def _distance(one: Distance | None) -> str:
    if one is None:
        return NONE
    return f"{_number(one.fid)} ({one.real:,} + {one.made:,})"


def _share(one: Kept) -> str:
    if one.share is None:
        return NONE
    return f"{100 * one.share:.1f} % ({one.own:,} of {one.tried:,})"


def _cells(errors: Sequence[Error | None]) -> list[str]:
    cells = []
    for one in errors:
        if one is None:
            cells += [NONE] * 3
        else:
            cells += [_number(one.made), _number(one.unchanged), _number(one.ratio)]
    return cells


def _edgeless(found: Sequence[Found]) -> list[str]:
    count = sum(person.sharp.edgeless for one in found for person in one.people.values())
    return [f"{count:,} generated pictures have no edges and are left out."] if count else []
