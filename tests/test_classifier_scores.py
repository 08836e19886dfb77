"""Figures of a confusion matrix: those of scikit-learn, and the thesis's tables as printed."""

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import classification_report

from vitpain.classifier import tables
from vitpain.classifier.arms import Arm
from vitpain.classifier.scores import MEASURES, Scores, scores
from vitpain.evaluate.table import NONE, text

SUPPORT = np.array([6867, 1202, 459, 77, 43, 10])
"""Of the thesis's tables 13 and 14."""
TABLE_13 = """
The result of original
----------------------
Class         Precision  Recall  F1 score  Support
0             0.79       1       0.88      6867
1             0          0       0         1202
2             0          0       0         459
3             0          0       0         77
4             0          0       0         43
5             0          0       0         10
Accuracy                         0.79      8658
Macro avg     0.13       0.17    0.15      8658
Weighted avg  0.63       0.79    0.7       8658
Classes 1, 2, 3, 4, 5 said of no frame: precision counts as 0, as in scikit-learn.
"""
TABLE_14 = """
0             0.79       0.87    0.83      6867
1             0.11       0.1     0.11      1202
2             0          0       0         459
3             0          0       0         77
4             0          0       0         43
5             0          0       0         10
Accuracy                         0.7       8658
Macro avg     0.15       0.16    0.16      8658
Weighted avg  0.64       0.7     0.67      8658
"""
NAMES = {"precision": "precision", "recall": "recall", "f1": "f1-score"}


def table(kind: str, confusion: np.ndarray) -> str:
    arm = Arm("original") if kind == "original" else Arm("generated", "gan")
    return text(tables.classification(tables.title(arm), Scores(confusion)))


def test_table_13_follows_from_class_0_said_of_every_frame() -> None:
    confusion = np.zeros((6, 6), np.int64)
    confusion[:, 0] = SUPPORT
    assert table("original", confusion) == TABLE_13.strip()


def test_table_14_follows_from_a_matrix_that_it_implies() -> None:
    """It prints two digits: 125 frames of class 1 found by 1,100 that were said fit all of them."""
    confusion = np.zeros((6, 6), np.int64)
    confusion[:, 0] = SUPPORT
    for label, count in ((0, 893), (1, 125), (2, 62), (3, 10), (4, 8), (5, 2)):
        confusion[label, 0] -= count
        confusion[label, 1] += count
    assert confusion[:, 1].sum() == 1100
    said = table("generated", confusion)
    assert TABLE_14.strip() in said
    assert said.startswith("The result of generated: gan\n")


@pytest.mark.parametrize("classes", [6, 3, 2])
def test_figures_are_those_of_scikit_learn(classes: int) -> None:
    rng = np.random.default_rng(classes)
    undefined = 0
    for count in (1, 2, 5, 40, 300):
        label, said = rng.integers(0, classes, (2, count))
        found = scores(label, said, classes)
        # Its annotations know neither 0 nor the dictionary.
        told: Any = classification_report
        wanted = told(label, said, output_dict=True, zero_division=0)
        each = found.each
        for at in range(classes):
            if not found.there[at]:
                undefined += 1
                assert str(at) not in wanted
                continue
            for ours, theirs in NAMES.items():
                assert each[ours][at] == pytest.approx(wanted[str(at)][theirs])
            assert found.support[at] == wanted[str(at)]["support"]
        for average, name in ((found.macro, "macro avg"), (found.weighted, "weighted avg")):
            for ours, theirs in NAMES.items():
                assert average[ours] == pytest.approx(wanted[name][theirs])
        assert found.accuracy == pytest.approx(wanted["accuracy"])
    assert undefined or classes < 6


def test_rows_are_labels_and_columns_what_was_said() -> None:
    found = scores(np.array([0, 0, 2]), np.array([0, 1, 1]), 3)
    assert found.confusion.tolist() == [[1, 1, 0], [0, 0, 0], [0, 1, 0]]
    figures = found.figures
    assert figures["never_said"] == [2]
    assert figures["without_frames"] == [1]
    assert figures["classes"][2] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 1}


def test_a_class_that_is_nowhere_is_no_number_and_in_no_average() -> None:
    found = scores(np.array([0, 1]), np.array([0, 1]), 6)
    assert found.macro == dict.fromkeys(MEASURES, 1.0)
    assert found.figures["classes"][5] == {**dict.fromkeys(MEASURES), "support": 0}
    said = text(tables.classification("", found))
    assert f"4             {NONE}          {NONE}       {NONE}         0" in said
    assert "Classes 2, 3, 4, 5 without a frame, and said of none: in no average." in said
    only_said = text(tables.classification("", scores(np.array([0]), np.array([1]), 6)))
    assert "Class 1 without a frame: recall counts as 0" in only_said


def test_no_frame_is_an_error() -> None:
    with pytest.raises(ValueError, match="frames must be one or more, got none"):
        scores(np.zeros(0, np.int64), np.zeros(0, np.int64), 6)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0, "0"), (1.0, "1"), (0.7, "0.7"), (0.704, "0.7"), (0.996, "1"), (0.13, "0.13")],
)
def test_numbers_are_printed_as_the_thesis_prints_them(value: float, shown: str) -> None:
    assert tables.number(value) == shown
