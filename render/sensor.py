"""What turns light into bytes: one camera's numbers, from a perfect one to old video."""

from dataclasses import dataclass

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Sensor:
    """What turns light into bytes, in the order in which it does.

    Optics: `defocus` is the radius of a lens out of focus as a whole, `motion` how far right and
    down the picture moves while it is taken, both in pixels of the picture; `interlaced`: two
    fields of lines, blended. `columns`: how many pixels across the camera has where those are
    fewer than the picture's; the rest happens on them, and the picture is enlarged at the end.

    Exposure: `blur` is the deviation in pixels of the lens' softness, 0-1; `vignette` the loss of
    light in the corners, 0-1; `gain` a factor on the exposure; `balance` factors on linear red,
    green and blue. `noise`: standard deviation of read noise, in units of a clipping white (0.003
    is a good camera, 0.02 a bad one); `grain`: shot noise at white, its deviation goes with the
    root of the light; `seed` draws both. `saturation` 1 leaves colours as they are, `monochrome`
    sees red alone, and has one noise. `contrast` 1 is neutral, more is steeper about the middle.

    `quality`: of the JPEG (4:2:0) that the camera makes of it, 1-100; 0 for none.
    """

    noise: float = 0.004
    grain: float = 0.01
    contrast: float = 1.0
    saturation: float = 1.0
    vignette: float = 0.0
    blur: float = 0.0
    seed: int = 0
    gain: float = 1.0
    balance: Triple = (1.0, 1.0, 1.0)
    defocus: float = 0.0
    motion: tuple[float, float] = (0.0, 0.0)
    columns: int = 0
    interlaced: bool = False
    monochrome: bool = False
    quality: int = 0

    def __post_init__(self) -> None:
        """Raise where a number is out of its range."""
        for what, low, high in (
            ("noise", 0.0, 1.0),
            ("grain", 0.0, 1.0),
            ("contrast", 0.2, 5.0),
            ("saturation", 0.0, 3.0),
            ("vignette", 0.0, 1.0),
            ("blur", 0.0, 1.0),
            ("seed", 0, 2**31 - 1),
            ("gain", 0.01, 100.0),
            ("balance", 0.1, 10.0),
            ("defocus", 0.0, 64.0),
            ("motion", -128.0, 128.0),
            ("columns", 0, 2**15),
            ("quality", 0, 100),
        ):
            value = getattr(self, what)
            for one in value if isinstance(value, tuple) else (value,):
                if not low <= one <= high:
                    raise ValueError(f"{what} must be from {low} to {high}, got {value}")


PHOTO = Sensor()
"""A good camera."""
