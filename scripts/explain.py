"""`pain3d explain`: what a pain estimator looks at, on people it did not learn from."""

import time
from dataclasses import dataclass, field
from pathlib import Path

import tyro

from scripts.figures import check_json, table, write_json
from scripts.learning import check_installed, weights_of
from scripts.options import built, checked, parse
from scripts.progress import Bar
from vitpain.evaluate import checks
from vitpain.evaluate.table import printable, text
from vitpain.explain.asked import Asked

LISTS = ("--data",)
NEEDED = ("captum", "sklearn")


@dataclass(frozen=True)
class GivenAsked(Asked):
    """What is looked at, and where."""

    def __post_init__(self) -> None:
        """Hold nothing to a rule yet: `checked` does when all is parsed."""

    def checked(self) -> Asked:
        """Hold the options to their rules."""
        return built(Asked, self)


@dataclass(frozen=True)
class Options:
    """Check what a pain estimator looks at: the order of patches, who can be told from its
    features, and where its attention lies against exact heat maps. `evaluate` shows it after."""

    run: tyro.conf.Positional[Path]
    """The run: a folder that pretrain or finetune has finished."""
    data: tuple[Path, ...]
    """Data sets that the run was tried on; of finetune, the one that folds divide."""
    weights: str | None = None
    """Weights of a frozen backbone that the run does not hold: `hub` or a file."""
    asked: GivenAsked = field(default_factory=GivenAsked)
    json: Path | None = None
    """Write the figures here too."""


def main(arguments: list[str]) -> int:
    """Explain a run, print the tables and say where they lie."""
    options = parse(Options, "explain", arguments, LISTS)
    asked = checked("explain", options.asked.checked)
    check_json(options.json)
    check_installed("explain", NEEDED)
    # Imported here: this needs torch.
    from vitpain.explain.build import explain

    start = time.monotonic()
    weights = None if options.weights is None else weights_of(options.weights)
    with Bar(" frames") as bar:
        content = explain(options.run, options.data, asked, weights, bar.advance)
    made = checks.read(options.run)
    assert made is not None
    banner = [content["banner"]] if "banner" in content else []
    tables = [f"\n{text(one)}" for one, _ in made.tables]
    print("\n".join([*banner, *map(printable, made.notes), *tables, *(f"\n{b}" for b in banner)]))
    place = options.run / checks.FOLDER
    print(f"\n{table({'checks': place, 'seconds': time.monotonic() - start})}")
    write_json(options.json, content)
    return 0
