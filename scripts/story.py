"""`make story`: the whole way at tiny size on a CPU, from nothing to a report.

People are drawn, a small estimator learns pain from them, a stand-in for UNBC-McMaster is filmed
and imported, the estimator is fine-tuned on it by folds and evaluated, reads a picture and is
exported. What was finished before is kept, and nothing is deleted.
"""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assets import atomic
from generator.shards.folder import open_folder
from generator.shards.index import Row
from generator.shards.manifest import json_bytes, read_json
from generator.surrogate.names import Place
from scripts.cli import reported, run
from scripts.story_page import page

OUT = Path("story")
PAGE, FIGURES = "report.html", "report.json"
PEOPLE, SUBJECTS = 60, 10
# Enough for PSPI to be read on people who were not seen, in a minute of two cores. Crops are not
# varied: that would take many more epochs.
SYNTHETIC = (
    f"--identities {PEOPLE} --pain-per-identity 6 --views 1 --size 96 --annotations heat"
    " --people-per-shard 2 --seed 13"
).split()
MODEL = "--weights none --backbone vit_mini_patch16_dinov3 --size 64 --threads 1".split()
LEARN = "--epochs 16 --batch 16 --learning-rate 2e-3 --augment none --validate-every 4".split()
# The first ten of UNBC's names: two in each of the public folds.
FILMED = (
    f"--subjects {SUBJECTS} --sequences 1 --frames 20 --width 240 --height 180 --pain 0.4"
).split()
TUNE = "--epochs 2 --batch 16 --learning-rate 5e-4 --threads 1".split()
STOPPED = """The story stopped and deleted nothing.
Where the code has changed since {out} was begun: rm -r {out} && make story"""


@dataclass(frozen=True)
class Step:
    """One command, and what it is there for."""

    text: str
    command: list[str]


def steps(out: Path) -> Iterator[Step]:
    """Every command in its order; a step is asked for when those before it have ended."""
    synthetic, pretrained = out / "synthetic", out / "pretrained"
    raw, real, finetuned = out / "unbc-raw", out / "unbc", out / "finetuned"
    many = ["--workers", str(os.cpu_count() or 1), "--resume"]
    alone = ["--workers", "0", "--resume"]

    def step(text: str, name: str, *rest: str | Path | Sequence[str]) -> Step:
        words = [[str(part)] if isinstance(part, str | Path) else part for part in rest]
        return Step(text, [name, *(word for part in words for word in part)])

    yield step("People with exact labels", "generate", "--out", synthetic, SYNTHETIC, many)
    yield step("Every byte read back", "verify", synthetic)
    yield step("Pictures to look at", "preview", synthetic, "--out", out / "preview")
    yield step(
        "An estimator learns from random weights", "pretrain", "--data", synthetic,
        "--out", pretrained, MODEL, LEARN, alone,
    )  # fmt: skip
    yield step("What it looks at", "explain", pretrained, "--data", synthetic)
    yield step("How it does on people it has not seen", "evaluate", pretrained)
    yield step("A stand-in for UNBC-McMaster", "surrogate-unbc", "--out", raw, FILMED, many)
    yield step("The archive's files to shards", "import", "unbc", raw, "--out", real, many)
    yield step(
        "Fine-tuned by five folds of subjects", "finetune", "--data", real, "--init", pretrained,
        "--folds", "public5", "--out", finetuned, TUNE, alone,
    )  # fmt: skip
    yield step("How it does on subjects it has not seen", "evaluate", finetuned)
    pain, neutral = (picture(raw, row) for row in shown(real))
    yield step(
        "One picture, read with its neutral", "predict", pain, "--neutral", neutral,
        "--run", finetuned, "--out", out / "read.csv", "--overlay", out / "read.png",
    )  # fmt: skip
    yield step(
        "A model for other programs", "export-model", pretrained, "--out", out / "model.onnx"
    )


def shown(real: Path) -> tuple[Row, Row]:
    """The frame with the highest PSPI, and the first of that subject with PSPI 0."""
    rows = open_folder(real).index.to_pylist()
    pain = max(rows, key=lambda row: row["pspi"] or 0.0)
    own = [row for row in rows if row["identity"] == pain["identity"]]
    return pain, next(row for row in own if row["pspi"] == 0.0)


def picture(raw: Path, row: Row) -> Path:
    """The file that an imported frame of the stand-in was made from."""
    return raw / Place(row["identity"], row["sequence"]).image(row["frame"])


def tell(out: Path) -> int:
    """Run every step and write the report; gives the exit code of the first that fails."""
    done: list[dict[str, Any]] = []
    for step in steps(out):
        print(f"\npain3d {' '.join(step.command)}", flush=True)
        start = time.monotonic()
        code = run(step.command)
        if code:
            print(STOPPED.format(out=out), file=sys.stderr)
            return code
        spent = round(time.monotonic() - start, 1)
        done.append({"step": step.text, "command": step.command, "seconds": spent})
    figures = {
        "steps": done,
        "seconds": round(sum(one["seconds"] for one in done), 1),
        "pretrained": read_json(out / "pretrained" / "report" / "report.json"),
        "finetuned": read_json(out / "finetuned" / "report" / "report.json"),
    }
    atomic.write(out / PAGE, page(out, figures).encode())
    atomic.write(out / FIGURES, json_bytes(figures))
    print(f"\nThe story took {figures['seconds']:.0f} s; its report is {out / PAGE}.")
    return 0


def main() -> int:
    """Tell the story in `story`."""
    return tell(OUT)


if __name__ == "__main__":
    sys.exit(reported("story", main))
