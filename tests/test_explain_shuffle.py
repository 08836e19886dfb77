"""Patches in another order: exact, seeded, told by a model that sees position and by no other."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.test_explain_saliency import MINI, batch
from vitpain.explain import shuffle
from vitpain.explain.shuffle import RIGHT, SHUFFLED
from vitpain.model import build
from vitpain.model.config import ModelConfig

PATCH = 16


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def model(**changed: object) -> nn.Module:
    options = {"backbone": MINI.backbone, "size": 64, "hidden": 16, "tune": "all"}
    return build.build(ModelConfig(**(options | changed)), "none", 0).eval()


def test_patches_stand_where_the_order_says() -> None:
    pictures = batch(64, 3).face
    order = shuffle.orders(np.array([4, 9, 2]), 16, 0)
    moved = shuffle.shuffled(pictures, PATCH, order)
    for picture in range(3):
        for place in range(16):
            row, column = divmod(place, 4)
            from_row, from_column = divmod(int(order[picture, place]), 4)
            there = moved[picture, :, 16 * row : 16 * row + 16, 16 * column : 16 * column + 16]
            came = pictures[
                picture,
                :,
                16 * from_row : 16 * from_row + 16,
                16 * from_column : 16 * from_column + 16,
            ]
            assert torch.equal(there, came)
    back = shuffle.shuffled(moved, PATCH, order.argsort(1))
    assert torch.equal(back, pictures)


def test_an_order_is_that_of_its_row() -> None:
    some = shuffle.orders(np.array([3, 8, 5]), 49, 7)
    assert torch.equal(some[1], shuffle.orders(np.array([8]), 49, 7)[0])
    assert not torch.equal(some[0], some[1])
    assert not torch.equal(some, shuffle.orders(np.array([3, 8, 5]), 49, 8))
    assert torch.equal(some.sort(1).values, torch.arange(49).expand(3, -1))


def answers(net: nn.Module, references: int) -> dict[str, Tensor]:
    given = batch(64, 4, references)
    return {name: one.pspi for name, one in shuffle.outputs(net, given, 0).items()}


def test_only_a_backbone_that_is_blind_to_position_answers_alike() -> None:
    net = model(variant="plain")
    said = answers(net, 0)
    assert set(said) == {RIGHT, "face_shuffled"}
    moved = (said["face_shuffled"] - said[RIGHT]).abs()
    # The fault of the released model: rotary positions left out.
    net.backbone.rope = None
    blind = answers(net, 0)
    rounding = (blind["face_shuffled"] - blind[RIGHT]).abs()
    assert rounding.max() < 2e-6
    assert moved.min() > 20 * rounding.max()


def test_face_and_neutral_are_shuffled_apart_and_alike() -> None:
    net = model()
    given = batch(64, 4, 2)
    order = shuffle.orders(given.rows.numpy(), 16, 0)
    face = shuffle.shuffled(given.face, PATCH, order)
    neutrals = torch.stack(
        [shuffle.shuffled(given.neutrals[:, one], PATCH, order) for one in range(2)], 1
    )
    by_hand = {
        RIGHT: given,
        "face_shuffled": given._replace(face=face),
        "neutral_shuffled": given._replace(neutrals=neutrals),
        "both_shuffled_alike": given._replace(face=face, neutrals=neutrals),
    }
    found = shuffle.outputs(net, given, 0)
    assert list(found) == list(SHUFFLED) == list(by_hand)
    for name, one in by_hand.items():
        said = shuffle.output_of(net, one)
        assert torch.equal(found[name].pspi, said.pspi), name
        assert torch.equal(found[name].features, said.features), name
    assert len({float(one.pspi.sum()) for one in found.values()}) == 4


def test_the_table_holds_every_order_against_the_right_one() -> None:
    rng = np.random.default_rng(0)
    people = np.repeat(np.arange(10), 6)
    pspi = rng.integers(0, 16, 60).astype(np.float32)
    right = pspi + rng.normal(0, 1, 60)
    said = {RIGHT: right, "face_shuffled": right + 2.0, "neutral_shuffled": rng.normal(0, 1, 60)}
    made = shuffle.table(said, pspi, people, 0)
    assert set(made[RIGHT]) == {"pearson", "mae", "ccc"}
    assert made[RIGHT]["mae"]["value"] == pytest.approx(np.abs(right - pspi).mean())
    moved = made["face_shuffled"]
    assert moved["answers_move_by"]["value"] == pytest.approx(2.0)
    assert moved["pearson_change"]["value"] == pytest.approx(0, abs=1e-9)
    gap = np.abs(right + 2.0 - pspi).mean() - np.abs(right - pspi).mean()
    assert moved["mae_change"]["value"] == pytest.approx(gap)
    assert made["neutral_shuffled"]["pearson_change"]["high"] < -0.5
