"""What generated faces are measured by: closed forms, oracles, what must not change a figure."""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import scipy.linalg
import torch

from assets.facs import AUS
from assets.torchvision_ready import declare
from vitpain.image_quality import features
from vitpain.image_quality.distance import distance, fid, kid
from vitpain.image_quality.identity import Gallery, kept, nearest_is_own, sequences
from vitpain.image_quality.reached import Judged, reached

SMALL = "test_resnet"
"""The smallest convolutional network of timm: 160 px, 96 features."""


def cloud(count: int, mean: float, spread: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (mean + spread * rng.standard_normal((count, 6))).astype(np.float32)


def test_fid_is_that_of_two_gaussians() -> None:
    one, two = cloud(200, 0.0, 1.0), cloud(300, 0.5, 2.0, seed=1) @ np.diag([1, 2, 3, 1, 1, 1])
    two = two.astype(np.float32)
    means = one.mean(0, dtype=np.float64), two.mean(0, dtype=np.float64)
    spreads = [np.cov(part.astype(np.float64), rowvar=False) for part in (one, two)]
    root = scipy.linalg.sqrtm(spreads[0] @ spreads[1])
    expected = np.sum((means[0] - means[1]) ** 2) + np.trace(sum(spreads) - 2.0 * np.real(root))
    assert fid(one, two) == pytest.approx(expected, rel=1e-9)
    assert fid(one, one) == pytest.approx(0.0, abs=1e-6)
    # Far from the origin float32 would have no digits left.
    assert fid(one + 1000.0, one + 1002.0) == pytest.approx(6 * 4.0, abs=1e-2)


def test_kid_is_the_mean_discrepancy_and_leaves_draws_alone() -> None:
    one, two = cloud(40, 0.0, 1.0), cloud(30, 0.4, 1.0, seed=1)

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return (a.astype(np.float64) @ b.astype(np.float64).T / 6 + 1.0) ** 3

    def apart(a: np.ndarray, b: np.ndarray) -> float:
        n = len(a)
        within = sum((k.sum() - np.trace(k)) / (n * (n - 1)) for k in (kernel(a, a), kernel(b, b)))
        return within - 2.0 * kernel(a, b).mean()

    before = torch.get_rng_state()
    found = kid(one[:30], two, seed=0)
    assert found is not None
    # Subsets of all there are: always the same one.
    assert found[0] == pytest.approx(apart(one[:30], two), rel=1e-9)
    assert found[1] == pytest.approx(0.0, abs=1e-9)
    drawn = kid(one, two, seed=0)
    assert drawn == kid(one, two, seed=0)
    assert drawn != kid(one, two, seed=1)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_single_picture_has_no_distance() -> None:
    found = distance(cloud(1, 0.0, 1.0), cloud(9, 0.0, 1.0), seed=0)
    assert (found.real, found.made, found.fid, found.kid) == (1, 9, None, None)


# Two people, two sequences each; the third frame of a is its only one beyond the first sequence.
PERSON = np.array(["a", "a", "a", "b", "b", "b"])
SEQUENCE = np.array(["s1", "s1", "s2", "s1", "s3", ""])
FACES = np.array([[1, 0.02], [1, 0.01], [1, 0.5], [0, 1], [0.1, 1], [0.2, 1]], np.float32)


def test_the_inputs_sequence_is_not_searched() -> None:
    number = sequences(PERSON, SEQUENCE)
    # A name that two people's sequences have is two sequences; no name is none.
    assert len(set(number.tolist())) == 5
    gallery = Gallery(FACES, PERSON, number)
    made = np.array([[1, 0.0], [0.55, 1], [0.0, 1]], np.float32)
    own, there = nearest_is_own(gallery, made, np.array([0, 0, 3]))
    # The first would find its input; without it, its person's other sequence is nearest. The second
    # looks like b. The third finds b.
    assert own.tolist() == [True, False, True]
    assert there.tolist() == [True, True, True]
    found = kept(gallery, 7.0 * made, np.array([0, 0, 3]))
    assert (found.own, found.tried, found.alone) == (2, 3, 0)
    assert found.share == pytest.approx(2 / 3)


def test_being_known_by_the_same_minute_does_not_count() -> None:
    person, sequence = np.array(["a", "a", "a", "b"]), np.array(["s1", "s1", "s2", "s1"])
    faces = np.array([[1, 0], [1, 0.1], [-1, 0.2], [0.1, 1]], np.float32)
    gallery = Gallery(faces, person, sequences(person, sequence))
    # Beyond the input's sequence the person looks otherwise, and the other is nearer.
    own, there = nearest_is_own(gallery, faces[:1], np.array([0]))
    assert (own.tolist(), there.tolist()) == ([False], [True])


def test_who_has_one_sequence_is_not_tried() -> None:
    gallery = Gallery(
        FACES[:2], np.array(["a", "b"]), sequences(np.array(["a", "b"]), np.array(["s", "s"]))
    )
    found = kept(gallery, FACES[:1], np.array([0]))
    assert (found.own, found.tried, found.alone, found.share) == (0, 0, 1, None)


def test_errors_are_held_to_those_of_the_unchanged_inputs() -> None:
    real = Judged("judge", (4, 43, 45), np.array([[0, 0, 0], [1, 0.2, 0]], np.float32))
    made = Judged("judge", (4, 43, 45), np.array([[3, 1, 5], [2, 0, np.nan]], np.float32))
    target = np.full((2, len(AUS)), np.nan, np.float32)
    target[:, AUS.index(4)] = [4, 2]
    target[:, AUS.index(43)] = [1, 0]
    target[:, AUS.index(45)] = [5, 0]
    found = reached(made, real, np.array([0, 1]), target)
    assert (found.aus[4].made, found.aus[4].unchanged) == (0.5, 2.5)
    assert found.aus[4].ratio == pytest.approx(0.2)
    assert (found.aus[43].made, found.aus[43].unchanged) == pytest.approx((0.0, 0.6))
    # What the judge could not read counts in neither.
    assert (found.aus[45].pictures, found.aus[45].unchanged) == (1, 5.0)
    assert found.all is not None
    # AU43 five times, AU45 not again: (1 + 0 + 0 + 0) / 4 and (4 + 1 + 5 + 1) / 4.
    assert (found.all.made, found.all.unchanged) == pytest.approx((0.25, 2.75))


def test_a_unit_that_is_to_stay_at_rest_has_no_ratio() -> None:
    real = Judged("judge", (4, 6), np.array([[0, 0.1]], np.float32))
    made = Judged("judge", (4, 6), np.array([[2, 0.9]], np.float32))
    target = np.full((1, len(AUS)), np.nan, np.float32)
    target[:, [AUS.index(4), AUS.index(6)]] = [4, 0]
    found = reached(made, real, np.array([0]), target)
    assert (found.aus[4].ratio, found.aus[4].asked) == (0.5, 1)
    assert (found.aus[6].ratio, found.aus[6].asked) == (None, 0)
    # That it moved counts in all.
    assert found.all is not None
    assert found.all.ratio == pytest.approx(2.9 / 4.1)


def test_what_was_not_asked_for_is_not_judged() -> None:
    judged = Judged("judge", (6,), np.zeros((1, 1), np.float32))
    found = reached(judged, judged, np.array([0]), np.full((1, len(AUS)), np.nan, np.float32))
    assert found.aus == {}
    assert found.all is None


def test_random_features_are_named_so_and_the_same_again(tmp_path: Path) -> None:
    before = torch.get_rng_state()
    made = features.build(SMALL, "none", seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    assert (made.name, made.sha256) == (f"{SMALL}, random weights", None)
    pictures = torch.randint(0, 256, (2, 3, made.size, made.size), dtype=torch.uint8)
    with torch.inference_mode():
        found = made(pictures)
        assert torch.equal(found, features.build(SMALL, "none", seed=1)(pictures))
        assert not torch.equal(found, features.build(SMALL, "none", seed=2)(pictures))


def test_weights_of_a_backbone_are_read_strictly(tmp_path: Path) -> None:
    declare()
    import timm

    whole: Any = timm.create_model(SMALL, pretrained=False)
    path = tmp_path / "weights.safetensors"
    safetensors.torch.save_file(whole.state_dict(), path)
    made = features.build(SMALL, path)
    assert made.name.startswith(f"{SMALL}, weights ")
    pictures = torch.randint(0, 256, (2, 3, made.size, made.size), dtype=torch.uint8)
    config = whole.pretrained_cfg
    mean, std = (torch.tensor(config[name]).view(3, 1, 1) for name in ("mean", "std"))
    with torch.inference_mode():
        seen = whole.eval().forward_features((pictures / 255.0 - mean) / std)
        expected = whole.forward_head(seen, pre_logits=True)
        assert torch.allclose(made(pictures), expected, atol=1e-4)
    short = {key: value for key, value in whole.state_dict().items() if key != "conv1.0.weight"}
    safetensors.torch.save_file(short, path)
    with pytest.raises(ValueError, match=f"must hold the weights of {SMALL}, got no conv1"):
        features.build(SMALL, path)


def test_features_without_weights_are_errors() -> None:
    with pytest.raises(ValueError, match=r"weights must be a file for inception .* --weights none"):
        features.build("inception", None)
    with pytest.raises(ValueError, match=r"weights must be a file for inception .* got none"):
        features.build("inception", "none")
    with pytest.raises(ValueError, match="weights must be a file, or none for random ones"):
        features.build(SMALL, None)
    with pytest.raises(ValueError, match="features must be inception or a model of timm, got nose"):
        features.build("nose", "none")


def test_inception_is_that_of_torch_fidelity(tmp_path: Path) -> None:
    pytest.importorskip("torch_fidelity")
    known: Any = importlib.import_module("torch_fidelity.feature_extractor_inceptionv3")

    class Fresh(known.FeatureExtractorInceptionV3):
        def load_state_dict(self, *given: object, **more: object) -> None:
            """Keep random weights."""

    path, empty = tmp_path / "inception.pth", tmp_path / "empty.pth"
    torch.save({}, empty)
    torch.manual_seed(0)
    whole = Fresh("inception-v3-compat", ["2048"], str(empty))
    torch.save(whole.state_dict(), path)
    made = features.build("inception", path)
    assert made.name == "Inception v3"
    pictures = torch.randint(0, 256, (2, 3, 299, 299), dtype=torch.uint8)
    with torch.inference_mode():
        assert torch.allclose(made(pictures), whole(pictures)[0], atol=1e-4)
    with pytest.raises(ValueError, match="must hold the weights of pt_inception"):
        features.build("inception", empty)
