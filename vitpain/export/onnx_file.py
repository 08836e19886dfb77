"""A model as one ONNX file, held against torch by onnxruntime before it takes its name."""

import json
import logging
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from assets import atomic
from assets.facs import HIGHEST, HIGHEST_PSPI, NAMES, PAIN_AUS
from vitpain.model import adapters
from vitpain.model.build import Model
from vitpain.model.distilled import Distilled
from vitpain.model.output import THRESHOLDS, Output
from vitpain.model.vitpain import ViTPain

FORMAT = "pain3d onnx 1"
INPUTS = ("face", "neutrals", "has_neutral")
RANGES = {
    "pspi": float(HIGHEST_PSPI),
    "probabilities": 1.0,
    "aus": max(HIGHEST[au] for au in PAIN_AUS),
    "pspi_of_aus": float(HIGHEST_PSPI),
}
"""Outputs in their order, each from 0 to this."""
TOLERANCE = 1e-4
"""Largest difference from torch, as a share of an output's range. Rounding of float32 reached 2e-7
of it in four blocks; a deep model's is larger, and no decision hangs on a ten-thousandth."""
LARGEST = 2**31 - 2**20
"""Bytes of weights that one ONNX file holds; those of a larger model lie in a second one."""
TRIED = ((1, 1, True), (3, 2, True), (1, 2, False), (3, 1, False))
"""Faces, neutrals each, and whether they have any, of the batches that hold the file to torch."""
NOISY = ("onnxscript", "onnx_ir", "torch.onnx", "torch.export")


class Answering(nn.Module):
    """The network that answers: of `distilled` the student, its adapters merged, on the CPU."""

    def __init__(self, model: Model) -> None:
        """The model itself is changed: it must not be trained on."""
        super().__init__()
        inner = model.student if isinstance(model, Distilled) else model
        adapters.merge(inner)
        self.model: ViTPain = inner.float().cpu().eval()
        self.eval()

    @property
    def sees_neutral(self) -> bool:
        """Whether it is asked with neutrals."""
        return self.model.fusion is not None

    def forward(
        self, face: Tensor, neutrals: Tensor | None = None, has_neutral: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """What a user of the file is given, in the order of `RANGES`."""
        if neutrals is None or has_neutral is None:
            neutrals = face[:, None]
            has_neutral = torch.zeros(face.shape[0], 1, dtype=torch.bool)
        said: Output = self.model(face, neutrals, has_neutral)
        return said.pspi, torch.sigmoid(said.logits), said.aus, said.pspi_of_aus

    def example(self, faces: int, references: int, has: bool, seed: int = 0) -> dict[str, Tensor]:
        """Noise to ask it with; of several neutrals the first face has the first alone."""
        size = self.model.config.size
        random = torch.Generator().manual_seed(seed)
        face = torch.rand(faces, 3, size, size, generator=random)
        if not self.sees_neutral:
            return {"face": face}
        there = torch.full((faces, references), has)
        there[0, 1:] = False
        neutrals = torch.rand(faces, references, 3, size, size, generator=random)
        return dict(zip(INPUTS, (face, neutrals, there), strict=True))


def write(model: Model, path: Path, facts: Mapping[str, str]) -> dict[str, float]:
    """Write a model, and give the largest difference of each output from torch's.

    `facts` join the file's metadata. A model above 2 GB has its weights beside it, in a file that
    ends in `.data`. Raises ValueError where onnxruntime and torch differ by more than `TOLERANCE`.
    """
    asked = Answering(model)
    program = _program(asked)
    _clean(program, {**_metadata(asked), **facts})
    weights = sum(value.numel() * value.element_size() for value in asked.parameters())
    with tempfile.TemporaryDirectory(
        dir=path.parent, prefix=f".{path.name}.", suffix=atomic.TEMPORARY
    ) as name:
        folder = Path(name)
        program.save(folder / path.name, external_data=weights > LARGEST)
        found = differences(asked, folder / path.name)
        for output, difference in found.items():
            if not difference <= TOLERANCE * RANGES[output]:
                rule = f"within {TOLERANCE * RANGES[output]:g} of torch's {output}"
                raise ValueError(f"{path} must answer {rule}, got a difference of {difference:g}")
        # The weights first: without them the file is not whole.
        for made in sorted(folder.iterdir(), key=lambda one: one.name == path.name):
            atomic.flush(made)
            os.rename(made, path.parent / made.name)
        atomic.flush(path.parent)
    return found


def differences(asked: Answering, path: Path) -> dict[str, float]:
    """The largest difference of each output of a file from torch's, over batches of noise."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    largest = dict.fromkeys(RANGES, 0.0)
    for number, (faces, references, has) in enumerate(TRIED):
        given = asked.example(faces, references, has, seed=number)
        with torch.no_grad():
            known = asked(**given)
        said = session.run(list(RANGES), {name: one.numpy() for name, one in given.items()})
        for name, one, other in zip(RANGES, said, known, strict=True):
            apart = np.abs(np.asarray(one, np.float64) - other.double().numpy())
            # NaN must not pass for small.
            largest[name] = float(np.fmax(largest[name], np.nan_to_num(apart, nan=np.inf).max()))
    return largest


def _program(asked: Answering) -> Any:
    batch, references = torch.export.Dim("batch"), torch.export.Dim("references")
    each = {"face": {0: batch}}
    if asked.sees_neutral:
        each |= {name: {0: batch, 1: references} for name in INPUTS[1:]}
    # Sizes that no other axis has, so that none is taken for another.
    given = asked.example(2, 3, True)
    with _quiet():
        program = torch.onnx.export(
            asked,
            kwargs=given,
            dynamo=True,
            input_names=list(each),
            output_names=list(RANGES),
            dynamic_shapes=each,
            verbose=False,
        )
    assert program is not None
    return program


def _clean(program: Any, facts: Mapping[str, str]) -> None:
    """Put the facts in the place of what the exporter notes: places on this machine among it."""
    program.model.metadata_props.clear()
    program.model.metadata_props.update(facts)
    graphs = [program.model.graph, *program.model.functions.values()]
    for graph in graphs:
        graph.metadata_props.clear()
        for node in graph.all_nodes():
            node.metadata_props.clear()
            node.doc_string = None
            for value in node.outputs:
                value.metadata_props.clear()
        for value in graph.inputs:
            value.metadata_props.clear()
    for value in program.model.graph.initializers.values():
        value.metadata_props.clear()


def _metadata(asked: Answering) -> dict[str, str]:
    """What a program needs to know to use the file."""
    return {
        "format": FORMAT,
        "size": str(asked.model.config.size),
        "pictures": "sRGB, red green blue, 0-1; normalised inside",
        "outputs": json.dumps({name: [0.0, high] for name, high in RANGES.items()}),
        "thresholds": json.dumps(list(THRESHOLDS)),
        "aus": json.dumps(
            [{"au": au, "name": NAMES[au], "range": [0.0, HIGHEST[au]]} for au in PAIN_AUS]
        ),
        "sees_neutral": json.dumps(asked.sees_neutral),
    }


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter warns of itself: of nothing that a user could mend."""
    loggers = [logging.getLogger(name) for name in NOISY]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
