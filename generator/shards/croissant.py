"""`croissant.json`: the data set described for machines (Croissant 1.0, MLCommons).

The record set `samples` is the index. The shards are listed as files with their SHA-256, and
together as the file set `shards`.
"""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from generator.shards import index
from generator.shards.card import About
from generator.shards.manifest import Checksum, json_bytes

VERSION = "1.0.0"
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_TYPES = {"string": "sc:Text", "double": "sc:Float", "int32": "sc:Integer", "int64": "sc:Integer"}
_SHARDS = {
    "@type": "cr:FileSet",
    "@id": "shards",
    "name": "shards",
    "description": "samples in the WebDataset convention, one split and whole persons a file",
    "encodingFormat": "application/x-tar",
    "includes": "*.tar",
}
_FORMATS = {"tar": "application/x-tar", "parquet": "application/x-parquet"}


def croissant(about: About, files: Mapping[str, Checksum]) -> bytes:
    """Describe a data set whose shards and index have these checksums."""
    content = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": "pain3d",
        "description": about.title,
        "license": about.licence
        if about.licence == "other"
        else f"https://spdx.org/licenses/{about.licence.upper()}.html",
        "version": VERSION,
        "citeAs": f"pain3d: {about.title}",
        "distribution": [*(_file(name, files[name]) for name in sorted(files)), _SHARDS],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "samples",
                "name": "samples",
                "description": "a row a sample; angles in degrees",
                "key": {"@id": "samples/key"},
                "field": [_field(column) for column in index.SCHEMA if _scalar(column)],
            }
        ],
    }
    return json_bytes(content)


def _file(name: str, checksum: Checksum) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": name,
        "contentSize": f"{checksum.size} B",
        "encodingFormat": _FORMATS[name.rsplit(".", 1)[1]],
        "sha256": checksum.sha256,
    }


def _scalar(column: pa.Field) -> bool:
    return str(column.type) in _TYPES


def _field(column: pa.Field) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"samples/{column.name}",
        "name": column.name,
        "description": index.TEXTS[column.name],
        "dataType": _TYPES[str(column.type)],
        "source": {
            "fileObject": {"@id": index.NAME},
            "extract": {"column": column.name},
        },
    }
