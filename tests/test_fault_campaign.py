"""A small campaign: a few of each kind of harm; by hand it is the same with larger numbers."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scripts import fault_campaign
from scripts.faults import clock, commands, damage, kills, writers, writes
from scripts.faults.forked import Runner, server
from scripts.faults.promised import Target, hashes
from scripts.faults.tally import Tally
from tests import ablated, learning
from tests.runs import make

LATER = 10**9
CARELESS = Target("careless", (), ("*",), ("*",))
IMPORTS = (*commands.COMPARING, "tests.faulty")


@pytest.fixture(scope="module")
def runs() -> Iterator[tuple[Runner, Runner]]:
    with server(IMPORTS, "tests.faulty:run") as one, server((), "tests.faulty:run") as other:
        yield one, other


@pytest.fixture(scope="module")
def careless() -> Iterator[Runner]:
    with server((), "tests.faulty:careless") as run:
        yield run


def well(*tallies: Tally) -> int:
    """How often harm was done, all of it without harm done."""
    assert [line for one in tallies for line in one.wrong] == []
    return sum(one.times for one in tallies)


def test_generate_under_kills_full_disks_a_second_writer_and_clocks(
    tmp_path: Path, runs: tuple[Runner, Runner]
) -> None:
    target, (run, _) = commands.generate(), runs
    rooms = [tmp_path / name for name in ("kills", "writes", "writers", "clock")]
    for room in rooms:
        room.mkdir()
    assert well(kills.killed(commands.generate(2), run, rooms[0], 3, 0, LATER)) == 3
    at_writes, larger, pages = writes.full(target, run, rooms[1], 1, LATER)
    assert well(at_writes, larger, pages) == 3
    assert at_writes.outcomes == larger.outcomes == {"named error": 1}
    # Not everybody may mount.
    assert {*pages.outcomes} <= {"named error", "not mounted here"}
    assert well(writers.two(target, runs, rooms[2], 1, 1, LATER)) == 1
    assert well(clock.jumps(target, run, rooms[3], 1, 0, LATER)) == 1


def test_merge_under_kills(tmp_path: Path, runs: tuple[Runner, Runner]) -> None:
    target = commands.merge(commands.parted(runs[0], tmp_path))
    assert well(kills.killed(target, runs[0], tmp_path, 3, 0, LATER)) == 3
    # What had ended is refused, and that is no fault; what is not whole is one.
    whole, ended = tmp_path / "undisturbed", kills.Ended(2, 0.0, 0, False, False)
    true = hashes(whole, target.promised)
    assert kills.had_ended(target, ended, kills.REFUSED, whole, true)
    assert not kills.had_ended(target, ended, "Traceback", whole, true)
    (whole / "index.parquet").unlink()
    assert not kills.had_ended(target, ended, kills.REFUSED, whole, true)


def test_what_learns_under_kills(tmp_path: Path, runs: tuple[Runner, Runner]) -> None:
    data = make(tmp_path / "data", replace(learning.DATA, identities=6, pain_per_identity=1))
    real = ablated.made(tmp_path / "real", ablated.REAL)
    one_arm = commands.ablate(real, ("real",))
    for target in (commands.pretrain(data), commands.finetune(real), one_arm):
        room = tmp_path / target.name
        room.mkdir()
        assert well(kills.killed(target, runs[0], room, 1, 0, LATER)) == 1


def test_what_is_careless_is_found(tmp_path: Path, careless: Runner) -> None:
    """Its disk fills without words, and its bytes follow the clock."""
    rooms = [tmp_path / name for name in ("writes", "clock")]
    for room in rooms:
        room.mkdir()
    at_writes, larger, _ = writes.full(CARELESS, careless, rooms[0], 2, LATER)
    # Both of its files have one size.
    assert (at_writes.outcomes, larger.outcomes) == ({"without words": 2}, {"without words": 1})
    assert (len(at_writes.wrong), len(larger.wrong)) == (2, 1)
    assert clock.jumps(CARELESS, careless, rooms[1], 2, 0, LATER).wrong
    asked = kills.Asked(CARELESS.into(tmp_path / "one"), str(tmp_path / "log"), "command", 0.03)
    assert careless(asked).code == -9


def test_damage_is_told_from_none(tmp_path: Path) -> None:
    data = make(tmp_path / "data", replace(learning.DATA, identities=2, people_per_shard=1))
    room = tmp_path / "room"
    room.mkdir()
    assert well(*damage.damaged(data, room, 40, 0, time.monotonic() + 600)) == 40
    assert damage._found(data, {"index.parquet"}) == ("not found", "not found")


def test_the_command_harms_files_and_tells_what_came_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = tmp_path / "figures.json"
    words = ["--room", str(tmp_path / "room"), "--parts", "damage", "hostile", "--commands"]
    words += [
        "generate",
        "--calls",
        "tests.faulty:run",
        "--damages",
        "20",
        "--mutations",
        "1",
        "--json",
        str(figures),
    ]
    assert fault_campaign.main(words) == 0, capsys.readouterr().out
    done = json.loads(figures.read_text())["done"]
    assert sum(one["times"] for one in done if one["harm"] == "mutation") > 25
    assert sum(one["times"] for one in done if one["harm"].startswith("bit flip")) == 20
    (made,) = [one for one in done if one["harm"] == "made to do harm"]
    assert made["outcomes"] == {"named error": made["times"]}
    assert made["times"] > 50
    assert "| made to do harm | every reader |" in capsys.readouterr().out
