"""Which rasteriser and which shading draw a scene, and what they need installed.

All but our own are imported when they are chosen, never before.
"""

import importlib
from dataclasses import dataclass
from types import ModuleType
from typing import Literal

Raster = Literal["warp", "pyrender", "pytorch3d"]
Shading = Literal["deferred", "mitsuba"]

INSTALL = {
    "mitsuba": 'pip install -e ".[mitsuba]"',
    "pyrender": 'pip install -e ".[pyrender]"',
    "OpenGL": 'pip install -e ".[pyrender]"',
    "torch": 'pip install -e ".[learn]"',
    "pytorch3d": "built from source, see docs/back-ends.md",
}
"""How to get what is not there."""


@dataclass(frozen=True)
class Backend:
    """What draws: `paths` a pixel are traced where Mitsuba shades, 1 or more."""

    raster: Raster = "warp"
    shading: Shading = "deferred"
    paths: int = 128

    def __post_init__(self) -> None:
        """Raise where no path would be traced."""
        if self.paths < 1:
            raise ValueError(f"paths must be at least 1, got {self.paths}")

    @property
    def name(self) -> str:
        """The rasteriser, and what shades where that is not ours: `warp`, `warp, mitsuba`."""
        return self.raster if self.shading == "deferred" else f"{self.raster}, {self.shading}"


def optional(option: str, package: str) -> ModuleType:
    """Import a package that not everyone has.

    Raises ValueError, saying how to install it, where it is missing or does not load; `option` is
    the option that asks for it.
    """
    try:
        return importlib.import_module(package)
    except (ImportError, OSError) as error:
        root = package.partition(".")[0]
        rule = f"one that is installed ({INSTALL[root]})"
        raise ValueError(f"{option} must be {rule}, got {root}: {error}") from error
