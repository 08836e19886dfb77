"""What a command promises: the files whose bytes no harm may change."""

import hashlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Target:
    """A command at its smallest: its words but `--out` and `--resume`, and the files it promises.

    What is `settled` is whole and final from the moment at which it has its name; the rest of what
    is promised may change until the run ends. `imports` are modules for a process to have ready.
    What is not `resumed` takes no `--resume`: it is begun again, and refused where it had ended.
    """

    name: str
    arguments: tuple[str, ...]
    promised: tuple[str, ...]
    settled: tuple[str, ...]
    imports: tuple[str, ...] = ()
    resumed: bool = True

    def into(self, out: Path, resume: bool = True) -> tuple[str, ...]:
        """All words of a run in a folder."""
        more = ["--resume"] if resume and self.resumed else []
        return (self.name, *self.arguments, "--out", str(out), *more)


def hashes(out: Path, patterns: tuple[str, ...]) -> dict[str, str]:
    """SHA-256 of every file of these patterns that is there, by its path in the folder."""
    found = {path for pattern in patterns for path in out.glob(pattern) if path.is_file()}
    return {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(found)
        if not path.name.endswith(".tmp") and ".unfinished" not in path.parts
    }


def differs(out: Path, target: Target, true: dict[str, str], ended: bool) -> str:
    """Name the first file that is not as undisturbed, or is missing though the run has ended."""
    got = hashes(out, target.promised if ended else target.settled)
    for name, digest in got.items():
        if true.get(name) != digest:
            return f"{name} is another"
    missing = sorted(set(true) - set(got)) if ended else []
    return f"{missing[0]} is missing" if missing else ""
