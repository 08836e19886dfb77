"""Find the ordered loops of lids and lips, and the 68 landmarks, on the mean adult head.

Used by `scripts/bake_head.py`. The order is that of ibug 300-W: jaw 0-16 from the person's right
ear to the left, brows 17-26, nose 27-35, eyes 36-47, outer lips 48-59, inner lips 60-67. Eyes and
inner lips are points of the loops; the others were picked on the person's left half of a drawing of
the mean head (metres from the midpoint of the eyes) and are mirrored.
"""

from collections.abc import Mapping

import numpy as np

HEAD, MOUTH, LEFT_CAVITY, RIGHT_CAVITY = 0, 2, 3, 4

# Landmark -> (yaw of the view in radians, x, y in that view in metres), person's left and middle.
PICKS: dict[int, tuple[float, float, float]] = {
    8: (0.0, 0.0, -0.1130),
    22: (0.0, 0.0105, 0.0165),
    23: (0.0, 0.0195, 0.0210),
    24: (0.0, 0.0290, 0.0228),
    25: (0.0, 0.0385, 0.0208),
    26: (0.0, 0.0470, 0.0155),
    27: (0.0, 0.0, 0.0010),
    28: (0.0, 0.0, -0.0120),
    29: (0.0, 0.0, -0.0250),
    30: (0.0, 0.0, -0.0385),
    33: (0.0, 0.0, -0.0507),
    34: (0.0, 0.0080, -0.0510),
    35: (0.0, 0.0160, -0.0485),
    51: (0.0, 0.0, -0.0634),
    57: (0.0, 0.0, -0.0861),
}
# Vertices of MakeHuman's base mesh cannot be named here once they are renumbered, so these are
# positions on the mean head (metres): the jaw from the ear to the chin, and the lips.
NEAREST: dict[int, tuple[float, float, float]] = {
    9: (0.0190, -0.1120, 0.0060),
    10: (0.0360, -0.1060, -0.0060),
    11: (0.0500, -0.0960, -0.0200),
    12: (0.0600, -0.0830, -0.0340),
    13: (0.0675, -0.0670, -0.0500),
    14: (0.0710, -0.0460, -0.0600),
    15: (0.0725, -0.0230, -0.0600),
    16: (0.0735, 0.0000, -0.0600),
    52: (0.0053, -0.0622, 0.0370),
    53: (0.0149, -0.0645, 0.0330),
    54: (0.0262, -0.0741, 0.0215),
    55: (0.0170, -0.0830, 0.0280),
    56: (0.0066, -0.0856, 0.0315),
}
# Right counterparts of the left and middle ones.
MIRRORED = {left: 16 - left for left in range(9, 17)} | {left: 43 - left for left in range(22, 27)}
MIRRORED |= {34: 32, 35: 31, 52: 50, 53: 49, 54: 48, 55: 59, 56: 58}


def ordered_loop(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The closed walk along the edges that two sets of quads share, `[n]` vertices."""

    def edges(quads: np.ndarray) -> set[tuple[int, int]]:
        pairs = np.stack([quads, np.roll(quads, -1, 1)], 2).reshape(-1, 2)
        return {(int(a), int(b)) for a, b in np.sort(pairs, 1)}

    neighbours: dict[int, list[int]] = {}
    for a, b in sorted(edges(one) & edges(other)):
        neighbours.setdefault(a, []).append(b)
        neighbours.setdefault(b, []).append(a)
    walk = [min(neighbours)]
    before = None
    while True:
        step = next(n for n in neighbours[walk[-1]] if n != before)
        if step == walk[0]:
            break
        before = walk[-1]
        walk.append(step)
    if len(walk) != len(neighbours):
        raise ValueError(f"shared edges must form one loop of {len(neighbours)}, got {len(walk)}")
    return np.array(walk, np.int32)


def split_loop(loop: np.ndarray, mean: np.ndarray, start: int, stop: int) -> list[np.ndarray]:
    """The two ways from `start` to `stop` along a closed loop, the upper one first."""
    turned = np.roll(loop, -int(np.flatnonzero(loop == start)[0]))
    there = int(np.flatnonzero(turned == stop)[0])
    ways = [turned[: there + 1], np.concatenate([turned[:1], turned[there:][::-1]])]
    return sorted(ways, key=lambda way: -mean[way, 1].mean())


def margin_loops(arrays: Mapping[str, np.ndarray], mean: np.ndarray) -> dict[str, np.ndarray]:
    """The six loops of `assets.head.Topology`."""
    chart = {i: arrays["quads"][arrays["chart"] == i] for i in range(5)}
    loops = {}
    for side, cavity in (("left", LEFT_CAVITY), ("right", RIGHT_CAVITY)):
        loop = ordered_loop(chart[HEAD], chart[cavity])
        across = np.abs(mean[loop, 0])
        corners = int(loop[across.argmin()]), int(loop[across.argmax()])
        upper, lower = split_loop(loop, mean, *corners)
        loops |= {f"{side}_upper_lid": upper, f"{side}_lower_lid": lower}
    loop = ordered_loop(chart[HEAD], chart[MOUTH])
    corners = int(loop[mean[loop, 0].argmin()]), int(loop[mean[loop, 0].argmax()])
    loops["upper_lip"], loops["lower_lip"] = split_loop(loop, mean, *corners)
    return {name: loop.astype(np.int32) for name, loop in loops.items()}


def along(loop: np.ndarray, mean: np.ndarray, share: float) -> int:
    """The vertex of a loop nearest to a share of its length."""
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(mean[loop], axis=0), axis=1))])
    return int(loop[np.abs(length / length[-1] - share).argmin()])


class Surface:
    """Answers where a ray meets the mean head's skin first, as a triangle and weights."""

    def __init__(self, arrays: Mapping[str, np.ndarray], mean: np.ndarray) -> None:
        """Only quads of the head chart count."""
        self.mean = mean
        self.numbers = np.flatnonzero(np.repeat(arrays["chart"] == HEAD, 2))
        self.triangles = arrays["quads"][:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)[self.numbers]

    def _answer(self, row: int, weights: np.ndarray) -> tuple[int, np.ndarray]:
        return int(self.numbers[row]), weights

    def seen(self, yaw: float, x: float, y: float) -> tuple[int, np.ndarray]:
        """The frontmost point at (x, y) of a view whose camera is turned by `yaw` to the left."""
        cos, sin = np.cos(yaw), np.sin(yaw)
        turn = np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]])
        corners = (self.mean @ turn.T)[self.triangles]
        a, b, c = corners[:, 0, :2], corners[:, 1, :2], corners[:, 2, :2]
        area = np.cross(b - a, c - a)
        with np.errstate(divide="ignore", invalid="ignore"):
            v = np.cross(np.array([x, y]) - a, c - a) / area
            w = np.cross(b - a, np.array([x, y]) - a) / area
        weights = np.stack([1 - v - w, v, w], 1)
        inside = (weights >= -1e-6).all(1) & (area > 1e-12)
        depth = np.where(inside, (weights * corners[..., 2]).sum(1), -np.inf)
        row = int(depth.argmax())
        if not inside[row]:
            raise ValueError(f"a landmark pick must lie on the head, got {x, y} at yaw {yaw}")
        return self._answer(
            row, np.clip(weights[row], 0, None) / np.clip(weights[row], 0, None).sum()
        )

    def nearest(self, point: np.ndarray) -> tuple[int, np.ndarray]:
        """The vertex of the skin nearest to a position."""
        used = np.unique(self.triangles)
        return self.vertex(int(used[np.linalg.norm(self.mean[used] - point, axis=1).argmin()]))

    def vertex(self, number: int) -> tuple[int, np.ndarray]:
        """A vertex as a corner of a triangle that has it."""
        row, corner = np.argwhere(self.triangles == number)[0]
        return self._answer(int(row), np.eye(3)[corner])

    def mirrored(self, mirror: np.ndarray, point: tuple[int, np.ndarray]) -> tuple[int, np.ndarray]:
        """The mirror image of a point; its triangle may be the other half of the mirrored quad."""
        triangle = self.triangles[np.flatnonzero(self.numbers == point[0])[0]]
        target = (self.mean[triangle] * point[1][:, None]).sum(0) * [-1, 1, 1]
        partners = set(mirror[triangle].tolist())
        best: tuple[float, int, np.ndarray] | None = None
        for row in np.flatnonzero(np.isin(self.triangles, list(partners)).sum(1) >= 2):
            corners = self.mean[self.triangles[row]]
            edges = np.stack([corners[1] - corners[0], corners[2] - corners[0]], 1)
            v, w = np.linalg.lstsq(edges, target - corners[0], rcond=None)[0]
            weights = np.clip(np.array([1 - v - w, v, w]), 0, None)
            weights /= weights.sum()
            gap = float(np.linalg.norm((corners * weights[:, None]).sum(0) - target))
            if best is None or gap < best[0]:
                best = (gap, int(row), weights)
        assert best is not None
        return self._answer(best[1], best[2])


def landmark_points(
    arrays: Mapping[str, np.ndarray], mean: np.ndarray, loops: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Triangle `[68]` and barycentric weights `[68, 3]` of every landmark."""
    surface = Surface(arrays, mean)
    points = {number: surface.seen(*pick) for number, pick in PICKS.items()}
    points |= {number: surface.nearest(np.array(place)) for number, place in NEAREST.items()}
    for left, right in MIRRORED.items():
        points[right] = surface.mirrored(arrays["mirror"], points[left])
    on_loops = {}
    for share, upper_left, upper_right in (
        (0.0, 42, 39),
        (1 / 3, 43, 38),
        (2 / 3, 44, 37),
        (1.0, 45, 36),
    ):
        on_loops[upper_left] = along(loops["left_upper_lid"], mean, share)
        on_loops[upper_right] = along(loops["right_upper_lid"], mean, share)
    for share, lower_left, lower_right in ((1 / 3, 47, 40), (2 / 3, 46, 41)):
        on_loops[lower_left] = along(loops["left_lower_lid"], mean, share)
        on_loops[lower_right] = along(loops["right_lower_lid"], mean, share)
    for step, (upper, lower) in enumerate(((60, 60), (61, 67), (62, 66), (63, 65), (64, 64))):
        on_loops[upper] = along(loops["upper_lip"], mean, step / 4)
        on_loops[lower] = along(loops["lower_lip"], mean, step / 4)
    points |= {number: surface.vertex(vertex) for number, vertex in on_loops.items()}
    order = [points[number] for number in range(68)]
    return (
        np.array([triangle for triangle, _ in order], np.int32),
        np.array([weights for _, weights in order], np.float32),
    )
