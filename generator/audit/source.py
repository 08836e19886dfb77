"""What a folder is: whether its people can be made again, and who of them sits for the audit."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from assets.facs import Number
from assets.population import band_name
from generator.config import OF_DIFFUSION, REPLACED, UNSTATED, GenerateConfig
from generator.identity import make_identity
from generator.portrait import painted
from generator.portrait.keys import texture_key
from generator.provenance import added
from generator.shards.folder import DataSet
from generator.shards.index import Row
from generator.synth3d import dressed
from render.device import Device

# Files and folders of the user, which the audit needs none of: it has its own expressions, light
# and background.
PATHS = ("expressions", "background_folder", "environment_folder")
CHECKED = ("age_years", "sex", "ethnicity", "skin_tone")


@dataclass(frozen=True)
class Origin:
    """`config` makes the people of a folder again; where it is None, `reason` says why not.

    `same_code`: whether the folder was drawn by the code that is here.
    """

    config: GenerateConfig | None
    reason: str
    same_code: bool


def origin(data: DataSet, here: str) -> Origin:
    """Say whether a folder's people can be made again; `here` is the hash of the code."""
    options = data.config.get("options")
    drawn_by = data.config.get("made_with", {}).get("source")
    if options is None or drawn_by is None:
        return Origin(None, "it was not drawn by this project's 3D path", False)
    same = drawn_by == here
    names = {field.name for field in fields(GenerateConfig)} - set(UNSTATED)
    strange = sorted(set(options) ^ names)
    if strange:
        return Origin(None, f"this version does not share its option {strange[0]}", same)
    config = _restored(options)
    wrong = _other_files(data, config) or _other_person(data, config)
    if wrong is not None:
        return Origin(None, f"this code does not make its people again: {wrong}", same)
    return Origin(config, "", same)


def _restored(options: dict[str, Any]) -> GenerateConfig:
    """The options of `config.json` as a configuration, without the user's files."""
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in options.items()
        if name not in PATHS and not (name in REPLACED and value is None)
    }
    skin = given["texture"] == "skin"
    # The networks that paint skin and backgrounds are stated together.
    if given["background"] == "folder" or (given["background"] == "inpaint" and skin):
        given["background"] = "plain"
    if skin:
        given = {name: value for name, value in given.items() if name not in OF_DIFFUSION}
    if options["environment_folder"] is not None:
        given["environments"] = ()
    return GenerateConfig(**given)


def _other_files(data: DataSet, config: GenerateConfig) -> str | None:
    """Name the first of the user's files that people are made of and that is another one here."""
    try:
        here = added(config)
    except ValueError as error:
        return str(error)
    for name, digest in here.items():
        stated = data.config["made_with"].get(name)
        if stated != digest:
            return f"{name} was {stated} and is {digest}"
    return None


def _other_person(data: DataSet, config: GenerateConfig) -> str | None:
    """Name the first person of the index whose facts are not those made from the options."""
    for row in people(data):
        number = index_of(row)
        if not 0 <= number < config.identities:
            return f"{row['identity']} is none of {config.identities} people"
        person = make_identity(number, config.identities, config.seed, config.ages).person
        for name in CHECKED:
            if getattr(person, name) != row[name]:
                return f"{row['identity']} has {name} {row[name]}, got {getattr(person, name)}"
    return None


def with_skin(origin: Origin, first: Row, device: Device) -> Origin:
    """The same where painted skin is in the store, as that of the `first` who sits for the audit.

    Else people cannot be made again; `device` is what draws.
    """
    config = origin.config
    if config is None or config.texture == "skin":
        return origin
    try:
        if config.device != device:
            rule = f"{config.device}, which painted the skin of {first['identity']}"
            raise ValueError(f"device must be {rule}, got {device}")
        identity, body = dressed(config, index_of(first))
        painted.load(texture_key(config, identity, body), identity.name)
    except ValueError as error:
        return Origin(None, f"their painted skin cannot be had: {error}", origin.same_code)
    return origin


def people(data: DataSet) -> list[Row]:
    """Identity and facts of everybody in a folder, in the order of the index."""
    first: dict[str, Row] = {}
    for row in data.index.select(["identity", *CHECKED]).to_pylist():
        first.setdefault(row["identity"], row)
    return list(first.values())


def index_of(row: Row) -> int:
    """The number of a person that we made, -1 for any other name."""
    name = row["identity"]
    digits = name.removeprefix("p")
    own = name.startswith("p") and digits.isascii() and digits.isdigit()
    return int(digits) if own else -1


def chosen(everybody: Sequence[Row], count: int) -> list[Row]:
    """At most `count` people, balanced over age bands and skin tones, in the order given.

    Each next one is of the band and tone that have the fewest so far, then of the rarer sex.
    """
    taken: list[int] = []
    seen: Counter[tuple[str, Number | str | None]] = Counter()
    left = dict(enumerate(everybody))

    def crowd(number: int) -> tuple[int, int, int]:
        marks = _marks(left[number])
        return (
            seen[marks[0]] + seen[marks[1]],
            seen[marks[2]],
            number,
        )

    while left and len(taken) < count:
        number = min(left, key=crowd)
        taken.append(number)
        seen.update(_marks(left.pop(number)))
    return [everybody[number] for number in sorted(taken)]


def _marks(row: Row) -> tuple[tuple[str, Number | str | None], ...]:
    age = row["age_years"]
    band = None if age is None else "newborn" if newborn(age) else band_name(age)
    return ("band", band), ("tone", row["skin_tone"]), ("sex", row["sex"])


def newborn(age_years: float) -> bool:
    """Whether an age is at most 28 days."""
    return age_years < 28 / 365.25


def sitting_config(config: GenerateConfig, size: int, device: Any) -> GenerateConfig:
    """How people of a data set sit for the audit: nothing before the face, our own shading."""
    return replace(
        config,
        size=size,
        device=device,
        occluders=("none",),
        background="plain",
        sensor="photo",
        depth_of_field=False,
        shading="deferred",
        raster="warp",
    )
