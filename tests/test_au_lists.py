"""Lists of AUs for the 2D path: the thesis's tables 6 and 7 to the number, and its observations."""

import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from assets.facs import PAIN_AUS, combinations, pspi_array
from generator import au_lists
from scripts.cli import run

TABLE_6 = (
    1, 8, 33, 96, 225, 456, 806, 1240, 1686, 2056, 2246, 2136, 1785, 1344, 873, 440, 121,
)  # fmt: skip
TABLE_7 = (8, 33, 96, 225, 454, 796, 1211, 1625, 1896, 1887, 1634, 1212, 693, 271, 58, 0)


def twin(aus: tuple[int, ...]) -> float:
    """The thesis's text, step by step, with AUs from 0 to 1 and AU43 as AU45 at 0.4."""
    value = {au: number / 5 for au, number in zip(PAIN_AUS, aus, strict=True)}
    value[45] = 0.4 if value.pop(43) else 0.0
    score = dict.fromkeys(value, 10.0)
    if value[9] > 0.3:
        score[9] -= 2 * 10 * value[9]
    for au in (4, 6, 7, 10):
        if value[au] > 0.8:
            score[au] -= 10 * value[au]
    return sum(score.values()) - 2 * sum(value[au] > 0.8 for au in (4, 6, 7, 9, 45))


def test_table_6() -> None:
    assert tuple(len(combinations(level)) for level in range(17)) == TABLE_6


def test_table_7() -> None:
    assert tuple(len(au_lists.kept(level)) for level in range(1, 17)) == TABLE_7


def test_scores_are_those_of_the_text() -> None:
    every = np.array(list(product(*[range(6)] * 5, (0, 1))), np.int32)
    got = au_lists.scores(every)
    assert len(every) == 15552
    assert np.abs(got - [twin(tuple(row)) for row in every.tolist()]).max() < 1e-9


@pytest.mark.parametrize("level", [1, 10, 15])
def test_kept_lists_are_of_their_level_best_first(level: int) -> None:
    found = au_lists.kept(level)
    assert (pspi_array(found.aus.astype(float)) == level).all()
    assert (np.diff(found.scores) <= 0).all()
    assert found.scores.min() >= au_lists.KEPT
    assert len(np.unique(found.aus, axis=0)) == len(found)


def test_equal_scores_are_shuffled_and_no_others() -> None:
    found = au_lists.kept(10)
    one, other = (found.shuffled(np.random.default_rng(seed)) for seed in (1, 2))
    assert (one.scores == found.scores).all()
    assert (one.aus != other.aus).any()
    assert sorted(map(tuple, one.aus.tolist())) == sorted(map(tuple, found.aus.tolist()))


@pytest.mark.parametrize("level", [0, 17, -1])
def test_a_level_without_lists_is_named(level: int) -> None:
    with pytest.raises(ValueError, match=rf"level must be a whole .* 1 to 16, got {level}"):
        au_lists.kept(level)


def test_a_list_has_a_name() -> None:
    assert au_lists.name(np.array([2, 0, 0, 0, 3, 1])) == "4=2 10=3 43=1"


def test_the_command_prints_both_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "lists.json"
    assert run(["au-lists", "--json", str(path)]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert [int(line[1]) for line in lines] == list(TABLE_6)
    assert [int(line[2]) for line in lines[1:]] == list(TABLE_7)
    levels = json.loads(path.read_text())["levels"]
    assert [len(level["kept_lists"]) for level in levels[1:]] == list(TABLE_7)
    assert levels[15]["kept_lists"][0]["score"] == au_lists.kept(15).scores[0]
