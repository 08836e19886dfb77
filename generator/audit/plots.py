"""The plots of a report.

Matplotlib is imported when one is drawn, so that no other command waits for it.
"""

import io
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from assets.facs import NAMES
from generator.audit.goals import EVEN, INSIDE, JUDGED, OVER_AGAIN
from generator.audit.report import Report
from generator.audit.summary import Cell

RED, BLUE, GREY = "#b03a2e", "#1f4e79", "#9aa0a6"


def plots(report: Report) -> dict[str, bytes]:
    """PNG bytes by file name; none where nobody was made again."""
    if not report.cells:
        return {}
    return {
        "growth.png": _drawn(_growth, report),
        "inside.png": _drawn(_inside, report),
        "groups.png": _drawn(_groups, report),
    }


def _drawn(draw: Callable[[Report, Any], Any], report: Report) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(layout="constrained")
    FigureCanvasAgg(figure)
    draw(report, figure)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110, metadata={"Software": None})
    return file.getvalue()


def _growth(report: Report, figure: Any) -> None:
    """Change by intensity, a panel an AU: every person thin, the mean thick, the neutral again."""
    aus = [cell.au for cell in report.cells if cell.kind == "all"]
    columns = 5
    rows = -(-len(aus) // columns)
    figure.set_size_inches(12, 2.3 * rows + 0.4)
    axes = np.atleast_1d(figure.subplots(rows, columns, squeeze=False)).ravel()
    for axis, au in zip(axes, aus, strict=False):
        own = [course for course in report.courses if course.au == au]
        for course in own:
            axis.plot(range(len(course.change)), course.change, color=BLUE, alpha=0.15, lw=0.7)
        mean = np.mean([course.change for course in own], axis=0)
        axis.plot(range(len(mean)), mean, color=BLUE, lw=2)
        again = float(np.mean([course.last.again for course in own]))
        axis.axhline(again, color=RED, lw=1, ls="--")
        axis.set_title(f"AU{au} {NAMES[au]}", fontsize=9)
        axis.set_xlim(0, 5)
        axis.set_ylim(bottom=0)
        axis.tick_params(labelsize=7)
    for axis in axes[len(aus) :]:
        axis.set_axis_off()
    figure.suptitle(
        "Mean |ΔL*| in the AU's region by intensity (dashed: the neutral taken again)", fontsize=11
    )


def _inside(report: Report, figure: Any) -> None:
    """Share of all change in region and rim, a column of dots an AU, a dot a person."""
    figure.set_size_inches(12, 3.4)
    axis = figure.subplots()
    aus = [cell.au for cell in report.cells if cell.kind == "all"]
    rng = np.random.Generator(np.random.Philox(key=0))
    for place, au in enumerate(aus):
        values = [one.inside for one in report.courses if one.au == au and one.inside is not None]
        spread = place + 0.25 * (rng.random(len(values)) - 0.5)
        axis.plot(spread, values, ".", color=BLUE if au in JUDGED else GREY, ms=4, alpha=0.6)
    axis.axhline(INSIDE, color=RED, lw=1, ls="--")
    axis.set_xticks(range(len(aus)), [f"AU{au}" for au in aus], fontsize=8)
    axis.set_ylim(0, 1.02)
    axis.set_title("Share of all change on the head in region and rim, a dot a person", fontsize=11)


def _groups(report: Report, figure: Any) -> None:
    """Three squares of figures: group by AU."""
    cells = [cell for cell in report.cells if cell.kind != "all"]
    names = list(dict.fromkeys(cell.group for cell in cells))
    if not names:
        return
    aus = list(dict.fromkeys(cell.au for cell in cells))
    figure.set_size_inches(12, 0.34 * len(names) * 3 + 2.2)
    axes = figure.subplots(3, 1)
    low, high = EVEN
    kinds: Sequence[tuple[str, Callable[[Cell], float | None], tuple[float, float]]] = (
        (f"Change at 3 over that of everybody ({low} to {high})", lambda c: c.even, (0.4, 1.6)),
        (
            f"Change at 2 over the neutral taken again ({OVER_AGAIN:g})",
            lambda c: c.over_again,
            (0.0, 2 * OVER_AGAIN),
        ),
        (f"Share in region and rim ({INSIDE})", lambda c: c.inside, (2 * INSIDE - 1, 1.0)),
    )
    for axis, (title, value, limits) in zip(axes, kinds, strict=True):
        square = np.full((len(names), len(aus)), np.nan)
        for cell in cells:
            found = value(cell)
            if found is not None:
                square[names.index(cell.group), aus.index(cell.au)] = found
        axis.imshow(square, cmap="RdYlBu", vmin=limits[0], vmax=limits[1], aspect="auto")
        for row, column in np.argwhere(np.isfinite(square)):
            number = f"{square[row, column]:.2f}"
            axis.text(column, row, number, ha="center", va="center", fontsize=7)
        axis.set_xticks(range(len(aus)), [f"AU{au}" for au in aus], fontsize=8)
        axis.set_yticks(range(len(names)), names, fontsize=8)
        axis.set_title(title, fontsize=11)
