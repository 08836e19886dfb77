"""`pain3d au-lists`: how many lists of action units each PSPI has, and how many are kept."""

from dataclasses import dataclass
from pathlib import Path

from assets.facs import HIGHEST_PSPI, PAIN_AUS, combinations
from generator import au_lists
from scripts.figures import check_json, write_json
from scripts.options import parse


@dataclass(frozen=True)
class Options:
    """Count the lists of action units of each PSPI level, and those that the 2D path paints.

    The thesis's tables 6 and 7; with --json every kept list with its score.
    """

    json: Path | None = None
    """Write the figures and the kept lists here too."""


def main(arguments: list[str]) -> int:
    """Print both tables as one."""
    options = parse(Options, "au-lists", arguments)
    check_json(options.json)
    rows = [(0, len(combinations(0)), None)]
    rows += [(level, len(combinations(level)), len(au_lists.kept(level))) for level in
             au_lists.LEVELS]  # fmt: skip
    print("PSPI  lists   kept  highest  lowest score of the kept")
    for level, count, kept in rows:
        scores = au_lists.kept(level).scores.tolist() if kept else []
        ends = f"{scores[0]:>7}  {scores[-1]:>6}" if scores else f"{'-':>7}  {'-':>6}"
        print(f"{level:>4}  {count:>5}  {'-' if kept is None else kept:>5}  {ends}")
    write_json(options.json, {"levels": [_level(*row) for row in rows], "aus": list(PAIN_AUS)})
    return 0


def _level(level: int, count: int, kept: int | None) -> dict[str, object]:
    found = au_lists.kept(level) if level in range(1, HIGHEST_PSPI + 1) else None
    lists = [] if found is None else found.aus.tolist()
    scores = [] if found is None else found.scores.tolist()
    return {
        "pspi": level,
        "lists": count,
        "kept": kept,
        "kept_lists": [{"aus": aus, "score": one} for aus, one in zip(lists, scores, strict=True)],
    }
