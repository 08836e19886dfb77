"""A rig's mean error on the face as a picture: the mean adult from three sides, a row a split.

Matplotlib is imported when a sheet is drawn, so that no other command waits for it.
"""

import io
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from assets import eyeball
from assets.head import Head, HeadModel, split_quads
from generator.preview import clay
from rigging.evaluation.measure import Measured
from rigging.evaluation.subject import SPLITS
from rigging.gaze import STRAIGHT, eyeballs

TURNS_DEG = (0.0, -40.0, 40.0)
SIZE = 400
BESIDE = 0.06
"""Where the middle of the head lies behind the eyes, metres."""
COLOURS = "YlOrRd"
LEAST_MM = 0.05
"""The colour bar ends here or higher, at what all but the worst of the face keeps below."""
MOST_OF_IT = 0.98
ROUNDS = 20
NOTHING = (0.5, 0.53, 0.58)
WORDS = {
    "unseen_person": "Unseen people on seen topologies",
    "unseen_topology": "Seen people on unseen topologies",
    "unseen_both": "Both unseen",
}


def on_head(measured: Sequence[Measured], head: Head) -> tuple[np.ndarray, np.ndarray]:
    """Mean error (mm) at the head model's vertices, and where any is known.

    Between the vertices of coarser meshes it is filled in from the neighbours.
    """
    known = np.sum([one.errors.known for one in measured], axis=0).astype(np.float64)
    total = np.sum([one.errors.known * one.errors.at_head for one in measured], axis=0)
    for _ in range(ROUNDS):
        near = head.topology.beside @ np.stack([total, known], axis=1)
        total, known = np.where(known[:, None] > 0, np.stack([total, known], axis=1), near).T
    return total / np.maximum(known, 1e-12), known > 0


def sheet(measured: Sequence[Measured], model: HeadModel) -> bytes:
    """PNG of the mean error over all vectors, for the splits that were measured."""
    from matplotlib import colormaps
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

    head = model.person(model.mean_phenotypes(), {}, 25.0)
    parts = [(split, [one for one in measured if one.split == split]) for split in SPLITS]
    parts = [(split, own) for split, own in parts if own]
    fields = [on_head(own, head) for _, own in parts]
    face = head.vertices[:, 2] > 0
    high = [np.quantile(error[known & face], MOST_OF_IT) for error, known in fields]
    scale = Normalize(0.0, max(LEAST_MM, np.ceil(20 * max(high)) / 20), clip=True)
    figure = Figure(figsize=(2.9 * len(TURNS_DEG) + 1.6, 3.0 * len(parts)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(parts), len(TURNS_DEG), squeeze=False)
    for row, (split, own), (error, known) in zip(axes, parts, fields, strict=True):
        colour = colormaps[COLOURS](scale(error))[:, :3]
        colour[~known] = NOTHING
        for axis, turn in zip(row, TURNS_DEG, strict=True):
            axis.imshow(_drawn(head, colour, turn))
            axis.set_xticks([])
            axis.set_yticks([])
        title = row[0].set_title(f"{WORDS[split]}: {len(own)} heads", loc="left", fontsize=10)
        title.set_in_layout(False)  # It may be wider than the first picture.
    bar = figure.colorbar(ScalarMappable(scale, COLOURS), ax=axes, fraction=0.03, extend="max")
    bar.set_label("mean error over all AU vectors, mm")
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=150, metadata={"Software": None})
    return file.getvalue()


def _drawn(head: Head, colour: Float[np.ndarray, "vertices 3"], turn_deg: float) -> np.ndarray:
    """The head and its eyeballs, which are grey, turned by an angle."""
    yaw = float(np.radians(turn_deg))
    balls = eyeballs(head, STRAIGHT)
    faces = split_quads(eyeball.mesh().quads)
    count, each = len(head.vertices), balls.shape[1]
    triangles = [head.topology.triangles, *(faces + count + k * each for k in range(2))]
    return clay.draw(
        np.concatenate([head.vertices, *balls]),
        np.concatenate(triangles).astype(np.int32),
        SIZE,
        clay.Window(x=-BESIDE * float(np.sin(yaw)), y=-0.02, half=0.115, yaw=yaw),
        np.concatenate([colour, np.tile(np.array(NOTHING), (2 * each, 1))]),
    )
