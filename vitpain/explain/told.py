"""What was seen of a run, put together: the content of `checks.json` and pictures of features."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from vitpain.evaluate.report import BANNER, FEW_SUBJECTS
from vitpain.explain import probe, projection, saliency, score, shuffle, tables
from vitpain.explain.probe import Read
from vitpain.explain.seen import ALONE, Seen, joined
from vitpain.explain.whom import Whom

SHUFFLE_NOTES = (
    "Patches of every frame stand in an order of its own; where both are shuffled, face and "
    "neutral are alike. Changes are against the right order, paired over the same people. A "
    "backbone blind to position, without a neutral, gives the same answers.",
)
PROBE_NOTES = (
    "compared: what the heads read, class token beside mean patch, the face with what differs from "
    "its neutral. alone: the same of the face as it leaves the backbone.",
    f"PSPI by ridge regression, in {probe.FOLDS} folds of people, its strength chosen within those "
    f"learnt from; the person by logistic regression, in up to {probe.FOLDS} folds of each "
    "person's frames. A person's frames may share light, background and camera: those tell who it "
    "is too.",
)
SALIENCY_NOTES = (
    f"Inside is where an action unit moves the skin at least {score.INSIDE:g} times as far as it "
    f"does anywhere in the frame; one that moves it less than {score.LEAST / 10:g} mm is left out. "
    "Energy is the share of a map inside, pointing whether its highest patch is; what knows "
    "nothing gets the area in both. Pictures show each map from its lowest value to its highest.",
)
NO_HEAT = (
    "Saliency is left out: these frames have no exact heat maps to score it against, and pictures "
    "of real people are not copied into a report."
)


def told(chosen: Whom, parts: Sequence[Seen], seed: int, heat: bool) -> dict[str, Any]:
    """What stands in `checks.json`: sentences, and tables by their titles."""
    frames = chosen.frames
    seen = joined(parts)
    _, people = np.unique(frames.subject, return_inverse=True)
    read = _probed(chosen, parts, people, seed)
    people, pspi = people[seen.rows], frames.pspi[seen.rows]
    content: dict[str, Any] = {"banner": BANNER} if chosen.surrogate else {}
    whose = {"test": "test", "val": "validation"}[chosen.role]
    count = len(np.unique(people))
    content["note"] = (
        f"Checks of the idea: {len(seen.rows):,} frames of {count:,} {whose} people, whom the "
        f"model that reads them did not learn from; seed {seed}."
    )
    if 1 < count < FEW_SUBJECTS:
        content["note"] += f" Intervals over {count} people are rough."
    content["shuffled_patches"] = {
        "notes": list(SHUFFLE_NOTES),
        **shuffle.table(seen.said, pspi, people, seed),
    }
    content["features"] = {
        "notes": list(PROBE_NOTES),
        **tables.features(seen, read, pspi, people, seed),
    }
    if not heat:
        content["saliency"] = NO_HEAT
    elif seen.scores:
        kept = {name: text for name, text in saliency.TEXTS.items() if name in seen.scores}
        words = [f"{name.replace('_', ' ')}: {text}." for name, text in kept.items()]
        told = [one for one in words if not one.startswith("au")]
        content["saliency"] = {
            "notes": [*SALIENCY_NOTES, *told],
            **tables.saliency(seen, people, seed),
        }
        content["saliency_by_action_unit"] = {
            "notes": ["query: attention of the query that reads this action unit."],
            **tables.by_action_unit(seen, people, seed),
        }
    else:
        content["saliency"] = "Saliency is left out: in none of these frames does the skin move."
    return content


def projections(chosen: Whom, parts: Sequence[Seen], seed: int) -> Iterator[tuple[str, bytes]]:
    """A picture for each kind of features, of the fold that has most frames."""
    fold, most = max(zip(chosen.rows, parts, strict=True), key=lambda one: len(one[1].rows))
    if len(most.rows) < projection.FEWEST:
        return
    whose = f" of fold {fold}" if fold else ""
    words = {ALONE: "Features of the face alone"}
    for name, values in most.features.items():
        title = words.get(name, "Features that the heads read") + whose
        yield (
            f"features_{name}{whose.replace(' ', '_')}.png",
            projection.picture(
                values,
                chosen.frames.subject[most.rows],
                chosen.frames.pspi[most.rows],
                seed,
                title,
            ),
        )


def _probed(chosen: Whom, parts: Sequence[Seen], people: np.ndarray, seed: int) -> dict[str, Read]:
    """What was read of features, by probes of each model apart, of all frames."""
    made = {}
    for name in parts[0].features:
        read = [
            probe.read(one.features[name], chosen.frames.pspi[one.rows], people[one.rows], seed)
            for one in parts
        ]
        made[name] = Read(
            np.concatenate([one.pspi for one in read]),
            np.concatenate([one.identity for one in read]),
            np.concatenate([one.chance for one in read]),
            next((one.why_no_pspi for one in read if one.why_no_pspi), None),
            next((one.why_no_identity for one in read if one.why_no_identity), None),
        )
    return made
