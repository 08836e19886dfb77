"""The three parts of Kandinsky 2.2: where a user's folder has them, and what each must be.

A part is a folder as diffusers writes it: `model_index.json`, and a folder for each component. Read
are configurations, vocabularies and safetensors, never what is pickled. The image encoder of the
prior is not among them: it is for pictures in place of prompts.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from safetensors import SafetensorError, safe_open

PartName = Literal["prior", "depth", "inpaint"]

INDEX = "model_index.json"
OF_DIFFUSERS, OF_TRANSFORMERS = "diffusion_pytorch_model.safetensors", "model.safetensors"
PICKLED = (".bin", ".ckpt", ".pt", ".pth")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Component:
    """A folder of a part: library and class as the index names them, and files it must have."""

    library: Literal["diffusers", "transformers"]
    kind: str
    files: tuple[str, ...]


def _network(kind: str) -> Component:
    return Component("diffusers", kind, ("config.json", OF_DIFFUSERS))


def _scheduler(kind: str) -> Component:
    return Component("diffusers", kind, ("scheduler_config.json",))


@dataclass(frozen=True)
class Part:
    """What a part is called, and what it must be.

    `pipeline` is the class that its index names, `unet` what the configuration of its U-Net must
    say. `revision` is the commit to fetch where the main branch has no safetensors.
    """

    repository: str
    pipeline: str
    components: Mapping[str, Component]
    unet: tuple[tuple[str, Any], ...] = ()
    revision: str | None = None

    @property
    def name(self) -> str:
        """The last part of the repository's name, which is that of its folder."""
        return self.repository.rpartition("/")[2]

    @property
    def patterns(self) -> tuple[str, ...]:
        """Names of the files that are read, with wildcards."""
        files = [INDEX]
        for name, component in self.components.items():
            files += [f"{name}/*.json", f"{name}/*.txt"]
            files += [f"{name}/{file}" for file in component.files if file.endswith(".safetensors")]
        return tuple(files)

    @property
    def command(self) -> str:
        """The command that fetches the part into a folder PATH on a machine that is online."""
        revision = f" --revision {self.revision}" if self.revision else ""
        return f"hf download {self.repository}{revision} --local-dir PATH/{self.name}"


_PAINTERS = MappingProxyType(
    {
        "unet": _network("UNet2DConditionModel"),
        "movq": _network("VQModel"),
        "scheduler": _scheduler("DDPMScheduler"),
    }
)

PARTS: Mapping[PartName, Part] = MappingProxyType(
    {
        "prior": Part(
            repository="kandinsky-community/kandinsky-2-2-prior",
            pipeline="KandinskyV22PriorPipeline",
            components=MappingProxyType(
                {
                    "prior": _network("PriorTransformer"),
                    "text_encoder": Component(
                        "transformers",
                        "CLIPTextModelWithProjection",
                        ("config.json", OF_TRANSFORMERS),
                    ),
                    "tokenizer": Component(
                        "transformers", "CLIPTokenizer", ("vocab.json", "merges.txt")
                    ),
                    "scheduler": _scheduler("UnCLIPScheduler"),
                }
            ),
        ),
        "depth": Part(
            repository="kandinsky-community/kandinsky-2-2-controlnet-depth",
            pipeline="KandinskyV22ControlnetPipeline",
            components=_PAINTERS,
            # The hint comes to the four channels of the latents as four more.
            unet=(("addition_embed_type", "image_hint"), ("in_channels", 8)),
            # The safetensors of pull request 5 of the repository ("Adding `safetensors` variant of
            # this model", July 2023), which its main branch never took over.
            revision="08632524a2b7e3bed39a7901d92cdd07e37544d0",
        ),
        "inpaint": Part(
            repository="kandinsky-community/kandinsky-2-2-decoder-inpaint",
            pipeline="KandinskyV22InpaintPipeline",
            components=_PAINTERS,
            # Latents, those of the masked picture, and the mask.
            unet=(("addition_embed_type", "image"), ("in_channels", 9)),
        ),
    }
)
LICENCE = "Apache-2.0"
"""Of all three, as their model cards say."""


def found(source: Path, part: Part) -> Path | None:
    """The folder of a part in a folder of the parts' names, or in a cache of the hub."""
    plain = source / part.name
    if plain.is_dir():
        return plain
    cached = source / f"models--{part.repository.replace('/', '--')}"
    return _snapshot(cached, part) if cached.is_dir() else None


def _snapshot(cached: Path, part: Part) -> Path:
    """The revision to read: the one to fetch, that of the main branch, or the only one."""
    there = {path.parent.name: path.parent for path in cached.glob(f"snapshots/*/{INDEX}")}
    main = cached / "refs" / "main"
    for revision in (part.revision, main.read_text().strip() if main.is_file() else None):
        if revision in there:
            return there[revision]
    if len(there) != 1:
        raise ValueError(f"{cached} must hold one snapshot of {part.repository}, got {len(there)}")
    return next(iter(there.values()))


def revision(folder: Path) -> str | None:
    """The commit that a folder was fetched from, None where it does not say so."""
    if folder.parent.name == "snapshots" and _COMMIT.fullmatch(folder.name):
        return folder.name
    # What `hf download --local-dir` leaves beside the files: commit, tag and time of each.
    told = folder / ".cache" / "huggingface" / "download" / f"{INDEX}.metadata"
    line = told.read_text().partition("\n")[0].strip() if told.is_file() else ""
    return line if _COMMIT.fullmatch(line) else None


def checked(folder: Path, part: Part) -> tuple[str, ...]:
    """Names of the files that are read of a part, its index first.

    Raises ValueError for another pipeline or class, a component or file that is not there, a U-Net
    of another kind, a vocabulary that fits no merges, weights that are only pickled, and a
    safetensors file that is not whole.
    """
    index = _object(folder / INDEX)
    if index.get("_class_name") != part.pipeline:
        rule = f"the index of a {part.pipeline}"
        raise ValueError(f"{folder / INDEX} must be {rule}, got {index.get('_class_name')}")
    files = [INDEX]
    for name, component in part.components.items():
        expected = [component.library, component.kind]
        if index.get(name) != expected:
            rule = f"say that {name} is {expected}"
            raise ValueError(f"{folder / INDEX} must {rule}, got {index.get(name)}")
        for file in component.files:
            _check_file(folder / name / file, part)
        read = [path for path in (folder / name).iterdir() if path.suffix in (".json", ".txt")]
        for path in read:
            if path.suffix == ".json":
                _object(path)
        if component.kind == "CLIPTokenizer":
            _check_merges(folder / name)
        read += [folder / name / file for file in component.files]
        files += sorted({path.relative_to(folder).as_posix() for path in read})
    if part.unet:
        _check_unet(folder / "unet" / "config.json", part)
    return tuple(files)


def _object(path: Path) -> dict[str, Any]:
    """What a JSON file says."""
    if not path.is_file():
        raise ValueError(f"{path.parent} must hold {path.name}, got none")
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} must be JSON: {error}") from error
    if not isinstance(said, dict):
        raise ValueError(f"{path} must be a JSON object, got {type(said).__name__}")
    return said


def _check_file(path: Path, part: Part) -> None:
    if not path.is_file():
        others = sorted(path.parent.iterdir()) if path.parent.is_dir() else []
        pickled = [other.name for other in others if other.suffix in PICKLED]
        if path.suffix == ".safetensors" and pickled:
            got = f"{pickled[0]}, which is pickled and never read"
            raise ValueError(f"{path.parent} must hold {path.name}, got {got}: {part.command}")
        raise ValueError(f"{path.parent} must hold {path.name}, got none")
    if path.suffix == ".safetensors":
        try:
            # Reads the header and holds the file's size to it.
            with safe_open(path, framework="numpy"):
                pass
        except (SafetensorError, OSError) as error:
            raise ValueError(f"{path} must be a whole safetensors file: {error}") from error


def _check_merges(folder: Path) -> None:
    """Hold pairs of a tokenizer to its vocabulary, of which what reads them says nothing exact."""
    words, path = _object(folder / "vocab.json"), folder / "merges.txt"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} must be text: {error}") from error
    for number, line in enumerate(lines, 1):
        pair = line.split(" ")
        if line.startswith("#version") or not line:
            continue
        if len(pair) != 2 or not {*pair, "".join(pair)} <= words.keys():
            rule = "two words that join to a third of vocab.json in a line"
            raise ValueError(f"{path} must have {rule}, got {line[:40]!r} in line {number}")


def _check_unet(path: Path, part: Part) -> None:
    config = _object(path)
    for key, expected in part.unet:
        if config.get(key) != expected:
            rule = f"say {key} {expected}, as that of {part.name} does"
            raise ValueError(f"{path} must {rule}, got {config.get(key)}")
