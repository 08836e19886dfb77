"""Data sets of drawn faces in which three action units can be read, registered and painted ones.

AU4 lowers the brows, AU25 opens the mouth, AU43 closes the eyes; colours tell people apart. The
sets have the shape of what `generate`, `register` and `augment2d` leave.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from jaxtyping import UInt8

from assets.facs import AUVector
from assets.population import Split
from assets.streams import stream
from assets.unbc import SUBJECTS
from generator.config import GenerateConfig
from generator.jobs import Run, generate
from generator.producer import Producer
from generator.shards import codec, manifest
from generator.shards.derived import Derived, about_derived
from generator.shards.record import (
    Angles,
    AUCodes,
    AUSources,
    LandmarkFacts,
    Record,
    Registration,
    Sample,
    Translation,
)
from tests.runs import ignore

AUS = (4, 25, 43)
LISTS = {1: {4: 1}, 2: {4: 2, 25: 2}, 3: {4: 2, 25: 4, 43: 1}, 5: {4: 4, 25: 3, 43: 1}}
"""What a network paints, by PSPI."""


@dataclass(frozen=True)
class DrawnConfig(GenerateConfig):
    """What is drawn: heads made here, real frames, or what a network painted of real frames."""

    role: Literal["3d", "real", "made"] = "3d"
    registered: Literal["2d", "3d"] | None = None
    surrogate: bool = True
    data: str = ""
    painted: Literal["as asked", "unchanged", "others", "nothing"] = "as asked"
    softened: float = 0.0
    """Deviation of a blur of what is painted, pixels."""


CONFIG = DrawnConfig(
    identities=4,
    pain_per_identity=8,
    confounders=0,
    views=1,
    size=64,
    people_per_shard=4,
    annotations=(),
    image="png",
)


def drawn(
    person: int, aus: Mapping[int, float], size: int = 64
) -> UInt8[np.ndarray, "size size 3"]:
    """Draw a face; the same arguments give the same picture."""
    rng = stream(3, person, "face")
    ground, skin, eyes = (rng.integers(low, low + 120, 3).tolist() for low in (0, 110, 20))
    fine = 4 * size
    made = np.full((fine, fine, 3), ground, np.uint8)

    def at(x: float, y: float) -> tuple[int, int]:
        return round(x * fine), round(y * fine)

    cv2.ellipse(made, at(0.5, 0.52), at(0.42, 0.47), 0, 0, 360, skin, -1)
    open_by = 0.05 * (1.0 - aus.get(43, 0.0)) + 0.006
    for x in (0.34, 0.66):
        cv2.ellipse(made, at(x, 0.42), at(0.1, open_by), 0, 0, 360, eyes, -1)
        low = 0.21 + 0.024 * aus.get(4, 0.0)
        cv2.line(made, at(x - 0.11, low), at(x + 0.11, low), (30, 25, 20), fine // 32)
    mouth = at(0.12, 0.012 + 0.02 * aus.get(25, 0.0))
    cv2.ellipse(made, at(0.5, 0.76), mouth, 0, 0, 360, (110, 30, 40), -1)
    return np.asarray(cv2.resize(made, (size, size), interpolation=cv2.INTER_AREA))


def splits(config: DrawnConfig) -> list[Split]:
    if config.role != "3d":
        return ["train"] * config.identities
    parts: tuple[Split, ...] = ("train", "train", "train", "val", "test")
    return [parts[number % len(parts)] for number in range(config.identities)]


def make_person(config: DrawnConfig, index: int) -> list[Sample]:
    match config.role:
        case "3d":
            return _heads(config, index)
        case "real":
            return _frames(config, index)
        case "made":
            return _painted(config, index)


def _heads(config: DrawnConfig, index: int) -> list[Sample]:
    made = []
    for number in range(1 + (config.pain_per_identity or 0)):
        rng = stream(config.seed, index, "aus", number)
        aus = {4: float(rng.integers(6)), 25: float(rng.integers(6)), 43: float(rng.integers(2))}
        if number == 0:
            aus = {}
        name = f"p{index:06d}"
        facts: dict[str, Any] = {"identity": name, "source": "3d", "split": splits(config)[index]}
        facts |= {"kind": "pain" if number else "neutral", "neutral_key": f"{name}_v0_e00"}
        made.append(_sample(config, f"{name}_v0_e{number:02d}", index, aus, facts))
    return made


def _frames(config: DrawnConfig, index: int) -> list[Sample]:
    """Two sequences a person, three frames at rest and three in pain each."""
    made = []
    for sequence in ("aff", "bff"):
        for number, aus in enumerate(({}, {}, {}, {4: 1}, {4: 2, 25: 2}, {4: 3, 43: 1}), start=1):
            facts = _real(index) | {"sequence": f"{SUBJECTS[index][4:]}{sequence}", "frame": number}
            key = f"{SUBJECTS[index]}_{sequence}{number:03d}"
            made.append(_sample(config, key, index, aus, facts))
    return made


def _painted(config: DrawnConfig, index: int) -> list[Sample]:
    """One unchanged input and a picture a list, all of fold 1."""
    name = SUBJECTS[index]
    source = f"{name}_aff001"
    others = tuple(one for at, one in enumerate(SUBJECTS[: config.identities]) if at != index)
    facts = _real(index) | {"source": "2d", "fold": 1, "kind": "neutral"}
    unchanged = Translation(source, others)
    made = [_sample(config, f"{name}_f1_l00", index, {}, facts | {"translation": unchanged})]
    for level, aus in LISTS.items() if config.painted != "nothing" else ():
        listed = AUVector.both(_whole(aus)).label
        # A closed eye is asked for as AU45.
        told = {au: listed[au] if au in (4, 25, 45) else None for au in listed}
        said = " ".join(f"{au}={value}" for au, value in aus.items())
        translation = Translation(source, others, told, said, 50.0, "f1n1 0123abcd")
        sample = _sample(
            config,
            f"{name}_f1_l{level:02d}",
            index,
            aus,
            facts | {"kind": "pain", "label_source": "target", "translation": translation},
        )
        made.append(sample)
    return made


def _real(index: int) -> dict[str, Any]:
    return {
        "identity": SUBJECTS[index],
        "split": "train",
        "kind": "real",
        "source": "unbc",
        "label_source": "manual",
    }


def _whole(aus: Mapping[int, float]) -> dict[int, float]:
    return {**aus, **({45: 5.0} if aus.get(43) else {})}


def _sample(
    config: DrawnConfig, key: str, index: int, aus: Mapping[int, float], facts: dict[str, Any]
) -> Sample:
    codes = AUVector.both(_whole(aus))
    source = facts.get("label_source", "target")
    shown, who = aus, index
    if config.role == "made" and config.painted == "unchanged":
        shown = {}
    if config.role == "made" and config.painted == "others":
        who = (index + 1) % config.identities
    picture = drawn(who, shown, config.size)
    if config.role == "made" and config.softened:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), config.softened))
    if config.role != "made":
        # A camera's noise: no two frames are the same bytes.
        rng = stream(config.seed, index, f"noise {key}")
        noisy = picture + rng.normal(0.0, 2.0, picture.shape)
        picture = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
    marks = LandmarkFacts("ibug68", points(config.size), (True,) * 68)
    registration = None
    if config.registered is not None:
        registration = Registration(config.registered, Angles(0.1, 0.0, 0.0), 0.01, 0.0, 0.0)
    record = Record(
        key=key,
        width=config.size,
        height=config.size,
        image="png",
        pspi=codes.pspi,
        aus=AUSources(**{source: AUCodes.of(codes)}),
        landmarks=None if "translation" in facts else marks,
        registration=registration,
        **{"label_source": "target", **facts},
    )
    return Sample(record, {"png": codec.encode_image(picture, "png")})


def points(size: int) -> tuple[tuple[float, float], ...]:
    """Corners of the eyes and base of the nose where they are drawn, so that the square around the
    face is the picture; the rest round the face.
    """
    turns = np.linspace(0.0, 2.0 * np.pi, 68, endpoint=False)
    made = np.stack([0.5 + 0.42 * np.cos(turns), 0.52 + 0.47 * np.sin(turns)], axis=1)
    made[[36, 39, 42, 45]] = [[0.24, 0.42], [0.44, 0.42], [0.56, 0.42], [0.76, 0.42]]
    made[33] = [0.5, 0.549]
    return tuple((float(x), float(y)) for x, y in made * size)


def derived(config: DrawnConfig) -> Derived:
    made = config.role == "made"
    return Derived(
        step="augment2d" if made else "register",
        data=config.data or "0" * 64,
        source="2d" if made else "unbc",
        surrogate=config.surrogate,
        registered=config.registered,
        size=config.size,
        people_per_shard=config.people_per_shard,
        head="anny",
        people=("unbc",) if made else (),
    )


def pictures(config: DrawnConfig, people: Any) -> int:
    return len(people)


def made_with(config: DrawnConfig) -> dict[str, str]:
    return {"drawn": "1"}


def stated(config: DrawnConfig) -> dict[str, Any]:
    return {"derived": asdict(derived(config))}


def about(config: DrawnConfig) -> Any:
    return about_derived(derived(config))


HEADS = Producer(make_person, splits, pictures, made_with)
DERIVED = replace(HEADS, stated=stated, about=about)


def heads(out: Path, **changed: Any) -> Path:
    """Faces with exact labels, of people of every split."""
    generate(replace(CONFIG, **changed), HEADS, Run(out), ignore)
    return out


def registered(out: Path, way: Literal["2d", "3d"] = "3d", **changed: Any) -> Path:
    """Real people's frames, as `register` leaves them."""
    config = replace(CONFIG, role="real", registered=way, **changed)
    generate(config, DERIVED, Run(out), ignore)
    return out


def painted(out: Path, real: Path, way: Literal["2d", "3d"] = "3d", **changed: Any) -> Path:
    """What a network painted of them, as `augment2d` leaves it."""
    digest = manifest.checksum(real / manifest.NAME).sha256
    config = replace(CONFIG, role="made", registered=way, data=digest, **changed)
    generate(config, DERIVED, Run(out), ignore)
    return out
