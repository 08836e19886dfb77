"""The report of a comparison: it claims what was found, shows what there is, needs nothing."""

import html
import json
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from generator.shards import manifest
from generator.shards.manifest import json_bytes, read_json
from scripts import ablation_report
from tests import simulated_study as study
from tests.cohort import cohort
from tests.runs import ROOT
from vitpain.ablation import gap
from vitpain.ablation.arms import Arm
from vitpain.ablation.compare import compare
from vitpain.ablation.figures import PRIMARY, Results
from vitpain.ablation.report import answer, build, domain, errors, frames, plots, tables, words
from vitpain.ablation.report.build import Reported, report
from vitpain.ablation.stored import CELLS, COST, STUDY
from vitpain.evaluate.drawing import LIGHT
from vitpain.evaluate.value import Value

BETTER = {"real+drawn": study.Effect(shrink=0.95, noise=0.4)}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with one effect, two shares of subjects, and a cell each that failed and is not."""
    out = study.write(tmp_path_factory.mktemp("report") / "run", BETTER, fractions=(0.5, 1.0))
    for name, failed in (("1", "<b>no</b> memory | left"), ("2", None)):
        cell = out / CELLS / f"real_classical-plain-0.5-0-{name}"
        (cell / COST).unlink()
        if failed is not None:
            (cell / "failed.json").write_bytes(json_bytes({"error": failed}))
    stated = read_json(out / STUDY)
    data = cohort(out.parent / "data")
    stated["real"] |= {
        "folder": str(data),
        "manifest": manifest.checksum(data / manifest.NAME).sha256,
    }
    stated["level16"]["drawn"] = 7
    (out / STUDY).write_bytes(json_bytes(stated))
    gap.write(found(), out)
    return out


def found() -> gap.Gap:
    """A gap that nobody measured: 3D is far, and for one level there are too few frames."""
    rng = np.random.Generator(np.random.Philox(key=0))
    shown = (gap.Shown("real", "real", 30, 10, 5), gap.Shown("drawn", "3d", 30, 10, 5))
    source = np.repeat([0, 1], 40)
    maps = tuple(rng.normal(size=(80, 2)) + source[:, None] * 4 for _ in range(2))
    apart = (
        gap.Apart("real", "drawn", None, 30, 0.125, 0.001, 41.5),
        gap.Apart("real", "drawn", 3, 2, None, None, None),
    )
    told = (gap.Told(("real", "drawn"), 30, 0.875, 0.5),)
    figures = gap.Figures("0" * 16, "a net", None, 512, 30, 0, shown, apart, told, ("PCA", "t-SNE"))
    return gap.Gap(figures, gap.Places(source, rng.integers(0, 16, 80), maps))


@pytest.fixture(scope="module")
def made(run: Path) -> Reported:
    return report(run)


@pytest.fixture(scope="module")
def results(made: Reported) -> Results:
    return made.results


@pytest.fixture(scope="module")
def page(made: Reported) -> str:
    return (made.folder / build.PAGE).read_text()


def holding(results: Results, p: float | None) -> Results:
    """The same results, their tests with another p."""
    held = [
        replace(one, p_holm=None if one.metric != PRIMARY else p) for one in results.differences
    ]
    return replace(results, differences=tuple(held))


def claims(results: Results) -> int:
    return len(re.findall(r" did (?:better|worse)", " ".join(answer.answer(results))))


def test_the_answer_claims_what_was_found(results: Results) -> None:
    helps, which, much = answer.answer(results)
    (one,) = [
        one for one in answer.leading(results) if one.arm == "real+drawn" and one.against_real
    ]
    assert one.found
    assert one.p_holm is not None
    said = f"({words.signed(one.value)}, p = {one.p_holm:.4f} after Holm)"
    assert f"real frames and 3D drawn did better {said}" in helps
    assert "no difference shown for 2 other arms." in helps
    assert helps.startswith(
        "On the stand-in, with model plain and all real training subjects, on 25 test subjects and "
        "2 seeds, real frames alone reached CCC "
    )
    assert "real frames and 3D drawn did better than real frames and 2D painted (" in which
    assert claims(results) == 2
    assert "tested by nothing" in much


def test_a_changed_set_is_held_against_the_first_of_its_kind(results: Results) -> None:
    """Two drawn sets, none painted: nothing is said of 3D against 2D."""
    sources = tuple({**one, "kind": "3d"} for one in results.study.sources)
    other = replace(results, study=replace(results.study, sources=sources))
    _, which, _ = answer.answer(other)
    assert which.startswith(
        "Drawn and painted frames (3D, 2D) were not held against each other; of sets in which one "
        "thing was changed, against the first: "
    )
    assert "real frames and 3D drawn did better than real frames and 3D painted (" in which


@pytest.mark.parametrize(("p", "number"), [(0.049, 4), (0.051, 0), (None, 0)])
def test_nothing_is_claimed_without_a_test(results: Results, p: float | None, number: int) -> None:
    other = holding(results, p)
    assert claims(other) == number
    said = " ".join(answer.answer(other))
    assert ("no difference shown for any of 3 arms" in said) == (p == 0.051)
    assert ("3 arms could not be tested" in said) == (p is None)
    shown = [one for one in tables.tables(other) if one.title == tables.DIFFERENCES]
    verdicts = {row[2] for one in shown for row in one.rows}
    expected = {0.049: {"better", "worse"}, 0.051: {"no difference shown"}, None: {"not tested"}}
    assert verdicts <= expected[p]


def test_worse_is_told_from_better_whichever_way_a_figure_counts(results: Results) -> None:
    one = answer.leading(results)[0]
    loss = replace(one, value=Value(-0.1), p_holm=0.01)
    assert answer.verdict(loss) == "worse"
    assert answer.verdict(replace(loss, metric="mae")) == "better"


def test_a_study_too_small_to_find_anything_says_so(results: Results) -> None:
    assert answer.powerless(results) is None
    # Of four people: 16 arrangements, of which two are as large as the largest; four tests.
    small = [
        replace(one, subjects=4, arrangements=16, every=True, p=0.125)
        for one in results.differences
    ]
    few = replace(results, differences=tuple(small))
    assert answer.floor(answer.leading(few)) == 0.5
    told = answer.powerless(few)
    assert told is not None
    assert told.endswith("with 4 test subjects the least p after Holm is 0.5.")


def test_every_difference_stands_with_its_interval_p_and_effect(results: Results) -> None:
    (shown,) = [one for one in tables.tables(results) if one.title == tables.DIFFERENCES]
    held = answer.leading(results)
    assert len(shown.rows) == len(held) == 4
    strong = {at for at, one in enumerate(held) if one.found}
    assert shown.strong == strong
    for row, one in zip(shown.rows, held, strict=True):
        assert row == (
            one.arm, one.base, answer.verdict(one), words.signed(one.value),
            answer.number(one.p_holm), answer.number(one.p), f"{one.effect.value:+.3f}",
            str(one.effect_subjects), "25", "plain", "all",
        )  # fmt: skip


def test_what_has_fewer_subjects_is_folded_and_there(results: Results, page: str) -> None:
    titles = [one.title for one in tables.folded(results)]
    assert titles == [
        "Every arm: plain, 50 % of the real training subjects",
        tables.FEWER, tables.OTHERS, tables.CHEAPER, errors.PARTS,
    ]  # fmt: skip
    for title in titles:
        assert f"<details><summary>{html.escape(title)}</summary>" in page


def test_levels_aus_and_groups_have_the_error_and_its_change(results: Results) -> None:
    by = {one.title: one for one in tables.tables(results)}
    for kind, title in errors.KINDS.items():
        parts = [one for one in results.parts if one.kind == kind and one.fraction == 1.0]
        if kind == "skin tone":
            assert not parts
            assert f"By {title}" not in by
            continue
        table = by[f"By {title}"]
        columns = {name: at for at, name in enumerate(table.head)}
        lines = {row[0]: row for row in table.rows}
        assert len(lines) == 3 + 3
        for one in parts:
            place = columns[one.name.upper() if kind == "au" else one.name]
            if one.arm == "real":
                assert lines["MAE: real"][place].startswith(f"{one.mae.value:.3f}")
                assert lines["frames"][place] == f"{one.frames:,}"
            else:
                assert lines[f"change: {one.arm}"][place].startswith(f"{one.change.value:+.3f}")


def test_an_undefined_figure_says_why(results: Results) -> None:
    nothing = Value(None, why="no frame has PSPI >= 3")
    assert words.spread(nothing) == "undefined (no frame has PSPI >= 3)"
    first = next(one for one in results.estimates if one.metric == "auroc3" and one.fraction == 1.0)
    changed = [replace(one, value=nothing) if one is first else one for one in results.estimates]
    shown = tables.tables(replace(results, estimates=tuple(changed)))
    (table,) = [one for one in shown if one.title == tables.figures_title("plain", 1.0)]
    assert table.rows[0][4 + 5] == "\N{EN DASH}¹"
    assert table.notes[-1] == "¹ no frame has PSPI >= 3"


@pytest.mark.parametrize(
    ("arm", "said", "calm"),
    [
        (Arm("real"), "real frames alone", "real training subjects"),
        (Arm("a", classical=True), "real frames (varied as photographs are)", None),
        (
            Arm("a", beside=("painted", "drawn")),
            "real frames and 2D painted and 3D drawn",
            "real training subjects",
        ),
        (
            Arm("a", first="drawn"),
            "3D drawn, then real frames",
            "its neutrals and confounders, then real training subjects",
        ),
        (
            Arm("a", real=False, beside=("drawn",)),
            "3D drawn alone",
            "its neutrals and confounders",
        ),
        (
            Arm("a", real=False, beside=("painted",)),
            "2D painted alone (by networks that saw real training people)",
            "its registered inputs, unchanged",
        ),
        (
            Arm("a", beside=("drawn",), matched=False),
            "real frames and 3D drawn (all of them in pain that the fold may learn from)",
            None,
        ),
        (
            Arm("a", beside=("drawn",), native=True),
            "real frames and 3D drawn (not registered)",
            None,
        ),
        (
            Arm("a", beside=("drawn",), share=0.25),
            "real frames and 3D drawn (25 % of the matched frames)",
            None,
        ),
    ],
)
def test_arms_in_words(arm: Arm, said: str, calm: str | None) -> None:
    assert words.learnt_from(arm, study.SOURCES) == said
    if calm is not None:
        assert words.calm(arm, study.SOURCES) == calm


def test_the_domain_gap_is_told_with_its_map(made: Reported, run: Path, page: str) -> None:
    assert made.gap is not None
    first, told = domain.tables(made.gap.figures)
    assert first.rows == (("real and drawn", "1-15", "30", "0.125", "0.0010", "41.500"),)
    assert told.rows == (("real, drawn", "30", "0.875", "0.500"),)
    (by_level,) = domain.folded(made.gap.figures)
    assert by_level.rows[0][3:] == ("\N{EN DASH}¹", "\N{EN DASH}", "\N{EN DASH}¹")
    assert by_level.notes[-1] == "¹ too few frames"
    assert "The domain gap was not measured." not in page
    without = replace(made, gap=None)
    assert "The domain gap was not measured." in without.opening


class Page(HTMLParser):
    """What a page loads, and its text in order."""

    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.tags: list[str] = []
        self.first = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "srcset", "href")]

    def handle_data(self, data: str) -> None:
        if "body" in self.tags and not self.first:
            self.first = data


def test_the_page_needs_no_network_and_begins_with_the_banner(page: str) -> None:
    read = Page()
    read.feed(page)
    assert read.first == answer.BANNER
    assert len(read.sources) == 9  # four plots in light and dark, one strip of frames
    assert all(one.startswith("data:image/png;base64,") for one in read.sources)
    assert "default-src 'none'" in page
    assert not {"script", "link", "iframe", "b"} & set(read.tags)
    assert html.escape("failed: <b>no</b> memory | left") in page
    assert "has not ended" in page
    assert "78 cells finished, 1 failed, 1 not ended." in page
    assert "drawn: 7 frames of PSPI 16 were dropped" in page


def test_real_data_has_no_banner_and_its_frames_a_word_on_who_may_see_them(
    made: Reported, page: str
) -> None:
    assert build.OF_PEOPLE not in page
    real = replace(made.results, study=replace(made.results.study, surrogate=False))
    there = replace(made, results=real)
    assert there.banner is None
    assert not any("stand-in" in one for one in there.opening)
    examples = frames.examples(real.study, {})
    sections = there.sections({}, examples, ("real", "real+drawn"))
    (section,) = [one for one in sections if one.title == build.EXAMPLES]
    assert build.OF_PEOPLE in section.pictures[0].caption
    assert "(A: real; B: real+drawn)" in section.pictures[0].caption


def test_levels_are_drawn_where_a_model_lacks_an_arm(results: Results) -> None:
    """Models of a study that is not finished: the second has real frames alone."""
    second = [replace(one, model="other") for one in results.parts if one.arm == "real"]
    some = replace(results, models=("plain", "other"), parts=(*results.parts, *second))
    figure = Figure()
    own = [one for one in some.parts if (one.kind, one.fraction) == ("level", 1.0)]
    plots._levels(own, some, figure, LIGHT)
    for axis, lines in zip(figure.axes, (4, 1), strict=True):
        drawn = [line for line in axis.lines if len(line.get_xdata())]
        assert len(drawn) == lines
        assert axis.get_ylabel() == "MAE"
        assert all(isinstance(y, float) for line in drawn for y in line.get_ydata())


def test_markdown_and_pictures_lie_beside_the_page(made: Reported) -> None:
    text = (made.folder / build.TEXT).read_text()
    shown = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)
    assert set(shown) == {"forest.png", "curves.png", "levels.png", "maps.png", "frames_real.png"}
    assert {path.name for path in made.folder.glob("*.png")} == set(shown)
    assert text.index(answer.BANNER) < text.index("Question:") < text.index("Answer:")
    assert "<b>" not in text


def test_figures_for_a_program_are_those_of_the_comparison(made: Reported, run: Path) -> None:
    written = json.loads((made.folder / build.FIGURES).read_text())
    results = compare(run)
    assert written["differences"] == json.loads(json_bytes(results.figures))["differences"]
    assert written["answer"] == list(answer.answer(results))
    assert written["banner"] == answer.BANNER
    assert written["gap"]["apart"][0]["mmd2"] == 0.125
    assert written["files"][STUDY] == manifest.checksum(run / STUDY).sha256
    assert written["files"]["manifest of drawn"] == "1" * 64


def test_the_command_prints_and_makes_it_anew(
    run: Path, made: Reported, page: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stale = made.folder / "frames_old.png"
    stale.write_bytes(b"")
    figures = tmp_path / "figures.json"
    assert ablation_report.main([str(run), "--json", str(figures)]) == 0
    assert (made.folder / build.PAGE).read_text() == page
    assert not stale.exists()
    said = capsys.readouterr().out
    assert said.startswith(answer.BANNER)
    assert all(one in said for one in answer.answer(made.results))
    assert tables.DIFFERENCES in said
    assert tables.OTHERS not in said
    assert json.loads(figures.read_text()) == json.loads((made.folder / build.FIGURES).read_text())


def test_what_is_shown_needs_no_torch() -> None:
    rooms = ", ".join(f"vitpain.ablation.report.{name}" for name in ("tables", "plots", "frames"))
    code = f"import sys, {rooms}; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False"]
