"""How every plot of a report is drawn: in light and in dark, on one paper, without a clock.

Matplotlib is imported when one is drawn, so that no other command waits for it.
"""

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

STAND_IN = "stand-in data: no patient is in it"


@dataclass(frozen=True)
class Palette:
    """Colours of paper, ink, lines of help, and up to three things that are told apart."""

    paper: str
    ink: str
    help: str
    one: str
    two: str
    three: str


LIGHT = Palette("#ffffff", "#202124", "#9aa0a6", "#1f5fa8", "#c2571a", "#3a7d44")
DARK = Palette("#1c1f24", "#e8eaed", "#80868b", "#7db3f0", "#f0a15e", "#86cf92")

Draw = Callable[[Any, Palette], None]
"""Draws on a figure of matplotlib in some colours."""


def drawn(draw: Draw, stand_in: bool, formulas: bool = True) -> tuple[bytes, bytes]:
    """PNG bytes of a plot in light and in dark; `stand_in`: what it shows is of no patient.

    Without `formulas` dollars are dollars, as in names; powers at logarithmic axes are formulas.
    """
    light, dark = (_png(draw, stand_in, formulas, colours) for colours in (LIGHT, DARK))
    return light, dark


def _png(draw: Draw, stand_in: bool, formulas: bool, colours: Palette) -> bytes:
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    style: dict[Any, Any] = {
        "axes.facecolor": colours.paper,
        "axes.edgecolor": colours.help,
        "axes.labelcolor": colours.ink,
        "axes.titlesize": 11,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "text.color": colours.ink,
        "text.parse_math": formulas,
        "xtick.color": colours.ink,
        "ytick.color": colours.ink,
        "legend.frameon": False,
        "legend.fontsize": 9,
        "font.size": 10,
    }
    with matplotlib.rc_context(style):
        figure = Figure(layout="constrained", facecolor=colours.paper, dpi=120)
        canvas = FigureCanvasAgg(figure)
        draw(figure, colours)
        if stand_in:
            figure.supxlabel(STAND_IN, x=0.995, ha="right", fontsize=8, color=colours.two)
        file = io.BytesIO()
        with warnings.catch_warnings():
            # A name may hold letters that the font has not: they are drawn as boxes.
            warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
            # `savefig` would lay everything out and draw it twice.
            canvas.print_png(file, metadata={"Software": None})
    return file.getvalue()
