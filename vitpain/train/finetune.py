"""Training by folds of subjects: a model a fold, each selected and tested on people of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from jaxtyping import Int64

from assets import folds as dividing
from assets.folds import Fold, How
from generator.shards.record import TRANSLATED
from vitpain.data import leaks
from vitpain.data.by_part import by_part
from vitpain.data.frames import Frames, open_frames
from vitpain.evaluate import predictions
from vitpain.train import fitted, run_folder, stage
from vitpain.train.begin import Begin, check_apart
from vitpain.train.config import Run, TrainConfig
from vitpain.train.feed import check_batch
from vitpain.train.fitted import Fitted, Told
from vitpain.train.opened import opened
from vitpain.train.stage import Parts

FOLDER = "fold-{}"


@dataclass(frozen=True)
class Division:
    """The data that folds divide, frames that every fold learns from beside, and which folds."""

    data: Path
    folds: How = "public5"
    extra: tuple[Path, ...] = ()
    only: tuple[int, ...] = ()
    """Numbers of folds, from 1; all where none is named."""


def finetune(
    division: Division, begin: Begin, config: TrainConfig, run: Run, told: Told
) -> dict[int, Fitted]:
    """Train every fold in the folder of a run, from where that is, and write all predictions.

    Folds that have ended are left as they are. Raises ValueError where a subject is in no fold or a
    fold has no frames, and as `opened` and `loop.fit` do.
    """
    frames = open_frames([division.data, *division.extra])
    data, *extra = run_folder.data_facts([division.data, *division.extra])
    if data in extra:
        raise ValueError(f"extra must be another data set than data, got {division.data} again")
    check_apart(begin.init, data)
    parts = divided(frames, division, config.seed)
    # Before anything is written: a run that cannot be leaves no folder behind.
    check_batch(min(len(stage.learnt(one)) for one in parts), config)
    wanted = {
        "command": "finetune",
        "data": [data],
        "extra": extra,
        "folds": division.folds,
        "only": [one.fold for one in parts] if division.only else None,
    }
    for text in _told_of_alignment(frames):
        told.say(text)
    with opened(frames, begin, config, run, told, wanted) as (at, make):
        at = replace(at, told=_counted(told, parts, config, run.out))
        done = {}
        for one in parts:
            folder = run.out / FOLDER.format(one.fold)
            done[one.fold] = stage.learn(at, one, folder, make)
            if not (folder / predictions.NAME).exists():
                table = stage.predict(at, one, folder)
                if at.machine.main:
                    predictions.write(folder / predictions.NAME, table)
        if at.machine.main and not run_folder.finished(run.out):
            tables = [
                predictions.read(run.out / FOLDER.format(number) / predictions.NAME)
                for number in done
            ]
            predictions.write(run.out / predictions.NAME, pa.concat_tables(tables))
        at.machine.wait()
    return done


def _told_of_alignment(frames: Frames) -> list[str]:
    """Say where painted pictures beside are not aligned as the frames are: it tells them apart."""
    ways = frames.registered
    return [
        f"{one.folder} has faces registered ({way}), which those of data are not: that tells "
        "painted ones apart; give the set that they were painted from as data"
        for at, (one, way) in enumerate(zip(frames.sets, ways, strict=True))
        if leaks.painted(frames, np.flatnonzero(frames.column("set") == at)) and way != ways[0]
    ]


def divided(frames: Frames, division: Division, seed: int) -> list[Parts]:
    """Rows of every fold that was asked for; frames beside are those of their own split `train`.

    Of pictures that a network painted (2D sets) a fold takes its own block. Raises ValueError that
    names the data set, and the subject that is in no fold or the fold and the part of it in which
    no frame has a label; where real people are in `extra` too, and where a painted picture shows
    or was made by somebody whom the fold validates or tests.
    """
    own = frames.column("set") == 0
    if leaks.painted(frames, np.flatnonzero(own)):
        rule = "frames that nobody painted; painted ones are for extra"
        raise ValueError(f"data must be {rule}, got {division.data}")
    # By the set's own names: the same folds, whoever learns beside.
    identity = frames.column("identity")
    _check_people(frames, own)
    beside = stage.rows_of(frames, ~own & (frames.column("split") == "train"))
    if division.extra and len(beside) == 0:
        raise ValueError("extra must have labelled frames in split train, got none")
    labelled = np.zeros(len(frames), bool)
    labelled[stage.rows_of(frames, own)] = True
    try:
        made = dividing.folds(division.folds, np.unique(identity[own]).tolist(), seed)
        chosen = dividing.chosen(made, division.only)
        of_folds = [by_part(frames, labelled, fold) for fold in chosen]
    except ValueError as error:
        raise ValueError(f"{division.data}: {error}") from error
    blocks = _blocks(frames, beside, chosen)
    return [
        Parts(fold.number, **rows, beside=block)
        for fold, rows, block in zip(chosen, of_folds, blocks, strict=True)
    ]


def _blocks(
    frames: Frames, beside: Int64[np.ndarray, " beside"], chosen: Sequence[Fold]
) -> list[Int64[np.ndarray, " block"]]:
    """What each fold learns from beside: everything that nobody painted, and of every painted set
    its own block.
    """
    painted = frames.column("source")[beside] == TRANSLATED
    found = [[beside[~painted]] for _ in chosen]
    of_set = frames.column("set")[beside]
    for number in np.unique(of_set[painted]):
        made = beside[painted & (of_set == number)]
        what = str(frames.sets[number].folder)
        for kept, mine in zip(found, leaks.cleared(frames, made, chosen, what), strict=True):
            kept.append(mine)
    return [np.sort(np.concatenate(kept)) for kept in found]


def _check_people(frames: Frames, own: np.ndarray) -> None:
    """Refuse real people of one name on both sides: another import of them, not other people.

    People who were made may have one name in two sets.
    """
    real, identity = frames.column("kind") == "real", frames.column("identity")
    both = np.intersect1d(identity[own & real], identity[~own & real])
    if len(both):
        raise ValueError(f"extra must be of other people than data, got {both[0]} in both")


def _counted(told: Told, parts: list[Parts], config: TrainConfig, out: Path) -> Told:
    """Progress over all folds: those that have ended count as what was done before."""
    total = sum(stage.steps(config, one) for one in parts)
    ended = (one for one in parts if fitted.finished(out / FOLDER.format(one.fold)))
    before = [sum(stage.steps(config, one) for one in ended)]

    def steps(done: int, _: int) -> None:
        told.steps(done + before.pop() if before else done, total)

    return replace(told, steps=steps)
