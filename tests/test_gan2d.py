"""Networks that paint AUs: who trains whom, exact resume, what they begin with, what is refused."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from assets.folds import folds
from assets.unbc import SUBJECTS
from generator.gan2d import build as building
from generator.gan2d import folder, plan, weights
from generator.gan2d import train as training
from generator.gan2d.config import GanConfig
from generator.gan2d.draws import JITTER, Draws
from generator.gan2d.folder import Closed, Gan
from generator.gan2d.network import Critic, Generator
from generator.gan2d.painter import Painter, to_bytes, to_tensor
from generator.shards.manifest import json_bytes, read_json
from tests.cohort import cohort
from tests.registered import LEFT_OUT, TINY, gan, registered

EIGHT = SUBJECTS[:8]
HASH = "0" * 64


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return registered(tmp_path_factory.mktemp("registered") / "reg")


@pytest.fixture(scope="module")
def whole(data: Path) -> tuple[Path, Gan, list[str]]:
    said: list[str] = []
    out = data.parent / "whole"
    return out, gan(out, data, said=said), said


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
    with torch.no_grad():
        network.attention.weight.fill_(0.0)
    # A sigmoid of 0: half of the photograph and half of the colour, which is within -1 and 1.
    half = network(pictures, aus)
    assert torch.allclose(half.attention, torch.full_like(half.attention, 0.5))
    assert (2 * half.picture - pictures).abs().max() <= 1.0 + 1e-6


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


def test_a_penalty_is_none_where_the_slope_is_one() -> None:
    class Slope(torch.nn.Module):
        def forward(self, pictures: torch.Tensor) -> training.losses.Judged:
            flat = pictures.flatten(1)
            return training.losses.Judged(flat.sum(1) / flat.shape[1] ** 0.5, flat[:, :2])

    critic = Slope()
    real, fake = torch.rand(4, 3, 32, 32), torch.rand(4, 3, 32, 32)
    aus = real.flatten(1)[:, :2]
    terms = training.losses.of_critic(critic, critic, real, aus, fake, torch.rand(4))
    assert float(terms["penalty"]) == pytest.approx(0.0, abs=1e-6)
    assert float(terms["condition"]) == 0.0
    gap = fake.flatten(1).sum(1).mean() - real.flatten(1).sum(1).mean()
    assert float(terms["real"] + terms["fake"]) == pytest.approx(float(gap) / 3072**0.5, rel=1e-4)


def test_variation_is_summed() -> None:
    maps = torch.zeros(2, 1, 4, 4)
    maps[0, 0, 1, 1] = 1.0
    assert float(training.losses.variation(maps)) == 4.0


@pytest.mark.parametrize(("mean", "off"), [(0.3, 0), (0.5, 0), (0.7, 0), (0.9, 0.2), (0.1, 0.2)])
def test_the_attention_is_held_within_a_band(mean: float, off: float) -> None:
    assert float(training.losses.beyond(torch.tensor(mean))) == pytest.approx(off, abs=1e-6)


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


def test_the_condition_is_what_no_face_lacks(whole: tuple[Path, Gan, list[str]]) -> None:
    out, made, _ = whole
    assert not set(LEFT_OUT) & set(made.shape.aus)
    assert len(made.shape.aus) == 17
    assert made.saw.labels == "manual"
    assert made.closed == Closed(None, "no AU45")
    assert folder.opened(out) == made
    assert {path.name for path in out.iterdir()} == {"all", "begun.json", "gan.json"}
    sheets = {path.stem for path in (out / "all/sheets").iterdir()}
    assert sheets == {f"au{au:02d}" for au in made.shape.aus} | {"all"}


def test_a_killed_run_goes_on_to_the_same_weights(
    data: Path, whole: tuple[Path, Gan, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = data.parent / "killed"
    step = training.Training.step

    def dies(self: training.Training) -> None:
        if self.progress.step == 5:
            raise KeyboardInterrupt
        step(self)

    monkeypatch.setattr(training.Training, "step", dies)
    with pytest.raises(KeyboardInterrupt):
        gan(out, data)
    with pytest.raises(ValueError, match=r"must be a folder of networks, got no gan.json yet"):
        folder.opened(out)
    monkeypatch.setattr(training.Training, "step", step)
    with pytest.raises(ValueError, match="learning_rate"):
        gan(out, data, replace(TINY, learning_rate=2e-4), resume=True)
    with pytest.raises(ValueError, match="out must be an empty folder, or one to --resume"):
        gan(out, data)
    made = gan(out, data, resume=True)
    assert made == whole[1]
    log = [(place / "all/log.jsonl").read_text() for place in (out, whole[0])]
    assert log[0] == log[1]


def test_a_run_begins_with_the_weights_of_another(
    data: Path, whole: tuple[Path, Gan, list[str]]
) -> None:
    out, before, _ = whole
    others = registered(data.parent / "others", source="other", seed=5)
    # A rate so small that Adam's steps move no weight by a thousandth.
    slow = replace(TINY, learning_rate=1e-9)
    made = gan(data.parent / "on", others, slow, init=out)
    assert made.init == before.networks[0].sha256
    assert [one.source for one in made.before] == ["unbc"]
    one, other = (
        weights.generator(place, which, which.networks[0]).state_dict()
        for place, which in ((out, before), (data.parent / "on", made))
    )
    assert all(torch.allclose(one[name], other[name], atol=1e-5) for name in one)
    # People of one name in another data set are other people; those who were seen stay seen.
    assert set(made.seen(made.networks[0], "unbc")) == set(before.saw.people)


def test_a_run_does_not_begin_with_who_saw_the_people_of_a_fold(
    data: Path, whole: tuple[Path, Gan, list[str]]
) -> None:
    with pytest.raises(ValueError, match=r"network fold1a must paint people whom .* not seen"):
        gan(data.parent / "leak", data, init=whole[0], folds="public5")
    assert not (data.parent / "leak" / "begun.json").exists()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"size": 48}, "size must be a power of two from 32 to 512, got 48"),
        ({"decay": 31}, "decay must be at most the epochs 30, got 31"),
        ({"aus": (4, 4)}, "aus must be among .*, each once, got 4, 4"),
        ({"aus": (3,)}, "aus must be among .* got 3"),
        ({"batch": 0}, "batch must be at least 1, got 0"),
        ({"learning_rate": float("nan")}, "learning_rate must be above 0 and finite, got nan"),
    ],
)
def test_options_that_cannot_be_trained(changed: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        GanConfig(**changed)


def test_data_that_cannot_be_trained_on(
    data: Path, whole: tuple[Path, Gan, list[str]], tmp_path: Path
) -> None:
    for config, said in (
        (replace(TINY, labels="openface"), "AUs of openface|action units of openface"),
        (replace(TINY, aus=(4, 23)), "must have AU23 of manual where it is in --aus"),
    ):
        with pytest.raises(ValueError, match=said):
            gan(tmp_path / "out", data, config)
    plain = cohort(tmp_path / "plain")
    with pytest.raises(ValueError, match=r"plain must be registered \(pain3d register\) where"):
        gan(tmp_path / "out", plain, init=whole[0])
    with pytest.raises(ValueError, match=r"aus must be 1, 2, 4.* as in .*, got 4, 6"):
        gan(tmp_path / "out", data, replace(TINY, aus=(4, 6)), init=whole[0])
    few = registered(tmp_path / "few", identities=4)
    with pytest.raises(
        ValueError, match=r"fold 5 of public5 must have one or more of .*, got none"
    ):
        gan(tmp_path / "out", few, folds="public5")


def test_what_was_not_registered_is_cut_by_its_landmarks(tmp_path: Path) -> None:
    plain = cohort(tmp_path / "plain", identities=5)
    (tmp_path / "who").write_text("\n".join(SUBJECTS[:3]))
    made = gan(tmp_path / "out", plain, subjects=tmp_path / "who")
    assert made.registered is None
    assert made.saw.people == SUBJECTS[:3]
    # Labels of what was drawn: a closed eye is AU45 at its highest.
    assert made.closed == Closed(1.0, "labels")
    with pytest.raises(ValueError, match="subjects must be left out where folds say who trains"):
        gan(tmp_path / "both", plain, subjects=tmp_path / "who", folds="public5")


def saw(labels: str, *before: str) -> Gan:
    past = tuple(folder.Saw("x", HASH, one, ()) for one in before)  # pyright: ignore[reportArgumentType]
    shape = folder.Shape(32, 4, 1, (4, 45))
    now = folder.Saw("x", HASH, labels, ())  # pyright: ignore[reportArgumentType]
    return Gan(folder.FORMAT, shape, "3d", False, now, past, "{}", None, Closed(None, None), ())


def test_which_au45_is_a_closed_eye_follows_from_the_labels() -> None:
    assert building._ruled(saw("openface")) == Closed(0.4, "thesis")
    assert building._ruled(saw("openface", "target")) == Closed(0.4, "thesis")
    assert building._ruled(saw("target", "target")) == Closed(1.0, "labels")
    assert building._ruled(saw("target", "openface")) is None
    assert building._ruled(saw("manual")) is None


class Lids(torch.nn.Module):
    """Closes eyes: they are dark from AU45 = 0.6 on, and half as dark at 0.3."""

    def forward(self, pictures: torch.Tensor, aus: torch.Tensor) -> training.losses.Painted:
        dark = (aus[:, 1] / 0.6).clamp(0, 1)[:, None, None, None]
        return training.losses.Painted(pictures - dark, torch.zeros_like(pictures[:, :1]))


def test_the_sweep_finds_where_eyes_are_closed() -> None:
    where = building.machine(TINY)
    pictures = np.full((2, 32, 32, 3), 200, np.uint8)
    found = building.sweeping.sweep(Painter(Lids(), where), pictures, (4, 45))
    assert found.closed == 0.6
    assert found.changed[3] == pytest.approx(0.5, abs=0.02)
    with pytest.raises(ValueError, match=r"AU45 must have it among .* got 4, 43"):
        building.sweeping.sweep(Painter(Lids(), where), pictures, (4, 43))
    with pytest.raises(ValueError, match=r"what AU45 changes must be at least 0.5"):
        building.sweeping.sweep(Painter(Lids(), where), np.zeros_like(pictures), (4, 45))


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(training, "SETTLED", 0)
    return


@pytest.mark.usefixtures("settled")
def test_an_attention_near_its_ends_is_told_once(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "HIGHEST", 0.4)
    said: list[str] = []
    gan(data.parent / "watched", data, replace(TINY, epochs=2), said)
    warned = [text for text in said if "attention" in text]
    assert len(warned) == 1
    assert "is near 1: nothing is painted; check the AUs" in warned[0]


def test_a_network_whose_file_changed(data: Path, whole: tuple[Path, Gan, list[str]]) -> None:
    out, made, _ = whole
    path = out / "all/generator.safetensors"
    before = path.read_bytes()
    try:
        path.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
        with pytest.raises(ValueError, match=r"must be the file that gan.json names"):
            weights.generator(out, made, made.networks[0])
    finally:
        path.write_bytes(before)
    other = replace(made, networks=(replace(made.networks[0], paints=(SUBJECTS[0],)),))
    with pytest.raises(ValueError, match=f"whom it has never seen, got {SUBJECTS[0]}"):
        other.paints(SUBJECTS[0], "unbc", None)
    assert other.paints(SUBJECTS[0], "elsewhere", None) == other.networks[0]
    with pytest.raises(ValueError, match="must be painted by a network of fold 2, got none"):
        other.paints(SUBJECTS[0], "elsewhere", 2)


def test_a_folder_of_another_format(tmp_path: Path, whole: tuple[Path, Gan, list[str]]) -> None:
    stated = read_json(whole[0] / "gan.json")
    (tmp_path / "gan.json").write_bytes(json_bytes({**stated, "format": "x"}))
    with pytest.raises(ValueError, match="must have the format 'pain3d gan 1', got 'x'"):
        folder.opened(tmp_path)
    assert json.loads(stated["config"])["size"] == 32
