"""What decides the bytes of a surrogate of UNBC-McMaster: options, defaults, rules."""

from dataclasses import dataclass, fields

from assets.unbc import SUBJECTS
from generator.config import HIGHEST_SEED
from generator.surrogate.names import SEQUENCES

# A frame's number has three digits, and the longest sequence is twice the mean.
MOST_FRAMES = 499
SMALLEST, LARGEST = 32, 1024


@dataclass(frozen=True)
class SurrogateConfig:
    """What to make. UNBC-McMaster itself has about 8 sequences a subject of some 242 frames."""

    subjects: int = len(SUBJECTS)
    """People, 1 to 25: the first of UNBC's names."""
    sequences: int = 4
    """Sequences a person, 1 to 16."""
    frames: int = 60
    """Frames a sequence on average, 1 to 499; lengths differ as UNBC's do."""
    width: int = 320
    """Width of a picture, pixels, 32 to 1024."""
    height: int = 240
    """Height of a picture, pixels, 32 to 1024."""
    pain: float = 0.1729
    """Share of frames with PSPI above 0, above 0 and at most 0.6; UNBC's is 0.1729."""
    seed: int = 0
    """Seed, 0 to 2**63 - 1; whatever it is, no other data set has these people."""
    openface: bool = False
    """Write what OpenFace 2 might read from the frames beside them, in OpenFace/."""

    def __post_init__(self) -> None:
        """Refuse what cannot be made, naming option, rule and value."""
        for name, low, high in (
            ("subjects", 1, len(SUBJECTS)),
            ("sequences", 1, len(SEQUENCES)),
            ("frames", 1, MOST_FRAMES),
            ("width", SMALLEST, LARGEST),
            ("height", SMALLEST, LARGEST),
            ("seed", 0, HIGHEST_SEED),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name} must be from {low} to {high}, got {value}")
        if not 0.0 < self.pain <= 0.6:
            raise ValueError(f"pain must be above 0 and at most 0.6, got {self.pain}")


def options(config: SurrogateConfig) -> dict[str, int | float | bool]:
    """The options by name."""
    return {field.name: getattr(config, field.name) for field in fields(config)}
