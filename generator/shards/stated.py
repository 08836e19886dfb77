"""What `config.json` states, read back strictly: a field of another type is named."""

from dataclasses import dataclass
from typing import Any, Literal

from assets.environments import NAMES
from assets.population import parse_ages
from generator.shards.card import MEMBERS
from generator.shards.codec import MAPS
from generator.shards.derived import read_derived
from generator.shards.imported import read_imported
from generator.shards.record_json import field_types, read_value


@dataclass(frozen=True)
class Options:
    """The options of a data set drawn here that can be seen in its samples.

    `pain_per_identity` is None where `expressions`, a user's file by its hash, takes its place;
    `environment_folder` is a user's folder by the hash of what it holds.
    """

    identities: int
    pain_per_identity: int | None
    confounders: int
    views: int
    size: int
    seed: int
    ages: str
    expressions: str | None
    vary: tuple[Literal["pose", "light", "background"], ...]
    annotations: tuple[Literal["seg", "depth", "normal", "heat", "uv"], ...]
    image: Literal["jpg", "png"]
    camera: str
    background: str
    environments: tuple[str, ...]
    environment_folder: str | None
    sensor: Literal["photo", "clean", "degraded", "ward_video", "near_infrared"]
    depth_of_field: bool
    occluders: tuple[str, ...]
    hair: Literal["cards", "makehuman"]
    creases: Literal["on", "off"]
    head: Literal["anny", "flame"]
    rig: Literal["neural", "blendshapes"]
    raster: Literal["warp", "pyrender", "pytorch3d"]
    shading: Literal["deferred", "mitsuba"]

    @property
    def renderer(self) -> str:
        """What records name as the maker of picture and maps."""
        return self.raster if self.shading == "deferred" else f"{self.raster}, {self.shading}"

    @property
    def members(self) -> list[str]:
        """Suffixes of the members that these options ask for, in their order."""
        maps = (f"{name}.png" for name in MAPS if name in self.annotations)
        return [self.image, "json", *maps]


def read_options(config: dict[str, Any], where: str) -> Options | None:
    """Read the options out of a configuration, None where it has none (real data).

    Raises ValueError that begins with `where` and names the field that is missing or is not of
    its type.
    """
    if "options" not in config:
        return None
    given = config["options"]
    if not isinstance(given, dict):
        raise ValueError(f"{where}: options must be an object, got {given!r}")
    kinds = field_types(Options)
    for name in kinds:
        if name not in given:
            raise ValueError(f"{where}: options.{name} must be there, got no such key")
    read = {
        name: read_value(given[name], kinds[name], f"{where}: options.{name}") for name in kinds
    }
    options = Options(**read)
    _check_ranges(options, where)
    return options


def _check_ranges(options: Options, where: str) -> None:
    lowest = {"identities": 1, "confounders": 0, "views": 1, "size": 1, "seed": 0}
    for name, low in lowest.items():
        value = getattr(options, name)
        if value < low:
            raise ValueError(f"{where}: options.{name} must be at least {low}, got {value}")
    if options.expressions is None and options.pain_per_identity is None:
        rule = "a number where expressions is null"
        raise ValueError(f"{where}: options.pain_per_identity must be {rule}, got null")
    unknown = sorted(set(options.environments) - set(NAMES))
    if unknown:
        rule = f"among {', '.join(NAMES)}"
        raise ValueError(f"{where}: options.environments must be {rule}, got {unknown[0]}")
    try:
        parse_ages(options.ages)
    except ValueError as error:
        raise ValueError(f"{where}: options.{error}") from error


def check_config(config: Any, where: str) -> dict[str, Any]:
    """Hold a configuration to its types and give it back.

    Errors are those of `read_options`, `read_imported` and `read_derived`.
    """
    if not isinstance(config, dict):
        raise ValueError(f"{where} must be an object, got {config!r}")
    members = config.get("members")
    if not isinstance(members, list):
        raise ValueError(f"{where} must name the members of a sample as a list, got {members!r}")
    unknown = [name for name in members if not (isinstance(name, str) and name in MEMBERS)]
    if unknown or "json" not in members or len(set(members)) != len(members):
        rule = f"among {', '.join(MEMBERS)}, each once and json one of them"
        raise ValueError(f"{where}: members must be {rule}, got {members!r}")
    options = read_options(config, where)
    said = (options, read_imported(config, where), read_derived(config, where))
    if sum(one is not None for one in said) > 1:
        raise ValueError(f"{where} must have options, imported or derived, got several")
    if options is not None and options.members != members:
        rule = f"those of its options, {options.members}"
        raise ValueError(f"{where}: members must be {rule}, got {members!r}")
    return config
