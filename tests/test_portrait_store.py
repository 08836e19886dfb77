"""What was painted is kept whole or not at all, by all that decides it, and held to its hashes."""

import multiprocessing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assets import added, atlas, skin
from generator import provenance, synth3d
from generator.config import GenerateConfig
from generator.portrait import cameras, keys, painted, plate, store
from generator.portrait.painted import BELOW, SIZE, Painted, laid
from generator.portrait.plate import Plate
from generator.texture.skin import Texture
from generator.texture.skin import skin as own_skin
from generator.view import make_view
from render.background import decode_srgb
from scripts import generate
from tests.weights import added_weights

CONFIG = GenerateConfig(
    identities=4, size=64, views=2, pain_per_identity=1, texture="kandinsky", background="inpaint",
    ages="0-90", seed=3,
)  # fmt: skip


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(store.VARIABLE, str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory):
    with added_weights(tmp_path_factory.mktemp("weights")) as root:
        yield root


def test_an_entry_comes_back_as_it_was_kept() -> None:
    files = {"a.png": b"abc", "b.png": b""}
    assert store.find("textures", "k") is None
    store.keep("textures", "k", {"seed": 3}, files)
    assert store.find("textures", "k") == ({"seed": 3}, files)
    assert store.there("textures", "k")
    assert not store.there("backgrounds", "k")
    assert [path.name for path in store.place("textures", "k").parent.iterdir()] == ["k"]


def test_a_file_that_changed_is_named_and_how_it_is_made_anew() -> None:
    store.keep("textures", "k", {}, {"a.png": b"abc"})
    path = store.place("textures", "k") / "a.png"
    for change in (lambda: path.write_bytes(b"abd"), path.unlink):
        change()
        with pytest.raises(ValueError, match=r"a\.png must be the file that was kept .*; delete "):
            store.find("textures", "k")


def test_who_keeps_second_changes_nothing() -> None:
    store.keep("textures", "k", {"by": "first"}, {"a": b"1"})
    store.keep("textures", "k", {"by": "second"}, {"a": b"2"})
    assert store.find("textures", "k") == ({"by": "first"}, {"a": b"1"})


def _keep_many(number: int) -> None:
    for key in range(30):
        store.keep("textures", f"k{key}", {"by": number}, {"a": bytes([number]) * 1000})


def test_several_may_keep_at_once() -> None:
    context = multiprocessing.get_context("spawn")
    crew = [context.Process(target=_keep_many, args=(number,)) for number in range(3)]
    for process in crew:
        process.start()
    for process in crew:
        process.join()
    assert [process.exitcode for process in crew] == [0, 0, 0]
    for key in range(30):
        found = store.find("textures", f"k{key}")
        assert found is not None
        assert found[1]["a"] == bytes([found[0]["by"]]) * 1000
    assert len(list(store.place("textures", "k").parent.iterdir())) == 30


def test_a_write_that_fails_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "the disk is full", str(path))

    monkeypatch.setattr(store.atomic, "write", full)
    with pytest.raises(OSError, match="disk is full"):
        store.keep("textures", "k", {}, {"a": b"1"})
    assert not store.there("textures", "k")
    assert list(store.place("textures", "k").parent.iterdir()) == []


def key_of(config: GenerateConfig, index: int = 0) -> str:
    identity, body = synth3d.dressed(config, index)
    return keys.texture_key(config, identity, body)


def test_a_texture_is_known_by_person_painter_and_what_hides_skin_alone(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = key_of(CONFIG)
    same = ({"size": 96}, {"views": 3}, {"pain_per_identity": 4}, {"background": "plain"},
            {"sensor": "degraded"}, {"vary": ("pose",)}, {"flush": True})  # fmt: skip
    assert {key_of(replace(CONFIG, **change)) for change in same} == {key}
    other = [{"steps": 7}, {"dtype": "bfloat16"}, {"clothes": "none"}, {"seed": 4}]
    changed = [key_of(replace(CONFIG, **change)) for change in other] + [key_of(CONFIG, 1)]
    with added_weights(weights / "other", seed=1):
        changed.append(key_of(CONFIG))
    assert len({key, *changed}) == 1 + len(changed)
    assert key_of(CONFIG) == key
    monkeypatch.setattr(keys, "source", lambda *rooms, apart: "of other code")
    assert key_of(CONFIG) != key


def test_what_was_not_added_is_named_with_the_command(weights: Path, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(added.VARIABLE, str(tmp_path))
        with pytest.raises(ValueError, match="pain3d assets add kandinsky PATH"):
            key_of(CONFIG)


def a_painting(colour: int = 90) -> Painted:
    rows, columns = skin.head_box(SIZE)
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    head = synth3d.dressed(CONFIG, 0)[1].head
    return Painted(
        albedo=np.full((*shape, 3), colour, np.uint8),
        confidence=np.arange(shape[0] * shape[1], dtype=np.uint32).reshape(shape).astype(np.uint8),
        portrait=np.arange(64 * 64 * 3, dtype=np.uint32).reshape(64, 64, 3).astype(np.uint8),
        camera=replace(cameras.camera(head), width=64, height=64),
        light=np.linspace(-1, 2, 27).reshape(9, 3),
        below=np.array([0.5, 1.0, 1.2]),
        facts={"prompt": "a face", "seed": 5},
    )


def test_a_painting_comes_back_from_the_store_to_the_bit() -> None:
    first = a_painting()
    first.keep("k")
    again = painted.load("k", "p000000")
    for name in ("albedo", "confidence", "portrait", "light", "below"):
        np.testing.assert_array_equal(getattr(again, name), getattr(first, name))
    np.testing.assert_array_equal(again.camera.extrinsics, first.camera.extrinsics)
    np.testing.assert_array_equal(again.camera.intrinsics, first.camera.intrinsics)
    assert again.facts == first.facts
    with pytest.raises(ValueError, match=r"p000007 must have a painted texture in .*, got none"):
        painted.load("other", "p000007")


def linear(albedo: np.ndarray) -> np.ndarray:
    return decode_srgb(np.ascontiguousarray(albedo))


@pytest.mark.parametrize("size", [512, 2048])
def test_paint_takes_the_place_of_the_head_alone_and_charts_below_follow(size: int) -> None:
    identity, _ = synth3d.dressed(CONFIG, 0)
    mine: Texture = own_skin(identity, size)
    before = mine.albedo.copy()
    worn = laid(mine, a_painting())
    np.testing.assert_array_equal(mine.albedo, before)
    box = skin.head_box(size)
    assert (worn.albedo[box][..., :3] == 90).all()
    left = np.ones((size, size), bool)
    left[box] = False
    for name in BELOW:
        place = atlas.pixel_rect(name, size)
        left[place] = False
        wanted = linear(before[place][..., :3]) * np.array([0.5, 1.0, 1.2], np.float32)
        assert np.abs(linear(worn.albedo[place][..., :3]) - np.minimum(wanted, 1)).max() < 0.006
    np.testing.assert_array_equal(worn.albedo[left], before[left])
    np.testing.assert_array_equal(worn.albedo[..., 3], before[..., 3])
    assert worn.normal is mine.normal


def disc(side: int, radius: float) -> np.ndarray:
    rows, columns = np.mgrid[:side, :side]
    return (np.hypot(rows - side / 2, columns - side / 2) < radius).astype(np.float32)


def test_behind_the_head_the_background_goes_on_without_a_trace_of_it() -> None:
    side = 192
    cover = disc(side, 50)
    cover[cover > 0] = 0.1
    across = np.linspace(20, 220, side)
    scene = np.broadcast_to(across[None, :, None], (side, side, 3)).astype(np.uint8).copy()
    # Around its edge what was painted still shows the head.
    painted_picture = np.where(disc(side, 52)[..., None] > 0, np.uint8([255, 0, 255]), scene)
    whole = plate.whole(painted_picture, cover, side)
    outside = disc(side, 58) == 0
    np.testing.assert_array_equal(whole[outside], scene[outside])
    assert np.abs(whole.astype(int) - scene).max() < 40
    assert (whole[..., 0] == whole[..., 1]).all()
    small = plate.whole(painted_picture, cover, 64)
    assert np.abs(small[:, 0].astype(int) - across[1]).max() <= 2
    with pytest.raises(ValueError, match="background must be seen beside the head"):
        plate.whole(scene, np.ones((side, side), np.float32), side)


@pytest.mark.parametrize(("size", "side"), [(64, 512), (512, 512), (513, 576), (4096, 768)])
def test_backgrounds_are_painted_at_sizes_that_the_networks_know(size: int, side: int) -> None:
    assert plate.side_for(size) == side


def test_a_background_comes_back_from_the_store() -> None:
    picture = np.arange(48 * 48 * 3, dtype=np.uint32).reshape(48, 48, 3).astype(np.uint8)
    plate.keep("k", Plate(picture, "in a garden"))
    again = plate.load("k", "p000000")
    np.testing.assert_array_equal(again.picture, picture)
    assert again.prompt == "in a garden"
    with pytest.raises(ValueError, match=r"p000001 must have a painted background in"):
        plate.load("l", "p000001")


def test_a_store_that_cannot_be_written_is_named_before_anything_is_painted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.check()
    assert store.root().is_dir()
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "in it"):
        monkeypatch.setenv(store.VARIABLE, str(place))
        with pytest.raises(ValueError, match=r"the store .* must be a folder that can be written"):
            store.check()


def test_what_is_not_installed_is_named_with_the_way_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = provenance.find_spec
    for name in provenance.NEEDED:
        monkeypatch.setattr(
            provenance, "find_spec", lambda one, gone=name: None if one == gone else found("sys")
        )
        with pytest.raises(
            ValueError, match=rf"texture kandinsky and .*: {name} must be installed"
        ):
            provenance.libraries(CONFIG)
        with pytest.raises(ValueError, match=rf"{name} must be installed \(pip install -e "):
            generate.producer_of(CONFIG)
    monkeypatch.setattr(provenance, "find_spec", found)
    assert set(provenance.libraries(CONFIG)) == set(provenance.PAINTERS)


def test_a_background_is_known_by_person_lens_backdrop_and_what_is_drawn_of_the_head(
    weights: Path,
) -> None:
    view, other = (make_view(CONFIG, 0, place) for place in range(2))
    key = keys.background_key(CONFIG, "p", view.lens, view.backdrop)
    same = ({"views": 3}, {"sensor": "degraded"}, {"occluders": ("cap",)}, {"image": "png"})
    for change in same:
        config = replace(CONFIG, **change)
        assert keys.background_key(config, "p", view.lens, view.backdrop) == key
    changed = [
        keys.background_key(replace(CONFIG, **change), "p", view.lens, view.backdrop)
        for change in ({"size": 96}, {"steps": 7}, {"creases": "off"}, {"flush": True})
    ]
    changed += [
        keys.background_key(CONFIG, "q", view.lens, view.backdrop),
        keys.background_key(CONFIG, "p", other.lens, view.backdrop),
        keys.background_key(CONFIG, "p", view.lens, other.backdrop),
    ]
    assert len({key, *changed}) == 1 + len(changed)


def test_what_hides_skin_is_in_the_key_of_a_texture(weights: Path) -> None:
    identity, body = synth3d.dressed(CONFIG, 0)
    key = keys.texture_key(CONFIG, identity, body)
    points = body.cards.points
    other = replace(points, barycentric=points.barycentric[:, ::-1].copy())
    moved = replace(body, cards=replace(body.cards, points=other))
    taller = replace(body, head=replace(body.head, vertices=body.head.vertices * np.float32(1.01)))
    found = {keys.texture_key(CONFIG, identity, one) for one in (body, moved, taller)}
    assert key in found
    assert len(found) == 3


def test_what_is_left_of_an_entry_that_was_half_deleted_blocks_nobody() -> None:
    store.keep("textures", "k", {}, {"a.png": b"abc"})
    (store.place("textures", "k") / store.FACTS).unlink()
    assert not store.there("textures", "k")
    store.keep("textures", "k", {}, {"a.png": b"abd"})
    assert store.find("textures", "k") == ({}, {"a.png": b"abd"})
