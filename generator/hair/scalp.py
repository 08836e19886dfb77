"""Scalp hair of every length: locks rooted on the scalp, combed, fallen, and hung on a person.

A lock is a card. Locks are laid round the mean head (`generator.hair.fall`), then carried to the
person's neutral head; they move with their roots and do not turn with them.
"""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from jaxtyping import Float, Float32
from scipy import sparse

from assets.head import Head, HeadModel
from generator import anchors
from generator.grooming import Hair
from generator.hair import cards, clearance, rooting, standing
from generator.hair.card_texture import LOCKS, SHORT, WISP
from generator.hair.cards import Cards, Lines
from generator.hair.clearance import Field
from generator.hair.cuts import CUTS, Cut
from generator.hair.fall import Locks, drawn_to, fall
from generator.hair.rooting import Roots
from render.mesh import incidence, vertex_normals

# Hair shorter than this is painted on the scalp, not grown.
SHORTEST = 0.0035
# From this length of the longest locks on, their picture is that of long ones.
LONG = 0.10
# Least height of a lock over the skin, and the radius of the skull (metres).
LEAST, ROUND = 0.0008, 0.090


@dataclass(frozen=True, eq=False)
class Laid:
    """Locks on the mean head: middle lines, the way out, half widths, anchors and variants."""

    line: Float[np.ndarray, "locks rows 3"]
    out: Float[np.ndarray, "locks rows 3"]
    wide: Float[np.ndarray, " locks"]
    root: np.ndarray
    variant: np.ndarray


def _lengths(hair: Hair, cut: Cut, roots: Roots, which: np.ndarray) -> np.ndarray:
    """Length by place: top, sides and nape, and shorter at the edge where hair is short."""
    azimuth, elevation = roots.azimuth[which], roots.elevation[which]
    low = np.clip((62.0 - elevation) / 30.0, 0.0, 1.0)
    below = np.interp(azimuth, (40, 80, 120, 160), (0.5 + 0.5 * cut.side, cut.side, cut.side, 0))
    below += np.interp(azimuth, (120, 160), (0, cut.nape))
    length = hair.length * (1 + (below - 1) * low)
    if hair.length < LONG:
        length *= np.interp(roots.above[which], (-2, 5, 14), (0.35, 0.7, 1.0))
    return np.maximum(length, 0.003)


def _headings(
    hair: Hair, cut: Cut, parting: float, seat: "Seat", rng: np.random.Generator
) -> np.ndarray:
    """Unit directions in which locks leave the scalp."""
    place, out = seat.roots.place[seat.which], seat.roots.out[seat.which]
    loose = float(np.interp(hair.curl, (0, 1), (0.14, 0.8)))
    match cut.comb:
        case "part":
            way = rooting.from_parting(place, out, parting, 0.35)
        case "down":
            # Some wear it about the face, some swept back from it.
            back = float(rng.uniform(0.1, 0.8))
            way, loose = rooting.from_parting(place, out, parting, back), 0.6 * loose
        case "back":
            way = rooting.combed_back(place, out)
        case "crop":
            way, loose = rooting.from_whorl(place, out), 1.6 * loose + 0.1
        case _:
            way, loose = rooting.from_whorl(place, out), loose + 0.35
    turn = rng.normal(0, loose, len(place))
    way = way * np.cos(turn)[:, None] + np.cross(out, way) * np.sin(turn)[:, None]
    raised = cut.raised * rng.uniform(0.5, 1.3, len(place))
    return way * np.sqrt(1 - np.minimum(raised, 0.95) ** 2)[:, None] + out * raised[:, None]


def _waved(
    line: np.ndarray, out: np.ndarray, length: np.ndarray, curl: float, rng: np.random.Generator
) -> np.ndarray:
    """Middle lines that swing from side to side, near ones alike, more towards their tips."""
    count, rows = line.shape[:2]
    along = np.gradient(line, axis=1)
    across = np.cross(along, out)
    across /= np.maximum(np.linalg.norm(across, axis=2, keepdims=True), 1e-9)
    gone = np.linspace(0, 1, rows)[None] * length[:, None]
    pitch = rng.uniform(0.05, 0.08) * np.interp(curl, (0, 1), (1.4, 0.6))
    phase = 25.0 * line[:, :1, 0] + 18.0 * line[:, :1, 2] + rng.normal(0, 0.9, (count, 1))
    height = np.interp(curl, (0.0, 0.3, 0.6, 1.0), (0.0012, 0.0035, 0.007, 0.008))
    height = height * np.clip(gone / 0.06, 0, 1) * rng.uniform(0.4, 1.3, (count, 1))
    swing = height * np.sin(2 * np.pi * gone / pitch + phase)
    return line + across * swing[..., None]


@dataclass(frozen=True, eq=False)
class Seat:
    """Which roots bear locks, and which of those are added where hair would show gaps."""

    roots: Roots
    which: np.ndarray
    added: np.ndarray


def _seat(hair: Hair, cut: Cut, parting: float, roots: Roots, rng: np.random.Generator) -> Seat:
    which = rooting.bearing(roots, hair, cut, rng)
    added = [rooting.more(roots, cut, rooting.by_forehead(roots), 50)] if cut.fringe > 0 else []
    if cut.comb == "part":
        added.append(rooting.more(roots, cut, rooting.by_parting(roots, parting), 40))
    if cut.comb == "down":
        added.append(rooting.more(roots, cut, rooting.by_parting(roots, parting), 45))
        edge = (roots.azimuth < 75.0) & (roots.above < 9.0)
        added.append(rooting.more(roots, cut, edge, 45))
    extra = np.unique(np.concatenate(added)) if added else np.zeros(0, int)
    count = len(which) + len(extra)
    return Seat(roots, np.concatenate([which, extra]), np.arange(count) >= len(which))


def _lay(field: Field, hair: Hair, cut: Cut, roots: Roots, rng: np.random.Generator) -> Laid:
    """Every lock of a style that falls freely."""
    side = 1.0 if rng.random() < 0.5 else -1.0
    aside = cut.comb == "part" or rng.random() < 0.7
    parting = side * float(rng.uniform(0.018, 0.036)) if aside else 0.0
    seat = _seat(hair, cut, parting, roots, rng)
    which, count = seat.which, len(seat.which)
    long = hair.length >= LONG
    length = _lengths(hair, cut, roots, which)
    length *= rng.uniform(0.82 if long else 0.72, 1.05, count)
    comb = _headings(hair, cut, parting, seat, rng)
    depth = np.sqrt(rng.uniform(0.03, 1.0, count))
    depth = np.where(seat.added, 0.45 * depth, depth)
    limp = np.full(count, 1.0 if long else 0.6)
    free = np.ones(count, bool)
    if cut.fringe > 0:
        fringe = rooting.by_forehead(roots)[which]
        drop = cut.fringe * rng.uniform(0.88, 1.14)
        place = roots.place[which]
        # All of a fringe ends at about one height: what roots higher is longer.
        higher = np.maximum(roots.above[which], 0) * 0.0016
        length = np.where(fringe, (drop + higher) * rng.uniform(0.84, 1.04, count), length)
        sweep = rng.uniform(-0.5, 0.5) + 3 * place[:, 0] + rng.normal(0, 0.12, count)
        way = np.stack([sweep, np.full(count, -0.15), np.ones(count)], axis=1)
        comb = np.where(fringe[:, None], way, comb)
        limp = np.where(fringe, 1.5, limp)
        free &= ~fringe
    forward = np.where(roots.place[which][:, 0] > 0, *rng.choice([-1.0, -1.0, 1.0], 2))
    forward = np.where(roots.azimuth[which] > 105, -1.0, forward)
    room = np.minimum(cut.lift * depth * (1 + 0.7 * hair.curl), 0.2 * length + 0.002)
    locks = Locks(roots.place[which], comb, length, room, limp, forward, free)
    line, out = fall(field, locks, cut.rows)
    line = _waved(line, out, length, hair.curl, rng)
    # Inner locks are in the shade of outer ones.
    variant = np.clip((depth * 4.0 + rng.normal(0, 0.7, count) - 0.5).astype(int), 0, 3)
    variant = np.where(seat.added, rng.integers(1, 3, count), variant)
    if not long:
        variant = np.full(count, WISP) if hair.style == "wispy" else np.minimum(variant, 2)
    wide = cut.wide * rng.uniform(0.75, 1.2, count) * np.where(seat.added, 0.75, 1.0)
    # A short lock is narrow, or its root would show as a block.
    wide = np.minimum(wide, 0.35 * length)
    # Outer locks first: what they hide is then drawn sooner.
    order = np.argsort(-room, kind="stable")
    return Laid(line[order], out[order], wide[order], which[order], variant[order])


def _tied(
    field: Field, hair: Hair, cut: Cut, roots: Roots, rng: np.random.Generator
) -> tuple[Laid, Laid]:
    """Locks drawn to a knot, and what comes out of it."""
    which = rooting.bearing(roots, hair, cut, rng)
    count = len(which)
    places = standing.LOW_KNOTS if hair.style == "ponytail" else standing.KNOTS
    knot = places[int(rng.integers(len(places)))] + rng.normal(0, 0.004, 3) * [0.3, 1, 0]
    knot, way = field.outside(knot[None], np.array([0.010]))
    depth = rng.uniform(0.2, 1.0, count)
    locks = Locks(
        roots.place[which], np.zeros((count, 3)), np.ones(count), cut.lift * depth,
        np.ones(count), np.zeros(count), np.zeros(count, bool),
    )  # fmt: skip
    ends = knot + rng.normal(0, 0.004, (count, 3))
    line, out = drawn_to(field, locks, ends, cut.rows)
    variant = np.minimum((depth * 2.4).astype(int), 2)
    pulled = Laid(line, out, cut.wide * rng.uniform(0.8, 1.15, count), which, variant)
    make = standing.tail if hair.style == "ponytail" else standing.bun
    line, out, wide = make(field, hair, (knot[0], way[0]), rng)
    nearest = int(np.argmin(np.linalg.norm(roots.place - knot[0], axis=1)))
    made = len(line)
    anchor = np.full(made, nearest)
    return pulled, Laid(line, out, wide, anchor, rng.integers(1, 4, made))


def _wisps(field: Field, hair: Hair, roots: Roots, rng: np.random.Generator) -> Laid:
    """Fine short hairs along the hairline, and single ones that stand off the rest."""
    number = np.arange(len(roots.above))
    edge = (roots.above > -3.0) & (roots.above < 5.0) & (roots.azimuth < 100)
    bare = np.clip(1 - 1.5 * hair.balding, 0, 1)
    # Few enough that the hairline is soft and not fringed.
    which = number[edge & (rng.random(len(number)) < 0.30 * hair.density * bare)]
    count = len(which)
    place, out = roots.place[which], roots.out[which]
    tight = hair.style in ("ponytail", "bun", "combed_back")
    way = rooting.combed_back(place, out) if tight else rooting.from_parting(place, out, 0.0, 0.5)
    turn = rng.normal(0, 0.6, count)
    way = way * np.cos(turn)[:, None] + np.cross(out, way) * np.sin(turn)[:, None] + 0.3 * out
    length = rng.uniform(0.008, 0.020, count)
    locks = Locks(
        place, way, length, rng.uniform(0.001, 0.003, count), np.full(count, 0.2),
        np.zeros(count), np.zeros(count, bool),
    )  # fmt: skip
    line, facing = fall(field, locks, 3)
    return Laid(line, facing, np.full(count, 0.0035), which, np.full(count, WISP))


def _strays(laid: Laid, rng: np.random.Generator) -> Laid:
    """Some locks again as single hairs that lie farther off."""
    pick = np.flatnonzero(rng.random(len(laid.root)) < 0.12)
    rows = laid.line.shape[1]
    off = rng.uniform(0.001, 0.006, len(pick))[:, None] * np.linspace(0, 1, rows)[None]
    side = rng.normal(0, 0.006, (len(pick), 1, 3)) * np.linspace(0, 1, rows)[None, :, None]
    line = laid.line[pick] + laid.out[pick] * off[..., None] + side
    return Laid(line, laid.out[pick], laid.wide[pick], laid.root[pick], np.full(len(pick), -1))


def _as_cards(laid: Laid, hung: "Hung", tile: str, rng: np.random.Generator) -> Cards:
    """Locks as cards on a person."""
    count, rows = laid.line.shape[:2]
    along = np.gradient(laid.line, axis=1)
    lean = rng.normal(0, hung.lean, (count, 1, 3))
    out = laid.out + lean
    wide = np.cross(out, along)
    wide /= np.maximum(np.linalg.norm(wide, axis=2, keepdims=True), 1e-9)
    shape = np.interp(np.linspace(0, 1, rows), (0, 0.3, 0.8, 1), (0.85, 1.0, 1.0, 0.9))
    half = wide * (laid.wide[:, None] * shape[None])[..., None]
    facing = laid.out + 0.5 * lean
    facing /= np.linalg.norm(facing, axis=2, keepdims=True)
    line = hung.line(laid)
    anchor = np.repeat(laid.root.astype(np.int32)[:, None], rows, axis=1)
    variants = len(LOCKS) if tile == "locks" else len(SHORT)
    variant = np.where(laid.variant < 0, LONG_WISP if tile == "locks" else WISP, laid.variant)
    window = cards.variant_window(tile, variant, variants, rows)
    # `half` is given at the mean head's size.
    drawn = Lines(line / hung.scale, half, facing, anchor)
    return cards.upright(hung.roots.points, hung.origin / hung.scale, drawn, window)


LONG_WISP = len(LOCKS) - 1


@dataclass(frozen=True, eq=False)
class Hung:
    """A person's head as locks are carried to it; `origin` is where the roots lie on it.

    `skin` and `normals` are those of the refined head, `lean` is how unevenly cards are turned
    about their length.
    """

    model: HeadModel
    head: Head
    scale: float
    roots: Roots
    origin: Float[np.ndarray, "roots 3"]
    skin: Float32[np.ndarray, "vertices 3"]
    normals: Float32[np.ndarray, "vertices 3"]
    lean: float

    def line(self, laid: Laid) -> Float[np.ndarray, "locks rows 3"]:
        """Middle lines of locks round the person's neutral head, off its skin."""
        rows = laid.line.shape[1]
        flat = clearance.carried(self.model, self.head, laid.line.reshape(-1, 3), self.scale)
        # A flat card on a round skull: its sides lie lower than its middle.
        least = LEAST + laid.wide**2 / (2 * ROUND)
        least = self.scale * np.repeat(least, rows)
        return clearance.lifted(self.skin, self.normals, flat, least).reshape(laid.line.shape)


def _hung(model: HeadModel, head: Head, scale: float, cut: Cut) -> Hung:
    roots, refined = rooting.roots(model), anchors.refinement(model.topology)
    vertices = refined.apply(head.vertices)
    origin = anchors.frames(roots.points, vertices, refined.triangles).origin.astype(np.float64)
    normals = vertex_normals(vertices, refined.triangles, _round_vertex(model))
    used = clearance.on_skin(model)
    lean = {"tied": 0.06, "down": 0.08, "round": 0.05}.get(cut.comb, 0.22)
    return Hung(model, head, scale, roots, origin, vertices[used], normals[used], lean)


@cache
def _round_vertex(model: HeadModel) -> sparse.csr_array:
    refined = anchors.refinement(model.topology)
    return incidence(refined.triangles, len(refined.matrix.indptr) - 1)


def grow(
    model: HeadModel, head: Head, hair: Hair, scale: float, rng: np.random.Generator
) -> Cards | None:
    """One person's scalp hair; None where there is too little to stand off the skin.

    `scale` is the head's size over the mean head's.
    """
    if hair.length < SHORTEST:
        return None
    field, roots, cut = clearance.field(model), rooting.roots(model), CUTS[hair.style]
    hung = _hung(model, head, scale, cut)
    tile = "locks" if hair.length >= LONG else "hair"
    match cut.comb:
        case "tied":
            pulled, loose = _tied(field, hair, cut, roots, rng)
            parts = [(loose, "locks"), (_strays(pulled, rng), "locks"), (pulled, "locks")]
        case "round":
            laid = standing.cloud(field, hair, cut, roots, rng)
            parts = [(Laid(*laid), "hair")]
        case _:
            laid = _lay(field, hair, cut, roots, rng)
            parts = [(laid, tile)]
            if cut.comb != "crop":
                parts = [(_strays(laid, rng), tile), *parts]
    if cut.comb not in ("crop", "round"):
        parts.append((_wisps(field, hair, roots, rng), "hair"))
    grown = cards.join([_as_cards(laid, hung, tile, rng) for laid, tile in parts if len(laid.root)])
    # All hang on the same anchors.
    return replace(grown, points=roots.points, anchor=grown.anchor % len(roots.place))
