import base64
import json
import re
import shutil
import subprocess
from dataclasses import replace
from functools import partial
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from assets.classes import CLASSES
from generator import jobs
from generator.config import GenerateConfig
from generator.preview import build, colours, contact, gallery, lettering, people, tiles
from generator.preview.build import PreviewConfig, preview
from generator.shards import codec
from generator.shards.folder import open_folder
from generator.shards.record import LandmarkFacts
from scripts import cli
from tests import fake_producer
from tests.runs import here

HOSTILE = "</script><script>document.title='run'</script><img src=x onerror=alert(1)>&\"'"


def hostile_person(config, index):
    """The fake person with markup in every text that is free, and landmarks along a line."""
    points = tuple((float(i), 2.0 * i / 4) for i in range(68))
    samples = fake_producer.make_person(config, index)
    made = []
    for sample in samples:
        record = replace(
            sample.record,
            person=replace(sample.record.person, ethnicity=HOSTILE),
            light=replace(sample.record.light, environment=HOSTILE),
            landmarks=LandmarkFacts("ibug68", points, (True,) * 60 + (False,) * 8),
        )
        made.append(replace(sample, record=record))
    return made


HOSTILE_PRODUCER = replace(fake_producer.PRODUCER, make_person=hostile_person)
CONFIG = GenerateConfig(
    identities=5,
    pain_per_identity=3,
    confounders=1,
    views=2,
    size=96,
    annotations=("seg", "depth", "normal", "heat", "uv"),
)


def generated(out, producer=fake_producer.PRODUCER):
    with here():
        jobs.generate(CONFIG, producer, jobs.Run(out), lambda done, total: None)
    return out


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return generated(tmp_path_factory.mktemp("plain") / "set")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    return generated(tmp_path_factory.mktemp("hostile") / "set", HOSTILE_PRODUCER)


@pytest.fixture(scope="module")
def page(hostile, tmp_path_factory):
    out = tmp_path_factory.mktemp("page")
    preview(hostile, out, PreviewConfig(), lambda done, total: None)
    return out / build.PAGE


class Elements(HTMLParser):
    """Every element of a page with its attributes, and the text of its scripts."""

    def __init__(self, text):
        super().__init__(convert_charrefs=False)
        self.found, self.scripts, self._inside = [], {}, None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.found.append((tag, attributes))
        self._inside = attributes.get("id", "main") if tag == "script" else None

    def handle_endtag(self, tag):
        self._inside = None

    def handle_data(self, data):
        if self._inside is not None:
            self.scripts[self._inside] = self.scripts.get(self._inside, "") + data


def test_neutral_stands_first_and_pain_ascends(folder):
    everybody = people.people(open_folder(folder).index)
    assert len(everybody) == 5
    for person in everybody:
        assert person.pictures == len(person.rows) == 10
        assert person.first_view == 0
        for view in (0, 1):
            rows = person.view(view)
            kinds = [row["kind"] for row in rows]
            assert kinds == ["neutral", "pain", "pain", "pain", "confounder"]
            levels = [row["pspi"] for row in rows[1:4]]
            assert levels == sorted(levels)
            assert {row["neutral_key"] for row in rows} == {rows[0]["key"]}


def test_every_beginning_of_the_order_is_spread():
    everybody = [people.Person(str(number), (), 0) for number in range(100)]
    order = people.spread(everybody)
    assert sorted(int(person.identity) for person in order) == list(range(100))
    for count in (5, 10, 25, 60):
        taken = sorted(int(person.identity) for person in order[:count])
        gaps = np.diff([-1, *taken, 100])
        assert gaps.max() < 3 * 100 / count


def test_people_with_thousands_of_frames_are_thinned_evenly():
    row = {"view": None, "kind": "real", "key": "k", "pspi": None}
    rows = [{**row, "key": f"{i:05d}", "pspi": float(i % 17)} for i in range(3000)]
    neutral = {**row, "kind": "neutral", "pspi": 0.0}
    kept = people._thinned([*rows, neutral])
    assert len(kept) == people.MOST_PICTURES
    assert neutral in kept
    assert len({item["key"] for item in kept}) == people.MOST_PICTURES
    assert {item["pspi"] for item in kept} == set(range(17))


def test_sheet_holds_the_pictures_where_they_belong(folder):
    data = open_folder(folder)
    everybody = people.people(data.index)
    sheet = contact.contact_sheet(data, everybody, 5)
    for number, person in enumerate(everybody):
        top = contact.TOP + number * (contact.TILE + contact.LABEL + contact.GAP)
        for column, row in enumerate(person.view(0)):
            left = contact.HEAD + column * (contact.TILE + contact.GAP)
            shown = sheet[top : top + contact.TILE, left : left + contact.TILE]
            image = codec.decode("jpg", data.sample(row).members["jpg"])
            expected = contact.fitted(image, contact.TILE)
            np.testing.assert_array_equal(shown[4:-4, 4:-4], expected[4:-4, 4:-4])
            edge = (shown[0] == contact.EDGE).all()
            assert edge == (row["kind"] == "neutral")
            label = sheet[top + contact.TILE : top + contact.TILE + contact.LABEL, left:]
            assert label[:, : contact.TILE].min() < 90  # ink


def test_pictures_keep_their_shape_on_a_square():
    wide = np.full((50, 100, 3), 200, np.uint8)
    square = contact.fitted(wide, 40)
    assert (square[10:30] == 200).all()
    assert (square[:10] == 38).all()
    assert (square[30:] == 38).all()


def test_lines_fit_their_width():
    text = " ".join(f"{au}:5" for au in range(30))
    lines = lettering.wrap(text, 12, 150, 2)
    assert len(lines) == 2
    assert lines[1].endswith("...")
    assert text.startswith(" ".join(lines)[:-3])
    for line in lines:
        assert lettering._measure(line, 12)[0] <= 150 * lettering.FINE
    assert lettering.wrap("short", 12, 150, 2) == ["short"]
    assert lettering.wrap("x" * 200, 12, 60, 1)[0].endswith("...")


def test_letters_stay_on_the_sheet():
    for place in [(-30, 10), (5, -4), (95, 45), (5, 300), (300, 5), (5, 30)]:
        sheet = np.full((50, 100, 3), 255, np.uint8)
        lettering.write(sheet, "Å name\n", place, lettering.Ink(12, (0, 0, 0)))
        assert (sheet.min() < 80) == (place in [(-30, 10), (95, 45), (5, 30)])


def test_maps_have_telling_colours():
    numbers = np.array([list(CLASSES.values())], np.uint8)
    assert len(np.unique(colours.segmentation(numbers)[0], axis=0)) == len(CLASSES)
    metres = np.array([[0.0, 1.0, 1.1, 1.2]], np.float32)
    drawn = colours.depth(metres)[0].astype(int)
    np.testing.assert_array_equal(drawn[0], colours.PAPER)
    assert drawn[1].sum() > drawn[2].sum() > drawn[3].sum()
    towards = np.array([[[0, 0, 1], [1, 0, 0], [0, 0, 0]]], np.float32)
    expected = [[128, 128, 255], [255, 128, 128], colours.PAPER]
    np.testing.assert_array_equal(colours.normals(towards)[0], expected)
    picture = np.full((1, 3, 3), 120, np.uint8)
    warm = colours.heat(picture, np.array([[0.0, 2.0, 8.0]], np.float32))[0].astype(int)
    np.testing.assert_array_equal(warm[0], [60, 60, 60])
    assert warm[0].sum() < warm[1].max() * 3 < warm[2].sum() * 3
    assert np.ptp(warm[1]) > 40


def test_nothing_of_the_data_becomes_markup(page, hostile):
    text = page.read_text()
    elements = Elements(text)
    tags = [tag for tag, _ in elements.found]
    assert tags.count("script") == 2 + 5
    assert tags.count("img") == 0
    assert "onerror" not in {name for _, attributes in elements.found for name in attributes}
    facts = json.loads(elements.scripts["facts-of-all"])
    assert [person["ethnicity"] for person in facts["people"]] == [HOSTILE] * 5
    record = next(iter(json.loads(elements.scripts["person-0"]).values()))["record"]
    assert record["light"]["environment"] == HOSTILE
    assert "innerHTML" not in elements.scripts["main"]


def test_page_needs_nothing_but_itself(page):
    text = page.read_text()
    assert set(re.findall(r"https?://[^\"' ]+", text)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"url\(|@import|<link|fetch\(|XMLHttpRequest|import\(", text)
    metas = [attributes for tag, attributes in Elements(text).found if tag == "meta"]
    policy = next(meta for meta in metas if meta.get("http-equiv") == "Content-Security-Policy")
    assert policy["content"].startswith("default-src 'none'; img-src data:;")


def test_page_shows_every_picture_and_map(page, hostile):
    data = open_folder(hostile)
    elements = Elements(page.read_text())
    facts = json.loads(elements.scripts["facts-of-all"])
    assert facts["pictures"] == data.index.num_rows == 50
    by_key = {row["key"]: row for row in data.index.to_pylist()}
    seen = set()
    for number, person in enumerate(facts["people"]):
        shown = json.loads(elements.scripts[f"person-{number}"])
        assert list(shown) == [row["key"] for row in person["rows"]]
        for row in person["rows"]:
            assert row["pspi"] == by_key[row["key"]]["pspi"]
            seen.add(row["key"])
            tile = shown[row["key"]]
            titles = [entry["title"] for entry in tile["maps"]]
            heats = [f"heat AU{au}" for au in (4, 6, 7, 9, 10, 43)]
            assert titles == ["segmentation", "depth", "normals", *heats, "texture coordinates"]
            for source in [tile["picture"], *(entry["src"] for entry in tile["maps"])]:
                kind, encoded = source.split(",")
                assert kind in ("data:image/jpeg;base64", "data:image/webp;base64")
                picture = cv2.imdecode(
                    np.frombuffer(base64.b64decode(encoded), np.uint8), cv2.IMREAD_COLOR
                )
                assert picture.shape[0] == picture.shape[1]
            assert tile["landmarks"]["points"][40] == [round(40 / 96, 5), round(20 / 96, 5)]
            assert sum(tile["landmarks"]["visible"]) == 60
            assert tile["record"]["key"] == row["key"]
    assert seen == set(by_key)


def test_picture_on_the_page_is_the_picture(folder):
    data = open_folder(folder)
    row = people.people(data.index)[0].rows[1]
    sample = data.sample(row)
    encoded = tiles.tile(sample)["picture"].split(",")[1]
    small = cv2.imdecode(np.frombuffer(base64.b64decode(encoded), np.uint8), cv2.IMREAD_COLOR)
    image = contact.fitted(codec.decode("jpg", sample.members["jpg"]), tiles.PICTURE)
    assert np.abs(small[..., ::-1].astype(int) - image).mean() < 6


def test_page_stays_small_and_says_who_is_left_out(folder, monkeypatch):
    data = open_folder(folder)
    order = people.spread(people.people(data.index))
    whole, shown = gallery.gallery(data, order, 5, lambda done: None)
    assert shown == 5
    monkeypatch.setattr(gallery, "LARGEST", len(whole) // 2)
    half, shown = gallery.gallery(data, order, 5, lambda done: None)
    assert 1 <= shown < 5
    assert len(half) < 0.7 * len(whole)
    facts = json.loads(Elements(half).scripts["facts-of-all"])
    assert (len(facts["people"]), facts["everybody"]) == (shown, 5)
    identities = [person["identity"] for person in facts["people"]]
    assert identities == sorted(person.identity for person in order[:shown])
    monkeypatch.setattr(gallery, "LARGEST", 1)
    assert gallery.gallery(data, order, 5, lambda done: None)[1] == 1


def test_command_writes_beside_the_data_and_leaves_it_whole(folder, tmp_path, capsys):
    out = shutil.copytree(folder, tmp_path / "set")
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert cli.run(["preview", str(out), "--sheet-people", "2"]) == 0
    assert f"{out / 'preview' / 'gallery.html'}: 5 of 5 people" in capsys.readouterr().out
    sheet = cv2.imread(str(out / "preview" / "contact.png"))
    row = contact.TILE + contact.LABEL + contact.GAP
    assert sheet.shape[0] == contact.TOP + 2 * row + contact.GAP
    after = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    assert after == before
    few = ["--sheet-people", "1", "--page-people", "1"]
    assert cli.run(["preview", str(out), "--out", str(tmp_path / "other"), *few]) == 0
    assert (tmp_path / "other" / "contact.png").is_file()


def test_progress_counts_every_picture(folder, tmp_path):
    calls = []
    preview(folder, tmp_path, PreviewConfig(page_people=3), lambda *call: calls.append(call))
    assert sum(done for done, _ in calls) == 30
    assert {total for _, total in calls} == {30}


def test_what_cannot_be_shown_is_named(tmp_path, folder, capsys):
    assert cli.run(["preview", str(tmp_path)]) == 1
    assert "must be a finished data set" in capsys.readouterr().err
    with pytest.raises(ValueError, match="page_people must be from 1 to 200, got 0"):
        PreviewConfig(page_people=0)
    damaged = tmp_path / "damaged"
    shutil.copytree(folder, damaged)
    shard = next(damaged.glob("train-*.tar"))
    data = bytearray(shard.read_bytes())
    data[700] ^= 1
    shard.write_bytes(data)
    show = partial(preview, damaged, tmp_path / "out", PreviewConfig())
    with pytest.raises(ValueError, match=r"train-000000\.tar"):
        show(lambda done, total: None)
    assert not (tmp_path / "out").exists()


ACTIONS = """
const seen = () => [...document.querySelectorAll(".card .score")].map((s) => s.textContent);
byId("pspi-low").value = 5;
byId("filters").dispatchEvent(new Event("input"));
const filtered = seen();
document.querySelector(".card").click();
const first = byId("detail-title").textContent;
byId("detail").dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
const second = byId("detail-title").textContent;
const maps = byId("maps").children.length, marks = document.querySelectorAll(".face circle").length;
byId("close").click();
setTimeout(() => {
  const focus = document.activeElement.className;
  byId("filters").reset();
  setTimeout(() => document.body.append(make("output", { id: "result" }, JSON.stringify(
    { filtered, first, second, maps, marks, focus, all: seen() }))), 200);
}, 200);
"""


def drawn(page, profile):
    """The page as a browser has drawn it; skips where there is none."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium here")
    flags = "--headless --no-sandbox --disable-gpu --no-first-run --disable-sync --dump-dom"
    flags = [*flags.split(), "--virtual-time-budget=5000", f"--user-data-dir={profile}"]
    command = [browser, *flags, f"file://{page}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


@pytest.mark.slow
def test_page_draws_itself_in_a_browser(page, tmp_path):
    text = drawn(page, tmp_path)
    elements = Elements(text)
    classes = [attributes.get("class", "") for _, attributes in elements.found]
    assert sum("card" in name.split() for name in classes) == 5 * 5
    assert sum(name == "person" for name in classes) == 5
    assert "<title>set: gallery</title>" in text
    pictures = [attributes for tag, attributes in elements.found if tag == "img"]
    assert pictures
    assert all(picture["src"].startswith("data:image/jpeg") for picture in pictures)


@pytest.mark.slow
def test_page_filters_and_opens_pictures(page, hostile, tmp_path):
    acting = tmp_path / "acting.html"
    text = page.read_text()
    acting.write_text(text.replace("</body>", f"<script>{ACTIONS}</script></body>"))
    elements = drawn(acting, tmp_path / "profile")
    found = re.search(r'<output id="result">(.*?)</output>', elements)[1]
    result = json.loads(found.replace("&quot;", '"'))
    expected = []
    everybody = people.people(open_folder(hostile).index)
    for person in sorted(everybody, key=lambda person: person.identity):
        rows = person.view(0)
        kept = [row for row in rows if row["kind"] != "neutral" and row["pspi"] >= 5]
        expected += [f"PSPI {row['pspi']:g}" for row in ([rows[0], *kept] if kept else [])]
    assert [text.replace("neutral", "") for text in result["filtered"]] == expected
    assert len(expected) > 5
    assert result["first"].endswith("_e00: PSPI 0")
    assert result["second"].endswith(expected[1])
    assert (result["maps"], result["marks"]) == (10, 68)
    assert result["focus"].startswith("card")
    assert len(result["all"]) == 25
