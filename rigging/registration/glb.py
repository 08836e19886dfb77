"""What a binary glTF says it holds, held to limits before a reader makes room for it.

A file of some hundred bytes can name arrays of any size, and one mesh any number of times.
"""

import json
from collections import Counter
from typing import Any

LARGEST_HEADER = 4 * 2**20
"""Bytes of the JSON chunk; those of heads have some thousand."""
MOST_BYTES = 256 * 2**20
"""What all views, and all accessors, may take: morph targets of large heads take about half."""
# glTF 2.0, 3.6.2.2: bytes of a component, components of an element.
_SIZES = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
_TRIANGLES = 4


def check(content: bytes, vertices: int, triangles: int) -> None:
    """Refuse a file that would give more than so many vertices and triangles, or names what is not.

    Raises ValueError that says what was got; RecursionError for JSON that is nested too deeply.
    """
    header = _header(content)
    views, accessors = _rows(header, "bufferViews"), _rows(header, "accessors")
    _within("views", sum(_number(view, "byteLength") for view in views), MOST_BYTES, "bytes")
    for one in accessors:
        _within("an accessor", _number(one, "count"), 3 * triangles, "elements")
        if "bufferView" in one:
            _named(views, one, "bufferView")
    _within("accessors", sum(_bytes(one) for one in accessors), MOST_BYTES, "bytes")
    held = [_held(one, accessors) for one in _rows(header, "meshes")]
    nodes = _rows(header, "nodes")
    _forest(header, nodes)
    used = Counter(node["mesh"] for node in nodes if "mesh" in node and _named(held, node, "mesh"))
    # A mesh that no node names is read all the same.
    times = [max(1, used[number]) for number in range(len(held))]
    for column, most, what in ((0, vertices, "vertices"), (1, triangles, "triangles")):
        total = sum(count * one[column] for count, one in zip(times, held, strict=True))
        _within("meshes", total, most, what)


def _header(content: bytes) -> dict[str, Any]:
    if content[:4] != b"glTF" or content[16:20] != b"JSON":
        raise ValueError("no glTF header")
    size = int.from_bytes(content[12:16], "little")
    _within("a header", size, LARGEST_HEADER, "bytes")
    found = json.loads(content[20 : 20 + size].decode())
    if not isinstance(found, dict):
        raise ValueError(f"a header that is a {type(found).__name__}")
    return found


def _rows(of: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """A list of objects, empty where there is none."""
    found = of.get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ValueError(f"{key} that are no list of objects")
    return found


def _number(of: dict[str, Any], key: str) -> int:
    found = of.get(key)
    if type(found) is not int or found < 0:
        raise ValueError(f"{key} that is no count: {str(found)[:20]}")
    return found


def _named(rows: list[Any], of: dict[str, Any], key: str) -> bool:
    """True; ValueError where what is named is not there."""
    if _number(of, key) >= len(rows):
        raise ValueError(f"{key} {of[key]} of {len(rows)}")
    return True


def _within(what: str, size: int, most: int, unit: str) -> None:
    if size > most:
        raise ValueError(f"{what} of {size} {unit} (at most {most})")


def _bytes(accessor: dict[str, Any]) -> int:
    component, kind = accessor.get("componentType"), accessor.get("type")
    if type(component) is not int or component not in _SIZES:
        raise ValueError(f"componentType that is none: {str(component)[:20]}")
    if not isinstance(kind, str) or kind not in _WIDTHS:
        raise ValueError(f"type of an accessor that is none: {str(kind)[:20]}")
    return _number(accessor, "count") * _SIZES[component] * _WIDTHS[kind]


def _held(mesh: dict[str, Any], accessors: list[dict[str, Any]]) -> tuple[int, int]:
    """Vertices and triangles of a mesh; strips have a triangle a corner."""
    vertices = triangles = 0
    for primitive in _rows(mesh, "primitives"):
        attributes = primitive.get("attributes")
        if not isinstance(attributes, dict):
            raise ValueError("a primitive without attributes")
        corners = _stored(accessors, attributes, "POSITION")
        vertices += corners
        if "indices" in primitive:
            corners = _stored(accessors, primitive, "indices")
        plain = primitive.get("mode", _TRIANGLES) == _TRIANGLES
        triangles += corners // 3 if plain else corners
    return vertices, triangles


def _stored(accessors: list[dict[str, Any]], of: dict[str, Any], key: str) -> int:
    """How many elements an accessor has; ValueError where they are compressed or sparse."""
    _named(accessors, of, key)
    found = accessors[of[key]]
    if "bufferView" not in found or "sparse" in found:
        raise ValueError(f"{key} that is compressed, sparse or not there")
    return _number(found, "count")


def _forest(header: dict[str, Any], nodes: list[dict[str, Any]]) -> None:
    """Refuse nodes that stand below two others, or below themselves."""
    children = [child for node in nodes for child in node.get("children", [])]
    scenes = _rows(header, "scenes")
    roots = {root for scene in scenes for root in scene.get("nodes", [])}
    for child in [*children, *roots]:
        _named(nodes, {"node": child}, "node")
    if len(set(children)) < len(children) or roots & set(children):
        raise ValueError("nodes that stand at two places")
    if "scene" in header:
        _named(scenes, header, "scene")
