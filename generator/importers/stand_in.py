"""`SURROGATE.json`, by which a stand-in for UNBC-McMaster is known and its people described."""

from functools import cache
from pathlib import Path

from assets.unbc import STAND_IN
from generator.shards.manifest import read_json
from generator.shards.record import PersonFacts

DEPTH = 3
"""Folders above those of a sequence's pictures, up to the stand-in's own."""


def is_stand_in(root: Path) -> bool:
    """Whether our own generator made a folder, or one that it lies in.

    Raises ValueError where it had not finished.
    """
    whole = root.resolve()
    above = (folder / STAND_IN for folder in (whole, *whole.parents[:DEPTH]))
    path = next((path for path in above if path.is_file()), None)
    if path is None:
        return False
    stated = read_json(path)
    finished = isinstance(stated, dict) and stated.get("finished", True)
    if not finished:
        rule = "finished (run surrogate-unbc again with --resume)"
        raise ValueError(f"{root} must be {rule}, got half a stand-in")
    return True


@cache
def people_facts(root: Path) -> dict[str, PersonFacts]:
    """Who the people of a stand-in are; nothing is known of those of the archive itself.

    Raises ValueError that names file and field where one is of another type.
    """
    path = root / STAND_IN
    if not path.is_file():
        return {}
    stated = read_json(path)
    listed = stated.get("people", []) if isinstance(stated, dict) else []
    facts = {}
    for person in listed if isinstance(listed, list) else []:
        match person:
            case {
                "subject": str(subject),
                "age_years": float() | int() as age,
                "sex": str(sex),
                "ethnicity": str(ethnicity),
                "skin_tone": int(tone),
            }:
                facts[subject] = PersonFacts(
                    age_years=float(age), sex=sex, ethnicity=ethnicity, skin_tone=tone
                )
            case _:
                rule = "people with subject, age_years, sex, ethnicity and skin_tone"
                raise ValueError(f"{path} must list {rule}, got {person!r}")
    return facts
