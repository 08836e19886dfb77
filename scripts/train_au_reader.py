"""`pain3d train-au-reader`: train the small network that reads action units, to judge by."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from scripts.figures import check_json, table, write_json
from scripts.learning import check_installed, device_of
from scripts.options import built, checked, parse
from scripts.progress import Bar
from vitpain.au_reader.config import ReaderConfig


@dataclass(frozen=True)
class GivenReader(ReaderConfig):
    """How to train; all of it decides the weights."""

    def __post_init__(self) -> None:
        """Hold nothing to a rule yet: `checked` does when all is parsed."""

    def checked(self) -> ReaderConfig:
        """Hold the options to their rules."""
        return built(ReaderConfig, self)


@dataclass(frozen=True)
class Options:
    """Train a small network that reads action units, on shards whose units are exact.

    It learns those units that vary among the people of split `train`; how far it is off is measured
    on those of `val` and `test`.
    """

    data: tuple[Path, ...]
    """Data sets to learn from, finished ones: made of 3D heads, as they are or registered."""
    out: Path
    """Folder of the reader; empty or not there."""
    config: GivenReader = field(default_factory=GivenReader)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to train; auto takes a GPU where there is one."""
    threads: int | None = None
    """Threads of a CPU; if none is given, as many as the machine has. The same weights are promised
    on one machine with the same number."""
    workers: int = 1
    """Processes that read pictures; 0 reads in the one that trains."""
    json: Path | None = None
    """Write the figures here too."""

    def check(self) -> "Options":
        """Refuse a machine that is none."""
        if self.threads is not None and self.threads < 1:
            raise ValueError(f"threads must be at least 1, got {self.threads}")
        if self.workers < 0:
            raise ValueError(f"workers must be at least 0, got {self.workers}")
        return self


def main(arguments: list[str]) -> int:
    """Train a reader, print how far it is off and say where it lies."""
    options = checked(
        "train-au-reader", parse(Options, "train-au-reader", arguments, ("--data",)).check
    )
    config = checked("train-au-reader", options.config.checked)
    check_json(options.json)
    check_installed("train-au-reader")
    # Imported here: these need torch.
    import torch

    from vitpain.au_reader.learn import Machine, train

    device = device_of(options.device)
    machine = Machine(device, options.threads or torch.get_num_threads(), options.workers)
    with Bar(" steps") as bar:
        reader = train(options.data, options.out, config, machine, bar.advance)
    told = _told(reader.facts["errors"])
    seconds = reader.facts["seconds"]
    print("mean absolute errors, 0-5 (AU43 0-1; among all as 0-5), always saying the median beside")
    print(table({"reader": str(options.out), **told, "seconds": seconds}))
    write_json(options.json, {"aus": list(reader.aus), **reader.facts})
    return 0


def _told(errors: dict[str, Any]) -> dict[str, str]:
    """A line a unit of each part of the people who were held out."""
    lines = {}
    for part, held in errors.items():
        if held is None:
            lines[part] = "nobody"
            continue
        read, median = held["read"], held["median"]
        for au, error in read["aus"].items():
            lines[f"{part} AU{au}"] = _beside(error, median["aus"][au])
        lines[f"{part} all"] = _beside(read["all"], median["all"])
    return lines


def _beside(error: float | None, median: float | None) -> str:
    if error is None or median is None:
        return "not coded"
    return f"{error:.2f}, median {median:.2f}"
