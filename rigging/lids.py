"""Lids are solved, not added: margins slide on the eyeball and meet on one line.

Each eye is seen in its own frame (x toward the temple, origin the ball's centre). A lid turns
about the x axis, so that it keeps its distance from the ball; a column of the lid grid is turned
by what its margin needs, rows farther out follow less and less and give in to brow and cheek.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32

from assets import eyeball, eyes, facs
from assets.head import Head
from assets.lid_grid import LidGrid
from rigging.gaze import rotation

# Where the closed line lies between the open lower (0) and upper margin (1): the upper lid goes
# two thirds and more of the way down.
MEETING = 0.25
# How far lids follow the gaze up and down: the upper one almost as far as the eyeball.
FOLLOW_UP, FOLLOW_DOWN = (0.75, 0.3), (0.85, 0.4)
# Rows may come together to this share of their neutral distance.
CROWDED = 0.35
# How far rows from the rim outward make room for those that crowd them: the last one stands still,
# or a short lid, as infants have, would push a ridge up before the brow.
ROOM = np.array([1, 1, 1, 1, 1, 1, 0.85, 0.65, 0.42, 0.2, 0.0])
# Rounds of smoothing along rows at the corners.
CALMING = 10
# Power of an AU7's share of its highest intensity that the lids follow.
TIGHTEN = 0.6
# Share of the motion of brow and cheek that even a margin row takes along.
DRAG = 0.12


@dataclass(frozen=True)
class Lids:
    """What one eye's lids do: shares of the way to the closed line.

    `upper` and `lower` are 0 as in the neutral head, 1 closed, below 0 wider; `meeting` is where
    the closed line lies; `yaw` (toward the temple) and `pitch` are the gaze in radians.
    """

    upper: float = 0.0
    lower: float = 0.0
    meeting: float = MEETING
    yaw: float = 0.0
    pitch: float = 0.0


def aperture(aus: dict[int, facs.Number], yaw: float = 0.0, pitch: float = 0.0) -> Lids:
    """What AU intensities (0-5; AU43 0 or 1) ask of one eye's lids.

    AU5 widens, AU7 tightens both lids, AU6 and AU12 push the lower one up, AU4 and AU6 weigh on
    the upper one; AU45 closes what is left by its share and AU43 all of it.
    """
    part = {au: value / 5 for au, value in aus.items()}
    shut = max(part[45], aus[43])
    # Traces of AU7 are easily seen: the gap narrows fastest at first.
    tight = part[7] ** TIGHTEN
    upper_open = (1 - 0.49 * tight) * (1 - 0.05 * part[4])
    upper_open = upper_open * (1 - 0.07 * part[6]) + 0.38 * part[5]
    lower_open = (1 - 0.78 * tight) * (1 - 0.58 * part[6])
    lower_open *= 1 - 0.2 * part[12]
    squeeze = max(part[6], part[7])
    return Lids(
        upper=1 - (1 - shut) * upper_open,
        lower=1 - (1 - shut) * lower_open,
        meeting=MEETING + 0.09 * squeeze,
        yaw=yaw,
        pitch=pitch,
    )


@dataclass(frozen=True, eq=False)
class _Eye:
    """One eye of a person: its lids as vertices, what they do, and the ball under them."""

    grid: LidGrid
    lids: Lids
    size: float
    iris: float

    def bulge(
        self, points: Float[np.ndarray, "*points 3"], straight: bool = False
    ) -> Float[np.ndarray, "*points"]:
        """Height of the cornea over the ball under each point, at this gaze or a straight one."""
        forward = np.array([0.0, 0.0, 1.0])
        if not straight:
            forward = rotation(np.array([self.lids.yaw, self.lids.pitch])) @ forward
        cosine = points @ forward / np.linalg.norm(points, axis=-1)
        return self.size * (eyeball.surface(cosine, self.iris / self.size) - 1)


def _between(x: np.ndarray, margin: np.ndarray, grid: LidGrid, sign: float) -> np.ndarray:
    """Height angle of the upper (sign > 0) or lower margin at the places `x`."""
    columns = list(range(grid.outer + 1))
    if sign < 0:
        columns = [0, *range(margin.shape[1] - 1, grid.outer - 1, -1)]
    return np.interp(x, margin[0, columns], margin[1, columns])


def _targets(
    margin: Float[np.ndarray, "columns 3"], hinge: Float[np.ndarray, " columns"], eye: _Eye
) -> Float[np.ndarray, " columns"]:
    """Height angle that the margin of each column shall have.

    The closed line is drawn as seen from the front: a shallow arc between the corners.
    """
    grid, lids = eye.grid, eye.lids
    sign, x = eyes.upward(grid), margin[:, 0]
    angle, ring = eyes.polar(margin, hinge)
    along = (x - x[0]) / (x[grid.outer] - x[0])
    arch = np.maximum(4 * along * (1 - along), 0.0)
    follow = FOLLOW_UP if lids.pitch > 0 else FOLLOW_DOWN
    share = np.where(sign > 0, follow[0], follow[1])
    open_angle = angle + lids.pitch * share * np.sqrt(arch) * np.abs(sign)

    middle = np.array([0.5 * (x[0] + x[grid.outer])])
    heights = np.stack([x, ring * np.sin(open_angle)])
    top, bottom = (float(_between(middle, heights, grid, s)[0]) for s in (1.0, -1.0))
    ends = margin[[0, grid.outer], 1]
    sag = bottom + lids.meeting * (top - bottom) - ends.mean()
    height = ends[0] + (ends[1] - ends[0]) * along + sag * arch
    # The cornea lifts a lid that slides over it: the line is met at the height it will have there.
    far = np.linalg.norm(margin, axis=-1)
    meeting = np.sqrt(np.maximum(far**2 - x**2 - height**2, (0.1 * eye.size) ** 2))
    lifted = eye.bulge(np.stack([x, height, meeting], axis=-1)) - eye.bulge(margin, straight=True)
    closed = np.arcsin(np.clip(height / (ring * (1 + lifted / far)), -0.98, 0.98))
    part = np.where(sign > 0, lids.upper, lids.lower)
    return np.where(sign == 0, angle, open_angle + part * (closed - open_angle))


def _calmed(moved: np.ndarray, beside: np.ndarray, follow: np.ndarray) -> np.ndarray:
    """Even out, round the corners, how brow and cheek push: from both sides they would fold it."""
    share = 0.5 * np.minimum(2 * beside, 1.0) * np.minimum(9 * follow, 1.0)
    # One column more at each end: rows are closed.
    ring = np.concatenate([moved[:, -1:], moved, moved[:, :1]], axis=1)
    inner = ring[:, 1:-1]
    for _ in range(CALMING):
        inner += share[..., None] * (0.5 * (ring[:, :-2] + ring[:, 2:]) - inner)
        ring[:, 0], ring[:, -1] = ring[:, -2], ring[:, 1]
    return inner


def _apart(
    rows: Float[np.ndarray, "rows columns"],
    sign: Float[np.ndarray, " columns"],
    least: Float[np.ndarray, "gaps columns"],
) -> Float[np.ndarray, "rows columns"]:
    """Rows from the rim outward, spread so that none comes nearer to the next than `least`."""
    return rows + ROOM[:, None] * (eyes.spread(rows, sign, least) - rows)


def _solve(
    neutral: Float[np.ndarray, "rows columns 3"],
    pushed: Float[np.ndarray, "rows columns 3"],
    eye: _Eye,
) -> Float[np.ndarray, "rows columns 3"]:
    """Lids of one eye; `pushed` is where brow and cheek alone would carry them."""
    margin, rim = eyes.MARGIN, eyes.RIM
    grid, lids = eye.grid, eye.lids
    sign, follow = eyes.upward(grid), eyes.following()[:, None]
    hinge = eye.size * eyes.beside_ball(neutral[margin, :, 0], grid.outer, eye.size)
    angle, ring = eyes.polar(neutral, hinge)
    pushed = neutral + _calmed(pushed - neutral, hinge / eye.size, follow)
    pushed_angle, _ = eyes.polar(pushed, hinge)
    turn = _targets(neutral[margin], hinge, eye) - angle[margin]

    on_skin = (np.arange(len(angle)) > rim)[:, None]
    yielding = np.clip(1 - follow, DRAG * on_skin, 1.0) * (on_skin | (follow < 1))
    solved = angle + follow * turn + yielding * (pushed_angle - angle)
    shut = np.clip((np.where(sign > 0, lids.upper, lids.lower) - 0.6) / 0.4, 0.0, 1.0)
    for row, share in ((margin + 1, 1.3), (rim, 1.3), (rim + 1, 0.5)):
        solved[row] -= share * shut * (angle[rim] - angle[margin]) * (row - margin) / 2
    gaps = np.diff(angle[rim:] * sign, axis=0)
    solved[rim:] = _apart(solved[rim:], sign, np.where(gaps > 0, CROWDED * gaps, gaps))

    beside = neutral[..., 0] + yielding * (pushed - neutral)[..., 0]
    out = eyes.unpolar(beside, solved, ring, hinge)
    length, was = np.linalg.norm(out, axis=-1), np.linalg.norm(neutral, axis=-1)
    flat, above = eye.bulge(neutral, straight=True), eye.bulge(out)
    clear = was - eye.size - flat
    swell = yielding * (np.linalg.norm(pushed, axis=-1) - was)
    floor = eye.size + above + np.minimum(clear, eyes.THICKNESS * eye.size)
    raised = np.maximum(length + follow * (above - flat) + swell, floor)
    out *= (raised / length)[..., None]
    drop = np.diff(neutral[rim:, :, 1] * sign, axis=0)
    out[rim:, :, 1] = _apart(out[rim:, :, 1], sign, np.where(drop > 0, CROWDED * drop, 1.5 * drop))
    return _seat(out, clear, eye)


def _seat(lids: np.ndarray, clear: np.ndarray, eye: _Eye) -> np.ndarray:
    """Put the rows from margin to rim at their neutral clearance from the ball, along z."""
    rows = slice(eyes.MARGIN, eyes.RIM + 1)
    edge = lids[rows]
    far = eye.size + clear[rows] + eye.bulge(edge)
    depth = far**2 - (edge[..., :2] ** 2).sum(-1)
    edge[..., 2] = np.where(depth > (0.1 * eye.size) ** 2, np.sqrt(np.abs(depth)), edge[..., 2])
    return lids


def close(
    head: Head,
    pushed: Float[np.ndarray, "vertices 3"],
    left: Lids,
    right: Lids,
) -> Float32[np.ndarray, "vertices 3"]:
    """Solve both eyes' lids on a head whose other AUs have carried its vertices to `pushed`."""
    out = pushed.astype(np.float64)
    for eye, (grid, lids) in enumerate(zip(head.topology.lids, (left, right), strict=True)):
        turn = np.array([grid.side, 1.0, 1.0])
        centre = head.eyes.centre[eye].astype(np.float64)
        neutral = (head.vertices[grid.rows] - centre) * turn
        moved = (out[grid.rows] - centre) * turn
        ball = float(head.eyes.radius[eye]), float(head.eyes.iris[eye])
        out[grid.rows] = _solve(neutral, moved, _Eye(grid, lids, *ball)) * turn + centre
    return out.astype(np.float32)
