"""The plots of a report, each in light and in dark."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from assets.facs import HIGHEST_PSPI
from vitpain.evaluate.drawing import Palette, drawn
from vitpain.evaluate.report import Report
from vitpain.evaluate.tables import PAIN
from vitpain.metrics import detection

SHOWN = 300
"""Most points of a curve."""

Plots = Mapping[str, tuple[bytes, bytes]]
"""By name, PNG bytes in light and in dark."""


def plots(made: Report) -> dict[str, tuple[bytes, bytes]]:
    """Every plot that there is something to draw for."""
    drawings: dict[str, tuple[Callable[..., None], bool]] = {
        "predicted": (_predicted, bool(made.levels)),
        "calibration": (_calibration, any(o.bins for o in made.calibration.levels.values())),
        "detection": (_detection, any(o.pooled.positives for o in made.detection)),
        "groups": (_groups, bool(made.groups)),
        "courses": (_courses, bool(made.courses)),
    }
    return {
        name: drawn(partial(draw, made), made.banner is not None)
        for name, (draw, wanted) in drawings.items()
        if wanted
    }


def _count(axis: Any) -> None:
    """Make the height of bars a number of frames, one of them to be seen too."""
    axis.set_yscale("log")
    axis.set_ylim(bottom=0.5)
    axis.tick_params(axis="y", which="minor", labelleft=False)


def _predicted(made: Report, figure: Any, colours: Palette) -> None:
    """Predicted by labelled PSPI: where half and nine tenths of the frames of a level lie."""
    figure.set_size_inches(9.6, 5.0)
    top, axis = figure.subplots(2, 1, sharex=True, height_ratios=(1, 4))
    tested = made.chosen.tested
    label, predicted = tested.numbers("pspi"), tested.numbers("pspi_hat")
    levels = [one.level for one in made.levels]
    top.bar(levels, [one.frames for one in made.levels], color=colours.help, width=0.7)
    _count(top)
    top.set_ylabel("frames")
    floor = np.floor(label)
    rng = np.random.Generator(np.random.Philox(key=0))
    for one in made.levels:
        values = predicted[floor == one.level]
        if one.frames >= 20:
            body = axis.violinplot(values, [one.level], widths=0.85, showextrema=False)["bodies"][0]
            body.set(facecolor=colours.one, alpha=0.3)
            low, high = np.quantile(values, (0.25, 0.75))
            axis.plot([one.level, one.level], [low, high], color=colours.one, lw=4)
        else:
            spread = one.level + 0.3 * (rng.random(len(values)) - 0.5)
            axis.plot(spread, values, ".", color=colours.one, ms=5, alpha=0.7)
        axis.plot([one.level], [np.median(values)], "o", color=colours.two, ms=5, zorder=4)
    line = (0, HIGHEST_PSPI)
    axis.plot(line, line, color=colours.help, lw=1, ls="--")
    axis.set(xlabel="labelled PSPI", ylabel="predicted PSPI", xlim=(-0.8, max(levels) + 0.8))
    axis.set_ylim(min(0.0, float(predicted.min())), max(max(levels), float(predicted.max())) + 0.5)
    axis.set_xticks(levels)
    top.set_title(
        "Violin: spread of a level's frames (dots where fewer than 20); bar: half of them; "
        "dot: median", fontsize=10,
    )  # fmt: skip


def _calibration(made: Report, figure: Any, colours: Palette) -> None:
    """Share in pain by probability, a panel a level, with how many frames each bin holds."""
    figure.set_size_inches(9.6, 4.4)
    panels = figure.subplots(2, 3, sharex=True, sharey="row", height_ratios=(4, 1))
    for axis, under, (level, one) in zip(*panels, made.calibration.levels.items(), strict=True):
        axis.plot((0, 1), (0, 1), color=colours.help, lw=1, ls="--")
        said, true = [each.said for each in one.bins], [each.true for each in one.bins]
        axis.plot(said, true, "o-", color=colours.one, ms=5)
        ece = "" if one.ece is None else f", ECE {one.ece:.3f}"
        axis.set_title(f"PSPI ≥ {level}{ece}")
        axis.set(xlim=(0, 1), ylim=(-0.02, 1.02))
        centres = [(each.low + each.high) / 2 for each in one.bins]
        under.bar(centres, [each.frames for each in one.bins], 0.09, color=colours.help)
        _count(under)
        under.set_xlabel("probability")
    panels[0][0].set_ylabel("share in pain")
    panels[1][0].set_ylabel("frames")


def _detection(made: Report, figure: Any, colours: Palette) -> None:
    """Both curves of each level, pooled over folds, and where the thresholds lie."""
    figure.set_size_inches(9.6, 4.6)
    left, right = figure.subplots(1, 2)
    tested = made.chosen.tested
    label = tested.numbers("pspi")
    known = ~np.isnan(label)
    decided = {one.level: one for one in made.confusions}
    for score, colour in zip(
        made.detection, (colours.one, colours.two, colours.three), strict=True
    ):
        if not score.pooled.positives or score.pooled.positives == score.pooled.frames:
            continue
        level = int(score.level or 0)
        one = np.zeros(int(known.sum()), np.int64)
        ranked = detection.ranking(
            label[known] >= level, tested.numbers(f"p{level}")[known], one, 1, SHOWN
        )
        hits, falses = np.cumsum(ranked.positive[0]), np.cumsum(ranked.negative[0])
        recall = hits / hits[-1]
        left.plot(np.r_[0, falses / falses[-1]], np.r_[0, recall], color=colour)
        right.plot(recall, hits / (hits + falses), color=colour, label=PAIN.format(level))
        share = hits[-1] / len(one)
        right.axhline(share, color=colour, lw=0.8, ls=":")
        if level in decided:
            counts = decided[level]
            found = counts.hit / max(counts.hit + counts.missed, 1)
            left.plot(
                [counts.false / max(counts.false + counts.passed, 1)], [found], "o", color=colour
            )
            if counts.hit:
                right.plot([found], [counts.hit / (counts.hit + counts.false)], "o", color=colour)
    left.plot((0, 1), (0, 1), color=colours.help, lw=1, ls="--")
    left.set(xlabel="share of others that alarm", ylabel="share of pain found", title="ROC")
    right.set(xlabel="recall", ylabel="precision", title="Precision and recall")
    for axis in (left, right):
        axis.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    right.legend(title="dot: at the thresholds; dotted: share in pain")


def _groups(made: Report, figure: Any, colours: Palette) -> None:
    """Mean absolute error and AUROC of every group with their intervals, all together dashed."""
    names = [f"{one.title}: {one.shown}" for one in made.groups]
    figure.set_size_inches(9.6, 0.28 * len(names) + 1.2)
    axes = figure.subplots(1, 2, sharey=True)
    whole = (made.pspi.pooled.values["mae"], made.detection[0].pooled.values["auroc"])
    for axis, title, all_of_them, values in zip(
        axes,
        ("MAE of PSPI", "AUROC at PSPI ≥ 1"),
        whole,
        (
            [one.agreement.values["mae"] for one in made.groups],
            [one.detection.values["auroc"] for one in made.groups],
        ),
        strict=True,
    ):
        for place, value in enumerate(values):
            if value.value is None:
                continue
            if value.low is not None and value.high is not None:
                axis.plot((value.low, value.high), (place, place), color=colours.one, lw=2)
            axis.plot([value.value], [place], "o", color=colours.one, ms=6)
        if all_of_them.value is not None:
            axis.axvline(all_of_them.value, color=colours.two, lw=1, ls="--")
        axis.set_title(title)
        axis.grid(axis="x", color=colours.help, alpha=0.3)
    axes[0].set_yticks(range(len(names)), names, parse_math=False)
    axes[0].set_ylim(len(names) - 0.4, -0.6)


def _courses(made: Report, figure: Any, colours: Palette) -> None:
    """PSPI over a sequence, as labelled and as predicted."""
    count = len(made.courses)
    columns = min(2, count)
    rows = -(-count // columns)
    figure.set_size_inches(9.6, 1.9 * rows + 0.6)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis, one in zip(axes, made.courses, strict=False):
        axis.step(one.frame, one.label, where="mid", color=colours.help, lw=2, label="labelled")
        axis.plot(one.frame, one.of_aus, color=colours.two, lw=0.8, alpha=0.8, label="from AUs")
        axis.plot(one.frame, one.predicted, color=colours.one, lw=1.4, label="predicted")
        where = f"{one.sequence}, {one.subject}" + (f", fold {one.fold}" if one.fold else "")
        # A name is a name, with dollars in it too.
        axis.set_title(where, fontsize=9, parse_math=False)
        peaks = [np.nanmax(values) for values in (one.label, one.predicted, one.of_aus)]
        axis.set_ylim(-0.3, max(*peaks, 2.0) * 1.08)
        axis.margins(x=0.01)
    for axis in axes[count:]:
        axis.set_axis_off()
    for axis in axes[max(0, count - columns) : count]:
        axis.set_xlabel("frame")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
