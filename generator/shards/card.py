"""`README.md`: the data set card, for people and for Hugging Face `datasets`.

Its head states the splits and the column types; its text is made from the counts of the index and
from the units beside the fields of `Record`, so that card and data cannot drift apart.
"""

import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any, get_args

import pyarrow as pa

from assets.classes import CLASSES
from assets.facs import AUS, NAMES
from assets.population import BANDS, SPLITS
from generator.shards.card_tables import columns, fields
from generator.shards.features import dataset_features
from generator.shards.index import grouped
from generator.shards.record import Kind, Record

SHOWN = {"train": "train", "val": "validation", "test": "test"}
"""Names of the splits as `datasets` shows them."""

MEMBERS = {
    "jpg": "picture | uint8 [h, w, 3] | sRGB, JPEG quality 95, no chroma subsampling",
    "png": "picture | uint8 [h, w, 3] | sRGB",
    "json": "the record below | object | every key always there, null where not known",
    "seg.png": "classes | uint8 [h, w] | number of a class below, 0 background",
    "depth.png": "depth | uint16 [h, w] | round(10,000 z), z in metres along the camera axis up to "
    "6.55 m; 0 background",
    "normal.png": "normals | uint8 [h, w, 3] | round(127.5 (n + 1)), camera frame, x right, y up, "
    "z to the viewer; 0 0 0 background",
    "heat.png": "heat of AU4, 6, 7, 9, 10, 43 | uint8 [6 h, w], stacked, AU4 on top | "
    "min(255, round(10 d)), d in mm that this AU alone moves the skin; zeros for a neutral",
    "uv.png": "atlas coordinates | uint16 [2 h, w], u above v | round(65,535 u), v upward",
}


@dataclass(frozen=True)
class About:
    """What a card says that is not in the data: title, SPDX licence, and paragraphs of text."""

    title: str
    licence: str
    text: str


SYNTHETIC = About(
    "Synthetic faces in pain with their neutrals",
    "cc0-1.0",
    """No person in this data set exists. Every picture is drawn from a parametric head, a skin
model and a light model, and every label is what the picture was drawn from.

## Intended use
Training and testing estimators of facial action units and of pain expression; studies of how such
estimators treat age, sex, skin tone, pose and light. `neutral_key` names the neutral picture of the
same person and view.

## Limits and misuse
- Facial expression is one sign of pain. PSPI scores a picture's expression, not what a person
  feels: nobody may be refused care, medication or belief because a model trained here reads a low
  score.
- PSPI was validated on adults. Below 18 it is the same sum of the same action units and no more;
  for ages 0-1 four NFCS items are given by our own mapping.
- The names of ethnicities say which mix of three axes of head shape was sampled, not how people see
  themselves; they are no proxy for identity.
- Not for identifying people, for surveillance, or for judging whether somebody is sincere.
- A model that works here has not been shown to work on people: validate on real data, made with
  consent.""",
)


CC0 = """## Sources and licence
Head, skin and light were fitted to CC0 sources. The pictures and labels are given under CC0 1.0."""
FLAME = """## Sources and licence
Skin and light were fitted to CC0 sources. The shape of the heads is that of FLAME (Li, Bolkart,
Black, Li and Romero: Learning a model of facial shape and expression from 4D scans, ACM
Transactions on Graphics 36(6), 2017; https://flame.is.tue.mpg.de), fitted to heads of our own, from
whom children have what FLAME, learned from adults, does not know. `made_with` in `config.json` has
the hash of what was made of its file, whose licence is: """
CC_BY = "CC BY 4.0"
SHARED = """The pictures and labels are given under CC BY 4.0 too
(https://creativecommons.org/licenses/by/4.0/): whoever passes them on names FLAME and its authors
as here, and says what was changed."""
BOUND = "The pictures and labels are bound by that licence too."
"""What the card says of where heads come from, and on which terms the data set is given."""
MOVED = {
    "neural": "A network moves the faces; what it was trained on is a rig of facial actions.",
    "blendshapes": "A rig of facial actions, pulls of muscles and a jaw moves the faces.",
}
"""What turns action units into motion."""


PAINTED = {
    "texture": "Skin was painted: portraits by Kandinsky 2.2 (Apache-2.0), laid on the heads",
    "background": "What stands behind the heads was painted round them by Kandinsky 2.2 "
    "(Apache-2.0); `background.name` of a record is the prompt",
}
"""What the card says where diffusion paints."""
HUNYUAN = """Skin was laid on the heads by Hunyuan3D-2. What that makes is bound by the licence
which whoever made this data set accepted, and which bars its use for improving other models: """


SENSORS = {
    "clean": "a perfect camera: no noise, no softness, no falling off towards the corners",
    "degraded": "a poor camera, held by hand and set wrong: noise, blur, false exposure and "
    "balance, JPEG",
    "ward_video": "a video camera on a ward: at most 320 pixels across, enlarged to the size of "
    "the pictures, fields blended, noise, JPEG with half the colour's resolution",
    "near_infrared": "a monitoring camera at 850 nm with a lamp beside its lens: one channel three "
    "times; what materials reflect there is a model of ours and not measured",
}
"""What takes the pictures where it is not a photographer's camera."""


OCCLUDED = """People wear things in front of their faces. `occluders` names those that a picture
shows, and `seg` has their classes (a breathing tube is `tube` and `tape`); which they are is the
same in all pictures of a person and a view, so the neutral and the pain of a pair agree but for
what an expression hides. Maps see through the lenses of glasses; of the clear shell of an oxygen
mask they tell as of anything else that is nearest, while landmarks are visible through both."""
"""What the card says where anything lies in front of a face."""
SOME_OCCLUDED = """Who wears what is drawn by age, with shares that are our choice and no ward's:
of adults about 20-50 % wear glasses, 4 % a cap, 5-10 % a nasal cannula, 3 % an oxygen mask, 2 %
each a surgical mask and a breathing tube, 6 % lie under a blanket; of infants some 12 % have a
pacifier, 20 % a cap, 20 % a blanket, 8 % a cannula."""


def about_options(
    about: About, options: dict[str, Any] | None, made_with: dict[str, Any] | None = None
) -> About:
    """What can be said of a data set that was made with these options and files.

    FLAME heads bring the licence of their file, a user's own backgrounds and panoramas theirs.
    """
    if options is None:
        return about
    licence, sources = about.licence, CC0
    if options.get("head") == "flame":
        of_file = (made_with or {}).get("flame_licence", "not known")
        shared = CC_BY in of_file
        licence = "cc-by-4.0" if shared else "other"
        sources = f"{FLAME}{of_file}.\n\n{SHARED if shared else BOUND}"
    text = about.text
    if options.get("rig") in MOVED:
        text += f"\n\n{MOVED[options['rig']]}"
    text += _told_of_painting(options)
    if options.get("texture", "skin") != "skin":
        sources = sources.replace("Head, skin and light", "Head and light")
        sources = sources.replace("Skin and light", "Light")
    if options.get("texture") == "hunyuan3d":
        licence = "other"
        sources += f"\n\n{HUNYUAN}{(made_with or {}).get('hunyuan3d_licence', 'not known')}."
    kind = options.get("sensor")
    if kind in SENSORS:
        text += f"\n\nThe pictures look like those of {SENSORS[kind]}."
    if options.get("occluders", ["none"]) != ["none"]:
        text += f"\n\n{OCCLUDED}"
        some = options["occluders"] == ["some"]
        text += f" {SOME_OCCLUDED}" if some else " Everybody wears what their age allows."
    if options.get("flush"):
        text += "\n\nFaces flush with PSPI: colour alone tells of pain here, as it may not in life."
    if options.get("depth_of_field"):
        text += "\n\nPictures are blurred by depth of field; maps and landmarks are sharp."
    text += f"\n\n{sources}"
    own = [
        what
        for what, given in (
            ("backgrounds are pictures", options.get("background") == "folder"),
            ("surroundings are panoramas", options.get("environment_folder") is not None),
        )
        if given
    ]
    if not own:
        return replace(about, licence=licence, text=text)
    text += f"""\n\nThe {" and the ".join(own)} of whoever made this data set, under a licence of
their own, which decides what may be done with the whole."""
    return replace(about, licence="other", text=text)


def _told_of_painting(options: dict[str, Any]) -> str:
    told = ""
    if options.get("texture", "skin") != "skin":
        by = "" if options["texture"] == "kandinsky" else " by Hunyuan3D-2"
        told += f"\n\n{PAINTED['texture']}{by}."
    if options.get("background") == "inpaint":
        told += f"\n\n{PAINTED['background']}."
    return told


def card(
    about: About, members: tuple[str, ...], index: pa.Table, options: dict[str, Any] | None = None
) -> str:
    """Write the card of a data set from its index."""
    return "\n".join(
        [
            *_head(about, members, index),
            f"# {about.title}",
            "",
            about.text,
            "",
            "## What is here",
            *_counts(index),
            "",
            *_people(index),
            "",
            "## How to read it",
            *_reading(),
            "",
            "## Members of a sample",
            "| file | what, shape, dtype | convention |",
            "| --- | --- | --- |",
            *(f"| `KEY.{suffix}` | {_member(MEMBERS[suffix])} |" for suffix in members),
            "",
            f"Classes: {', '.join(f'{number} {name}' for name, number in CLASSES.items())}.",
            "",
            "## The record",
            "Space is in metres, right-handed, y up, a face looks along +z; pixels count from the "
            "corner, so the centre of the first is (0.5, 0.5); angles are in radians (in degrees "
            "in the index); left and right are the person's own. Action units are FACS "
            f"intensities 0-5, AU43 0 or 1: {', '.join(f'{au} {NAMES[au]}' for au in AUS)}. "
            "PSPI = AU4 + max(AU6, AU7) + max(AU9, AU10) + AU43, 0-16.",
            "",
            "| field | dtype | unit, range, convention |",
            "| --- | --- | --- |",
            *fields(Record, ""),
            "",
            "## The index",
            "`index.parquet` has a row a sample; angles are in degrees here.",
            "",
            "| column | dtype | unit, range, convention |",
            "| --- | --- | --- |",
            *columns(),
            "",
            *_options(options),
        ]
    )


def _head(about: About, members: tuple[str, ...], index: pa.Table) -> list[str]:
    present = set(index.column("split").unique().to_pylist())
    splits = [
        f"  - split: {SHOWN[split]}\n    path: {split}-*.tar"
        for split in SPLITS
        if split in present
    ]
    # JSON is YAML: a line a column keeps the head short and needs no YAML writer.
    features = [f"  - {json.dumps(feature)}" for feature in dataset_features(members)]
    configs = ["configs:", "- config_name: default", "  data_files:", *splits] if splits else []
    listed = ["dataset_info:", "  features:", *features] if splits else []
    top = [f"license: {about.licence}", f"pretty_name: {about.title}"]
    return ["---", *top, *configs, *listed, "---", ""]


def _counts(index: pa.Table) -> list[str]:
    pictures = grouped(index, "split", "kind")
    people = Counter(split for split, _ in grouped(index, "split", "identity"))
    lines = [
        "| split | people | pictures | neutral | pain | confounder | real |",
        "| --- " * 7 + "|",
    ]
    for split in SPLITS:
        each = [pictures.get((split, kind), 0) for kind in get_args(Kind)]
        listed = (split, people[split], sum(each), *each)
        lines.append(f"| {' | '.join(map(str, listed))} |")
    return lines


def _people(index: pa.Table) -> list[str]:
    """Who is shown, and at which intensity, as lines of counts."""
    wanted = ("identity", "age_years", "sex", "ethnicity", "skin_tone")
    people = {known[0]: known[1:] for known in grouped(index, *wanted)}.values()
    levels = Counter[int | None]()
    for (pspi,), count in grouped(index, "pspi").items():
        levels[None if pspi is None else int(pspi)] += count
    facts: dict[str, Counter[Any]] = {
        "People by age": Counter(_band(age) for age, _, _, _ in people),
        "People by sex": Counter(sex for _, sex, _, _ in people),
        "People by ethnicity": Counter(ethnicity for _, _, ethnicity, _ in people),
        "People by Monk tone": Counter(tone for _, _, _, tone in people),
        "Pictures by PSPI, rounded down": levels,
    }
    return [f"- {name}: {_counted(counts)}." for name, counts in facts.items()]


def _band(age_years: float | None) -> str | None:
    if age_years is None:
        return None
    found = [f"{low}-{high}" for low, high in BANDS if low <= age_years < high + 1]
    return found[0] if found else f"over {BANDS[-1][1]}"


def _counted(given: Counter[Any]) -> str:
    counts = {"not known" if value is None else value: count for value, count in given.items()}
    numbers = sorted(value for value in counts if isinstance(value, int))
    names = sorted((value for value in counts if isinstance(value, str)), key=_rank)
    return ", ".join(f"{value}: {counts[value]:,}" for value in (*numbers, *names))


def _rank(name: str) -> tuple[bool, int, str]:
    """Bands of age by age, then other names by letter."""
    low = name.partition("-")[0]
    return (False, int(low), "") if low.isdecimal() else (True, 0, name)


def _reading() -> list[str]:
    return [
        "```python",
        'datasets.load_dataset("DIR")                      # splits train, validation, test',
        'webdataset.WebDataset("DIR/train-000000.tar", shardshuffle=False)',
        'timm.data.create_dataset("wds/pain3d", root="DIR", split="train", target_key="pspi")',
        "```",
        "timm reads targets as integers. 16-bit maps come through `generator.shards.codec.decode`; "
        "readers that turn every picture into RGB cut them to 8 bits. `index.parquet` has a row a "
        "sample with the place of its bytes, `croissant.json` describes it for machines, "
        "`manifest.json` has the SHA-256 of every file, and `config.json` what decides them.",
    ]


def _member(text: str) -> str:
    what, shape, convention = text.split(" | ")
    return f"{what}, {shape} | {convention}"


def _options(options: dict[str, Any] | None) -> list[str]:
    if options is None:
        return []
    rows = [f"| `{name}` | `{json.dumps(value)}` |" for name, value in options.items()]
    return ["## How it was made", "| option | value |", "| --- | --- |", *rows, ""]
