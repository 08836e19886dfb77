"""Attempts in processes forked from one that has imported what they need.

A kill then takes the time of the work and not that of imports. The server is a process of its own
with one thread; a line of JSON on stdin asks it for an attempt, a line on stdout says how it ended.
"""

import importlib
import json
import os
import resource
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from generator.pool import ONE_THREAD
from scripts.faults import harm
from scripts.faults.attempt import Asked, Ended, waited

ROOT = Path(__file__).parents[2]
COMMAND = "scripts.cli:run"
Runner = Callable[[Asked], Ended]


@contextmanager
def server(imports: Sequence[str] = (), calls: str = COMMAND) -> Iterator[Runner]:
    """Give what makes attempts; `calls` names the function that takes the words of a command.

    `imports` are modules, or functions MODULE:NAME to call once.
    """
    program = [sys.executable, "-m", "scripts.faults.forked", calls, *imports]
    environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": _path()}
    process = subprocess.Popen(
        program, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    asking, answering = process.stdin, process.stdout
    assert asking is not None
    assert answering is not None

    def attempt(asked: Asked) -> Ended:
        print(json.dumps(asdict(asked)), file=asking, flush=True)
        answer = answering.readline()
        if not answer:
            raise ChildProcessError(f"what makes attempts died at {asked.arguments}")
        return Ended(**json.loads(answer))

    try:
        yield attempt
    finally:
        asking.close()
        process.wait()
        answering.close()


def _path() -> str:
    """Where Python finds the harm that processes do to themselves, and this project."""
    before = os.environ.get("PYTHONPATH")
    return os.pathsep.join([str(ROOT), *([before] if before else [])])


def serve(calls: str, imports: Sequence[str]) -> None:
    """Make attempts until nobody asks for more."""
    module, _, name = calls.partition(":")
    call = getattr(importlib.import_module(module), name)
    for one in imports:
        module, _, name = one.partition(":")
        found = importlib.import_module(module)
        if name:
            getattr(found, name)()
    for line in sys.stdin:
        plain = json.loads(line)
        asked = Asked(
            **{
                **plain,
                "arguments": tuple(plain["arguments"]),
                "variables": tuple((key, value) for key, value in plain["variables"]),
            }
        )
        process = os.fork()
        if process == 0:
            _attempt(asked, call)
        print(json.dumps(asdict(waited(process, asked))), flush=True)


def _attempt(asked: Asked, call: Callable[[list[str]], int]) -> None:
    """Do what is asked and leave, whatever comes."""
    code: object = 1
    try:
        os.setsid()
        said = os.open(asked.said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for file, number in ((nothing, 0), (said, 1), (said, 2)):
            os.dup2(file, number)
        for limit, kind in (
            (asked.memory, resource.RLIMIT_AS),
            (asked.largest, resource.RLIMIT_FSIZE),
        ):
            if limit is not None:
                resource.setrlimit(kind, (limit, limit))
        os.environ.update(dict(asked.variables))
        harm.install()
        code = call(list(asked.arguments))
    except SystemExit as stop:
        code = stop.code
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2:])
