"""What is worn of the MakeHuman pack: it lies on every head, follows the skin, and is stated."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import KDTree

from assets import head as head_models
from assets import makehuman
from assets.classes import CLASSES
from assets.facs import AUS
from assets.head import Head, HeadModel
from generator import anchors, jobs, synth3d
from generator.config import GenerateConfig
from generator.hair.brows import SPINE
from generator.hair.cards import Cards
from generator.identity import Identity, make_identity
from generator.makehuman import closet, hang, lie, outfit, paint
from generator.makehuman.piece import Piece, read_piece
from render.mesh import vertex_normals
from rigging.blendshapes import pose
from rigging.gaze import STRAIGHT
from tests.packs import SHARED, added_to, forget, needs_shared, write_pack

CONFIG = GenerateConfig(
    identities=12, pain_per_identity=0, views=1, size=64, seed=1, ages="18-40", hair="makehuman"
)


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The tiny pack, added."""
    place = tmp_path_factory.mktemp("pack")
    with added_to(place / "added", place / "pack", write_pack(place / "pack")) as folder:
        yield folder


@pytest.fixture(scope="module")
def model() -> HeadModel:
    return head_models.load()


@pytest.fixture(scope="module")
def adult(model: HeadModel) -> Head:
    return model.person(model.mean_phenotypes(), {}, 30.0)


def dressed_skin(head: Head, vertices: np.ndarray, cards: Cards, scale: float = 1.0) -> np.ndarray:
    """Where cards lie on a posed head."""
    refined = anchors.refinement(head.topology)
    frames = anchors.frames(cards.points, refined.apply(vertices), refined.triangles)
    return cards.place(frames, scale)[0]


def posed(head: Head, **aus: float) -> np.ndarray:
    """A head with action units such as AU4=5 on both sides."""
    given = {au: aus.get(f"AU{au}", 0.0) for au in AUS}
    return pose(head, given, given, STRAIGHT)


def heights(model: HeadModel, vertices: np.ndarray, places: np.ndarray) -> np.ndarray:
    """How far places stand off the nearest vertex of the refined skin, along its normal, metres."""
    refined = anchors.refinement(model.topology)
    skin, faces = refined.apply(vertices), refined.triangles[hang._skin_triangles(model)]
    used = np.unique(faces)
    _, nearest = KDTree(skin[used]).query(places)
    nearest = used[nearest]
    normals = vertex_normals(skin, faces)[nearest]
    return ((places - skin[nearest]) * normals).sum(axis=1)


def hair_on(model: HeadModel, head: Head, piece: Piece, scale: float = 1.0) -> Cards:
    uv = np.zeros((len(piece.vertices), 2), np.float32)
    return hang.hair(model, head, piece, hang.fit(model, piece), uv, scale)


def test_hair_lies_on_the_mean_head_where_the_pack_puts_it(
    model: HeadModel, adult: Head, pack: Path
) -> None:
    piece = read_piece(pack / "hair/short01")
    off = heights(model, adult.vertices, piece.vertices) > hang.CLEAR
    assert 5 < off.sum() < len(off)
    placed = dressed_skin(adult, adult.vertices, hair_on(model, adult, piece))
    assert np.abs(placed - piece.vertices)[off].max() < 1e-6
    assert heights(model, adult.vertices, placed).min() > 0.8 * hang.CLEAR


def test_hair_takes_size_and_place_of_the_head(model: HeadModel, adult: Head, pack: Path) -> None:
    piece = read_piece(pack / "hair/short01")
    # No vertex is kept out of the skin here, where millimetres do not scale with the head.
    piece = replace(piece, vertices=piece.vertices + np.array([0.0, 0.02, 0.0]))
    before = dressed_skin(adult, adult.vertices, hair_on(model, adult, piece))
    small = replace(adult, vertices=np.float32(0.7) * adult.vertices)
    worn = hair_on(model, small, piece, 0.7)
    after = dressed_skin(small, small.vertices, worn, 0.7)
    assert np.abs(after - 0.7 * before).max() < 1e-6
    turn = np.array([[0.8, 0.0, 0.6], [0.0, 1.0, 0.0], [-0.6, 0.0, 0.8]], np.float32)
    moved = small.vertices @ turn.T + np.float32(0.3)
    assert np.abs(dressed_skin(small, moved, worn, 0.7) - (after @ turn.T + 0.3)).max() < 1e-5


def test_hair_stays_out_of_the_skin_of_everybody(model: HeadModel, pack: Path) -> None:
    for index in range(4):
        identity = make_identity(index, 4, 5, "2-90")
        shape = identity.shape
        head = model.person(shape.phenotypes, shape.changes, identity.person.age_years)
        placed = dressed_skin(
            head, head.vertices, hair_on(model, head, read_piece(pack / "hair/short01"))
        )
        assert heights(model, head.vertices, placed).min() > 0.5 * hang.CLEAR


def test_quads_are_cut_evenly() -> None:
    corners = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 4.0], [0.0, 4.0]])
    quads, points = lie.cut(np.array([[0, 1, 2, 3]], np.int32), corners, 4)
    cells = points[quads]
    assert len(quads) == 16
    one, two = cells[:, 1] - cells[:, 0], cells[:, 3] - cells[:, 0]
    area = one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]
    assert np.allclose(area, 8 / 16)
    assert sorted(map(tuple, cells.mean(axis=1).tolist())) == [
        (x, y) for x in (0.25, 0.75, 1.25, 1.75) for y in (0.5, 1.5, 2.5, 3.5)
    ]


def test_brows_are_brought_to_the_rest_of_ours() -> None:
    """A straight brow, wherever it sloped, keeps a share of its slope and all of its thickness."""
    x = np.repeat(np.linspace(0.009, 0.061, 60), 5)
    across = np.tile(np.linspace(-0.002, 0.002, 5), 60)
    for slope in (-0.3, 0.0, 0.3):
        places = np.stack([x, 0.012 + slope * (x - 0.035) + across], axis=1)
        moved = lie._at_rest(places, np.ones(len(x)))
        mirrored = lie._at_rest(places * [-1, 1], np.ones(len(x)))
        assert np.abs(mirrored * [-1, 1] - moved).max() < 1e-12
        thick = moved[:, 1].reshape(60, 5)
        assert np.abs(np.ptp(thick, axis=1) - 0.004).max() < 1e-9
        knots = SPINE[1:-1]
        own = 0.012 + slope * (np.interp(knots[:, 0], moved[::5, 0], x[::5]) - 0.035)
        expected = (1 - lie.STRAIGHTENED) * own + lie.STRAIGHTENED * knots[:, 1]
        assert np.abs(np.interp(knots[:, 0], moved[::5, 0], thick[:, 2]) - expected).max() < 3e-4


def test_brows_hug_the_skin_in_every_pose(model: HeadModel, adult: Head, pack: Path) -> None:
    piece = read_piece(pack / "eyebrows/eyebrow001")
    uv = np.zeros((len(piece.vertices), 2), np.float32)
    brows = lie.brows(model, piece, uv, np.ones((8, 8), np.float32))
    assert len(brows.triangles) == 2 * lie.PARTS**2 * len(piece.quads)
    for aus in ({}, {"AU4": 5.0, "AU9": 5.0}, {"AU1": 5.0, "AU2": 5.0}):
        vertices = posed(adult, **aus)
        placed = dressed_skin(adult, vertices, brows)
        refined = anchors.refinement(model.topology)
        on = brows.points.on(refined.apply(vertices), refined.triangles)
        assert np.abs(np.linalg.norm(placed - on, axis=1) - lie.LIFT).max() < 1e-6
        assert np.abs(placed[:, 0]).max() < 0.06


def test_lashes_stand_on_the_margins_and_turn_with_the_lids(
    model: HeadModel, adult: Head, pack: Path
) -> None:
    piece = read_piece(pack / "eyelashes/eyelashes01")
    uv = np.zeros((len(piece.vertices), 2), np.float32)
    lashes = lie.lashes(model, piece, uv)
    roots = np.abs(lashes.offset).max(axis=1) == 0
    assert 6 <= roots.sum() <= 9
    rims = np.concatenate([grid.rows[lie.RIM] for grid in model.topology.lids])
    places, closed = {}, {"AU43": 1.0, "AU45": 5.0}
    for name, aus in (("open", {}), ("closed", closed)):
        vertices = posed(adult, **aus)
        placed = dressed_skin(adult, vertices, lashes)
        assert KDTree(vertices[rims]).query(placed[roots])[0].max() < 0.0025
        places[name] = placed
    down = places["open"][:, 1] - places["closed"][:, 1]
    assert down[roots].max() > 0.004
    # Tips turn further down than the roots they stand on.
    tip = lashes.offset[:, 2].argmax()
    assert down[tip] > down[roots].max()


def people(count: int, ages: str) -> list[Identity]:
    return [make_identity(index, count, 3, ages) for index in range(count)]


def test_styles_are_drawn_by_their_weights() -> None:
    added = {"hair": ["short01", "short04", "long01", "bob02"], "eyebrows": [], "eyelashes": ["x"]}
    crowd = people(400, "18-40")
    worn = [(one, outfit.choose(one, added)) for one in crowd]
    kept = [one for one, wears in worn if wears.hair is None]
    assert all(
        one.grooming.hair.style in ("shaved", "stubble") or one.grooming.hair.balding > 0
        for one in kept
    )
    assert 0 < len(kept) < 140
    assert {(wears.brows, wears.lashes) for _, wears in worn} == {(None, None)}
    for sex in ("female", "male"):
        counts = Counter(
            wears.hair for one, wears in worn if one.person.sex == sex and wears.hair is not None
        )
        weights = {k: v for k, v in outfit.HAIR[sex].items() if k in added["hair"]}
        assert set(counts) == set(weights)
        total, whole = sum(counts.values()), sum(weights.values())
        chi = sum(
            (counts[name] - total * weight / whole) ** 2 / (total * weight / whole)
            for name, weight in weights.items()
        )
        assert chi < 14


def test_infants_wear_nothing_of_the_pack() -> None:
    added = {kind: list(table) for kind, table in (
        ("hair", outfit.HAIR["male"]), ("eyebrows", outfit.BROWS["male"]),
        ("eyelashes", outfit.LASHES["male"]),
    )}  # fmt: skip
    assert {outfit.choose(one, added) for one in people(30, "0-1")} == {
        outfit.Outfit(None, None, None)
    }
    assert None not in {outfit.choose(one, added).brows for one in people(20, "2-12")}


def wearer() -> int:
    """Somebody who wears hair of the tiny pack."""
    crowd = (make_identity(i, CONFIG.identities, CONFIG.seed, CONFIG.ages) for i in range(12))
    return next(one.index for one in crowd if closet.outfit(CONFIG, one).hair == "short01")


def test_hair_of_the_pack_is_drawn_and_named(pack: Path) -> None:
    index = wearer()
    sample = synth3d.make_person(CONFIG, index)[0]
    assert sample.record.person.hair == "makehuman:short01"
    assert sample.members == synth3d.make_person(CONFIG, index)[0].members
    (_, _, drawn), *_ = synth3d.frames(CONFIG, index)
    assert (drawn.classes == CLASSES["hair"]).sum() > 20
    rows, columns = np.nonzero(drawn.classes == CLASSES["hair"])
    chart = closet.atlas.RECTS["locks"]
    u, v = drawn.uv[rows, columns].T
    inside = (u > chart[0]) & (u < chart[2]) & (v > chart[1]) & (v < chart[3])
    assert inside.sum() > 20


def test_who_wears_a_cap_keeps_hair_of_our_own(pack: Path) -> None:
    capped = replace(CONFIG, occluders=("cap",))
    one = make_identity(wearer(), CONFIG.identities, CONFIG.seed, CONFIG.ages)
    assert closet.hair_name(replace(CONFIG, occluders=("glasses",)), one) == "makehuman:short01"
    assert closet.hair_name(capped, one) == one.grooming.hair.style
    assert closet.outfit(capped, one) == replace(closet.outfit(CONFIG, one), hair=None)


def test_another_pack_is_another_data_set(pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stated = jobs.stated(CONFIG, synth3d.PRODUCER)["made_with"]
    assert stated["makehuman"] == f"sha256:{makehuman.sha256()}"
    assert (
        "makehuman" not in jobs.stated(replace(CONFIG, hair="cards"), synth3d.PRODUCER)["made_with"]
    )
    less = {name: row for name, row in makehuman.known().items() if "short01" not in name}
    with monkeypatch.context() as patch:
        patch.setenv("PAIN3D_ASSETS", str(pack.parent / "less"))
        patch.setattr(makehuman, "known", lambda: less)
        forget()
        with pytest.raises(ValueError, match="pain3d assets add makehuman PATH puts it there"):
            synth3d.made_with(CONFIG)
        makehuman.add(pack)
        assert synth3d.made_with(CONFIG)["makehuman"] != stated["makehuman"]
        one = make_identity(wearer_index(pack), CONFIG.identities, CONFIG.seed, CONFIG.ages)
        assert closet.hair_name(CONFIG, one) == one.grooming.hair.style
    forget()


def wearer_index(pack: Path) -> int:
    """Somebody who would wear hair, were there some."""
    crowd = (make_identity(i, CONFIG.identities, CONFIG.seed, CONFIG.ages) for i in range(12))
    both = {"hair": ["short01"], "eyebrows": [], "eyelashes": []}
    return next(one.index for one in crowd if outfit.choose(one, both).hair)


@needs_shared
@pytest.mark.parametrize("name", sorted({**outfit.HAIR["female"], **outfit.HAIR["male"]}))
def test_every_style_follows_the_head(model: HeadModel, adult: Head, name: str) -> None:
    piece = read_piece(SHARED / "hair" / name)
    hair = hair_on(model, adult, piece)
    placed = dressed_skin(adult, adult.vertices, hair)
    still = heights(model, adult.vertices, placed)
    # What hangs below the neck has no skin beside it, and some of a fringe lies within the skull.
    there = (placed[:, 1] > -0.1) & (still > -0.03)
    assert there.mean() > 0.2
    assert np.quantile(still[there], 0.01) > 0.5 * hang.CLEAR
    near = (still < 0.006) & there
    assert near.sum() > 30
    for aus, slip, move in (
        ({"AU27": 5.0}, 0.0035, 0.005),
        ({"AU4": 5.0, "AU9": 5.0}, 0.0015, 0.0005),
        ({"AU1": 5.0, "AU2": 5.0}, 0.0015, 0.0005),
        ({"AU43": 1.0}, 0.0005, 0.0005),
    ):
        vertices = posed(adult, **aus)
        moved = dressed_skin(adult, vertices, hair)
        change = np.abs(heights(model, vertices, moved) - still)[near]
        assert np.quantile(change, 0.98) < slip, aus
        assert np.linalg.norm(moved - placed, axis=1).max() < move, aus


def test_pictures_take_the_colour_and_no_more_contrast_than_wanted() -> None:
    rng = np.random.default_rng(4)
    log = rng.normal(0, 0.5, (40, 50))
    shades = np.stack([np.exp(log), rng.random((40, 50))], axis=2).astype(np.float32)
    picture = paint.tinted(shades, (90, 60, 30), 0.1, 0.5)
    alpha = picture[..., 3].astype(np.float64)
    assert np.abs(alpha - shades[..., 1] * 127.5).max() <= 0.5 + 1e-3
    light = np.log(picture[..., :3].astype(np.float64) / [90, 60, 30])
    assert np.abs(light - light.mean(axis=2, keepdims=True)).max() < 0.03
    weight = shades[..., 1]
    middle = (weight * light[..., 0]).sum() / weight.sum()
    spread = np.sqrt((weight * (light[..., 0] - middle) ** 2).sum() / weight.sum())
    assert abs(spread - 0.1) < 0.004
    assert np.corrcoef(light[..., 0].ravel(), log.ravel())[0, 1] > 0.97
    # A picture that has less keeps what it has.
    faint = paint.tinted(np.ones_like(shades), (90, 60, 30), 0.1, 0.5)
    assert (faint[..., :3] == [90, 60, 30]).all()


def test_a_picture_fills_its_chart_but_for_the_rim() -> None:
    shape = (77, 87)
    inner = paint.inside(shape, 0.05)
    assert inner == (77 - 2 * 4, 87 - 2 * 4)
    laid = paint.framed(np.full((*inner, 2), 0.7, np.float32), shape)
    assert laid.shape == (*shape, 2)
    assert (laid[..., 0] == np.float32(0.7)).all()
    expected = np.zeros(shape, np.float32)
    expected[4:-4, 4:-4] = 0.7
    assert (laid[..., 1] == expected).all()
