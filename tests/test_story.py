"""`make story`: from nothing to a report, with an estimator that has learnt from it."""

import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import cv2
import onnx
import pyarrow.csv as csv
import pytest

from assets.unbc import SUBJECTS
from scripts import story
from vitpain.evaluate import predictions
from vitpain.evaluate.report import BANNER

pytestmark = pytest.mark.timeout(900)

PEOPLE = 40
"""Two thirds of the story's, and smaller pictures: pain is read on unseen people as surely."""
SMALLER = {
    "SYNTHETIC": {"--identities": str(PEOPLE), "--size": "64"},
    "LEARN": {"--epochs": "20", "--validate-every": "5"},
    "FILMED": {"--frames": "8", "--width": "160", "--height": "120"},
    "TUNE": {"--epochs": "1"},
}


def smaller(name: str) -> list[str]:
    """The story's own options, with other numbers where they take minutes."""
    given = list(getattr(story, name))
    for option, value in SMALLER[name].items():
        given[given.index(option) + 1] = value
    return given


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("story") / "story"
    with pytest.MonkeyPatch.context() as patch:
        for name in SMALLER:
            patch.setattr(story, name, smaller(name))
        assert story.tell(place) == 0
    return place


@pytest.fixture(scope="module")
def figures(out: Path) -> dict[str, Any]:
    return json.loads((out / story.FIGURES).read_text())


def log(run: Path, kind: str) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [row for row in rows if row["kind"] == kind]


def test_a_small_estimator_learns_from_random_weights(out: Path, figures: dict[str, Any]) -> None:
    losses = [row["total"] for row in log(out / "pretrained", "train")]
    assert losses[-1] < 0.6 * losses[0]
    # People whom neither the weights nor the choice of the epoch have seen.
    pspi = figures["pretrained"]["pspi"]["pooled"]
    assert pspi["subjects"] == PEOPLE // 10
    assert pspi["pearson"]["low"] > 0.3
    baseline = figures["pretrained"]["baselines"]["always the mean of other subjects"]
    assert pspi["mae"]["value"] < 0.8 * baseline["mae"]["value"]


def test_the_neutral_is_looked_at(figures: dict[str, Any]) -> None:
    conditions = figures["pretrained"]["conditions"]
    right, other = (conditions[name]["pspi"]["ccc"]["value"] for name in ("right", "other"))
    assert right > other + 0.1


def test_every_subject_is_tested_once_by_a_fold_that_never_saw_them(out: Path) -> None:
    rows = predictions.read(out / "finetuned" / predictions.NAME).to_pandas()
    rows = rows[(rows["role"] == "test") & (rows["condition"] == "right")]
    folds = rows.groupby("subject")["fold"].unique()
    assert sorted(folds.index) == sorted(SUBJECTS[: story.SUBJECTS])
    assert all(len(one) == 1 for one in folds)
    assert sorted({int(one[0]) for one in folds}) == [1, 2, 3, 4, 5]
    assert rows["key"].is_unique


def test_what_stands_in_says_so_everywhere(out: Path, figures: dict[str, Any]) -> None:
    assert figures["finetuned"]["surrogate"] is True
    assert figures["pretrained"]["surrogate"] is False
    for page in (story.PAGE, "finetuned/report/report.html"):
        assert html.escape(BANNER) in (out / page).read_text()
    read = csv.read_csv(out / "read.csv").to_pylist()
    assert len(read) == 1
    assert read[0]["error"] in (None, "")
    assert "stand-in for UNBC-McMaster" in read[0]["note"]


class Page(HTMLParser):
    """Tables and pictures of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = 0
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.rows += tag == "tr"
        self.sources += [value or "" for name, value in attrs if name in ("src", "srcset", "href")]


def test_the_page_shows_every_step_and_needs_no_network(out: Path, figures: dict[str, Any]) -> None:
    text = (out / story.PAGE).read_text()
    page = Page()
    page.feed(text)
    assert len(page.sources) == 3
    assert all(one.startswith("data:image/png;base64,") for one in page.sources)
    commands = [step["command"][0] for step in figures["steps"]]
    assert commands == [
        *("generate", "verify", "preview", "pretrain", "explain", "evaluate"),
        *("surrogate-unbc", "import", "finetune", "evaluate", "predict", "export-model"),
    ]
    for step in figures["steps"]:
        assert re.search(rf"<td[^>]*>{re.escape(html.escape(step['step']))}</td>", text)
    value = figures["finetuned"]["pspi"]["pooled"]["mae"]["value"]
    assert f"{value:.2f}" in text


def test_pictures_and_models_are_whole(out: Path) -> None:
    overlay = cv2.imread(str(out / "read.png"))
    assert overlay is not None
    assert overlay.std() > 20
    onnx.checker.check_model(str(out / "model.onnx"))


def test_a_step_that_fails_ends_the_story(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    def run(command: list[str]) -> int:
        asked.append(command[0])
        return 3 if command[0] == "verify" else 0

    monkeypatch.setattr(story, "run", run)
    assert story.tell(tmp_path / "out") == 3
    assert asked == ["generate", "verify"]
    assert "stopped and deleted nothing" in capsys.readouterr().err
