"""Which commit of this code is at work: what trained weights and studies say of it."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]


def commit() -> str:
    """The commit of this code, `-dirty` where files differ from it; `unknown` outside git.

    No tag may stand for it: tags are moved.
    """
    if not (ROOT / ".git").exists():
        return "unknown"
    say = ["describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
    command = ["git", "-C", str(ROOT), *say]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return found.stdout.strip()
