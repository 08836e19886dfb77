"""Tiny networks of Kandinsky, added as a user adds them, and a store of their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from assets import added, kandinsky
from generator.portrait import store


@contextmanager
def added_weights(root: Path, seed: int = 0) -> Iterator[Path]:
    """Write networks into `root`, add them, and paint into a store there; gives `root`."""
    # Imported here: this needs torch.
    from tests import tiny_kandinsky

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(added.VARIABLE, str(root / "assets"))
        patch.setenv(store.VARIABLE, str(root / "cache"))
        kandinsky.add(tiny_kandinsky.write(root / "weights", seed))
        yield root
