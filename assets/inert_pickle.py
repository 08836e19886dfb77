"""Arrays out of a pickle in which nothing runs: every name in it gets a stand-in of ours.

A pickle says which functions make its objects; those that a file of arrays needs (of numpy, scipy's
sparse matrices and chumpy) are known here by name, and none of them is ever imported or called. Any
other name is refused before anything behind it is looked up.
"""

import io
import pickle
import pickletools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

MOST_STEPS = 100_000
"""Steps of a pickle; files of arrays have some hundred."""
MOST_IN_TUPLE = 1000
"""Things in a tuple, those of tuples in it counted each time: hashing one takes as many steps."""
# What a reader raises for one that is damaged.
_BROKEN = (pickle.UnpicklingError, EOFError, AttributeError, IndexError, KeyError, TypeError)
_BROKEN += (ValueError, OverflowError, MemoryError, RecursionError)
_SIZES = {"b": (1,), "i": (1, 2, 4, 8), "u": (1, 2, 4, 8), "f": (2, 4, 8)}


class _Locked(type):
    """A class that a pickle cannot change."""

    def __setattr__(cls, name: str, value: object) -> None:
        raise pickle.UnpicklingError(f"{name} of a class must stay")


class Held(metaclass=_Locked):
    """An object of a class that is known but never made: what it was given and its state."""

    __slots__ = ("given", "state")
    name = "object"

    def __init__(self, *given: object) -> None:
        """Keep what an object of the class would have been made from."""
        self.given, self.state = given, {}

    def __setstate__(self, state: object) -> None:
        """Keep the state where it is a mapping, as that of arrays is, or begins with one."""
        first = state[0] if isinstance(state, tuple) and state else state
        self.state = first if isinstance(first, dict) else {}


class _Dtype(Held):
    """A kind of number as text, such as <f8."""

    def __setstate__(self, state: object) -> None:
        order = state[1] if isinstance(state, tuple) else "|"
        self.state = {"order": order if order in ("<", ">") else ""}

    def text(self) -> str:
        """The kind; raises TypeError where it is none of a number."""
        given = self.given[0] if self.given else None
        given = given.decode("latin1") if isinstance(given, bytes) else given
        plain = given.lstrip("<>=|") if isinstance(given, str) else ""
        if not plain[1:].isdigit() or int(plain[1:]) not in _SIZES.get(plain[0], ()):
            got = repr(given[:20]) if isinstance(given, str) else type(given).__name__
            raise TypeError(f"must be numbers, got {got}")
        order = self.state.get("order") or str(given)[:1]
        return (order if order in ("<", ">") else "") + plain


class Array(Held):
    """The parts of a numpy array: `array` puts them together."""

    def __setstate__(self, state: object) -> None:
        """Keep version, shape, kind, order and data."""
        _, shape, kind, columns_first, data = state  # pyright: ignore[reportGeneralTypeIssues]
        order = "F" if columns_first else "C"
        self.state = {"shape": shape, "kind": kind, "order": order, "data": data}


def _rebuilt(*given: object) -> Array:
    return Array()


def _from_buffer(data: object, kind: object, shape: object, order: object) -> Array:
    made = Array()
    made.state = {"shape": shape, "kind": kind, "order": order, "data": data}
    return made


def _remade(kind: object, *given: object) -> Held:
    if not (isinstance(kind, type) and issubclass(kind, Held)):
        raise pickle.UnpicklingError("copyreg must make an object of a known class")
    return kind()


def _encoded(text: str, codec: str = "latin1") -> bytes:
    if codec not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError(f"text must be latin1, got {codec[:20]!r}")
    return text.encode("latin1")


def _call(function: Callable[..., object]) -> type:
    """A locked class that gives what a function gives."""
    made = {"__slots__": (), "__new__": lambda cls, *given: function(*given)}
    return _Locked("Call", (Held,), made)


def _known() -> dict[tuple[str, str], type]:
    names: dict[tuple[str, str], type] = {
        ("numpy", "ndarray"): Array,
        ("numpy", "dtype"): _Dtype,
        ("_codecs", "encode"): _call(_encoded),
        ("collections", "OrderedDict"): Held,
    }
    for base in ("numpy.core", "numpy._core"):
        names[f"{base}.multiarray", "_reconstruct"] = _call(_rebuilt)
        names[f"{base}.multiarray", "scalar"] = Held
        names[f"{base}.numeric", "_frombuffer"] = _call(_from_buffer)
    for base in ("copyreg", "copy_reg"):
        names[base, "_reconstructor"] = _call(_remade)
    for base in ("builtins", "__builtin__"):
        names |= {(base, name): Held for name in ("object", "set", "frozenset", "list", "dict")}
    for kind in ("csc", "csr"):
        for form in (f"{kind}_matrix", f"{kind}_array"):
            made = _Locked(form, (Sparse,), {"__slots__": (), "name": kind})
            names |= {(f"scipy.sparse.{at}{kind}", form): made for at in ("", "_")}
    return names


class Sparse(Held):
    """The parts of a sparse matrix of scipy; `name` is its format."""

    __slots__ = ()


class Chumpy(Held):
    """An array that chumpy could differentiate by; its values are `x`."""

    __slots__ = ()


class _Refused(Exception):
    """Why a pickle is not read any further."""


class _Reader(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str, /) -> type:
        """A stand-in for a known name; any other is refused."""
        made = _KNOWN.get((module_name, global_name))
        if made is None and module_name.partition(".")[0] == "chumpy":
            made = Chumpy
        if made is None:
            raise _Refused(f"hold arrays alone, got {module_name}.{global_name}")
        return made


_KNOWN = _known()


class _Sizes:
    """How much tuples hold while a pickle is stepped through, on its stack and in its memo.

    Twenty tuples that each hold the one before twice take a million steps to hash, as keys are.
    """

    def __init__(self) -> None:
        self.stack: list[int | None] = []
        """Size of each thing; None for a mark."""
        self.memo: dict[int, int] = {}

    def follow(self, step: pickletools.OpcodeInfo, value: Any) -> None:
        """One step; raises _Refused for a tuple of too much, IndexError or KeyError for damage."""
        stack = self.stack
        if step.name in ("GET", "BINGET", "LONG_BINGET"):
            stack.append(self.memo[int(value)])
        elif step.name in ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"):
            number = len(self.memo) if step.name == "MEMOIZE" else int(value)
            self.memo[number] = stack[-1] or 1
        elif step.name == "DUP":
            stack.append(stack[-1])
        elif step.name == "MARK":
            stack.append(None)
        else:
            before, taken = step.stack_before, 0
            single = len(before)
            if pickletools.markobject in before:
                single = before.index(pickletools.markobject)
                while (top := stack.pop()) is not None:
                    taken += top
            for _ in range(single):
                taken += stack.pop() or 1
            size = 1 + taken if "TUPLE" in step.name else 1
            if size > MOST_IN_TUPLE:
                raise _Refused(f"have tuples of at most {MOST_IN_TUPLE} things, got more")
            stack += [size] * len(step.stack_after)


def load(data: bytes, what: str) -> object:
    """What a pickle holds, arrays as `Array`, `Sparse` and `Chumpy`.

    Texts of Python 2 are read as Latin-1. Raises ValueError, headed by `what`, for a name that no
    file of arrays needs and for a pickle that is damaged.
    """
    try:
        held = _Sizes()
        for steps, (step, value, _) in enumerate(pickletools.genops(data)):
            # A number of the memo makes room for all numbers below it.
            too_far = step.name in ("PUT", "LONG_BINPUT") and int(value or 0) > MOST_STEPS
            if steps > MOST_STEPS or too_far:
                raise _Refused(f"have at most {MOST_STEPS} steps, got more")
            held.follow(step, value)
        return _Reader(io.BytesIO(data), encoding="latin1").load()
    except _Refused as error:
        raise ValueError(f"{what} must {error}") from error
    except _BROKEN as error:
        raise ValueError(f"{what} must be a pickle that can be read: {error}") from error


def array(value: object, what: str) -> np.ndarray:
    """The numbers of an array of any known kind; ValueError, headed by `what`, where it is none."""
    try:
        if isinstance(value, np.ndarray):
            return _numbers(value)
        if isinstance(value, Chumpy):
            return array(value.state.get("x"), what)
        if isinstance(value, Sparse):
            return _dense(value.name, value.state, what)
        if isinstance(value, Array):
            state = value.state
            shape = tuple(int(side) for side in state["shape"])
            data = state["data"]
            data = data.encode("latin1") if isinstance(data, str) else data
            flat = np.frombuffer(data, np.dtype(state["kind"].text()))
            return flat.reshape(shape, order=state["order"])
    except _BROKEN as error:
        raise ValueError(f"{what} must be an array of numbers: {error}") from error
    raise ValueError(f"{what} must be an array of numbers, got {type(value).__name__}")


def _numbers(value: np.ndarray) -> np.ndarray:
    if value.dtype.kind not in _SIZES:
        raise TypeError(f"got {value.dtype}")
    return value


def _dense(name: str, state: Mapping[str, Any], what: str) -> np.ndarray:
    """The whole of a small sparse matrix, each number at its checked place."""
    rows, columns = (int(side) for side in state.get("_shape", state.get("shape")))
    if not 0 < rows * columns < 10_000_000:
        raise ValueError(f"got a shape of {rows} x {columns}")
    data = array(state["data"], what)
    inner, ends = array(state["indices"], what), array(state["indptr"], what)
    counts = np.diff(ends)
    if len(ends) == 0 or ends[0] != 0 or (counts < 0).any() or ends[-1] != len(inner):
        raise ValueError("got columns or rows that do not end where its numbers do")
    outer = np.repeat(np.arange(len(counts)), counts)
    row, column = (inner, outer) if name == "csc" else (outer, inner)
    if row.min(initial=0) < 0 or column.min(initial=0) < 0:
        raise ValueError("got a place below 0")
    out = np.zeros((rows, columns))
    np.add.at(out, (row, column), data)
    return out
