"""Changed copies of a file, such as a damaged disk, a careless program or a hostile hand leaves."""

import numpy as np

NUMBERS = tuple(
    number.to_bytes(size, order)
    for size in (1, 2, 4, 8)
    for number in (0, 1, 2 ** (8 * size - 1) - 1, 2 ** (8 * size - 1), 2 ** (8 * size) - 1)
    for order in ("little", "big")
)
"""Where sizes and counts turn over."""
WORDS = (
    b"nan", b"-inf", b"1e999", b"-1", b"99999999999999999999", b"null", b"[" * 5000, b"{", b'"',
    b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b",", b"\n", b"../../x", b"/etc/passwd", b"True",
    b"0x10",
)  # fmt: skip
MOST_CHANGES = 4


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """A copy with one to four changes."""
    for _ in range(int(rng.integers(1, MOST_CHANGES + 1))):
        data = _change(data, rng)
    return data


def _change(data: bytes, rng: np.random.Generator) -> bytes:
    if not data:
        return WORDS[int(rng.integers(len(WORDS)))]
    at = int(rng.integers(len(data)))
    length = int(min(len(data) - at, 2 ** rng.integers(0, 10)))
    match int(rng.integers(8)):
        case 0:
            changed = bytes([data[at] ^ 1 << int(rng.integers(8))])
            return data[:at] + changed + data[at + 1 :]
        case 1:
            return data[:at]
        case 2:
            return data[:at] + data[at + length :]
        case 3:
            return data[: at + length] + data[at:]
        case 4:
            number = NUMBERS[int(rng.integers(len(NUMBERS)))]
            return data[:at] + number + data[at + len(number) :]
        case 5:
            return data[:at] + WORDS[int(rng.integers(len(WORDS)))] + data[at:]
        case 6:
            return data[:at] + rng.bytes(length) + data[at + length :]
        case _:
            # One of the numbers that stand there as text becomes a word.
            digits = [n for n, byte in enumerate(data[:100_000]) if 48 <= byte <= 57] or [at]
            place = digits[int(rng.integers(len(digits)))]
            end = place
            while end < len(data) and 48 <= data[end] <= 57:
                end += 1
            return data[:place] + WORDS[int(rng.integers(len(WORDS)))] + data[end:]
