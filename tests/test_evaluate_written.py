"""A report as it is written: the same bytes again, reasons and banner everywhere, no name runs."""

import base64
import json
import shutil
from collections.abc import Callable
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pytest

from tests.runs import hashes
from tests.simulated_predictions import Effects, rows
from vitpain.evaluate import build, drawing, plots, predictions
from vitpain.evaluate.build import FIGURES, FOLDER, PAGE, TEXT, Evaluated, evaluate
from vitpain.evaluate.page import POLICY
from vitpain.evaluate.report import BANNER, Report
from vitpain.evaluate.table import Table, markdown, text
from vitpain.evaluate.told import CAPTIONS

HOSTILE = {
    "subject": "<script>alert(1)</script>",
    "sequence": "\"'><img src=x onerror=alert(2)>$a^b$",
    "key": "[x](javascript:alert(3))|y\x1b[31m",
}


def written(folder: Path, table: pa.Table, **run: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    predictions.write(folder / predictions.NAME, table)
    (folder / "run.json").write_text(json.dumps({"command": "finetune", "surrogate": False} | run))
    return folder


def named(table: pa.Table, names: dict[str, str]) -> pa.Table:
    """Give frames of the subject with the largest error a name in front of theirs."""
    every = table.to_pandas()
    tested = every[every["condition"] == "right"]
    worst = (tested["pspi"] - tested["pspi_hat"]).abs()[tested["role"] == "test"].idxmax()
    own = every["subject"] == every.loc[worst, "subject"]
    for name, value in names.items():
        place = table.schema.get_field_index(name)
        old = table[name].to_pylist()
        changed = [
            (value if name == "subject" else value + one) if here else one
            for one, here in zip(old, own, strict=True)
        ]
        table = table.set_column(place, table.schema.field(name), pa.array(changed, pa.string()))
    return table


@pytest.fixture(scope="module")
def drawn() -> dict[str, tuple[bytes, bytes]]:
    """The plots of `made`, which take seconds."""
    return {}


def png(draw: Callable[..., None], report: Report, colours: drawing.Palette) -> bytes:
    """One plot in some colours alone."""
    return drawing._png(partial(draw, report), report.banner is not None, True, colours)


@pytest.fixture(scope="module")
def made(
    tmp_path_factory: pytest.TempPathFactory, drawn: dict[str, tuple[bytes, bytes]]
) -> Evaluated:
    table = named(rows(Effects(2, 12)), HOSTILE)
    folder = tmp_path_factory.mktemp("made") / "<i>run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "plots", lambda report: drawn.update(plots.plots(report)) or drawn)
        return evaluate(written(folder, table, note="<b>bold"))


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Evaluated:
    """Nobody is in pain; nobody's sex is known."""
    table = rows(Effects(1, 6, pain=0.0, source="unbc"))
    place = table.schema.get_field_index("sex")
    table = table.set_column(place, "sex", pa.nulls(table.num_rows, pa.string()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "plots", lambda report: {})
        return evaluate(written(tmp_path_factory.mktemp("calm") / "run", table))


class Page(HTMLParser):
    """Tags with their attributes, and texts."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_a_report_made_again_has_the_same_bytes(
    made: Evaluated, drawn: dict[str, tuple[bytes, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = made.folder.parent
    before = hashes(made.folder)
    assert set(before) == {PAGE, FIGURES, TEXT, *(f"{name}.png" for name in CAPTIONS)}
    (made.folder / PAGE).unlink()

    def two_anew(report: Report) -> dict[str, tuple[bytes, bytes]]:
        light = png(plots._predicted, report, drawing.LIGHT)
        dark = png(plots._groups, report, drawing.DARK)
        return drawn | {
            "predicted": (light, drawn["predicted"][1]),
            "groups": (drawn["groups"][0], dark),
        }

    monkeypatch.setattr(build, "plots", two_anew)
    again = evaluate(run)
    assert hashes(again.folder) == before
    assert again.lines == made.lines


def test_plots_are_pictures_in_the_page_and_beside_it(made: Evaluated) -> None:
    page = Page(made.folder / PAGE)
    shown = [one["src"] for tag, one in page.tags if tag == "img"]
    dark = [one["srcset"] for tag, one in page.tags if tag == "source"]
    assert len(shown) == len(dark) == len(set(shown + dark)) / 2 == len(CAPTIONS)
    beside = {(made.folder / f"{name}.png").read_bytes() for name in CAPTIONS}
    inside = {base64.b64decode(str(one).partition("base64,")[2]) for one in shown}
    assert inside == beside
    for data in beside:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert image is not None
        assert image.shape[1] == 1152
        assert image.std() > 10
    for name, caption in CAPTIONS.items():
        assert f"![{caption}]({name}.png)" in (made.folder / TEXT).read_text()


def test_a_page_needs_nothing_and_runs_no_name(made: Evaluated) -> None:
    page = Page(made.folder / PAGE)
    tags = {tag for tag, _ in page.tags}
    ours = "html head meta title style body p h1 h2 div table tr th td i b span figure picture"
    ours = f"{ours} source img figcaption details summary"
    assert tags <= set(ours.split())
    for _, attributes in page.tags:
        assert set(attributes) <= set(
            "lang charset name content http-equiv class alt src srcset media".split()
        )
        for name in ("src", "srcset"):
            assert attributes.get(name, "data:image/png;base64,")
            assert str(attributes.get(name, "data:image/png;base64,")).startswith("data:image/png")
    assert ("meta", {"http-equiv": "Content-Security-Policy", "content": POLICY}) in page.tags
    assert POLICY.startswith("default-src 'none'; img-src data:;")
    whole = (made.folder / PAGE).read_text()
    assert "http:" not in whole
    assert "https:" not in whole
    assert "url(" not in whole
    for value in ("<b>bold", HOSTILE["subject"], "Pain from faces: <i>run"):
        assert value in page.texts
    assert any(one.startswith(HOSTILE["sequence"]) for one in page.texts)


def test_names_are_words_in_markdown_and_move_no_cursor(made: Evaluated) -> None:
    given = (made.folder / TEXT).read_text()
    assert "<" not in given
    assert "&lt;script>alert(1)&lt;/script>" in given
    assert given.startswith("# Pain from faces: &lt;i>run\n")
    assert "](javascript" not in given
    assert "[x]\\(javascript:alert(3))\\|y" in given
    links = [part.partition(")")[0] for part in given.split("](")[1:]]
    assert links == [
        f"{name}.png" for name in ("predicted", "detection", "groups", "calibration")
    ] + ["courses.png"]
    said = "\n".join(made.lines)
    assert HOSTILE["subject"] in said
    assert "y\N{REPLACEMENT CHARACTER}[31m" in said
    assert all(one.isprintable() or one == "\n" for one in said)


def test_the_banner_is_on_everything(made: Evaluated, calm: Evaluated) -> None:
    said = (made.folder / TEXT).read_text()
    assert said.splitlines()[2] == f"> **{BANNER}**"
    page = Page(made.folder / PAGE)
    assert ("p", {"class": "banner"}) in page.tags
    assert BANNER in page.texts
    assert (made.lines[0], made.lines[-1]) == (BANNER, f"\n{BANNER}")
    figures = json.loads((made.folder / FIGURES).read_text())
    assert (figures["banner"], figures["surrogate"]) == (BANNER, True)
    # Where nobody stands in, nothing says so.
    for name in (PAGE, TEXT, FIGURES):
        assert "STAND-IN" not in (calm.folder / name).read_text()
    assert "STAND-IN" not in "\n".join(calm.lines)
    assert json.loads((calm.folder / FIGURES).read_text())["surrogate"] is False


def test_plots_of_stand_ins_say_so(made: Evaluated, calm: Evaluated) -> None:
    orange = np.array([26, 87, 194])

    def corner(png: bytes) -> int:
        image = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
        assert image is not None
        return int((np.abs(image[-30:, -300:].astype(int) - orange).sum(axis=2) < 40).sum())

    assert corner((made.folder / "groups.png").read_bytes()) > 50
    assert corner(png(plots._groups, calm.report, drawing.LIGHT)) == 0


@pytest.mark.parametrize(
    "reason",
    [
        "every label is 0",
        "no frame has PSPI >= 1",
        "undefined in every fold",
        "no threshold: none of the frames to choose it on has PSPI >= 2",
        "no frame has AU43 >= 1",
        "Not known of any frame: sex.",
    ],
)
def test_a_reason_stands_in_every_form(calm: Evaluated, reason: str) -> None:
    assert reason in "\n".join(calm.lines)
    assert reason in (calm.folder / TEXT).read_text()
    assert reason in "".join(Page(calm.folder / PAGE).texts)
    stored = json.loads((calm.folder / FIGURES).read_text())
    if reason.startswith("Not known"):
        assert stored["groups_not_known"] == ["sex"]
    else:
        assert reason in _reasons(stored)


def _reasons(stored: Any) -> set[str]:
    """Every `why` in the figures; where there is one of a figure, there is no value."""
    found: set[str] = set()
    if isinstance(stored, dict):
        if stored.get("why") is not None:
            assert stored.get("value") is None
            found.add(stored["why"].removeprefix("fold 1: "))
        stored = list(stored.values())
    if isinstance(stored, list):
        for one in stored:
            found |= _reasons(one)
    return found


def test_figures_are_those_of_the_tables(made: Evaluated) -> None:
    stored = json.loads((made.folder / FIGURES).read_text())
    assert stored == json.loads(json.dumps(made.figures))
    mae = stored["pspi"]["pooled"]["mae"]
    assert f"{mae['value']:.3f} [{mae['low']:.3f}, {mae['high']:.3f}]" in "\n".join(made.lines)
    assert stored["tested"]["frames"] == 25 * 24
    assert stored["intervals"] == {
        "over": "subjects",
        "resamples": 1000,
        "covered": 0.95,
        "seed": 0,
    }
    assert set(stored["files"]) == {"run.json", predictions.NAME}
    assert stored["settings"]["note"] == "<b>bold"
    # Undefined is null: JSON of others knows no NaN.
    assert "NaN" not in (made.folder / FIGURES).read_text()


def test_a_plot_that_is_no_more_is_removed(
    made: Evaluated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = shutil.copytree(made.folder.parent, tmp_path / "run")
    monkeypatch.setattr(build, "plots", lambda report: {})
    evaluate(run)
    assert sorted(path.name for path in (run / FOLDER).iterdir()) == sorted((PAGE, FIGURES, TEXT))


@pytest.mark.parametrize(
    ("damage", "rule"),
    [
        (
            lambda run: (run / "run.json").unlink(),
            "{run} must be the folder of a finished run, got",
        ),
        (lambda run: (run / predictions.NAME).unlink(), "{run} must be the folder of a finished"),
        (
            lambda run: (run / "run.json").write_text("[]"),
            "{run}/run.json must hold an object, got",
        ),
        (lambda run: (run / "run.json").write_text("{"), "{run}/run.json must be JSON"),
        (
            lambda run: (run / "run.json").write_text('{"surrogate": 1}'),
            "{run}/run.json: surrogate must be true or false, got 1",
        ),
        (
            lambda run: (run / predictions.NAME).write_bytes(b"PAR1"),
            "{run}/predictions.parquet must be predictions in Parquet",
        ),
    ],
)
def test_what_is_no_run_is_named(
    calm: Evaluated, tmp_path: Path, damage: Callable[[Path], Any], rule: str
) -> None:
    run = shutil.copytree(calm.folder.parent, tmp_path / "run")
    shutil.rmtree(run / FOLDER)
    damage(run)
    with pytest.raises(ValueError, match=f"^{rule.format(run=run)}"):
        evaluate(run)
    assert not (run / FOLDER).exists()


def test_a_table_in_columns_and_in_markdown() -> None:
    given = Table("A|B", ("", "n"), (("x|y", "1"), ("<z>\\", "20")), ("note",), frozenset({1}))
    assert text(given).splitlines() == ["A|B", "---", "      n", "x|y   1", "<z>\\  20", "note"]
    assert markdown(given).splitlines() == [
        "## A\\|B",
        "",
        "|  | n |",
        "| --- | ---: |",
        "| x\\|y | 1 |",
        "| **&lt;z>\\\\** | **20** |",
        "",
        "note",
    ]
