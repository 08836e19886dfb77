"""The facts of one sample, in the form that stands in `KEY.json`.

Every key is always there and what is not known is null. A number that can have a fraction is a
float and is written as one, because readers infer a column's type from its first rows. The text
beside a field is its unit, range and convention; the data set card prints it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from assets.facs import AUVector
from assets.population import Split

DRAWN, TRANSLATED = "3d", "2d"
"""Sources of what is made here: drawn pictures, and photographs that a network changed. Names of
drawn people mean nothing beyond their own data set."""
Kind = Literal["neutral", "pain", "confounder", "real"]
LabelSource = Literal["target", "manual", "openface"]
Scheme = Literal["ibug68", "aam66"]
POINTS: Mapping[str, int] = {"ibug68": 68, "aam66": 66}
"""How many landmarks a scheme has."""

Intensities = dict[int, float | None]
"""Intensity of every AU of `assets.facs.AUS`; None where it was not coded."""
Pair = tuple[float, float]
Triple = tuple[float, float, float]
Four = tuple[float, float, float, float]


@dataclass(frozen=True)
class AUCodes:
    """Action units of one source, FACS 0-5 (AU43 0 or 1), null where not coded."""

    left: Annotated[Intensities, "FACS intensity of the person's left side"]
    right: Annotated[Intensities, "FACS intensity of the person's right side"]
    label: Annotated[Intensities, "the larger side"]

    @classmethod
    def of(cls, aus: AUVector) -> "AUCodes":
        """Take both sides and the label of what a rig was given."""
        return cls(dict(aus.left), dict(aus.right), dict(aus.label))


@dataclass(frozen=True)
class AUSources:
    """The same face's action units by who says so; null where a source did not look."""

    target: Annotated[AUCodes | None, "what the face was made with"] = None
    manual: Annotated[AUCodes | None, "coded by people"] = None
    openface: Annotated[AUCodes | None, "read by OpenFace 2"] = None


@dataclass(frozen=True)
class SequenceLabels:
    """Scores that UNBC-McMaster gives to a whole sequence."""

    vas: Annotated[float | None, "visual analogue scale, 0-10"] = None
    opr: Annotated[float | None, "observer's pain rating, 0-5"] = None
    aff: Annotated[float | None, "affective scale, 0-16"] = None
    sen: Annotated[float | None, "sensory scale, 0-16"] = None


@dataclass(frozen=True)
class PersonFacts:
    """Who the person is; for made people what was sampled, not how people see themselves."""

    age_years: Annotated[float | None, "years since birth"] = None
    sex: Annotated[str | None, "female or male"] = None
    ethnicity: Annotated[str | None, "name of the mix that was sampled"] = None
    african: Annotated[float | None, "share, 0-1; the three sum to 1"] = None
    asian: Annotated[float | None, "share, 0-1"] = None
    caucasian: Annotated[float | None, "share, 0-1"] = None
    skin_tone: Annotated[int | None, "Monk tone, 1 (lightest) to 10"] = None
    eye_colour: Annotated[str | None, "name of the iris colour"] = None
    hair: Annotated[str | None, "name of the hair style"] = None


@dataclass(frozen=True)
class CameraFacts:
    """Pinhole camera in pixels; the centre of the first pixel is (0.5, 0.5)."""

    intrinsics: Annotated[tuple[Triple, Triple, Triple], "pixels, no skew"]
    extrinsics: Annotated[
        tuple[Four, Four, Four],
        "world to camera, metres; camera x right, y down, z forward",
    ]
    name: Annotated[str | None, "kind of camera"] = None
    aperture: Annotated[float | None, "metres across; null where all of the head is sharp"] = None
    focus: Annotated[float | None, "depth that is sharp, metres; null likewise"] = None


@dataclass(frozen=True)
class Angles:
    """Turns in radians against the camera: right, up and clockwise in the picture are positive."""

    yaw: Annotated[float, "radians, > 0 turns to the picture's right"]
    pitch: Annotated[float, "radians, > 0 up"]
    roll: Annotated[float, "radians, > 0 clockwise in the picture"]


@dataclass(frozen=True)
class Direction:
    """Where something points, in radians against the camera; it has no roll."""

    yaw: Annotated[float, "radians, > 0 to the picture's right"]
    pitch: Annotated[float, "radians, > 0 up"]


@dataclass(frozen=True)
class Gaze:
    """Where each eye looks against the camera, as the picture shows it; drawn every expression."""

    left: Annotated[Direction, "the person's left eye"]
    right: Annotated[Direction, "the person's right eye"]


@dataclass(frozen=True)
class LightFacts:
    """What lights the scene; linear, in units where `exposure` takes a diffuse white to 1."""

    environment: Annotated[str | None, "name, or content hash of the user's panorama"] = None
    rotation: Annotated[float | None, "radians about the vertical"] = None
    exposure: Annotated[float | None, "factor on every radiance"] = None
    key_direction: Annotated[Triple | None, "unit vector in world axes, towards the light"] = None
    key_colour: Annotated[Triple | None, "linear RGB irradiance of a surface facing it"] = None
    key_size: Annotated[float | None, "angular radius, radians"] = None
    key_distance: Annotated[
        float | None, "metres at which a lamp beside the lens gives key_colour; null: far away"
    ] = None


@dataclass(frozen=True)
class BackgroundFacts:
    """What stands behind the head."""

    kind: Annotated[str | None, "environment, plain, gradient, folder or inpaint"] = None
    name: Annotated[
        str | None, "environment, content hash of the user's picture, or prompt of what was painted"
    ] = None
    blur: Annotated[float | None, "diameter of the circle of confusion, pixels"] = None


@dataclass(frozen=True)
class SensorFacts:
    """What the camera's sensor and lens do to the light, as in `render.sensor.Sensor`."""

    noise: Annotated[float | None, "standard deviation of read noise, 1 is white"] = None
    grain: Annotated[float | None, "standard deviation of shot noise at white"] = None
    contrast: Annotated[float | None, "slope at mid grey, 1 is none"] = None
    saturation: Annotated[float | None, "factor on chroma, 1 is none"] = None
    vignette: Annotated[float | None, "loss of light in the corners, 0-1"] = None
    blur: Annotated[float | None, "standard deviation of softness, the camera's pixels"] = None
    kind: Annotated[str | None, "photo, clean, degraded, ward_video or near_infrared"] = None
    gain: Annotated[float | None, "factor on the exposure, 1 is right"] = None
    balance: Annotated[Triple | None, "factors on linear red, green, blue, 1 is right"] = None
    defocus: Annotated[float | None, "radius of the whole picture's blur, pixels"] = None
    motion: Annotated[Pair | None, "the picture's movement right and down, pixels"] = None
    columns: Annotated[int | None, "the camera's pixels across, 0: the picture's own"] = None
    quality: Annotated[int | None, "JPEG quality inside the camera, 1-100, 0: none"] = None


@dataclass(frozen=True)
class LandmarkFacts:
    """Points on the picture's own pixels; the centre of the first pixel is (0.5, 0.5)."""

    scheme: Annotated[Scheme, "order of the points"]
    points: Annotated[tuple[Pair, ...], "x right, y down, pixels; n is 68 (ibug68) or 66 (aam66)"]
    visible: Annotated[tuple[bool, ...], "whether nothing lies in front, point by point"]


@dataclass(frozen=True)
class NFCS:
    """Four items of the Neonatal Facial Coding System, for ages 0-1, by our own mapping."""

    brow_bulge: Annotated[int | None, "1 where AU4 >= 1"]
    eye_squeeze: Annotated[int | None, "1 where AU43 = 1 and max(AU6, AU7) >= 1"]
    nasolabial_furrow: Annotated[int | None, "1 where max(AU9, AU10) >= 1"]
    open_mouth: Annotated[int | None, "1 where max(AU25, AU26, AU27) >= 1"]


@dataclass(frozen=True)
class Maker:
    """One part of what made the picture: name, version, and SHA-256 of what it is made of."""

    name: Annotated[str | None, "name"] = None
    version: Annotated[str | None, "version"] = None
    sha256: Annotated[str | None, "SHA-256 of the file it reads, or of its source"] = None


@dataclass(frozen=True)
class Makers:
    """What made the picture; null in data that was not made here."""

    head: Annotated[Maker, "head model"] = field(default_factory=Maker)
    texture: Annotated[Maker, "skin"] = field(default_factory=Maker)
    rig: Annotated[Maker, "action units to motion"] = field(default_factory=Maker)
    renderer: Annotated[Maker, "picture and maps"] = field(default_factory=Maker)
    creases: Annotated[str | None, "name of what folds the skin"] = None


@dataclass(frozen=True)
class Registration:
    """How a face was aligned by a head that was fitted to its landmarks; null where it was not."""

    mode: Annotated[Literal["2d", "3d"], "turned in the plane, or drawn from the front"]
    pose: Annotated[Angles, "of the head as photographed"]
    error: Annotated[float, "root mean square of the landmarks' misfit, share of the eye distance"]
    mirrored: Annotated[float, "share of the face's pixels that come from its other side"]
    filled: Annotated[float, "share of the face's pixels that were seen on neither side"]


@dataclass(frozen=True)
class Translation:
    """How a 2D picture came from a photograph; null for every other source.

    Where the photograph was left unchanged, condition, list, score and network are null.
    """

    input_key: Annotated[str, "the input frame, in the data set that was registered"]
    trained_on: Annotated[tuple[str, ...], "subjects that trained the network"] = ()
    condition: Annotated[Intensities | None, "what the network was given, 0-5"] = None
    aus: Annotated[str | None, "the list of action units, such as 4=2 43=1"] = None
    score: Annotated[float | None, "the list's score, of 60"] = None
    network: Annotated[str | None, "the network's name and hash"] = None


@dataclass(frozen=True)
class Record:
    """One sample: what the picture shows, how it was made, and where its labels come from."""

    key: Annotated[str, "name of the sample, no dots"]
    identity: Annotated[str, "name of the person"]
    split: Annotated[Split, "of the person"]
    kind: Annotated[Kind, "role of the picture"]
    source: Annotated[str, "3d, 2d or the name of a real data set"]
    width: Annotated[int, "pixels"]
    height: Annotated[int, "pixels"]
    image: Annotated[Literal["jpg", "png"], "how the picture is encoded"] = "jpg"
    fold: Annotated[int | None, "null where folds do not apply"] = None
    view: Annotated[int | None, "0 is frontal"] = None
    sequence: Annotated[str | None, "name of the sequence in real data"] = None
    frame: Annotated[int | None, "number of the frame in its sequence"] = None
    neutral_key: Annotated[str | None, "neutral of the same person and view"] = None
    expression: Annotated[str | None, "what a confounder shows, such as smile"] = None
    pspi: Annotated[float | None, "Prkachin-Solomon pain intensity, 0-16"] = None
    label_source: Annotated[LabelSource | None, "AU source of pspi and of the index"] = None
    aus: Annotated[AUSources, "by source"] = field(default_factory=AUSources)
    sequence_labels: Annotated[SequenceLabels, "of the whole sequence"] = field(
        default_factory=SequenceLabels
    )
    nfcs: Annotated[NFCS | None, "ages 0-1 only"] = None
    person: Annotated[PersonFacts, "demographics"] = field(default_factory=PersonFacts)
    camera: Annotated[CameraFacts | None, "null where not known"] = None
    head_pose: Annotated[Angles | None, "head against the camera"] = None
    gaze: Annotated[Gaze | None, "null where not known"] = None
    light: Annotated[LightFacts, "what lights the scene"] = field(default_factory=LightFacts)
    background: Annotated[BackgroundFacts, "behind the head"] = field(
        default_factory=BackgroundFacts
    )
    sensor: Annotated[SensorFacts, "after the scene is drawn"] = field(default_factory=SensorFacts)
    occluders: Annotated[tuple[str, ...], "names of what lies in front"] = ()
    landmarks: Annotated[LandmarkFacts | None, "null where not known"] = None
    crop: Annotated[
        tuple[Triple, Triple] | None,
        "original pixels to this picture's pixels, homogeneous; null where no affine map does it",
    ] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    registration: Annotated[Registration | None, "aligned faces only"] = None
    seed: Annotated[int | None, "of the data set"] = None
    made_by: Annotated[Makers, "versions and hashes"] = field(default_factory=Makers)
    translation: Annotated[Translation | None, "2D pictures only"] = None

    @property
    def labels(self) -> AUCodes | None:
        """The AU codes that `label_source` names, None where it names none."""
        match self.label_source:
            case "target":
                return self.aus.target
            case "manual":
                return self.aus.manual
            case "openface":
                return self.aus.openface
            case None:
                return None


@dataclass(frozen=True)
class Sample:
    """A record and its encoded members by suffix: `jpg`, `seg.png`, `depth.png` ...

    `KEY.json` is not among the members: it is written from the record.
    """

    record: Record
    members: dict[str, bytes]
