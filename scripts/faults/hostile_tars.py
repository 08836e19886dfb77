"""Shards that would write elsewhere, lead elsewhere, or claim more than they hold."""

import io
import tarfile
from pathlib import Path

from generator.shards.tarball import BLOCK, END
from scripts.faults.hostile import Made, Seed

NAME = "train-000000.tar"


def tars(canary: Path) -> list[Made]:
    """One of each kind; those that would write a file write `canary`."""
    inside = "p000000_v0_e00.json"
    entries = {
        "a member with an absolute path": _entry(str(canary)),
        "a member above its folder": _entry("../" * 12 + str(canary).lstrip("/")),
        "a member in a folder": _entry(f"a/{inside}"),
        "a symbolic link": _entry(inside, tarfile.SYMTYPE, linkname=str(canary)),
        "a hard link": _entry(inside, tarfile.LNKTYPE, linkname="/etc/passwd"),
        "a device": _entry(inside, tarfile.CHRTYPE, devmajor=1, devminor=5),
        "a block device": _entry(inside, tarfile.BLKTYPE, devmajor=8),
        "a pipe": _entry(inside, tarfile.FIFOTYPE),
        "a folder": _entry("p000000_v0_e00", tarfile.DIRTYPE),
        "a sparse member": _entry(inside, tarfile.GNUTYPE_SPARSE),
        "a member of another owner": _entry(inside, uid=1000, uname="root"),
        "a program": _entry(inside, mode=0o6755),
    }
    made = [Made(what, _seed(data), canary) for what, data in entries.items()]
    for what, size in (("8 GB", 8 * 2**30 - 1), ("2^62 bytes", 2**62), ("-1 byte", -1)):
        made.append(Made(f"a member of {what} that are not there", _seed(_claiming(inside, size))))
    for what, kind in (("PAX", tarfile.PAX_FORMAT), ("GNU", tarfile.GNU_FORMAT)):
        made.append(Made(f"a long name in {what}", _seed(_long(kind)), canary))
    return made


def _seed(data: bytes) -> Seed:
    return Seed("shard", NAME, data)


def _entry(name: str, kind: bytes = tarfile.REGTYPE, **facts: int | str) -> bytes:
    """A shard of one member, with a header of another kind than ours."""
    entry = tarfile.TarInfo(name)
    entry.type = kind
    for key, value in facts.items():
        setattr(entry, key, value)
    data = b"{}" if kind == tarfile.REGTYPE else b""
    entry.size = len(data)
    packed = entry.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")
    return packed + data + bytes(-len(data) % BLOCK) + END


def _claiming(name: str, size: int) -> bytes:
    entry = tarfile.TarInfo(name)
    entry.size = size
    return entry.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape") + b"{}" + END


def _long(kind: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=kind) as tar:
        tar.addfile(tarfile.TarInfo("a" * 300 + ".json"), io.BytesIO())
    return buffer.getvalue()
