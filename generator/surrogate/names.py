"""UNBC-McMaster's names on disk: the sequences of its subjects, the files of a frame."""

from dataclasses import dataclass
from itertools import product
from pathlib import PurePosixPath

from assets.unbc import SUBJECTS

# Two tests (t1, t2) of four active movements (abduction, external rotation, flexion, internal
# rotation) of the affected and the other arm: ll042t1aaaff, ll042t1aaunaff, ... ll042t2aiunaff.
# Tests go last: a set of few sequences has all movements of the first.
SEQUENCES = tuple(
    f"{test}a{movement}{side}"
    for test, movement, side in product(("t1", "t2"), "aefi", ("aff", "unaff"))
)
SCALES = ("AFF", "OPR", "SEN", "VAS")


@dataclass(frozen=True)
class Place:
    """A sequence of a subject, and where its files lie in the folder."""

    subject: str
    sequence: str

    def stem(self, number: int) -> str:
        """Name of a frame without its ending; frames are numbered from 1."""
        return f"{self.sequence}{number:03d}"

    def image(self, number: int) -> PurePosixPath:
        """The picture of a frame."""
        return self.folders[0] / f"{self.stem(number)}.png"

    def pspi(self, number: int) -> PurePosixPath:
        """The file with the PSPI of a frame."""
        return self.folders[1] / f"{self.stem(number)}_facs.txt"

    def facs(self, number: int) -> PurePosixPath:
        """The file with the action units of a frame."""
        return self.folders[2] / f"{self.stem(number)}_facs.txt"

    def landmarks(self, number: int) -> PurePosixPath:
        """The file with the 66 landmarks of a frame."""
        return self.folders[3] / f"{self.stem(number)}_aam.txt"

    def scale(self, name: str) -> PurePosixPath:
        """The file with one of the labels of the sequence, `name` being one of `SCALES`."""
        return PurePosixPath("Sequence_Labels") / name / self.subject / f"{self.sequence}.txt"

    @property
    def openface(self) -> PurePosixPath:
        """The CSV of the sequence."""
        return PurePosixPath("OpenFace") / self.subject / f"{self.sequence}.csv"

    @property
    def folders(self) -> tuple[PurePosixPath, ...]:
        """Folders of the pictures, the PSPI, the action units and the landmarks."""
        rooms = ("Images", "Frame_Labels/PSPI", "Frame_Labels/FACS", "AAM_landmarks")
        return tuple(PurePosixPath(room) / self.subject / self.sequence for room in rooms)


def place(subject: int, number: int) -> Place:
    """The sequence `number` (0-15) of a subject (0-24)."""
    name = SUBJECTS[subject]
    return Place(name, name.partition("-")[2] + SEQUENCES[number])
