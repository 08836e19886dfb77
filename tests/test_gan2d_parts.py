"""The parts of the 2D path's networks: who trains whom, layers, losses, draws, the sweep."""

import itertools

import numpy as np
import pytest
import torch

from assets.folds import folds
from assets.unbc import SUBJECTS
from generator.gan2d import losses, plan, sheet, sweep
from generator.gan2d.draws import JITTER, Draws
from generator.gan2d.machine import machine
from generator.gan2d.network import Critic, Generator, Judged, Painted
from generator.gan2d.painter import Painter, to_bytes, to_tensor
from tests.registered import TINY, Lids


@pytest.mark.parametrize("how", ["public5", "thesis5"])
def test_no_network_of_a_fold_saw_who_it_paints_or_who_judges(how: plan.Division) -> None:
    networks = plan.by_fold(how, SUBJECTS, 0)
    assert len(networks) == 15
    for fold in folds(how, SUBJECTS, 0):
        mine = [one for one in networks if one.fold == fold.number]
        painted = [name for one in mine for name in one.paints or ()]
        assert sorted(painted) == sorted(fold.train)
        for one in mine:
            assert not set(one.trained_on) & set(one.paints or ())
            assert set(one.trained_on) | set(one.paints or ()) == set(fold.train)
            assert not set(one.trained_on) & {*fold.val, *fold.test}
            assert (len(one.trained_on), len(one.paints or ())) == (10, 5)


def test_a_network_cannot_be_planned_to_paint_who_trained_it() -> None:
    with pytest.raises(ValueError, match="network n must not paint who trained it, got b"):
        plan.Plan("n", 1, ("a", "b"), ("b", "c"))
    with pytest.raises(ValueError, match="network n must have people to train on, got none"):
        plan.Plan("n", 1, (), None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "list must name people, one a line, got none"),
        ("a\nx", "list must name people of the data set, got x"),
        ("a\n a \n", "list must name people once, got a twice"),
    ],
)
def test_a_list_of_people_that_leaves_doubt(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        plan.listed(text, ["a", "b"], "list")
    assert plan.listed("b\n\na\n", ["a", "b", "c"], "list") == ("a", "b")


def test_the_generator_leaves_what_attention_keeps() -> None:
    torch.manual_seed(0)
    network = Generator(3, 4, 1)
    pictures, aus = torch.rand(2, 3, 32, 32) * 2 - 1, torch.rand(2, 3)
    painted = network(pictures, aus)
    assert painted.picture.shape == pictures.shape
    assert (painted.picture != pictures).any()
    colours = torch.tanh(torch.tensor(20.0))

    class Constant(torch.nn.Module):
        def __init__(self, value: float, channels: int) -> None:
            super().__init__()
            self.value, self.channels = value, channels

        def forward(self, features: torch.Tensor) -> torch.Tensor:
            return torch.full((len(features), self.channels, *features.shape[2:]), self.value)

    network.colour = Constant(20.0, 3)  # pyright: ignore[reportAttributeAccessIssue]
    # Attention 1 keeps the photograph to the bit, attention 0 nothing of it.
    network.attention = Constant(200.0, 1)  # pyright: ignore[reportAttributeAccessIssue]
    assert torch.equal(network(pictures, aus).picture, pictures)
    network.attention = Constant(-200.0, 1)  # pyright: ignore[reportAttributeAccessIssue]
    assert (network(pictures, aus).picture == colours).all()


def test_the_networks_are_those_of_ganimation() -> None:
    generator, critic = Generator(17, 64, 6), Critic(17, 128, 64)
    # 7x7 of 20 to 64; 4x4 of 64-128-256; twelve 3x3 of 256; 4x4 back; heads 7x7 of 64 to 3 and 1;
    # scale and shift of every norm.
    convolutions = 49 * 20 * 64 + 16 * (64 * 128 + 128 * 256) * 2 + 12 * 9 * 256**2 + 49 * 64 * 4
    norms = 2 * (64 + 128 + 256 + 12 * 256 + 128 + 64)
    assert sum(one.numel() for one in generator.parameters()) == convolutions + norms
    wide = (3, 64, 128, 256, 512, 1024, 2048)
    body = sum(16 * a * b + b for a, b in itertools.pairwise(wide))
    heads = 9 * 2048 + 17 * 4 * 2048
    assert sum(one.numel() for one in critic.parameters()) == body + heads
    judged = critic(torch.zeros(2, 3, 128, 128))
    assert judged.score.shape == (2,)
    assert judged.aus.shape == (2, 17)


class Slope(torch.nn.Module):
    """A critic whose score rises as steeply as it is told, and which reads two pixels as AUs."""

    def __init__(self, steep: float) -> None:
        super().__init__()
        self.steep = steep

    def forward(self, pictures: torch.Tensor) -> Judged:
        flat = pictures.flatten(1)
        return Judged(self.steep * flat.sum(1) / flat.shape[1] ** 0.5, flat[:, :2])


@pytest.mark.parametrize(("steep", "penalty"), [(1.0, 0.0), (2.0, 10.0), (0.5, 2.5)])
def test_the_critic_is_held_to_a_slope_of_one(steep: float, penalty: float) -> None:
    critic = Slope(steep)
    real, fake = torch.rand(4, 3, 32, 32), torch.rand(4, 3, 32, 32)
    aus = real.flatten(1)[:, :2] + torch.tensor([0.1, 0.2])
    terms = losses.of_critic(critic, critic, real, aus, fake, torch.rand(4))
    assert float(terms["penalty"]) == pytest.approx(penalty, rel=1e-3, abs=1e-4)
    assert float(terms["condition"]) == pytest.approx(160 * (0.01 + 0.04) / 2, rel=1e-4)
    gap = fake.flatten(1).sum(1).mean() - real.flatten(1).sum(1).mean()
    assert float(terms["real"] + terms["fake"]) == pytest.approx(
        steep * float(gap) / 3072**0.5, rel=1e-3
    )


class Shift(torch.nn.Module):
    """A generator that adds the first AU to all pixels, with the attention that it is told."""

    def __init__(self, attention: torch.Tensor) -> None:
        super().__init__()
        self.attention = attention

    def forward(self, pictures: torch.Tensor, aus: torch.Tensor) -> Painted:
        shifted = pictures + aus[:, :1, None, None]
        return Painted(shifted, self.attention.expand(len(pictures), 1, -1, -1))


def test_every_term_of_the_generator_has_its_weight() -> None:
    real = torch.zeros(3, 3, 128, 128)
    wanted, aus = torch.tensor([[0.3, 0.0]]).repeat(3, 1), torch.tensor([[-0.2, 0.0]]).repeat(3, 1)
    attention = torch.full((1, 1, 128, 128), 0.5)
    attention[0, 0, 5, 5] = 0.6
    terms, painted = losses.of_generator(Shift(attention), Slope(1.0), real, aus, wanted)
    # Shifted by 0.3 and back by 0.2: a cycle that is off by 0.1, AUs that are read as 0.3 and 0.3.
    assert float(terms["cycle"]) == pytest.approx(10 * 0.1, rel=1e-4)
    assert float(terms["condition"]) == pytest.approx(160 * 0.3**2 / 2, rel=1e-4)
    assert float(terms["score"]) == pytest.approx(-0.3 * 49152**0.5, rel=1e-4)
    assert float(terms["attention"]) == pytest.approx(0.1 * 2 * 0.5, rel=1e-3)
    # Two maps a face, four steps of 0.1 each; the released weight was of a sum over 25 faces.
    assert float(terms["smooth"]) == pytest.approx(25e-5 * 2 * 0.4, rel=1e-3)
    assert float(terms["held"]) == 0.0
    assert painted.picture[0, 0, 0, 0] == pytest.approx(0.3)
    full = torch.full((1, 1, 128, 128), 0.9)
    terms, _ = losses.of_generator(Shift(full), Slope(1.0), real, aus, wanted)
    assert float(terms["held"]) == pytest.approx(100 * 0.2**2, rel=1e-4)


def test_smoothness_weighs_alike_at_any_size_and_batch() -> None:
    found = []
    for size, batch in ((128, 2), (64, 5)):
        real, aus = torch.zeros(batch, 3, size, size), torch.zeros(batch, 2)
        half = torch.zeros(1, 1, size, size)
        half[..., size // 2 :] = 1.0
        terms, _ = losses.of_generator(Shift(half), Slope(1.0), real, aus, aus)
        found.append(float(terms["smooth"]))
    assert found[0] == pytest.approx(found[1], rel=1e-5)


def test_variation_is_summed() -> None:
    maps = torch.zeros(2, 1, 4, 4)
    maps[0, 0, 1, 1] = 1.0
    assert float(losses.variation(maps)) == 4.0


@pytest.mark.parametrize(("mean", "off"), [(0.3, 0), (0.5, 0), (0.7, 0), (0.9, 0.2), (0.1, 0.2)])
def test_the_attention_is_held_within_a_band(mean: float, off: float) -> None:
    assert float(losses.beyond(torch.tensor(mean))) == pytest.approx(off, abs=1e-6)


def test_every_epoch_sees_each_face_once_in_a_new_order() -> None:
    draws = Draws(0, "n", 24, 8, 2)
    first, second = ([draws.step(epoch * 3 + at) for at in range(3)] for epoch in (0, 1))
    for epoch in (first, second):
        assert sorted(np.concatenate([one.faces for one in epoch])) == list(range(24))
    assert (first[0].faces != second[0].faces).any()
    assert np.abs(first[0].moved).max() <= JITTER
    again = Draws(0, "n", 24, 8, 2).step(4)
    assert (again.faces == second[1].faces).all()
    assert (again.mix == second[1].mix).all()
    assert (Draws(0, "other", 24, 8, 2).step(4).mix != again.mix).any()


def test_bytes_survive_numbers() -> None:
    every = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 16, 16, 3)
    assert (to_bytes(to_tensor(every, torch.device("cpu"))) == every).all()


def test_the_sweep_finds_where_eyes_are_closed() -> None:
    where = machine(TINY)
    pictures = np.full((2, 32, 32, 3), 200, np.uint8)
    found = sweep.sweep(Painter(Lids(), where), pictures, (4, 45))
    assert found.closed == 0.6
    assert found.changed[3] == pytest.approx(0.5, abs=0.02)
    with pytest.raises(ValueError, match=r"AU45 must have it among .* got 4, 43"):
        sweep.sweep(Painter(Lids(), where), pictures, (4, 43))
    with pytest.raises(ValueError, match=r"what AU45 changes must be at least 0.5"):
        sweep.sweep(Painter(Lids(), where), np.zeros_like(pictures), (4, 45))


def test_small_pictures_are_shown_larger() -> None:
    column = np.zeros((2, 32, 32, 3), np.uint8)
    drawn = sheet.laid([column, column], ("input", "AU4"), "title")
    assert drawn.shape == (2 * sheet.HEAD + 2 * 100 + 4, 2 * 100 + 4, 3)
