"""A small crowd of heads for the rig's tests: every age and ethnicity, faces varied at random."""

from functools import cache

import numpy as np

from assets import facs, head

# Place on the head model's age axis, and years.
AGES = (
    (-1 / 3, 0.02),
    (-0.15, 0.3),
    (0.0, 1.0),
    (0.2, 5.0),
    (1 / 3, 10.0),
    (0.5, 15.0),
    (2 / 3, 25.0),
    (0.8, 55.0),
    (1.0, 85.0),
)
CHANGED = ("eye-", "mouth-", "cheek-", "eyebrows-", "forehead-")


def person(age: tuple[float, float], rng: np.random.Generator, strength: float = 0.3) -> head.Head:
    """A symmetric head of that age with local changes of the face up to `strength`."""
    model = head.load()
    local = {}
    for name in model.local_names:
        if name.startswith("l-") and name[2:].startswith(CHANGED):
            local[name] = local["r-" + name[2:]] = float(rng.uniform(-strength, strength))
    phenotypes = model.mean_phenotypes() | {
        "age": age[0],
        "gender": float(rng.random()),
        "weight": float(rng.uniform(0.2, 0.8)),
    }
    phenotypes |= dict(zip(head.ETHNICITIES, rng.dirichlet(np.full(3, 0.5)).tolist(), strict=True))
    return model.person(phenotypes, local, age[1])


@cache
def crowd() -> tuple[head.Head, ...]:
    """Two people of each age."""
    rng = np.random.default_rng(11)
    return tuple(person(age, rng) for age in AGES for _ in range(2))


def expression(rng: np.random.Generator, **fixed: float) -> dict[int, float]:
    """Random whole intensities that keep the rules of the set; `fixed` as au43=1."""
    aus = {au: float(rng.integers(0, 6)) * float(rng.random() < 0.6) for au in facs.AUS}
    aus[43] = aus[45] = 0.0
    aus |= {int(name[2:]): value for name, value in fixed.items()}
    if aus[43]:
        aus[45] = 5.0
    if aus[45]:
        aus[5] = 0.0
    if aus[26]:
        aus[27] = 0.0
    return aus
