"""Data sets with painted skin and backgrounds, by tiny networks of the real classes."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assets import hunyuan3d, kandinsky, skin
from generator import jobs, synth3d
from generator.config import GenerateConfig
from generator.diffusion import ahead, backgrounds, texture
from generator.diffusion.painter import Painter
from generator.expression import make_expressions
from generator.portrait import cameras, painted, store
from generator.portrait.hunyuan import Hunyuan
from generator.portrait.keys import texture_key
from generator.portrait.painted import SIZE
from generator.shards.folder import DataSet, open_folder
from generator.shards.verify import verify
from generator.synth3d import Likeness
from render.image import draw
from tests import stand_in_hy3dgen
from tests.runs import hashes, ignore
from tests.weights import added_weights

CONFIG = GenerateConfig(
    identities=2, size=64, views=2, pain_per_identity=1, texture="kandinsky", background="inpaint",
    ages="0-90", seed=3, steps=1,
)  # fmt: skip
ONE = replace(CONFIG, identities=1, people_per_shard=1)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with added_weights(tmp_path_factory.mktemp("networks")) as place:
        ahead.painter.cache_clear()
        yield place
    ahead.painter.cache_clear()


@pytest.fixture(scope="module")
def small(root: Path) -> Iterator[None]:
    """Portraits of a third of their side, in this process alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cameras, "SIDE", 256)
        yield


@pytest.fixture(scope="module")
def first(small: None) -> Likeness:
    """The first person, painted."""
    ahead.paint_ahead(CONFIG, 0)
    return synth3d.likeness(CONFIG, 0)


def test_a_person_wears_what_was_painted_and_nobody_else_does(first: Likeness) -> None:
    mine = painted.load(first.key, "p000000")
    size = len(first.texture.scatter)
    rows, columns = skin.head_box(size)
    worn = first.texture.albedo[rows, columns, :3].astype(int)
    own = synth3d.skin(first.identity, size).albedo[rows, columns, :3].astype(int)
    shown = mine.confidence[:: SIZE // size, :: SIZE // size] == 255
    assert shown.mean() > 0.1
    assert np.abs(worn - own)[shown].mean() > 4
    with pytest.raises(ValueError, match=r"p000001 must have a painted texture in"):
        synth3d.likeness(CONFIG, 1)


def test_a_painting_says_how_it_was_made(first: Likeness) -> None:
    mine = painted.load(first.key, "p000000")
    assert mine.facts["prompt"].startswith("frontal portrait photograph of ")
    assert mine.facts["networks"] == kandinsky.version(("prior", "depth"))
    assert mine.portrait.shape == (256, 256, 3)


def test_the_same_seed_paints_the_same_bytes(first: Likeness, tmp_path: Path) -> None:
    before = store.find("textures", first.key)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(store.VARIABLE, str(tmp_path))
        ahead.paint_ahead(CONFIG, 0)
        assert store.find("textures", first.key) == before
        assert len(list((tmp_path / "backgrounds").iterdir())) == CONFIG.views


def test_what_lies_in_the_store_is_not_painted_again(
    first: Likeness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*given: object) -> None:
        raise AssertionError("painted again")

    monkeypatch.setattr(texture, "paint", nobody)
    monkeypatch.setattr(backgrounds, "around", nobody)
    monkeypatch.setattr(ahead, "painter", nobody)
    monkeypatch.setattr(synth3d, "likeness", nobody)
    ahead.paint_ahead(CONFIG, 0)
    # Neither for more expressions, nor for other pictures of the person, lit or turned otherwise.
    ahead.paint_ahead(replace(CONFIG, pain_per_identity=3), 0)
    ahead.paint_ahead(replace(CONFIG, vary=("light", "pose")), 0)
    ahead.paint_ahead(replace(CONFIG, background="plain", size=96), 0)
    with pytest.raises(AssertionError, match="painted again"):
        ahead.paint_ahead(replace(CONFIG, vary=("background",)), 0)


def test_backgrounds_are_one_a_view_or_one_a_picture() -> None:
    count = len(make_expressions(CONFIG, 0))
    seeds = [view.backdrop.seed for view in backgrounds.views(CONFIG, 0)]
    assert len(seeds) == len(set(seeds)) == CONFIG.views
    varied = [view.backdrop.seed for view in backgrounds.views(_varied(), 0)]
    assert len(varied) == len(set(varied)) == CONFIG.views * count


def _varied() -> GenerateConfig:
    return replace(CONFIG, vary=("background",))


def test_every_pixel_of_the_head_is_the_same_before_any_background(first: Likeness) -> None:
    """Not even hair that a pixel shows a part of is another one: only its share of light is."""
    config = replace(CONFIG, sensor="clean")
    ahead.paint_ahead(config, 0)
    drawn = {}
    for kind in ("inpaint", "plain"):
        one = replace(config, background=kind)
        shots = list(synth3d.scenes(one, 0))
        drawn[kind] = [(draw(scene), shot.background) for _, shot, scene in shots]
    for (before, _), (plain, _) in zip(drawn["inpaint"], drawn["plain"], strict=True):
        np.testing.assert_array_equal(before.classes, plain.classes)
        head = before.depth > 0
        for shift in ((0, 1), (0, -1), (1, 0), (-1, 0)):
            head &= np.roll(before.depth > 0, shift, (0, 1))
        head &= before.classes < 15
        assert head.sum() > 500
        np.testing.assert_array_equal(before.image[head], plain.image[head])
        assert (before.image[before.depth == 0] != plain.image[before.depth == 0]).mean() > 0.8
    facts = [facts for _, facts in drawn["inpaint"]]
    assert {one.kind for one in facts} == {"inpaint"}
    # Neutral and pain of a view share theirs.
    assert facts[0] == facts[2]


def test_a_painter_that_fails_names_the_person_and_keeps_nothing(
    small: None, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def black(*given: object) -> np.ndarray:
        raise ValueError("portrait must not be of one colour, got black (try --dtype float32)")

    monkeypatch.setattr(ahead.painter(CONFIG), "portrait", black, raising=False)
    with pytest.raises(ValueError, match=r"^p000001: portrait must not be of one colour"):
        ahead.paint_ahead(CONFIG, 1)
    identity, body = synth3d.dressed(CONFIG, 1)
    assert not store.there("textures", texture_key(CONFIG, identity, body))


class Sitting(Painter):
    """A painter that keeps what it was asked, and gives a grey face and a red one from the side."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, np.ndarray, int]] = []
        self.shown: list[tuple[np.ndarray, np.ndarray]] = []

    def portrait(self, positive: str, negative: str, hint: np.ndarray, seed: int) -> np.ndarray:
        self.asked.append((positive, hint, seed))
        return np.full((*hint.shape, 3), 150, np.uint8)

    def turned(
        self, positive: str, negative: str, hint: np.ndarray, known: np.ndarray, keep: np.ndarray,
        seed: int,
    ) -> np.ndarray:  # fmt: skip
        self.asked.append((positive, hint, seed))
        self.shown.append((known, keep))
        return np.full((*hint.shape, 3), (200, 60, 60), np.uint8)


def test_each_side_is_asked_for_by_its_name_and_keeps_what_the_front_showed_better(
    small: None, root: Path
) -> None:
    identity, body = synth3d.dressed(CONFIG, 0)
    sitter, painter = texture.sit(CONFIG, identity, body), Sitting()
    made = texture.paint(sitter, painter, None)
    words = [asked[0] for asked in painter.asked]
    assert ["face turned right" in one for one in words] == [False, True, False]
    assert ["face turned left" in one for one in words] == [False, False, True]
    assert {seed for _, _, seed in painter.asked} == {sitter.seed}
    assert sitter.seed != texture.sit(CONFIG, *synth3d.dressed(CONFIG, 1)).seed
    # The nose, nearest of all, lies to the side that is named.
    columns = [np.unravel_index(hint.argmax(), hint.shape)[1] for _, hint, _ in painter.asked]
    assert columns[2] < columns[0] < columns[1]
    for (known, keep), to_right in zip(painter.shown, (True, False), strict=True):
        assert 0.03 < keep.mean() < 0.4
        kept = np.flatnonzero(keep.any(axis=0))
        # What the front saw better lies on the side that turns away.
        middle = kept.mean() - known.shape[1] / 2
        assert (middle > 0) == to_right
        assert np.abs(known[keep > 0].astype(int) - 150).mean() < 12
    # Beside the ears the sides' red has come in, on both; in the middle of the face it has not.
    rows, columns_ = made.albedo.shape[:2]
    red = made.albedo[..., 0].astype(int) - made.albedo[..., 1]
    row = slice(rows * 55 // 100, rows * 60 // 100)
    for column in (25, 75):
        there = red[row, columns_ * column // 100 - 20 : columns_ * column // 100 + 20]
        assert there.mean() > red[row, columns_ // 2 - 20 : columns_ // 2 + 20].mean() + 15


def test_the_second_stage_of_the_paper_takes_the_place_of_ours(
    small: None, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`hy3dgen` is given the portrait without its background, and its atlas is worn."""
    stand_in_hy3dgen.install(monkeypatch)
    weights = stand_in_hy3dgen.write_weights(tmp_path, hunyuan3d.PAINTERS[0])
    added = hunyuan3d.add(weights, accept_licence=True)
    identity, body = synth3d.dressed(CONFIG, 0)
    sitter = texture.sit(CONFIG, identity, body)
    made = texture.paint(sitter, ahead.painter(CONFIG), Hunyuan(added))
    assert made.facts["licence"] == hunyuan3d.LICENCE
    seen = made.confidence == 255
    assert seen.mean() > 0.3


def test_a_set_is_made_from_beginning_to_end(root: Path, tmp_path: Path) -> None:
    """Painted by one process, drawn by others; a run that was killed goes on without painting."""
    out, told = tmp_path / "out", []
    jobs.generate(ONE, ahead.PRODUCER, jobs.Run(out), ignore, lambda *done: told.append(done))
    assert told == [(0, 1), (1, 1)]
    data = open_folder(out)
    report = verify(out, ignore)
    assert not report.faults
    _check_stated(data)
    kept = sorted(path.name for path in (store.root() / "textures").iterdir())
    # Its store emptied, the set's backgrounds are painted anew to the byte, its texture is found.
    shutil.rmtree(store.root() / "backgrounds")
    again = tmp_path / "again"
    jobs.generate(ONE, ahead.PRODUCER, jobs.Run(again, workers=2), ignore)
    assert hashes(again) == hashes(out)
    assert sorted(path.name for path in (store.root() / "textures").iterdir()) == kept


def _check_stated(data: DataSet) -> None:
    made_with, options = data.config["made_with"], data.config["options"]
    assert made_with["kandinsky"] == f"sha256:{kandinsky.sha256(('prior', 'depth', 'inpaint'))}"
    assert made_with["kandinsky_version"].startswith("kandinsky-2-2-prior@")
    assert {"diffusers", "torch", "transformers"} <= set(made_with)
    assert (options["texture"], options["background"], options["steps"]) == (
        "kandinsky", "inpaint", 1,
    )  # fmt: skip
    assert "offload" not in options
    for row in data.index.to_pylist():
        record = data.sample(row).record
        assert row["texture"] == record.made_by.texture.name == "kandinsky"
        assert record.made_by.texture.version == kandinsky.version(("prior", "depth"))
        assert record.made_by.texture.sha256 != kandinsky.sha256(("prior",))
        assert record.background.kind == "inpaint"
        assert "background out of focus" in (record.background.name or "")
