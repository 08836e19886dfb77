"""What `scripts/bench_all.py` runs: benchmarks at small size, and which of their figures count."""

from dataclasses import dataclass

LEFT_OUT = "left out"
"""Name of the figure by which a benchmark says what it did not measure, and why."""


@dataclass(frozen=True)
class Line:
    """A figure and that of a peer, by their names; with `less` smaller ones are better."""

    stage: str
    what: str
    figure: str
    peer: str | None = None
    of_peer: str = ""
    less: bool = False


@dataclass(frozen=True)
class Bench:
    """A script, what it is asked for, packages it cannot do without, and its lines."""

    script: str
    arguments: tuple[str, ...]
    needs: tuple[str, ...]
    lines: tuple[Line, ...]


RATE = "pictures a second"
PAIRS = "pairs a second"
MADE = f"{RATE}, generate"
STEP = f"{PAIRS}, step alone"
FILLED = "projection and fill"
SCALED = ("produce", "merge", "verify", "open", "load", "report")
GENERATE = Bench(
    "bench_generate",
    tuple("--size 256 --people 3 --workers 1".split()),
    (),
    (
        Line("generate", RATE, MADE, "pyrender, RGB and depth", f"{RATE}, pyrender plain"),
        Line("generate", RATE, MADE, "pyrender, the same maps", f"{RATE}, pyrender maps"),
    ),
)
MITSUBA = Bench(
    "compare_mitsuba",
    tuple("--people 2 --size 128 --paths 16".split()),
    ("mitsuba",),
    (
        Line(
            "draw", "seconds a picture", "seconds a picture, ours", "Mitsuba, 16 paths a pixel",
            "seconds a picture, Mitsuba", less=True,
        ),
    ),
)  # fmt: skip
TEXTURE = Bench(
    "bench_texture",
    tuple("--rounds 3".split()),
    (),
    tuple(
        Line(
            "painted texture", f"ms, {who}", f"ms, {who}, {FILLED}", "the goal",
            f"ms, goal of {FILLED}", less=True,
        )
        for who in ("short hair", "long hair", "infant")
    ),
)  # fmt: skip
GAN = Bench(
    "bench_gan",
    tuple("--size 64 --width 16 --batch 8 --steps 10 --warm-up 3 --device cpu".split()),
    ("torch",),
    (
        Line("train-gan", RATE, f"training, {RATE}", "a plain loop", f"plain loop, {RATE}"),
        Line("augment2d", RATE, f"painted, {RATE}"),
    ),
)
TRAIN = Bench(
    "bench_train",
    tuple(
        "--backbone vit_small_patch16_dinov3 --size 112 --batch 4 --steps 6 --warm-up 2 --workers 1"
        " --device cpu".split()
    ),
    ("torch", "timm", "peft"),
    (
        Line("training step", PAIRS, STEP, "peft's own adapters", f"{PAIRS}, adapters apart"),
        Line("training step", PAIRS, STEP, "one large product", f"{PAIRS}, limit of the products"),
        Line("training input", PAIRS, f"{PAIRS}, input alone", "the step it feeds", STEP),
    ),
)
SCALE = Bench(
    "bench_scale",
    tuple("--sizes 1000 --drawn 0".split()),
    ("torch", "timm"),
    tuple(Line(stage, "CPU ms a picture", f"{stage}, 1000, CPU ms a picture") for stage in SCALED),
)
BENCHES = (GENERATE, MITSUBA, TEXTURE, GAN, TRAIN, SCALE)
