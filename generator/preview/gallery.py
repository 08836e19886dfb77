"""The gallery: one HTML file with pictures, script and style inside, which needs no network.

What comes from a data set enters the page as JSON in which no `<` or `&` is left, and the script
puts it on the page as text only: a name with HTML in it is shown, not run. The page's own policy
forbids whatever is not inside it.
"""

import html
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from assets.facs import NAMES
from generator.preview.contact import MONK, action_units
from generator.preview.people import Person
from generator.preview.tiles import tile
from generator.shards.folder import DataSet

# A page beyond this opens slowly; whoever no longer fits is left out, and the page says so.
LARGEST = 38_000_000
HERE = Path(__file__).parent
ASCII_ONLY = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def gallery(
    data: DataSet, order: Iterable[Person], everybody: int, progress: Callable[[int], None]
) -> tuple[str, int]:
    """Build the page: people are taken in `order` while they fit, and shown in the order of keys.

    `progress` is called with the pictures done since the last call. Gives the page and how many
    people are on it; the first is on it however large.
    """
    taken: list[tuple[Person, str]] = []
    size = 0
    for person in order:
        block = _json({row["key"]: tile(data.sample(row)) for row in person.rows})
        progress(len(person.rows))
        if taken and size + len(block) > LARGEST:
            break
        taken.append((person, block))
        size += len(block)
    taken.sort(key=lambda pair: pair[0].identity)
    facts = {
        "name": data.folder.resolve().name,
        "people": [_facts(person) for person, _ in taken],
        "everybody": everybody,
        "pictures": data.index.num_rows,
        "monk": MONK,
        "aus": NAMES,
    }
    blocks = "\n".join(
        f'<script type="application/json" id="person-{number}">{block}</script>'
        for number, (_, block) in enumerate(taken)
    )
    return _page(facts, blocks), len(taken)


def _facts(person: Person) -> dict[str, Any]:
    """What the rows show and the filters ask for, without pictures."""
    names = ("age_years", "sex", "ethnicity", "skin_tone", "split", "environment", "source")
    rows = [
        {
            "key": row["key"],
            "kind": row["kind"],
            "view": row["view"],
            "pspi": row["pspi"],
            "aus": action_units(row),
        }
        for row in person.rows
    ]
    facts = {name: person.facts[name] for name in names}
    return {"identity": person.identity, **facts, "pictures": person.pictures, "rows": rows}


def _page(facts: dict[str, Any], blocks: str) -> str:
    page = (HERE / "page.html").read_text()
    parts = {
        "TITLE": html.escape(f"{facts['name']}: gallery"),
        "STYLE": (HERE / "page.css").read_text(),
        "FACTS": _json(facts),
        "BLOCKS": blocks,
        "SCRIPT": (HERE / "page.js").read_text(),
    }
    # Cut at the marks once: what is put in is never searched for marks.
    pieces = page.split("@@")
    assert set(pieces[1::2]) == set(parts), pieces[1::2]
    return "".join(parts[piece] if odd % 2 else piece for odd, piece in enumerate(pieces))


def _json(content: Any) -> str:
    """JSON that cannot end a script element or begin a comment."""
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    for letter, escaped in ASCII_ONLY.items():
        text = text.replace(letter, escaped)
    return text
