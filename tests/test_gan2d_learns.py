"""A short run of the whole 2D network: what it paints on people whom it never saw is read back.

Drawn faces, three action units, 32 pixels; the long run on real shards is in docs/two-d.md.
"""

from pathlib import Path

import numpy as np
import torch

from generator.gan2d import weights
from generator.gan2d.config import GanConfig
from generator.gan2d.machine import machine
from generator.gan2d.painter import Painter
from tests import drawn_faces
from tests.registered import gan
from tests.runs import ignore
from vitpain.au_reader import files, learn
from vitpain.au_reader.config import ReaderConfig

AUS = (4, 25, 43)
CONFIG = GanConfig(
    size=32, width=8, blocks=1, epochs=16, decay=8, batch=16, learning_rate=1e-3, aus=AUS,
    threads=1,
)  # fmt: skip
PEOPLE, NEW = 40, 900
"""Who is drawn to learn from, and from which number on others are drawn."""


def test_painted_units_are_read_back_on_new_people(tmp_path: Path) -> None:
    data = drawn_faces.heads(tmp_path / "heads", identities=PEOPLE, size=32, people_per_shard=20)
    config = ReaderConfig(size=32, epochs=12, batch=16, learning_rate=4e-3)
    learn.train([data], tmp_path / "reader", config, learn.Machine(), ignore)
    reader = files.load(tmp_path / "reader")
    columns = [reader.aus.index(au) for au in AUS]
    made = gan(tmp_path / "gan", data, CONFIG)
    painter = Painter(weights.generator(tmp_path / "gan", made, made.networks[0]), machine(CONFIG))
    rng = np.random.default_rng(0)
    calm = np.stack([drawn_faces.drawn(NEW + one, {}, 32) for one in range(24)])
    wanted = rng.random((24, 3)).astype(np.float32)
    wanted[:, 2] = rng.integers(0, 2, 24)

    def off(pictures: np.ndarray) -> float:
        read = reader.read(torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous())
        highest = np.array([5.0, 5.0, 1.0])
        return float(np.abs(np.asarray(read)[:, columns] / highest - wanted).mean())

    painted, attention = painter.seen(calm, wanted)
    assert off(painted) <= 0.8 * off(calm)
    assert 0.2 <= attention.mean() <= 0.8
