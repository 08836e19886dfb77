"""The plots of a comparison: differences, learning curves, errors by level and maps of sources."""

from typing import Any

import numpy as np

from vitpain.ablation.arms import BASE
from vitpain.ablation.figures import BY_NAME, PRIMARY, Curve, Difference, Part, Results
from vitpain.ablation.gap import Gap
from vitpain.evaluate.drawing import DARK, Draw, Palette, drawn

FIGURE = BY_NAME[PRIMARY].title
CAPTIONS = {
    "forest": f"Differences in {FIGURE} with their 95 % intervals: filled, better or worse with p "
    "after Holm; hollow, no difference shown",
    "curves": f"{FIGURE} by what is learnt from; bands: 95 % intervals, at the left of real frames "
    "alone; not tested",
    "levels": "Mean absolute error by PSPI level of the test frames, a line an arm; not tested",
    "maps": "Frames by their features, coloured by source",
}
LINES = ("#1f5fa8", "#c2571a", "#3a7d44", "#8e44ad", "#b58900", "#c0392b", "#16a085", "#7f8c8d")
ON_DARK = ("#7db3f0", "#f0a15e", "#86cf92", "#c79be0", "#e3c567", "#f08a80", "#6fd0bd", "#b0b8bd")


def plots(results: Results, gap: Gap | None) -> dict[str, tuple[bytes, bytes]]:
    """Every plot that there is something to draw for, by name."""
    held = [one for one in results.differences if one.metric == PRIMARY]
    held = [one for one in held if one.fraction == results.leading[1]]
    held = [one for one in held if one.value.value is not None]
    lines = _lines(results)
    curves = [one for one in results.curves if one.metric == PRIMARY and one.name in lines]
    levels = [one for one in results.parts if one.kind == "level" and one.arm in lines]
    levels = [one for one in levels if one.fraction == results.leading[1]]
    wanted: dict[str, Draw] = {}
    if held:
        wanted["forest"] = lambda figure, colours: _forest(held, results, figure, colours)
    if curves:
        wanted["curves"] = lambda figure, colours: _curves(curves, results, figure, colours)
    if levels:
        wanted["levels"] = lambda figure, colours: _levels(levels, results, figure, colours)
    if gap is not None and gap.places.maps:
        wanted["maps"] = lambda figure, colours: _maps(gap, figure, colours)
    stand_in = results.study.surrogate
    return {name: drawn(draw, stand_in, formulas=False) for name, draw in wanted.items()}


def _lines(results: Results) -> set[str]:
    """Names of what has a curve: sources, and the arms that are compared in the same form."""
    study = results.study
    alike = {arm.name for arm in study.arms if arm.matched and not arm.native and arm.share == 1.0}
    return alike | {one["name"] for one in study.sources}


def _forest(held: list[Difference], results: Results, figure: Any, colours: Palette) -> None:
    """A panel a model, a line a difference; those of 3D to 2D below those to real frames alone."""
    pairs = sorted(
        dict.fromkeys((one.arm, one.base) for one in held), key=lambda pair: pair[1] != BASE
    )
    names = [arm if base == BASE else f"{arm} against {base}" for arm, base in pairs]
    models = [model for model in results.models if any(one.model == model for one in held)]
    figure.set_size_inches(9.6, 0.32 * len(names) + 1.4)
    axes = figure.subplots(1, len(models), sharey=True, squeeze=False)[0]
    for axis, model in zip(axes, models, strict=True):
        axis.axvline(0.0, color=colours.help, lw=1)
        for one in held:
            if one.model == model:
                _difference(one, pairs.index((one.arm, one.base)), axis, colours)
        apart = sum(base == BASE for _, base in pairs) - 0.5
        if 0 < apart < len(pairs) - 1:
            axis.axhline(apart, color=colours.help, lw=0.8, ls=":")
        axis.set(title=model, xlabel=f"difference in {FIGURE}")
        axis.grid(axis="x", color=colours.help, alpha=0.3)
    axes[0].set_yticks(range(len(names)), names)
    axes[0].set_ylim(len(names) - 0.4, -0.6)


def _difference(one: Difference, place: int, axis: Any, colours: Palette) -> None:
    colour = colours.one
    if one.found:
        colour = colours.three if one.better else colours.two
    value = one.value
    if value.low is not None and value.high is not None:
        axis.plot((value.low, value.high), (place, place), color=colour, lw=2)
    face = colour if one.found else colours.paper
    axis.plot([value.value], [place], "o", ms=7, color=colour, mfc=face, zorder=3)


def _curves(curves: list[Curve], results: Results, figure: Any, colours: Palette) -> None:
    """A row a model; over real subjects, and over synthetic frames beside them."""
    models = [model for model in results.models if any(one.model == model for one in curves)]
    overs = [over for over in ("subjects", "frames") if any(one.over == over for one in curves)]
    figure.set_size_inches(9.6, 4.4 * len(models))
    panels = figure.subplots(len(models), len(overs), squeeze=False)
    palette = ON_DARK if colours is DARK else LINES
    words = {"subjects": "real training subjects", "frames": "synthetic frames beside real ones"}
    for line, model in zip(panels, models, strict=True):
        for axis, over in zip(line, overs, strict=True):
            own = [one for one in curves if (one.model, one.over) == (model, over)]
            for at, one in enumerate(own):
                # Many intervals over each other would hide the lines.
                sure = over == "frames" or one.name == BASE
                _curve(one, (palette[at % len(palette)], _line(at)), axis, sure)
            axis.set(xlabel=words[over], ylabel=FIGURE, title=model)
            axis.grid(color=colours.help, alpha=0.3)
            if own:
                axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)


def _line(at: int) -> str:
    """How the line of a place is drawn, another one each time that colours begin again."""
    return ("o-", "s--", "^:")[at // len(LINES) % 3]


def _curve(one: Curve, looks: tuple[str, str], axis: Any, sure: bool) -> None:
    colour, line = looks
    known = [point for point in one.points if point.value.value is not None]
    x = [point.x for point in known]
    strong = 2.6 if one.name == BASE else 1.4
    y = [point.value.value for point in known]
    axis.plot(x, y, line, color=colour, lw=strong, ms=4, label=one.name)
    ranged = [point for point in known if sure and point.value.low is not None]
    low, high = ([getattr(point.value, end) for point in ranged] for end in ("low", "high"))
    axis.fill_between([point.x for point in ranged], low, high, color=colour, alpha=0.12, lw=0)


def _levels(parts: list[Part], results: Results, figure: Any, colours: Palette) -> None:
    """A panel a model, a line an arm."""
    models = [model for model in results.models if any(one.model == model for one in parts)]
    arms = [arm.name for arm in results.study.arms if any(one.arm == arm.name for one in parts)]
    palette = ON_DARK if colours is DARK else LINES
    figure.set_size_inches(9.6, 4.6)
    panels = figure.subplots(1, len(models), sharey=True, squeeze=False)[0]
    for axis, model in zip(panels, models, strict=True):
        for at, arm in enumerate(arms):
            own = [one for one in parts if (one.model, one.arm) == (model, arm)]
            known = [one for one in own if one.mae.value is not None]
            x, y = [float(one.name) for one in known], [one.mae.value for one in known]
            strong = 2.6 if arm == BASE else 1.4
            axis.plot(x, y, _line(at), color=palette[at % len(palette)], lw=strong, ms=4, label=arm)
        axis.set(title=model, xlabel="PSPI level", ylabel="MAE", ylim=(0, None))
        axis.grid(color=colours.help, alpha=0.3)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)


def _maps(gap: Gap, figure: Any, colours: Palette) -> None:
    """A panel a map; the later a source the higher it lies, so that points are thin."""
    maps, places = gap.places.maps, gap.places
    figure.set_size_inches(9.6, 4.6)
    palette = ON_DARK if colours is DARK else LINES
    axes = figure.subplots(1, len(maps), squeeze=False)[0]
    for axis, points, name in zip(axes, maps, gap.figures.maps, strict=True):
        for at, source in enumerate(gap.figures.sources):
            own = points[places.source == at]
            colour = palette[at % len(palette)]
            axis.scatter(*own.T, s=6, alpha=0.6, lw=0, color=colour, label=source.name)
        axis.set(title=name, xticks=[], yticks=[])
        axis.spines[:].set_visible(False)
        axis.set_aspect("equal", adjustable="datalim")
        spread = np.ptp(points, axis=0)
        axis.margins(0.05 if spread.all() else 0.5)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center",
                  ncols=min(4, len(gap.figures.sources)), markerscale=3)  # fmt: skip
