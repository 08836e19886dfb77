"""Names that hold in a shard, from whatever a source calls its people and files."""

import hashlib
import re

LONGEST = 80
_OTHER = re.compile(r"[^A-Za-z0-9_-]+")
_HASH = 8


def key_of(*parts: str) -> str:
    """Join names to a key of 1 to 80 letters, digits, _ and -; different parts, different keys.

    Names that have other signs, are too long or could be read in two ways end in a hash of them.
    """
    plain = "_".join(parts)
    key = _OTHER.sub("-", plain).strip("-")
    if key == plain and 0 < len(key) <= LONGEST and all("_" not in part for part in parts[:-1]):
        return key
    # Lengths tell "a_b", "c" from "a", "b_c".
    told = "".join(f"{len(part)} {part}" for part in parts)
    digest = hashlib.sha256(told.encode(errors="surrogateescape")).hexdigest()[:_HASH]
    return f"{key[: LONGEST - _HASH - 1]}-{digest}"


def frame_number(stem: str, sequence: str) -> int | None:
    """Number of a frame by its file name: what follows the sequence's name, or its last digits."""
    rest = stem.removeprefix(sequence)
    found = re.search(r"([0-9]{1,9})$", rest) or re.search(r"([0-9]{1,9})$", stem)
    return None if found is None else int(found[1])
