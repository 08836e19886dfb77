"""A user's CSV of expressions: read exactly, or refused with line, column and value."""

import re
from pathlib import Path

import pytest

from assets.facs import AUVector, complete
from generator.expression_file import MOST_ROWS, read_expressions


def read(tmp_path: Path, text: str) -> tuple[AUVector, ...]:
    path = tmp_path / "faces.csv"
    path.write_text(text, encoding="utf-8")
    return read_expressions(path)


def test_rows_become_expressions(tmp_path: Path) -> None:
    text = "AU4,au6, AU25\n1,2.5,0\n\n5,0,3\n"
    faces = read(tmp_path, text)
    assert faces == (AUVector.both({4: 1, 6: 2.5}), AUVector.both({4: 5, 25: 3}))
    assert read(tmp_path, "\ufeff" + text) == faces
    assert read(tmp_path, text.replace("\n", "\r\n")) == faces


def test_sides_are_read_apart(tmp_path: Path) -> None:
    (face,) = read(tmp_path, "AU12L,AU12R,AU4\n1,4,2\n")
    assert face == AUVector(complete({12: 1, 4: 2}), complete({12: 4, 4: 2}))


def test_closed_eyes_follow_the_column_there_is(tmp_path: Path) -> None:
    closed, half = AUVector.both({43: 1, 45: 5}), AUVector.both({45: 2})
    assert read(tmp_path, "AU43\n1\n") == (closed,)
    assert read(tmp_path, "AU45\n5\n2\n") == (closed, half)
    assert read(tmp_path, "AU43,AU45\n1,5\n0,2\n") == (closed, half)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must have a header and at least one row, got 0 lines"),
        ("AU4\n", "must have a header and at least one row, got 1 lines"),
        ("AU4,AU8\n1,1\n", "line 1: column must be AU and one of 1, 2, 4,"),
        ("AU4,AU8\n1,1\n", "got 'AU8'"),
        ("AU4,pspi\n1,1\n", "got 'pspi'"),
        ("AU04\n1\n", "got 'AU04'"),
        ("4\n1\n", "got '4'"),
        ("AU26L,AU26R\n1,1\n", "line 1: column must be without side, AU26 has none, got 'AU26L'"),
        ("AU4,AU4\n1,1\n", "line 1: AU4 must stand once, or as L and R, got AU4, AU4"),
        ("AU4,AU4L\n1,1\n", "line 1: AU4 must stand once, or as L and R, got AU4, AU4L"),
        ("AU4L\n1\n", "line 1: AU4 must stand once, or as L and R, got AU4L"),
        ("AU4,AU6\n1,2\n1\n", "line 3: row must have 2 values, got 1"),
        ("AU4\n1\nx\n", "line 3, column AU4: must be a number from 0 to 5, got 'x'"),
        ("AU4,AU6\n1,\n", "line 2, column AU6: must be a number from 0 to 5, got ''"),
        ("AU4\nnan\n", "line 2, column AU4: must be a number from 0 to 5, got 'nan'"),
        ("AU4L,AU4R\n1,-1\n", "line 2, column AU4R: must be a number from 0 to 5, got '-1'"),
        ("AU43\n2\n", "line 2, column AU43: must be a number from 0 to 1, got '2'"),
        ("AU43\n0.5\n", "line 2: left side: AU43 must be 0 or 1, got 0.5"),
        ("AU26,AU27\n0,1\n1,1\n", "line 3: left side: AU26 and AU27 must not both be above 0"),
        ("AU43,AU45\n1,3\n", "line 2: left side: AU43 must be 1 exactly when AU45 is 5"),
        ('AU4,AU6\n1,2\n"3,4\n', "line 3: must be CSV, got unexpected end of data"),
        ('AU4\n1\n"2"x\n3\n', "line 3: must be CSV, got ',' expected after '\"'"),
        ("AU4\n" + "1" * 200_000, "line 2: must be CSV, got field larger than field limit"),
        ("AU4\n" + "1\n" * (MOST_ROWS + 1), "must have at most 10000 rows, got 10001"),
    ],
)
def test_faults_are_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"faces\.csv.*" + re.escape(said)):
        read(tmp_path, text)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"expressions must be a readable CSV file, got .*gone\.csv"
    ):
        read_expressions(tmp_path / "gone.csv")
    (tmp_path / "photo.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(ValueError, match=r"readable CSV file, got .*photo\.csv"):
        read_expressions(tmp_path / "photo.csv")
