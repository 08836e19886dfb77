"""Frames with predictions as columns of numbers, and which of them a report is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Float64, Int, Int64

from vitpain.evaluate.predictions import ROLES


@dataclass(frozen=True)
class Cases:
    """Rows of predictions; columns are drawn from them as they are asked for."""

    rows: pa.Table

    def __len__(self) -> int:
        """How many rows there are."""
        return self.rows.num_rows

    def numbers(self, name: str) -> Float64[np.ndarray, " rows"]:
        """A column of numbers, NaN where it is null."""
        return self.rows[name].cast(pa.float64()).to_numpy()

    def words(self, name: str) -> np.ndarray:
        """A column of texts, None where it is null."""
        return np.asarray(self.rows[name].to_pylist(), dtype=object)

    @cached_property
    def fold(self) -> Int[np.ndarray, " rows"]:
        """Number of the fold of each row."""
        return self.rows["fold"].to_numpy()

    @cached_property
    def folds(self) -> tuple[int, ...]:
        """Folds in order."""
        return tuple(int(one) for one in np.unique(self.fold))

    @cached_property
    def subjects(self) -> tuple[str, ...]:
        """Names of the subjects in order."""
        return tuple(sorted(self.rows["subject"].unique().to_pylist()))

    @cached_property
    def subject(self) -> Int64[np.ndarray, " rows"]:
        """Place of each row's subject in `subjects`."""
        encoded = self.rows["subject"].combine_chunks().dictionary_encode()
        place = {name: number for number, name in enumerate(self.subjects)}
        order = np.array([place[name] for name in encoded.dictionary.to_pylist()], np.int64)
        return order[encoded.indices.to_numpy()] if len(order) else order

    def where(self, mask: Bool[np.ndarray, " rows"]) -> "Cases":
        """The rows of a mask."""
        return Cases(self.rows.filter(pa.array(mask)))

    def at(self, places: Int[np.ndarray, " some"]) -> "Cases":
        """The rows at places, in their order."""
        return Cases(self.rows.take(pa.array(places)))

    def of(self, name: str, values: Sequence[str | int]) -> "Cases":
        """The rows whose column holds one of some values."""
        chosen = pa.array(values, self.rows.schema.field(name).type)
        return Cases(self.rows.filter(pc.call_function("is_in", [self.rows[name]], _set(chosen))))


@dataclass(frozen=True)
class Chosen:
    """What a report is about: frames of `role` with the neutral of the same person.

    `learnt` are frames of other subjects, of `learnt_role`, by which thresholds are chosen; none
    where no frames of training or validation subjects of the tested sources were kept.
    """

    role: str
    tested: Cases
    learnt_role: str
    learnt: Cases
    notes: tuple[str, ...]


def choose(rows: pa.Table, what: str) -> Chosen:
    """Take the frames of test subjects, or where there are none those of validation subjects.

    Raises ValueError that begins with `what` where there are neither.
    """
    right = Cases(rows).of("condition", ["right"])
    by_role = {role: right.of("role", [role]) for role in ROLES}
    role = next((name for name in ("test", "val") if len(by_role[name])), None)
    if role is None:
        got = f"{len(right)} rows of training subjects alone"
        raise ValueError(f"{what} must hold test or validation subjects, got {got}")
    notes = []
    if role == "val":
        notes.append(
            "No test subjects are in these predictions: every figure is of validation subjects, "
            "by whom the model was chosen, and so somewhat too good."
        )
    sources = by_role[role].rows["source"].unique().to_pylist()
    for learnt_role in ("train", "val"):
        learnt = by_role[learnt_role].of("source", sources)
        if learnt_role != role and len(learnt):
            break
    else:
        learnt_role, learnt = "", right.where(np.zeros(len(right), bool))
        notes.append(
            "No predictions of training subjects are here: no threshold could be chosen, and "
            "figures that need one are left out."
        )
    if learnt_role == "val":
        notes.append(
            "No predictions of training subjects are here: thresholds were chosen on validation "
            "subjects."
        )
    return Chosen(role, by_role[role], learnt_role, learnt, tuple(notes))


def _set(values: pa.Array) -> pc.FunctionOptions:
    return pc.SetLookupOptions(value_set=values)
