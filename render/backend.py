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
    "pytorch3d": "as its own INSTALL.md says (the package index has no wheels for this Python)",
}
"""How to get what is not there."""


@dataclass(frozen=True)
class Backend:
    """What draws: `paths` a pixel are traced where Mitsuba shades, 1 or more."""

    raster: Raster = "warp"
    shading: Shading = "deferred"
    paths: int = 128

    def __post_init__(self) -> None:
        """Raise where a name or a number is none."""
        if self.raster not in ("warp", "pyrender", "pytorch3d"):
            raise ValueError(f"raster must be warp, pyrender or pytorch3d, got {self.raster}")
        if self.shading not in ("deferred", "mitsuba"):
            raise ValueError(f"shading must be deferred or mitsuba, got {self.shading}")
        if self.paths < 1:
            raise ValueError(f"paths must be at least 1, got {self.paths}")


def optional(option: str, package: str) -> ModuleType:
    """Import a package that not everyone has.

    Raises ValueError, saying how to install it, where it is missing or does not load; `option` is
    the option that asks for it.
    """
    try:
        return importlib.import_module(package)
    except (ImportError, OSError) as error:
        rule = f"one that is installed ({package}: {INSTALL[package]})"
        raise ValueError(f"{option} must be {rule}, got {package}: {error}") from error
