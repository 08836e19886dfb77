"""A command's options from its frozen dataclass, and what a stage says of them in one line."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, TypeVar

import tyro

Options = TypeVar("Options")


def parse(
    options: type[Options], command: str, arguments: Sequence[str], lists: Sequence[str] = ()
) -> Options:
    """Read options, exiting with code 2 where they cannot be understood.

    Options named in `lists` take their values with blanks or with commas between.
    """
    return tyro.cli(
        options,
        prog=f"pain3d {command}",
        args=_without_commas(arguments, lists),
        config=(tyro.conf.OmitArgPrefixes, tyro.conf.FlagCreatePairsOff),
    )


def checked(command: str, build: Callable[[], Options]) -> Options:
    """Build a stage's options, exiting with code 2 and one line where it refuses them.

    Within `parse` what a dataclass raises would stand in a box of several lines.
    """
    try:
        return build()
    except ValueError as error:
        print(f"pain3d {command}: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)


def built(kind: type[Options], given: Any) -> Options:
    """Options that were parsed, or a preset, as a stage's own, which holds them to its rules."""
    names = [item.name for item in fields(kind)]  # pyright: ignore[reportArgumentType]
    return kind(**{name: getattr(given, name) for name in names})


def _without_commas(arguments: Sequence[str], lists: Sequence[str]) -> list[str]:
    """Split `a,b` into two arguments after the options that take lists."""
    given: list[str] = []
    inside = False
    for argument in arguments:
        if argument.startswith("--"):
            name, equals, value = argument.partition("=")
            inside = name in lists
            given += [name, *value.split(",")] if inside and equals else [argument]
        else:
            given += argument.split(",") if inside else [argument]
    return given
