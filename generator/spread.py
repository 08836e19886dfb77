"""How faces vary: the spread of every local change of the head model that a person draws from.

Local changes are signed, -1 to 1, under the model's names; a positive one moves the way the name
says (`-incr`, `-up`, `-out`), a negative one the other way.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """How a local change varies: a normal cut at two standard deviations and at +-1.

    `age` is added to the mean in proportion to adult age, 0 at 35 and all of it at 90; `weight`
    times the person's weight axis (-1 to 1) is added too.
    """

    sd: float
    mean: float = 0.0
    age: float = 0.0
    weight: float = 0.0


# Standard deviations are chosen so that the strongest vertex moves by what tape measures of adult
# faces give as one standard deviation (some 2-4 mm on the head, 1-2 mm on nose, mouth and lids).
# Means: the model's mouth corners hang, more so with age; they are lifted until a neutral reads as
# neutral. Its brows need almost none: inner ends that are lifted look worried. Its eyes are short:
# made larger, adults have a fissure of 30 mm with 34 mm between the inner corners (Farkas 1994: 31
# and 32).
WHOLE = {
    "head-scale-horiz-incr": Spread(0.16),
    "head-scale-depth-incr": Spread(0.20),
    "head-scale-vert-incr": Spread(0.12),
    "head-back-scale-depth-incr": Spread(0.18),
    "head-fat-incr": Spread(0.15, weight=0.55),
    "head-age-incr": Spread(0.12, age=0.35),
    "forehead-temple-incr": Spread(0.20),
    "forehead-trans-forward": Spread(0.14),
    "forehead-scale-vert-incr": Spread(0.10),
    "forehead-nubian-incr": Spread(0.05),
    "eyebrows-angle-up": Spread(0.11, mean=0.07),
    "eyebrows-trans-up": Spread(0.22, mean=0.10, age=-0.10),
    "eyebrows-trans-forward": Spread(0.09),
    "nose-scale-vert-incr": Spread(0.28),
    "nose-scale-horiz-incr": Spread(0.30, age=0.15),
    "nose-scale-depth-incr": Spread(0.20),
    "nose-trans-up": Spread(0.22),
    "nose-trans-forward": Spread(0.16),
    "nose-hump-incr": Spread(0.28),
    "nose-curve-convex": Spread(0.20),
    "nose-greek-incr": Spread(0.22),
    "nose-point-up": Spread(0.14, age=-0.10),
    "nose-point-width-incr": Spread(0.35),
    "nose-width1-incr": Spread(0.30),
    "nose-width2-incr": Spread(0.30),
    "nose-width3-incr": Spread(0.28),
    "nose-nostrils-width-incr": Spread(0.26),
    "nose-nostrils-angle-up": Spread(0.25),
    "nose-flaring-incr": Spread(0.22),
    "nose-septumangle-incr": Spread(0.22),
    "nose-base-up": Spread(0.22),
    "nose-compression-uncompress": Spread(0.18),
    "nose-volume-incr": Spread(0.20, age=0.10),
    "mouth-scale-horiz-incr": Spread(0.30),
    "mouth-scale-vert-incr": Spread(0.20, age=-0.15),
    "mouth-scale-depth-incr": Spread(0.20),
    "mouth-trans-up": Spread(0.14),
    "mouth-trans-forward": Spread(0.12),
    "mouth-angles-up": Spread(0.12, mean=0.22, age=0.20),
    "mouth-upperlip-height-incr": Spread(0.26),
    "mouth-upperlip-width-incr": Spread(0.22),
    "mouth-upperlip-volume-incr": Spread(0.30, age=-0.25),
    "mouth-lowerlip-height-incr": Spread(0.20),
    "mouth-lowerlip-width-incr": Spread(0.20),
    "mouth-lowerlip-volume-incr": Spread(0.28, age=-0.20),
    "mouth-cupidsbow-incr": Spread(0.30, age=-0.15),
    "mouth-cupidsbow-width-incr": Spread(0.30),
    "mouth-philtrum-volume-incr": Spread(0.30),
    "mouth-laugh-lines-out": Spread(0.22, age=0.10),
    "mouth-dimples-out": Spread(0.25),
    "chin-height-incr": Spread(0.14),
    "chin-width-incr": Spread(0.22),
    "chin-bones-incr": Spread(0.18),
    "chin-prominent-incr": Spread(0.20),
    "chin-prognathism-incr": Spread(0.18),
    "chin-jaw-drop-incr": Spread(0.22, weight=0.15),
    "chin-cleft-incr": Spread(0.30),
    "neck-double-incr": Spread(0.14, age=0.12, weight=0.40),
    "measure-neck-circ-incr": Spread(0.20, weight=0.30),
    "neck-scale-depth-incr": Spread(0.16),
    "neck-scale-vert-incr": Spread(0.06),
}
# Of these the person has a left and a right.
PAIRED = {
    "cheek-volume-incr": Spread(0.22, weight=0.45),
    "cheek-bones-incr": Spread(0.30),
    "cheek-inner-incr": Spread(0.20),
    "cheek-trans-up": Spread(0.22, age=-0.15),
    "eye-scale-incr": Spread(0.20, mean=0.25),
    "eye-height1-incr": Spread(0.15),
    "eye-height2-incr": Spread(0.18),
    "eye-height3-incr": Spread(0.15),
    "eye-corner1-up": Spread(0.22),
    "eye-corner2-up": Spread(0.28, age=-0.10),
    "eye-push1-out": Spread(0.06),
    "eye-push2-out": Spread(0.06),
    "eye-trans-out": Spread(0.22),
    "eye-trans-up": Spread(0.12),
    "eye-eyefold-up": Spread(0.22),
    "eye-eyefold-angle-up": Spread(0.22),
    "eye-epicanthus-out": Spread(0.14),
    "eye-bag-incr": Spread(0.18, age=0.22),
    "eye-bag-height-incr": Spread(0.18),
    "eye-bag-out": Spread(0.16, age=0.12),
    "ear-scale-incr": Spread(0.18, age=0.22),
    "ear-scale-vert-incr": Spread(0.20, age=0.12),
    "ear-scale-depth-incr": Spread(0.22),
    "ear-wing-incr": Spread(0.24),
    "ear-flap-incr": Spread(0.18),
    "ear-lobe-incr": Spread(0.25, age=0.20),
    "ear-trans-up": Spread(0.08),
    "ear-trans-forward": Spread(0.14),
    "ear-rot-forward": Spread(0.28),
    "ear-shape-round": Spread(0.22),
    "ear-shape-triangle": Spread(0.10),
}
# The middle of the face lies a little to one side.
OFFSETS = {"nose-trans-out": Spread(0.15), "mouth-trans-out": Spread(0.07)}
