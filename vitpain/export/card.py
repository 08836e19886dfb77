"""The model card beside an ONNX file: what it is, takes, says, was made from, and is not for.

Everything in it is from the files of the run and from the constants that the code works with; what
no file says is said to be unknown.
"""

import json
from collections.abc import Mapping
from typing import Any

from assets.face_crop import DOWN, NOSE_SHARE, SIDE
from assets.facs import HIGHEST, NAMES, PAIN_AUS
from vitpain.evaluate.table import escaped
from vitpain.export.onnx_file import RANGES
from vitpain.export.source import Source
from vitpain.model import backbone, convolutional, files
from vitpain.model.config import ModelConfig
from vitpain.model.output import THRESHOLDS

BANNER = (
    "STAND-IN MODEL. It learnt from frames that this project's own generator drew in the layout of "
    "UNBC-McMaster: no patient was in them. It shows that everything runs, and says nothing about "
    "pain in real people."
)
KINDS = {
    "plain": "looks at the face alone",
    "reference": "compares a face with one or more neutral pictures of the same person, and "
    "reads a face without any by itself",
}
TAUGHT = " It was taught by a model that also saw how far each action unit moves the skin."
LIMITS = """## Limits and misuse
- Facial expression is one sign of pain. PSPI scores a picture's expression, not what a person
  feels: nobody may be refused care, medication or belief because this model reads a low score.
- PSPI was validated on adults (Prkachin & Solomon 2008). For children and infants it is the same
  sum of the same action units and no more; for people who cannot speak for themselves it is an aid
  to those who care for them, never a verdict.
- Not for identifying people, for surveillance, or for judging whether somebody is sincere.
- It is no medical device. Before any use with people, validate it on people like them, under the
  same camera and light, by age, sex and skin tone, and with consent.
- A face that is cropped otherwise than below, turned far away or covered is read without a
  warning."""
FIGURES = {
    "mae": "MAE", "pearson": "Pearson", "icc": "ICC(3,1)", "ccc": "concordance", "auroc": "AUROC",
    "ap": "average precision", "f1": "F1",
}  # fmt: skip
AGREEMENT, DETECTION = ("mae", "pearson", "icc", "ccc"), ("auroc", "ap", "f1")


def card(source: Source, file: str, differences: Mapping[str, float]) -> str:
    """Write the card of a model; `differences` are those of its ONNX file from torch."""
    parts = [
        _head(source),
        f"# {escaped(source.name)}: pain and action units from a face",
        *([f"> **{BANNER}**"] if source.surrogate else []),
        _what(source, file),
        _inputs(source.config),
        _outputs(),
        _learnt(source),
        _chosen(source),
        _figures(source),
        _held(differences),
        LIMITS,
        _licence(source),
        _settings(source),
    ]
    return "\n\n".join(parts) + "\n"


def licence(source: Source) -> str | None:
    """Licence of the weights that the backbone began with, as timm names it, where it is known."""
    stated = source.stated["backbone"]
    return backbone.card(stated["name"]).get("license") if stated["weights"] == "hub" else None


def _head(source: Source) -> str:
    known = licence(source)
    lines = [
        "---",
        "license: other" if known else "license: unknown",
        *([f"license_name: {known}"] if known else []),
        "library_name: onnx",
        "tags: [pain, facial-action-units, facs, pspi]",
        "---",
    ]
    return "\n".join(lines)


def _what(source: Source, file: str) -> str:
    config = source.config
    inner = config.student if config.variant == "distilled" else config.variant
    taught = TAUGHT if config.variant == "distilled" else ""
    convolves = convolutional.named(config.backbone)
    network = "convolutional network" if convolves else "vision transformer"
    return (
        f"`{file}` reads from a picture of a face how much pain its expression shows: PSPI, the "
        "Prkachin-Solomon pain intensity, and the six facial action units (AUs) that it is the sum "
        f"of. The model is ViTPain, variant `{config.variant}`, on the {network} "
        f"`{config.backbone}`: it {KINDS[inner]}.{taught}"
    )


def _inputs(config: ModelConfig) -> str:
    size = config.size
    lines = [
        "## What it takes",
        "| input | shape, dtype | convention |",
        "| --- | --- | --- |",
        f"| `face` | [batch, 3, {size}, {size}] float32 | sRGB as red, green, blue, 0-1 (bytes "
        "divided by 255); normalised inside |",
    ]
    if config.sees_neutral:
        lines += [
            f"| `neutrals` | [batch, references, 3, {size}, {size}] float32 | neutral faces of the "
            "same person, as `face`; several count alike, in any order |",
            "| `has_neutral` | [batch, references] bool | where false, the picture in its place "
            "(such as zeros) does not matter; all false: read without a neutral |",
        ]
    return "\n".join([*lines, "", _crop(size)])


def _crop(size: int) -> str:
    return (
        "A face is cut out as a square, upright as the picture is, and drawn "
        f"{size} pixels wide; what lies beyond the picture repeats its edge. With w the distance "
        "of the outer corners of the eyes, and d that from the middle of the four corners of the "
        f"eyes to the base of the nose: the side is {SIDE:g} times the larger of w and "
        f"d / {NOSE_SHARE:g}, and its middle lies {DOWN:g} d from between the eyes toward the base "
        "of the nose. `pain3d predict` does this."
    )


def _outputs() -> str:
    levels = ", ".join(f"{level:g}" for level in THRESHOLDS)
    units = ", ".join(f"AU{au} {NAMES[au]} 0-{HIGHEST[au]:g}" for au in PAIN_AUS)
    high = RANGES["pspi"]
    return "\n".join(
        [
            "## What it says",
            "| output | shape, dtype | unit, range |",
            "| --- | --- | --- |",
            f"| `pspi` | [batch] float32 | PSPI, 0-{high:g} |",
            f"| `probabilities` | [batch, {len(THRESHOLDS)}] float32 | that PSPI is at least "
            f"{levels}; 0-1 |",
            f"| `aus` | [batch, {len(PAIN_AUS)}] float32 | FACS intensities, in this order: "
            f"{units} |",
            f"| `pspi_of_aus` | [batch] float32 | AU4 + max(AU6, AU7) + max(AU9, AU10) + AU43 of "
            f"`aus`, 0-{high:g} |",
        ]
    )


def _learnt(source: Source) -> str:
    run = source.run
    sources = ", ".join(f"`{escaped(name)}`" for name in run["sources"])
    sets = ", ".join(f"`{one['manifest']}`" for one in [*run["data"], *run["extra"]])
    if run["command"] == "finetune":
        split = (
            f"Subjects were divided by the folds `{run['folds']}`; this is fold {source.fold}. "
            "Those it learnt from, those it was selected by and those it was tested on are "
            "different people."
        )
        if run["extra"]:
            split += " It learnt from the split `train` of the data sets after the first too."
    else:
        split = "It learnt from the split `train` and was selected by `val`, other people."
    lines = [
        f"Frames of these sources: {sources}. The data sets by the SHA-256 of their manifests: "
        f"{sets}. {split} Which people they are, and how many, stands in the data sets and not in "
        "this run.",
        _begun(source),
    ]
    return "\n\n".join(["## What it learnt from", *lines])


def _begun(source: Source) -> str:
    run, stated = source.run, source.stated["backbone"]
    match stated["weights"]:
        case "none":
            first = "The backbone began with random weights."
        case "hub":
            place = backbone.card(stated["name"]).get("hf_hub_id")
            first = f"The backbone began with the published weights `{place}`."
        case name:
            first = f"The backbone began with the weights of a file, `{escaped(str(name))}`"
            digest = run["weights"]
            known = run["init"] is None and digest is not None
            first += f" (SHA-256 `{digest}`)." if known else "."
    if run["init"] is not None:
        digest = run["init"][files.TENSORS]
        first += (
            f" This run went on from another's model (SHA-256 of its weights `{digest}`); what that"
            " one learnt from is not stated here."
        )
    trained = "all of it was trained" if source.config.tune == "all" else "adapters of it were"
    return f"{first} In training {trained}, with the heads."


def _chosen(source: Source) -> str:
    done = source.fitted
    score = "undefined" if done.score is None else f"{done.score:.3f}"
    text = (
        f"## How it was chosen\nRule, fixed beforehand: {source.run['rule']}. Epoch {done.epoch} "
        f"of {done.epochs}, concordance {score}."
    )
    if done.collapsed:
        text += " At the end of training its predictions had collapsed to the mean."
    return text


def _figures(source: Source) -> str:
    found = source.report
    if found is None:
        return f"## How well it does\nNot known: {source.why_none}."
    tested = found["tested"]
    lines = [
        "## How well it does",
        f"From the report of the run: {tested['frames']:,} frames of {tested['subjects']:,} "
        f"{'validation' if tested['role'] == 'val' else tested['role']} subjects, sources "
        f"{', '.join(f'`{escaped(one)}`' for one in tested['sources'])}. In brackets the 95 % "
        "interval over subjects, where there is one.",
        *([f"> {escaped(found['banner'])}"] if found["banner"] else []),
        *(f"- {escaped(note)}" for note in found["notes"]),
        "",
        "| | frames | subjects | " + " | ".join(FIGURES.values()) + " |",
        "| --- " * (3 + len(FIGURES)) + "|",
    ]
    scores: dict[str, tuple[Any, tuple[str, ...]]] = {"PSPI": (found["pspi"], AGREEMENT)}
    for level in THRESHOLDS:
        one = found["detection"].get(f"pspi>={level:g}")
        if one is not None:
            scores[f"PSPI ≥ {level:g}"] = (one, DETECTION)
    for name, (score, known) in scores.items():
        lines.append(_row(f"{name}, all folds" if source.fold else name, score["pooled"], known))
        own = score["folds"].get(str(source.fold)) if source.fold else None
        if own is not None:
            lines.append(_row(f"{name}, this fold", own, known))
    return "\n".join(lines)


def _row(name: str, scored: Mapping[str, Any], known: tuple[str, ...]) -> str:
    cells = [_value(scored.get(figure)) if figure in known else "" for figure in FIGURES]
    return f"| {name} | {scored['frames']:,} | {scored['subjects']:,} | {' | '.join(cells)} |"


def _value(figure: Mapping[str, Any] | None) -> str:
    if figure is None or figure["value"] is None:
        return "undefined"
    text = f"{figure['value']:.3f}"
    return text if figure["low"] is None else f"{text} ({figure['low']:.3f}, {figure['high']:.3f})"


def _held(differences: Mapping[str, float]) -> str:
    said = ", ".join(f"`{name}` {value:.1e}" for name, value in differences.items())
    return (
        "## Held against its original\nLargest differences between onnxruntime and torch, float32 "
        f"on a CPU, batches of 1 and 3 faces: {said}."
    )


def _licence(source: Source) -> str:
    stated, known = source.stated["backbone"], licence(source)
    if stated["weights"] == "none":
        text = "No weights of others are in it."
    elif known:
        text = (
            f"The weights that the backbone began with are under the licence `{known}`, which "
            "binds this model too."
        )
    else:
        text = "The licence of the weights that the backbone began with is not known to this run."
    return (
        f"## Licence\n{text} The licences of the data it learnt from stand with the data sets and "
        "are not known to this run; what they allow binds this model too."
    )


def _settings(source: Source) -> str:
    rows = {**source.stated["model"], **source.run["train"]}
    lines = [f"| `{name}` | `{json.dumps(value)}` |" for name, value in rows.items()]
    versions = ", ".join(f"{name} {number}" for name, number in source.run["versions"].items())
    return "\n".join(
        ["## How it was made", "| option | value |", "| --- | --- |", *lines, "", f"{versions}."]
    )
