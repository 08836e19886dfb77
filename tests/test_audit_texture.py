"""The audit of textures: tones, baked light and portraits whose figures are known."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from jaxtyping import Float, Float32, UInt8

from assets import added, kandinsky, skin
from assets.facs import PAIN_AUS
from assets.skin import linear_from_lab
from generator import provenance, synth3d
from generator.audit import build, goals, page, source, tables, texture
from generator.audit.baked import balance
from generator.audit.redrawn import psnr
from generator.audit.sitting import seat
from generator.audit.texture import Complexion, complexion
from generator.config import GenerateConfig, decisive
from generator.jobs import Run, generate
from generator.portrait import cameras, painted, store
from generator.portrait.chart import chart, normals
from generator.portrait.keys import texture_key
from generator.portrait.painted import SIZE, Painted
from generator.shards.folder import open_folder
from generator.synth3d import Likeness
from render.light import irradiance
from render.maps import maps
from render.material import encode_table
from render.mesh import Mesh
from render.sight import look
from render.unlit import unlit
from rigging.gaze import STRAIGHT
from tests.runs import here, ignore

MADE = GenerateConfig(
    identities=2, pain_per_identity=0, views=1, size=96, ages="18-90", annotations=("seg",)
)
SITTING = source.sitting_config(MADE, 128, "cpu")
LIGHT = np.zeros((9, 3))
LIGHT[0], LIGHT[1], LIGHT[2], LIGHT[3] = 3.2, 0.3, 0.5, (1.6, 1.4, 1.1)
"""From the person's left, warm, and a little from above."""


@cache
def person(number: int = 0) -> Likeness:
    return seat(SITTING, number).person


def at_rest(one: Likeness) -> Mesh:
    vertices = one.body.head.vertices
    return one.body.mesh(vertices, STRAIGHT, np.zeros((len(vertices), len(PAIN_AUS)), np.float32))


def bytes_of(light: Float[np.ndarray, "*n 3"]) -> UInt8[np.ndarray, "*n 3"]:
    return encode_table()[(np.clip(light, 0, 1) * 4095 + 0.5).astype(np.int32)]


def wearing(one: Likeness, albedo: np.ndarray) -> Likeness:
    worn = replace(one.texture, albedo=albedo)
    return replace(one, texture=worn, smooth=synth3d.painted(worn, one.body.head, SITTING))


def plain(lab: tuple[float, float, float], size: int = 512) -> UInt8[np.ndarray, "size size 4"]:
    albedo = np.full((size, size, 4), 255, np.uint8)
    albedo[..., :3] = bytes_of(linear_from_lab(np.array(lab)))
    return albedo


def test_skin_of_one_colour_has_its_tone_and_nothing_else() -> None:
    asked = person().identity.looks.lightness
    albedo = plain((asked + 2, 12.0, 16.0))
    found = complexion(SITTING, wearing(person(), albedo))
    # OpenCV takes a short cut from sRGB.
    oracle = cv2.cvtColor(albedo[:1, :1, :3].astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    lightness, red, yellow = oracle[0, 0].tolist()
    assert lightness - asked == pytest.approx(2, abs=0.5)
    assert (found.forehead, found.cheeks) == pytest.approx((lightness - asked,) * 2, abs=0.2)
    assert found.chroma == pytest.approx(np.hypot(red, yellow), abs=0.2)
    assert found.hue_deg == pytest.approx(np.degrees(np.arctan2(yellow, red)), abs=0.5)
    assert (found.seam, found.uneven, found.side_light) == pytest.approx((0, 0, 0), abs=1e-3)
    assert found.psnr_db is None


def test_forehead_and_cheeks_are_told_apart() -> None:
    """Lighter above the brows: the forehead's figure moves and the cheeks' stays."""
    albedo = plain((person().identity.looks.lightness, 12.0, 16.0))
    brow = round((1 - 0.77) * 512)
    albedo[:brow] = plain((person().identity.looks.lightness + 6, 12.0, 16.0))[:brow]
    found = complexion(SITTING, wearing(person(), albedo))
    assert (found.forehead, found.cheeks) == pytest.approx((6, 0), abs=0.3)


def test_skin_of_ours_is_within_every_bound() -> None:
    found = [complexion(SITTING, person(number)) for number in (0, 1)]
    told = goals.goals([], [], [], found)
    own = {goal.name: goal for goal in told if goal.name.startswith("texture")}
    assert [goal.reached for goal in own.values()] == [True] * 3
    assert all(one.uneven < 1 for one in found)
    # Skin is between red and yellow whoever wears it.
    assert all(40 < one.hue_deg < 70 and one.chroma > 15 for one in found)


def facing(one: Likeness) -> Float32[np.ndarray, "down across 3"]:
    return normals(chart(one.body.head.topology, skin.SMOOTH_SIZE), at_rest(one))


def lit(factor: Float[np.ndarray, "down across"]) -> UInt8[np.ndarray, "rows columns 3"]:
    """Even skin of luminance 0.3 under a shade."""
    light = np.repeat(0.3 * factor[..., None], 3, axis=2).astype(np.float32)
    return bytes_of(cv2.resize(light, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR))


def test_light_from_a_side_shows_and_by_how_much() -> None:
    """L* is 116 Y^(1/3): light that grows by a share k with the normal's x moves it by 116/3
    (0.3)^(1/3) k x, and the halves of a face are apart by twice that."""
    turn = facing(person())
    even = balance(lit(np.ones(turn.shape[:2])), turn)
    assert (even.uneven, even.side_light) == pytest.approx((0, 0), abs=1e-6)
    lamp = balance(lit(1 + 0.1 * turn[..., 0]), turn)
    # On a face the mean |x| of bare skin is a half to a third.
    slope = 116 / 3 * 0.3 ** (1 / 3) * 0.1
    assert 0.3 * 2 * slope < lamp.side_light < 0.7 * 2 * slope
    assert lamp.side_light == pytest.approx(lamp.uneven, rel=0.03)
    other = balance(lit(1 - 0.1 * turn[..., 0]), turn)
    assert other.side_light == pytest.approx(lamp.side_light, rel=0.03)
    # Light from above is the same on both sides.
    above = balance(lit(1 + 0.2 * turn[..., 1]), turn)
    assert above.uneven < 0.1 * lamp.uneven


def test_what_is_a_persons_own_is_no_light() -> None:
    """Broad bands on the left half, lighter and darker in turn."""
    turn = facing(person())
    factor = np.ones(turn.shape[:2])
    bands = np.sin(2 * np.pi * np.arange(len(factor)) / 40)
    factor[:, factor.shape[1] // 2 :] += 0.15 * bands[:, None]
    found = balance(lit(factor), turn)
    assert found.uneven > 1
    assert found.side_light < 0.2 * found.uneven


def portrait(one: Likeness, pose: str = "front", light: np.ndarray = LIGHT) -> Painted:
    """A portrait of what a person wears, in a light that is known; all of the face confident."""
    head, mesh = one.body.head, at_rest(one)
    camera = cameras.camera(head, cameras.FRONT if pose == "front" else cameras.TURNED[pose])
    sight = look(mesh, camera, one.smooth)
    seen, _ = unlit(sight, one.smooth)
    read = maps(sight.posed, mesh, one.smooth, sight.keys)
    grid = (camera.height, camera.width)
    # OpenCV's axes: y down, z forward.
    inward = read.normal.numpy().reshape(*grid, 3).astype(np.float64) * (1, -1, -1)
    world = np.linalg.solve(camera.extrinsics[:, :3], inward[..., None])[..., 0]
    picture = bytes_of(seen * np.maximum(irradiance(light, world), 0) / np.pi)
    rows, columns = skin.head_box(SIZE)
    shape = (columns.stop - columns.start, rows.stop - rows.start)
    small = one.texture.albedo[skin.head_box(len(one.texture.scatter))][..., :3]
    return Painted(
        albedo=np.asarray(cv2.resize(small, shape)),
        confidence=np.full(shape[::-1], 255, np.uint8),
        portrait=picture,
        camera=camera,
        light=light,
        below=np.ones(3),
        facts={"prompt": "a person"},
    )


@pytest.mark.parametrize("pose", ["front", "left"])
def test_a_portrait_comes_back_in_its_own_light_alone(pose: str) -> None:
    one = person()
    kept, mesh = portrait(one, pose), at_rest(one)

    def again(**changed: object) -> float:
        found = psnr(replace(kept, **changed), mesh, one.smooth, "cpu")  # type: ignore[arg-type]
        assert found is not None
        return found

    assert again() > 50
    other, flat = kept.light.copy(), kept.light.copy()
    other[3] *= -1
    flat[1:] = 0
    assert again(light=other) < goals.PSNR_DB - 5
    assert again(light=flat) < again() - 20
    # 5 grey steps everywhere.
    darker = kept.portrait - np.minimum(kept.portrait, 5)
    assert again(portrait=darker) == pytest.approx(20 * np.log10(255 / 5), abs=0.3)


def test_only_what_the_portrait_gave_is_compared() -> None:
    one = person()
    kept, mesh = portrait(one), at_rest(one)
    # Half of the picture is spoilt, and nothing was taken from there but a rim.
    spoilt, confidence = kept.portrait.copy(), kept.confidence.copy()
    spoilt[:, 384:] = 0
    confidence[:, SIZE // 2 - 40 :] = 100
    whole = psnr(replace(kept, portrait=spoilt), mesh, one.smooth, "cpu")
    part = psnr(replace(kept, portrait=spoilt, confidence=confidence), mesh, one.smooth, "cpu")
    assert whole is not None
    assert part is not None
    assert whole < 20
    assert part > 50
    nothing = replace(kept, confidence=np.zeros_like(confidence))
    assert psnr(nothing, mesh, one.smooth, "cpu") is None


def told(name: str, **more: float | None) -> Complexion:
    figures = {"forehead": 0.5, "cheeks": -0.5, "chroma": 25.0, "hue_deg": 55.0, "seam": 1.5}
    figures |= {"uneven": 0.4, "side_light": 0.1, "psnr_db": None}
    return Complexion(identity=name, **(figures | more))  # type: ignore[arg-type]


def test_goals_and_table_name_who_is_worst() -> None:
    some = [
        told("plain"), told("pale", forehead=2.0, cheeks=-3.5), told("patched", seam=None),
        told("lit", side_light=1.5, uneven=2.0, psnr_db=30.0),
        told("other", seam=7.0, psnr_db=24.0),
    ]  # fmt: skip
    judged = [goal for goal in goals.goals([], [], [], some) if goal.name.startswith("texture")]
    assert [goal.reached for goal in judged] == [False] * 4
    assert [goal.worst for goal in judged] == [-3.5, 7.0, 1.5, 24.0]
    short = [goal.short for goal in judged]
    assert short == [("pale cheeks -3.50",), ("other 7.00",), ("lit 1.50",), ("other 24.00",)]
    table = tables._textures(some)
    assert {row[0]: row[1:] for row in table.rows} == {
        "L* of the forehead over that asked for": ("0.50", "0.50", "2.00", "pale"),
        "L* of the cheeks over that asked for": ("-0.50", "-3.50", "-0.50", "pale"),
        "chroma C* of both": ("25.00", "25.00", "25.00", ""),
        "hue of both, degrees": ("55.00", "55.00", "55.00", ""),
        "change of colour across seams over that beside them": ("1.50", "1.50", "7.00", "other"),
        "mean |dL*| between the halves of the face": ("0.40", "0.40", "2.00", "lit"),
        "the same by light from a side": ("0.10", "0.10", "1.50", "lit"),
        "PSNR of the portrait drawn again, dB": ("27.00", "24.00", "30.00", "other"),
    }
    own = goals.goals([], [], [], some[:1])
    assert not any("portrait" in goal.name for goal in own)
    assert len(tables._textures(some[:1]).rows) == 7


@pytest.fixture
def networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kandinsky as far as what is written down of it, and an empty store."""
    monkeypatch.setenv(added.VARIABLE, str(tmp_path / "assets"))
    monkeypatch.setenv(store.VARIABLE, str(tmp_path / "store"))
    parts = {
        name: {"revision": None, "folder": str(tmp_path), "files": {}}
        for name in ("prior", "depth", "inpaint")
    }
    place = tmp_path / "assets" / kandinsky.NAME / kandinsky.FACTS
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps({"format": kandinsky.FORMAT, "parts": parts}))


def key(config: GenerateConfig, number: int) -> str:
    identity, body = synth3d.dressed(config, number)
    return texture_key(config, identity, body)


@pytest.mark.usefixtures("networks")
def test_painted_skin_is_read_from_the_store(tmp_path: Path) -> None:
    config = replace(MADE, texture="kandinsky")
    for number in (0, 1):
        portrait(person(number)).keep(key(config, number))
    out = tmp_path / "data"
    with here():
        generate(config, replace(synth3d.PRODUCER, ahead=None), Run(out), ignore)
        wanted = build.AuditConfig(people=2, aus=(43,), size=128)
        made = build.audit(out, tmp_path / "report", wanted, ignore)
    assert made.again
    assert [one.identity for one in made.textures] == ["p000000", "p000001"]
    assert all(one.psnr_db is not None and one.psnr_db > 35 for one in made.textures)
    assert made.settings["texture"] == "kandinsky"
    assert any("portrait that a texture was made from" in note for note in made.notes)
    drawn = page.page(made, {}, {})
    assert "<h2>Textures</h2>" in drawn
    assert "texture: portrait drawn again" in drawn
    written = json.loads((tmp_path / "report" / build.FIGURES).read_bytes())
    assert written["textures"] == [vars(one) for one in made.textures]

    # One of them is lost: the audit says of what, and does with the pictures.
    people = source.people(open_folder(out))
    for row in people:
        (store.place("textures", key(config, source.index_of(row))) / store.FACTS).unlink()
    with here():
        less = build.audit(out, tmp_path / "less", wanted, ignore)
    assert (less.again, less.textures) == (False, ())
    assert less.reason == (
        "their painted skin cannot be had: p000000 must have a painted texture in "
        f"{tmp_path / 'store'}, where pain3d generate puts it for these options, got none"
    )


@pytest.mark.usefixtures("networks")
def test_skin_is_known_by_what_painted_it() -> None:
    """However the person sits; painted on another device it is another."""
    config = replace(MADE, texture="kandinsky", background="inpaint", occluders=("some",))
    sitting = source.sitting_config(config, 320, "cpu")
    assert key(sitting, 0) == key(config, 0)
    portrait(person()).keep(key(config, 0))
    # The folder states the network of backgrounds together with those of skin.
    restored = source._restored(decisive(config))
    assert provenance.added(restored) == provenance.added(config)
    row = {"identity": "p000000"}
    known = source.Origin(config, "", True)
    assert source.with_skin(known, row, "cpu") is known
    assert source.with_skin(known, row, "cuda").reason == (
        "their painted skin cannot be had: device must be cpu, which painted the skin of p000000, "
        "got cuda"
    )
    assert painted.load(key(sitting, 0), "p000000").facts["prompt"] == "a person"


def test_forehead_and_cheeks_are_bare_skin() -> None:
    forehead, cheeks = texture._places()
    assert not (forehead & cheeks).any()
    assert min(forehead.sum(), cheeks.sum()) > 5000
    for place in (forehead, cheeks):
        # As much on either side of the face.
        middle = place.shape[1] // 2
        left, right = place[:, :middle].sum(), place[:, middle:].sum()
        assert left / right == pytest.approx(1.0, abs=0.06)
