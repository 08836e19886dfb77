"""`pain3d export-model`: write a pain estimator as ONNX, with its card."""

from dataclasses import dataclass
from pathlib import Path

import tyro

from assets import atomic
from scripts.figures import check_json, table, write_json
from scripts.learning import check_installed, weights_of
from scripts.options import checked, parse


@dataclass(frozen=True)
class Options:
    """Write a pain estimator as ONNX, held against the original, with its card beside it."""

    run: tyro.conf.Positional[Path]
    """A run of `pretrain` that has ended, or a fold of one of `finetune` (RUN/fold-2)."""
    out: Path
    """File to write, ending in .onnx; the card is written beside it, ending in .md."""
    weights: str | None = None
    """Weights of a frozen backbone where the run has them not: a file, or `hub`."""
    json: Path | None = None
    """Write the differences from the original here too."""

    def check(self) -> "Options":
        """Refuse a place that a file cannot be written to."""
        if self.out.suffix != ".onnx" or self.out.is_dir():
            raise ValueError(f"out must be a file ending in .onnx, got {self.out}")
        if not self.out.parent.is_dir():
            raise ValueError(f"out must be in a folder that is there, got {self.out}")
        return self


def main(arguments: list[str]) -> int:
    """Write both files and say how far the model's answers are from the original's."""
    options = checked("export-model", parse(Options, "export-model", arguments).check)
    check_json(options.json)
    check_installed("export-model", ("onnx", "onnxscript", "onnxruntime"))
    # Imported here: these need torch.
    from vitpain.export import onnx_file
    from vitpain.export.card import BANNER, card
    from vitpain.export.source import open_source
    from vitpain.model import files

    source = open_source(options.run)
    weights = None if options.weights is None else weights_of(options.weights)
    model = files.load(source.model, weights)
    facts = {"name": source.name, **({"banner": BANNER} if source.surrogate else {})}
    place = options.out.with_suffix(".md")
    # An older card would speak of another model.
    place.unlink(missing_ok=True)
    found = onnx_file.write(model, options.out, facts)
    atomic.write(place, card(source, options.out.name, found).encode())
    if source.surrogate:
        print(BANNER)
    shown = {
        name: f"{value:.1e} from torch, of {onnx_file.RANGES[name]:g}"
        for name, value in found.items()
    }
    print(table({"model": options.out, "card": place, **shown}))
    write_json(options.json, {"surrogate": source.surrogate, "differences": found})
    return 0
