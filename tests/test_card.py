"""The data set card says what is in the data set: counts, people, licence, every field."""

import re
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest

from generator.shards.card import MEMBERS, MOVED, SYNTHETIC, about_options
from generator.shards.folder import open_folder
from generator.shards.index import Rows, grouped
from tests.runs import SMALL, make


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("card") / "data", replace(SMALL, ages="0-90"))


def counts(card: str, name: str) -> dict[str, int]:
    line = next(line for line in card.splitlines() if line.startswith(f"- {name}: "))
    pairs = line.removeprefix(f"- {name}: ").removesuffix(".").split(", ")
    return {value: int(count) for value, count in (pair.split(": ") for pair in pairs)}


def test_counts_are_those_of_the_index(data: Path) -> None:
    card = (data / "README.md").read_text()
    rows = open_folder(data).index.to_pylist()
    people = {row["identity"]: row for row in rows}
    assert "| train | 9 | 72 | 18 | 36 | 18 | 0 |" in card
    for name, column in (("sex", "sex"), ("ethnicity", "ethnicity"), ("Monk tone", "skin_tone")):
        stated = counts(card, f"People by {name}")
        values = [str(row[column]) for row in people.values()]
        assert stated == {value: values.count(value) for value in set(values)}
    bands = ("0-1", "2-12", "13-17", "18-39", "40-64", "65-90")
    assert list(counts(card, "People by age").items()) == [(band, 2) for band in bands]
    levels = counts(card, "Pictures by PSPI, rounded down")
    assert sum(levels.values()) == len(rows)
    assert levels["0"] == sum(row["pspi"] == 0 for row in rows)


def test_rows_are_counted_and_gone_through_as_they_stand(data: Path) -> None:
    table = open_folder(data).index
    rows = table.to_pylist()
    kinds = [(row["split"], row["kind"]) for row in rows]
    assert list(grouped(table, "split", "kind").items()) == [
        (kind, kinds.count(kind)) for kind in dict.fromkeys(kinds)
    ]
    assert grouped(table, "sequence") == {(None,): len(rows)}
    assert grouped(table.slice(0, 0), "split", "kind") == {}
    again = Rows(table)
    assert list(again) == list(again) == rows


def test_every_member_and_field_is_described(data: Path) -> None:
    card = (data / "README.md").read_text()
    for suffix in SMALL.members:
        assert f"| `KEY.{suffix}` | {MEMBERS[suffix].split(' | ')[0]}" in card
    assert "KEY.uv.png" not in card
    for field in ("pspi", "camera.extrinsics", "aus.target.left", "landmarks.visible", "nfcs"):
        table = card.partition("## The record")[2].partition("## The index")[0]
        assert len(re.findall(rf"^\| `{re.escape(field)}` \|.*\S \|$", table, re.M)) == 1
    for phrase in ("validated on adults", "which mix of three axes", "CC0 1.0", "Intended use"):
        assert phrase in card
    assert "license: cc0-1.0" in card
    for line in (
        "| `landmarks.points` | list [n, 2] of float | x right, y down, pixels; n is 68 (ibug68)",
        "| `landmarks.visible` | list [n] of bool |",
        "| `landmarks.scheme` | str: ibug68, aam66 | order of the points |",
        "| `camera.extrinsics` | list [3, 4] of float | world to camera, metres;",
        "| `camera.intrinsics` | list [3, 3] of float | pixels",
        "| `crop` | list [2, 3] of float or null |",
        "| `light.key_colour` | list [3] of float or null |",
        "| `occluders` | list [n] of str |",
        "| `kind` | str: neutral, pain, confounder, real | role of the picture |",
        "| `label_source` | str: target, manual, openface or null |",
    ):
        assert f"\n{line}" in card


def test_every_column_of_the_index_is_described(data: Path) -> None:
    card = (data / "README.md").read_text()
    table = card.partition("## The index")[2].partition("## How it was made")[0]
    rows = re.findall(r"^\| `(\w+)` \| ([\w ]+) \| .*\S \|$", table, re.M)
    kinds = {name: kind.removesuffix(" or null") for name, kind in rows}
    stored = pq.read_schema(data / "index.parquet")
    assert list(kinds) == stored.names
    assert {name: str(stored.field(name).type) for name in stored.names} == {
        **kinds,
        "occluders": "list<element: string>",
    }
    assert kinds["occluders"] == "list of string"
    for line in (
        "| `yaw_deg` | double or null | degrees, head against the camera, > 0 to the picture's",
        "| `au43` | double or null | eyes closed, FACS 0 or 1 |",
        "| `offset` | int64 | bytes from the start of the shard",
    ):
        assert f"\n{line}" in table


def test_flame_heads_bring_their_licence_and_name_their_makers(data: Path) -> None:
    ours = (data / "README.md").read_text()
    assert "were fitted to CC0 sources. The pictures and labels are given under CC0 1.0." in ours
    assert "FLAME" not in ours
    options = open_folder(data).config["options"] | {"head": "flame"}
    about = about_options(SYNTHETIC, options, {"flame_licence": "FLAME 2023 Open, CC BY 4.0"})
    assert about.licence == "cc-by-4.0"
    whole = " ".join(about.text.split())
    for phrase in (
        "Li, Bolkart, Black, Li and Romero", "https://flame.is.tue.mpg.de",
        "whose licence is: FLAME 2023 Open, CC BY 4.0. The pictures and labels are given under CC",
        "https://creativecommons.org/licenses/by/4.0/",
    ):  # fmt: skip
        assert phrase in whole
    assert "CC0 1.0" not in whole
    assert about_options(SYNTHETIC, options | {"background": "folder"}).licence == "other"


def test_what_moves_the_faces_is_said() -> None:
    said = {rig: about_options(SYNTHETIC, {"rig": rig}).text for rig in MOVED}
    for rig, text in said.items():
        assert text.index(MOVED[rig]) < text.index("## Sources and licence")
    assert said["neural"] != said["blendshapes"]


@pytest.mark.parametrize("made_with", [None, {}, {"flame_licence": "an older FLAME: research"}])
def test_flame_heads_of_another_licence_are_bound_by_it(made_with: dict[str, str] | None) -> None:
    about = about_options(SYNTHETIC, {"head": "flame"}, made_with)
    assert about.licence == "other"
    stated = "an older FLAME: research" if made_with else "not known"
    assert f"licence is: {stated}.\n\nThe pictures and labels are bound by that" in about.text
    assert "CC BY" not in about.text


def test_a_users_backgrounds_keep_their_licence(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    assert cv2.imwrite(str(pictures / "a.png"), np.zeros((8, 8, 3), np.uint8))
    config = replace(SMALL, background="folder", background_folder=pictures, identities=2)
    out = make(tmp_path / "out", config)
    card = (out / "README.md").read_text()
    assert "license: other" in card
    assert "under a licence of\ntheir own" in card
    assert '"license": "other"' in (out / "croissant.json").read_text()
    everything = "".join(path.read_text(errors="replace") for path in out.iterdir())
    assert str(tmp_path) not in everything


def test_what_was_painted_is_told_with_its_licence() -> None:
    assert "Kandinsky" not in about_options(SYNTHETIC, {"texture": "skin"}).text
    skin = about_options(SYNTHETIC, {"texture": "kandinsky"})
    assert "laid on the heads." in skin.text
    assert skin.licence == SYNTHETIC.licence
    both = about_options(SYNTHETIC, {"texture": "kandinsky", "background": "inpaint"}).text
    assert both.index("laid on the heads.") < both.index("is the prompt.")
    assert both.index("is the prompt.") < both.index("## Sources and licence")
    bound = about_options(
        SYNTHETIC, {"texture": "hunyuan3d"}, {"hunyuan3d_licence": "Tencent's Agreement"}
    )
    assert "laid on the heads by Hunyuan3D-2." in bound.text
    assert bound.text.endswith("bars its use for improving other models: Tencent's Agreement.")
    assert bound.licence == "other"
