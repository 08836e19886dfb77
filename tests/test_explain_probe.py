"""Linear probes: what is there is read, what is not is chance; nobody is tried who was learnt."""

import numpy as np

from vitpain.explain import probe, projection
from vitpain.metrics.agreement import pearson

PEOPLE, EACH, DIM = 12, 6, 20


def made(pain: float, identity: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Noise, with PSPI along one direction and people in places of their own."""
    rng = np.random.default_rng(seed)
    people = np.repeat(np.arange(PEOPLE), EACH) * 3
    pspi = rng.integers(0, 17, len(people)).astype(np.float32)
    places = rng.normal(0, 1, (PEOPLE, DIM)).repeat(EACH, axis=0)
    direction = rng.normal(0, 1, DIM)
    noise = rng.normal(0, 1, (len(people), DIM))
    features = pain * pspi[:, None] * direction + identity * places + noise
    return features.astype(np.float32), pspi, people


def test_pain_that_is_there_is_read_on_people_who_were_not_seen() -> None:
    features, pspi, people = made(pain=1.0, identity=0.5)
    read = probe.read(features, pspi, people, 0)
    assert (pearson(pspi, read.pspi) or 0.0) > 0.99
    assert read.why_no_pspi is None


def test_pain_that_is_not_there_is_not_read() -> None:
    features, pspi, people = made(pain=0.0, identity=1.0)
    read = probe.read(features, pspi, people, 0)
    assert abs(pearson(pspi, read.pspi) or 0.0) < 0.3


def test_who_it_is_helps_nobody_to_read_pain() -> None:
    """Each person has a level of pain; features tell people apart and nothing else."""
    features, _, people = made(pain=0.0, identity=20.0)
    level = np.random.default_rng(3).permutation(PEOPLE).astype(np.float32)
    read = probe.read(features, level.repeat(EACH), people, 0)
    # Within a person anything would be read: those people are known.
    assert (pearson(level.repeat(EACH), read.pspi) or 0.0) < 0.3


def test_a_person_who_is_there_is_found_and_who_is_not_by_chance() -> None:
    features, pspi, people = made(pain=0.0, identity=6.0)
    read = probe.read(features, pspi, people, 0)
    assert read.identity.mean() > 0.99
    np.testing.assert_allclose(read.chance, 1 / PEOPLE)
    features, pspi, people = made(pain=0.3, identity=0.0)
    nobody = probe.read(features, pspi, people, 0)
    # 72 frames: five standard deviations above chance.
    assert nobody.identity.mean() < 1 / PEOPLE + 5 * np.sqrt(1 / PEOPLE / len(pspi))
    assert set(np.unique(nobody.identity)) == {0.0, 1.0}


def test_a_frame_is_read_by_a_probe_that_did_not_see_its_person() -> None:
    features, pspi, people = made(pain=1.0, identity=0.0)
    whole = probe.read(features, pspi, people, 0).pspi
    # One person's labels turned round move what is read of others, and nothing that is theirs.
    one = people == 6
    turned = np.where(one, 16.0 - pspi, pspi).astype(np.float32)
    after = probe.read(features, turned, people, 0).pspi
    moved = np.abs(after - whole) > 1e-9
    assert not moved[one].any()
    assert moved[~one].any()


def test_the_seed_draws_the_folds() -> None:
    given = made(pain=0.2, identity=0.0)
    first, again, other = (probe.read(*given, seed) for seed in (1, 1, 2))
    assert np.array_equal(first.pspi, again.pspi)
    assert not np.array_equal(first.pspi, other.pspi)


def test_what_cannot_be_probed_says_why() -> None:
    features, pspi, people = made(pain=1.0, identity=1.0)
    two = np.flatnonzero(people <= 3)
    read = probe.read(features[two], pspi[two], people[two], 0)
    assert np.isnan(read.pspi).all()
    assert read.why_no_pspi == (
        "fewer than 3 people a model: none to learn from apart from who is tried"
    )
    assert read.why_no_identity is None
    singly = np.arange(0, len(people), EACH)
    read = probe.read(features[singly], pspi[singly], people[singly], 0)
    assert np.isnan(read.identity).all()
    assert np.isnan(read.chance).all()
    assert read.why_no_identity == (
        "fewer than 2 people a model with 2 frames or more: nobody to tell apart"
    )
    assert not np.isnan(read.pspi).any()


def test_a_person_with_one_frame_and_a_frame_without_a_label_take_no_part() -> None:
    features, pspi, people = made(pain=1.0, identity=6.0)
    kept = np.r_[np.arange(len(people) - EACH), len(people) - 1]
    pspi[3] = np.nan
    read = probe.read(features[kept], pspi[kept], people[kept], 0)
    assert np.flatnonzero(np.isnan(read.identity)).tolist() == [len(kept) - 1]
    assert np.flatnonzero(np.isnan(read.pspi)).tolist() == [3]
    assert read.identity[3] == 1.0
    np.testing.assert_allclose(read.chance[:-1], 1 / (PEOPLE - 1))


def test_projections_are_seeded_and_pca_keeps_what_varies() -> None:
    features, _, people = made(pain=0.0, identity=5.0)
    kept = people <= 6
    made_of = [projection.projected(features[kept], seed) for seed in (0, 0)]
    for (name, one), (_, two) in zip(*(part.items() for part in made_of), strict=True):
        assert np.array_equal(one, two), name
        # Three people far apart: each is nearer to its own than to others.
        centre = np.stack([one[people[kept] == who].mean(0) for who in (0, 3, 6)])
        near = np.linalg.norm(one[:, None] - centre, axis=-1).argmin(1)
        assert np.array_equal(near, people[kept] // 3), name
    even = (features[kept] - features[kept].mean(0)) / features[kept].std(0)
    _, size, _ = np.linalg.svd(even.astype(np.float64), full_matrices=False)
    name, main = next(iter(made_of[0].items()))
    share = (size[:2] ** 2).sum() / (size**2).sum()
    assert name == f"PCA, {100 * share:.0f} % of the variance"
    np.testing.assert_allclose(np.linalg.norm(main, axis=0), size[:2], rtol=1e-4)
