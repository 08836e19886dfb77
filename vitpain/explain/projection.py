"""Features in two dimensions, by PCA and by t-SNE, coloured by person and by PSPI."""

import io
from typing import Any

import matplotlib
import numpy as np
from jaxtyping import Float, Int
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from assets.facs import HIGHEST_PSPI
from assets.streams import stream

FEWEST = 6
"""Frames, at least, of which there is a picture."""
KEPT = 50
"""Principal components that t-SNE starts from."""
PERPLEXITY = 30.0
NAMED = 12
"""Most people whose names stand beside the picture."""


def projected(
    features: Float[np.ndarray, "frames dim"], seed: int
) -> dict[str, Float[np.ndarray, "frames 2"]]:
    """Both projections, of features that were brought to variance 1."""
    drawn = int(stream(seed, -1, "t-SNE").integers(2**32))
    # Perplexity must lie below the number of frames.
    neighbours = min(PERPLEXITY, (len(features) - 1) / 3)
    # Threads add up in an order of their own.
    with threadpool_limits(1):
        even = StandardScaler().fit_transform(features.astype(np.float64))
        principal = PCA(min(KEPT, *even.shape), svd_solver="full")
        main = principal.fit_transform(even)
        tsne = TSNE(perplexity=neighbours, init="pca", random_state=drawn).fit_transform(main)
    share = principal.explained_variance_ratio_[:2].sum()
    return {
        f"PCA, {100 * share:.0f} % of the variance": main[:, :2],
        f"t-SNE, perplexity {neighbours:.0f}": tsne,
    }


def picture(
    features: Float[np.ndarray, "frames dim"],
    people: np.ndarray,
    pspi: Float[np.ndarray, " frames"],
    seed: int,
    title: str,
) -> bytes:
    """Draw both projections twice, as a PNG; `people` are names."""
    names, number = np.unique(people, return_inverse=True)
    with matplotlib.rc_context({"font.size": 9, "axes.titlesize": 10}):
        figure = Figure(figsize=(9.6, 6.6), layout="constrained", facecolor="white")
        FigureCanvasAgg(figure)
        figure.suptitle(title, fontsize=11)
        axes = figure.subplots(2, 2)
        for pair, (name, places) in zip(axes, projected(features, seed).items(), strict=True):
            _by_person(pair[0], places, names, number)
            dots = pair[1].scatter(
                *places.T, c=pspi, s=14, cmap="viridis", vmin=0, vmax=HIGHEST_PSPI
            )
            figure.colorbar(dots, ax=pair[1], label="PSPI")
            for axis, what in zip(pair, (f"{len(names)} people", "PSPI"), strict=True):
                axis.set(xticks=[], yticks=[], title=f"{name}, coloured by {what}")
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=120, metadata={"Software": None})
    return file.getvalue()


def _by_person(
    axis: Any,
    places: Float[np.ndarray, "frames 2"],
    names: np.ndarray,
    number: Int[np.ndarray, " frames"],
) -> None:
    few = len(names) <= NAMED
    colours = matplotlib.colormaps["tab20" if few else "hsv"]
    for at, name in enumerate(names):
        colour = colours(at if few else at / len(names))
        axis.scatter(*places[number == at].T, color=colour, s=14, label=str(name))
    if few:
        axis.legend(fontsize=7, loc="best", framealpha=0.6)
