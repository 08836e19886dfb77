"""From the folder of a study to the report in it, and its text for the terminal and Markdown."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assets import atomic
from generator.shards import manifest
from generator.shards.manifest import json_bytes
from vitpain.ablation import gap as gaps
from vitpain.ablation.compare import compare
from vitpain.ablation.figures import Results
from vitpain.ablation.gap import Gap
from vitpain.ablation.report import answer, domain, errors, frames, plots, tables
from vitpain.ablation.report.readings import readings
from vitpain.ablation.report.words import learnt_from, whole
from vitpain.ablation.stored import STUDY
from vitpain.evaluate import told
from vitpain.evaluate.build import FIGURES, FOLDER, PAGE, TEXT
from vitpain.evaluate.page import document
from vitpain.evaluate.table import Table, escaped, markdown, printable, text
from vitpain.evaluate.told import Picture, Section

FORMAT = "pain3d ablation report 1"
EXAMPLES = "Example frames"
OF_PEOPLE = "They show real people: who may see them is in the licence of the data."


@dataclass(frozen=True)
class Reported:
    """What was found of a study, and where its report lies."""

    name: str
    results: Results
    gap: Gap | None
    files: Mapping[str, str]
    folder: Path

    @property
    def title(self) -> str:
        """The heading of the report."""
        return f"Real, painted and drawn faces in training: {self.name}"

    @property
    def banner(self) -> str | None:
        """What to say of figures that are of nobody."""
        return answer.BANNER if self.results.study.surrogate else None

    @property
    def opening(self) -> list[str]:
        """The question, its answer, then what a reader must know."""
        results = self.results
        left = results.unfinished
        failed = sum(one.error is not None for one in left)
        ended = f"{whole(results.finished, 'cell')} finished"
        ended += f", {failed} failed, {len(left) - failed} not ended" if left else ""
        unable = answer.powerless(results)
        first, *rest = answer.answer(results)
        return [
            f"Question: {answer.QUESTION}",
            f"Answer: {first}",
            *rest,
            *([] if unable is None else [unable]),
            f"{ended}.",
            *([] if self.gap else ["The domain gap was not measured."]),
            *results.notes,
        ]

    @property
    def figures(self) -> dict[str, Any]:
        """The figures for a program."""
        results = self.results
        names = {one.name: learnt_from(one, results.study.sources) for one in results.study.arms}
        return {
            "format": FORMAT,
            "banner": self.banner,
            "question": answer.QUESTION,
            "answer": list(answer.answer(results)),
            "powerless": answer.powerless(results),
            "files": dict(self.files),
            "arms": names,
            **results.figures,
            "gap": None if self.gap is None else asdict(self.gap.figures),
        }

    @property
    def lines(self) -> list[str]:
        """The report for the terminal, banner first and last."""
        banner = [] if self.banner is None else [self.banner]
        opening = [printable(one) for one in (self.title, *self.opening)]
        shown = [text(one) for one in self._tables]
        return [*banner, *opening, *(f"\n{one}" for one in shown), *(f"\n{one}" for one in banner)]

    @property
    def _tables(self) -> list[Table]:
        gap = [] if self.gap is None else domain.tables(self.gap.figures)
        return [*tables.tables(self.results), *gap]

    @property
    def _folded(self) -> list[Table]:
        gap = [] if self.gap is None else domain.folded(self.gap.figures)
        study = self.results.study
        settings = told.settings(asdict(study) | {"seed of the report": self.results.seed})
        return [*tables.folded(self.results), *gap, settings, told.files(self.files)]

    def sections(
        self,
        drawn: Mapping[str, tuple[bytes, bytes]],
        shown: Mapping[str, bytes],
        readers: Sequence[str],
    ) -> list[Section]:
        """Tables with plots below them, example frames, then settings and hashes.

        `readers` are the arms whose readings stand on real frames, in their order.
        """
        after = {
            tables.DIFFERENCES: "forest",
            tables.figures_title(self.results.models[-1], self.results.fractions[-1]): "curves",
            errors.title("level"): "levels",
            domain.TOLD: "maps",
        }
        made = []
        for one in self._tables:
            name = after.get(one.title, "")
            pictures = (_plot(name, *drawn[name]),) if name in drawn else ()
            made.append(Section(one.title, one, pictures))
        if shown:
            pictures = tuple(self._frames(name, data, readers) for name, data in shown.items())
            made.append(Section(EXAMPLES, None, pictures))
        return [*made, *(Section(one.title, one, (), folded=True) for one in self._folded)]

    def _frames(self, name: str, data: bytes, readers: Sequence[str]) -> Picture:
        study = self.results.study
        kinds = {one["name"]: one["kind"] for one in study.sources}
        what = {"2d": "painted", "3d": "drawn", None: "real"}[kinds.get(name)]
        people = kinds.get(name) != "3d" and not study.surrogate
        caption = f"{name}: {what} frames, aligned, by PSPI."
        if what == "real":
            told = "; ".join(f"{letter}: {arm}" for letter, arm in zip("AB", readers, strict=False))
            caption += f" Below, PSPI as {self.results.leading[0]} read it who did not learn from"
            caption += f" that person ({told})."
        caption += f" {OF_PEOPLE}" if people else ""
        return Picture(f"frames_{name}.png", caption, data, data)


def report(run: Path, seed: int = 0) -> Reported:
    """Write the report of a study into its folder `report`, anew where there is one.

    Raises ValueError that names the file where the study, a cell or its predictions break a rule.
    """
    results, gap = compare(run, seed), gaps.read(run)
    study = results.study
    files = {STUDY: manifest.checksum(run / STUDY).sha256}
    files |= {f"manifest of {one['name']}": one["manifest"] for one in (study.real, *study.sources)}
    made = Reported(run.resolve().name, results, gap, files, run / FOLDER)
    read = readings(run, results)
    shown = frames.examples(study, read.pspi)
    sections = made.sections(plots.plots(results, gap), shown, read.arms)
    made.folder.mkdir(exist_ok=True)
    wanted = {one.place: one.light for each in sections for one in each.pictures}
    for path in made.folder.glob("*.png"):
        if path.name not in wanted:
            path.unlink()
    for name, data in wanted.items():
        atomic.write(made.folder / name, data)
    atomic.write(made.folder / TEXT, _markdown(made, sections).encode())
    whole_page = document(made.title, made.banner, made.opening, sections)
    atomic.write(made.folder / PAGE, whole_page.encode())
    # Last: who finds the figures finds the rest.
    atomic.write(made.folder / FIGURES, json_bytes(made.figures))
    return made


def _plot(name: str, light: bytes, dark: bytes) -> Picture:
    return Picture(f"{name}.png", plots.CAPTIONS[name], light, dark)


def _markdown(made: Reported, sections: list[Section]) -> str:
    parts = [f"# {escaped(made.title)}\n"]
    if made.banner is not None:
        parts.append(f"> **{made.banner}**\n")
    parts += [f"{escaped(one)}\n" for one in made.opening]
    for one in sections:
        parts.append(f"## {escaped(one.title)}\n" if one.table is None else markdown(one.table))
        parts += [f"![{escaped(shown.caption)}]({shown.place})\n" for shown in one.pictures]
    return "\n".join(parts)
