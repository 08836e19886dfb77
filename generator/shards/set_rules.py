"""What holds between the samples of a data set: pairs, splits, balance, no duplicates.

Rows are gone through more than once and never held: of a large set they do not fit into memory.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator
from itertools import product
from typing import Any

from assets.allocation import split_sizes
from assets.population import ETHNICITIES, SEXES, SPLITS, band_name, parse_ages
from generator.shards.index import Row
from generator.shards.record import DRAWN, Record
from generator.shards.rules import MADE
from generator.shards.stated import Options

Fault = tuple[str, str, object]
"""Key of the sample (empty for the whole set), rule, value."""
FACTS = ("split", "age_years", "sex", "ethnicity", "african", "asian", "caucasian", "skin_tone")
COLUMNS = ("key", "identity", "kind", "view", "fold", "source", "neutral_key", "shard", *FACTS)
"""Columns of the index that the rules of this file read."""


def pair_faults(rows: Iterable[Row]) -> Iterator[Fault]:
    """Yield samples without their neutral, and views with none or more than one.

    The blocks of two folds share no neutral.
    """
    named = {row["neutral_key"] for row in rows}
    by_key = {row["key"]: row for row in rows if row["key"] in named}
    neutrals = Counter(_place(row) for row in rows if row["kind"] == "neutral")
    for place in {_place(row) for row in rows if _paired(row)}:
        if neutrals[place] != 1:
            identity, view, fold = place
            block = "" if fold is None else f" fold {fold}"
            yield "", f"{identity} view {view}{block} must have one neutral", neutrals[place]
    for row in rows:
        name = row["neutral_key"]
        if row["kind"] == "real" or (row["source"] != DRAWN and name is None):
            continue
        neutral = by_key.get(name)
        if neutral is None:
            yield row["key"], "neutral_key must be in the index", name
        elif neutral["kind"] != "neutral":
            yield row["key"], "neutral_key must name a neutral", name
        elif _place(neutral) != _place(row):
            yield row["key"], "neutral must be of the same person and view", name
        elif row["kind"] == "neutral" and name != row["key"]:
            yield row["key"], "a neutral's neutral_key must be its own key", name


def _paired(row: Row) -> bool:
    """Whether a row must have its neutral in the set.

    A data set of others may lack the neutral of a person and view; then none is named.
    """
    made = row["source"] in MADE or row["neutral_key"] is not None
    return made and row["kind"] != "real"


def _place(row: Row) -> tuple[str, int | None, int | None]:
    return row["identity"], row["view"], row["fold"]


def duplicate_faults(pairs: Iterable[tuple[str, Hashable]], rule: str) -> Iterator[Fault]:
    """Yield keys whose second part has come before."""
    seen: dict[Hashable, str] = {}
    for key, value in pairs:
        if value in seen:
            yield key, rule, f"the same as {seen[value]}"
        seen.setdefault(value, key)


def person_faults(rows: Iterable[Row]) -> Iterator[Fault]:
    """Yield people in two splits or shards, with two ages and so on, or with fewer pictures."""
    facts: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in rows:
        first = facts[row["identity"]].setdefault("first", row)
        for name in (*FACTS, "shard"):
            if row[name] != first[name]:
                rule = f"{row['identity']} must have one {name}"
                yield row["key"], rule, f"{first[name]} and {row[name]}"
    each = Counter((row["identity"], row["kind"]) for row in rows if row["source"] == DRAWN)
    people = dict.fromkeys(identity for identity, _ in each)
    for kind in ("neutral", "pain", "confounder"):
        counts = Counter({identity: each[identity, kind] for identity in people})
        if len(set(counts.values())) > 1:
            few = min(counts, key=lambda identity: counts[identity])
            rule = f"every person must have as many {kind} pictures"
            yield "", rule, f"{counts[few]} of {few} and {max(counts.values())}"


def count_faults(rows: Iterable[Row], options: Options) -> Iterator[Fault]:
    """Yield people without the views asked for, and views without the pictures asked for."""
    counts = Counter(
        (row["identity"], row["view"], row["kind"]) for row in rows if row["source"] == DRAWN
    )
    views: dict[str, set[int]] = defaultdict(set)
    for identity, view, _ in counts:
        views[identity].add(-1 if view is None else view)
    for identity, got in views.items():
        if len(got) != options.views or min(got) != 0 or max(got) != options.views - 1:
            rule = f"{identity} must have the views 0 to {options.views - 1}"
            yield "", rule, ", ".join(map(str, sorted(got)))
    pain = options.pain_per_identity if options.expressions is None else None
    for identity, view in dict.fromkeys(counted[:2] for counted in counts):
        for kind, expected in (("pain", pain), ("confounder", options.confounders)):
            got = counts[identity, view, kind]
            if expected is not None and got != expected:
                yield "", f"{identity} view {view} must have {expected} {kind} pictures", got


def balance_faults(rows: Iterable[Row], options: Options) -> Iterator[Fault]:
    """Yield splits off 70/20/10 and cells that differ by more than one, in a whole made set."""
    people = list({row["identity"]: row for row in rows}.values())
    if len(people) != options.identities:
        yield "", f"people must be {options.identities}", len(people)
    sizes = Counter(row["split"] for row in people)
    for split, size in zip(SPLITS, split_sizes(len(people)), strict=True):
        if sizes[split] != size:
            yield "", f"{split} must have {size} people of {len(people)}", sizes[split]
    bands = _bands(options.ages)
    cells = list(product(bands, SEXES, ETHNICITIES))
    yield from _level(people, cells, lambda cell: cell, "cells of band, sex, ethnicity")
    for split in SPLITS:
        inside = [row for row in people if row["split"] == split]
        for place, values in enumerate((bands, SEXES, ETHNICITIES)):
            rule = f"{('age bands', 'sexes', 'ethnicities')[place]} in {split}"
            yield from _level(inside, values, lambda cell, place=place: cell[place], rule)


def _bands(ages: str) -> list[str]:
    return [band_name(float(low)) for low, _ in parse_ages(ages).bands]


def _level(people: list[Row], expected: Iterable[Any], part: Any, rule: str) -> Iterator[Fault]:
    counts: Counter[Any] = Counter(dict.fromkeys(expected, 0))
    for row in people:
        cell = (band_name(row["age_years"]), row["sex"], row["ethnicity"])
        if part(cell) not in counts:
            yield row["key"], f"{rule} must be among those asked for", part(cell)
            return
        counts[part(cell)] += 1
    low, high = min(counts.values()), max(counts.values())
    if high - low > 1:
        most = max(counts, key=lambda value: counts[value])
        yield "", f"{rule} must be level within one", f"{low} to {high} ({most})"


def scene(record: Record, vary: tuple[str, ...]) -> tuple[object, ...]:
    """What all pictures of one person and view share, apart from what was drawn anew."""
    pose = None if "pose" in vary else (record.camera, record.head_pose)
    light = None if "light" in vary else record.light
    background = None if {"background", "light", "pose"} & set(vary) else record.background
    return (pose, light, background, record.sensor)
