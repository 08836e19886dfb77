"""One sample as the gallery embeds it: small encoded pictures, landmarks, and its record."""

import base64
import json
import math
from typing import Any

import cv2
import numpy as np
from jaxtyping import UInt8

from assets.classes import NAMES
from assets.facs import PAIN_AUS
from generator.preview import colours
from generator.preview.contact import fitted
from generator.shards import codec
from generator.shards.record import Record, Sample
from generator.shards.record_json import to_json

# Sides in pixels: a picture is a thumbnail in the rows and stands enlarged in the detail view.
PICTURE = 352
MAP = 208
HEAT = 144


def tile(sample: Sample) -> dict[str, Any]:
    """Everything that the detail view of a sample shows, ready for JSON."""
    record = sample.record
    members = {
        suffix: codec.decode(f"{record.key}.{suffix}", data)
        for suffix, data in sample.members.items()
    }
    image = members[record.image]
    return {
        "picture": _embedded(fitted(image, PICTURE), ".jpg"),
        "maps": _maps(members, image),
        "landmarks": _landmarks(record),
        "record": _record(record),
    }


def _maps(members: dict[str, np.ndarray], image: np.ndarray) -> list[dict[str, str]]:
    """Maps in the order of the members, each with a title and what its colours mean."""
    shown: list[dict[str, str]] = []
    small = fitted(image, HEAT)

    def add(title: str, text: str, picture: UInt8[np.ndarray, "_ _ 3"], side: int = MAP) -> None:
        entry = {"title": title, "text": text, "src": _embedded(fitted(picture, side), ".webp")}
        shown.append(entry)

    for suffix, values in members.items():
        match suffix:
            case "seg.png":
                present = [NAMES.get(int(number), "?") for number in np.unique(values)]
                text = ", ".join(name for name in present if name != "background").replace("_", " ")
                add("segmentation", text, colours.segmentation(values))
            case "depth.png":
                covered = values[values > 0]
                near, far = (covered.min(), covered.max()) if covered.size else (0.0, 0.0)
                text = f"{near:.3f} m (bright) to {far:.3f} m"
                add("depth", text, colours.depth(values))
            case "normal.png":
                text = "red right, green up, blue to the viewer"
                add("normals", text, colours.normals(values))
            case "heat.png":
                for au, heat in zip(PAIN_AUS, values, strict=True):
                    text = f"up to {float(heat.max()):.1f} mm (bright is {colours.HOTTEST_MM:g})"
                    add(f"heat AU{au}", text, colours.heat(small, fitted(heat, HEAT, 0)), HEAT)
            case "uv.png":
                text = "red u, green v, squares of 1/32"
                add("texture coordinates", text, colours.texture_coordinates(values))
    return shown


def _landmarks(record: Record) -> dict[str, Any] | None:
    """Points as shares of the square that `fitted` puts the picture on."""
    marks = record.landmarks
    if marks is None:
        return None
    side = max(record.width, record.height)
    across, down = (side - record.width) / 2, (side - record.height) / 2
    points = [[round((x + across) / side, 5), round((y + down) / side, 5)] for x, y in marks.points]
    return {"scheme": marks.scheme, "points": points, "visible": [int(v) for v in marks.visible]}


def _record(record: Record) -> dict[str, Any]:
    """The record with four significant digits and without the points, which are drawn."""
    plain = json.loads(to_json(record))
    if plain["landmarks"] is not None:
        seen = sum(plain["landmarks"]["visible"])
        text = f"{len(plain['landmarks']['points'])} points, {seen} visible; drawn on the picture"
        plain["landmarks"] = {"scheme": plain["landmarks"]["scheme"], "points": text}
    return _short(plain)


def _short(value: Any) -> Any:
    match value:
        case dict():
            return {key: _short(item) for key, item in value.items()}
        case list():
            return [_short(item) for item in value]
        case float() if value and not value.is_integer():
            return round(value, 3 - math.floor(math.log10(abs(value))))
    return value


def _embedded(picture: UInt8[np.ndarray, "_ _ 3"], suffix: str) -> str:
    """A `data:` address that holds the picture."""
    quality = {
        ".jpg": (cv2.IMWRITE_JPEG_QUALITY, 84),
        ".webp": (cv2.IMWRITE_WEBP_QUALITY, 66),
    }[suffix]
    done, data = cv2.imencode(suffix, picture[..., ::-1], quality)
    assert done, "OpenCV encodes into memory"
    kind = {".jpg": "jpeg", ".webp": "webp"}[suffix]
    return f"data:image/{kind};base64,{base64.b64encode(data.tobytes()).decode()}"
