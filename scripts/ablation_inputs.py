"""What `pain3d ablate --surrogate` compares, made from nothing: a stand-in, painted and drawn sets.

People are drawn; a stand-in for UNBC-McMaster is filmed, imported and registered; small networks
learn to paint action units on those who were drawn, then, by folds, on the subjects of the
stand-in; and they paint these in pain. What was finished before is kept.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assets.facs import HIGHEST_PSPI
from scripts.cli import run
from vitpain.ablation.study import INPUTS

STOPPED = 130
"""Exit code of a command that was interrupted."""
AUS = "4,6,7,9,10,43"
"""Those of PSPI: no other decides a level."""


@dataclass(frozen=True)
class Size:
    """How much is made.

    Of the stand-in: `subjects`, a sequence each of `frames` on average, `filmed` wide and high.
    `people` who are drawn, 18 expressions and a neutral each. `side`: of pictures as they are drawn
    and imported, `aligned`: of registered and painted ones, pixels. Networks are `width` wide; they
    see those who were drawn in `first` epochs, and those of a fold in `epochs`. `painted`: pictures
    a person, fold and level.
    """

    subjects: int
    frames: int
    filmed: tuple[int, int]
    people: int
    side: int
    aligned: int
    width: int
    first: int
    epochs: int
    painted: int


SMALL = Size(
    25, 32, (240, 180), people=40, side=96, aligned=64, width=16, first=8, epochs=3, painted=4
)
"""What two cores make in a quarter of an hour: all of UNBC's names, since two folds of fewer test
people could show no difference."""
TINY = Size(10, 10, (160, 120), 4, 64, 32, width=4, first=1, epochs=1, painted=1)
"""What a test can wait for: two people in each of the public folds; a study of it has `side` 32."""


@dataclass(frozen=True)
class Inputs:
    """Folders of the sets: frames of the stand-in as imported, painted on them, and drawn; and
    what each step took, seconds."""

    real: Path
    synth2d: Path
    synth3d: Path
    seconds: dict[str, float]


def make(out: Path, workers: int, size: Size = SMALL) -> Inputs:
    """Make what is not there yet, each set in a folder of its own in `out`'s `inputs`.

    Raises ValueError that names the first command that fails, which has said why.
    """
    place = out / INPUTS
    spent = {}
    for name, command in steps(place, workers, size):
        print(f"\npain3d {' '.join(command)}", flush=True)
        start = time.monotonic()
        code = run(command)
        if code == STOPPED:
            raise KeyboardInterrupt
        if code:
            raise ValueError(f"{place / name} must be made, got exit code {code} of {command[0]}")
        spent[name] = round(time.monotonic() - start, 1)
    return Inputs(place / "unbc", place / "painted", place / "drawn", spent)


def steps(place: Path, workers: int, size: Size) -> Iterator[tuple[str, list[str]]]:
    """Every folder with the command that makes it, in their order."""
    wide, high = size.filmed
    many, go_on = ["--workers", workers], ["--resume"]
    net = [
        "--size", size.aligned, "--width", size.width, "--blocks", 2, "--batch", 16,
        "--critic-steps", 2, "--learning-rate", 4e-4, "--threads", 1,
    ]  # fmt: skip
    wanted: dict[str, list[object]] = {
        "drawn": [
            "generate", "--identities", size.people, "--pain-per-identity", HIGHEST_PSPI,
            "--confounders", 2, "--views", 1, "--size", size.side, "--annotations", "heat",
            "--people-per-shard", 2, "--seed", 16, *many,
        ],
        "unbc-raw": [
            "surrogate-unbc", "--subjects", size.subjects, "--sequences", 1,
            "--frames", size.frames, "--width", wide, "--height", high, "--pain", 0.5, *many,
        ],
        "unbc": ["import", "unbc", place / "unbc-raw", "--size", size.side, *many],
        "registered": [
            "register", "--data", place / "unbc", "--mode", "3d", "--size", size.aligned, *many
        ],
        "gan0": [
            "train-gan", "--data", place / "drawn", "--aus", AUS, *net,
            "--epochs", size.first, "--decay", size.first // 2,
        ],
        "gan": [
            "train-gan", "--data", place / "registered", "--init", place / "gan0", "--folds",
            "public5", *net, "--epochs", size.epochs, "--decay", size.epochs // 2,
        ],
        "painted": [
            "augment2d", "--data", place / "registered", "--gan", place / "gan",
            "--per-level", size.painted, *many,
        ],
    }  # fmt: skip
    for name, words in wanted.items():
        yield name, [str(word) for word in [*words, "--out", place / name, *go_on]]
