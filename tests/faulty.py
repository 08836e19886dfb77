"""Commands for the fault campaign of the tests: `generate` draws ellipses, the rest is as it is."""

import time
from pathlib import Path

from scripts import cli, generate
from tests.fake_producer import PRODUCER


def run(arguments: list[str]) -> int:
    """Run a command; the fake producer stands in for the renderer."""
    if arguments[0] == "generate":
        return cli.reported("generate", lambda: generate.main(arguments[1:], PRODUCER))
    return cli.run(arguments)


def careless(arguments: list[str]) -> int:
    """Write what follows the clock, without a word where it cannot, beside any other writer."""
    out = Path(arguments[arguments.index("--out") + 1])
    out.mkdir(exist_ok=True)
    for name in ("a", "b"):
        time.sleep(0.02)
        with open(out / name, "w") as file:
            file.write(f"{name} {time.time() // 1000:.0f}")
    return 0
