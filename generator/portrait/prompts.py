"""What a person is called in the prompts of diffusion: their portrait, turned views, and scenes.

Words follow what was sampled, and are those that captions of photographs use. A prompt and its
negative stay within the 77 tokens that CLIP's text encoders read.
"""

from dataclasses import dataclass

import numpy as np

from assets.population import NEWBORN_YEARS, Ethnicity, Person
from generator.grooming import COILY, BeardStyle, Grooming, HairStyle
from generator.identity import Identity
from generator.looks import HAIR, WHITE_HAIR, Looks
from generator.portrait.cameras import Side

ETHNICITY_WORDS: dict[Ethnicity, tuple[str, str]] = {
    "african": ("African", "African"),
    "asian": ("East Asian", "East Asian"),
    "caucasian": ("European", "European"),
    "south_asian": ("South Asian", "South Asian"),
    "latino": ("Latina", "Latino"),
    "mixed": ("mixed-race", "mixed-race"),
}
"""For a woman and a man."""
TONE_WORDS = (
    "very pale", "pale", "fair", "light", "tan", "light brown", "brown", "dark brown",
    "very dark brown", "deepest brown",
)  # fmt: skip
"""Skin by Monk tone, from 1."""
_YEARS = (
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
)  # fmt: skip
# Adults from an age (years) on: before the ethnicity, and after the noun.
_ADULTS = (
    (18, "young", "of about twenty"),
    (25, "young", "in {their} late twenties"),
    (30, "", "in {their} thirties"),
    (40, "", "in {their} forties"),
    (50, "", "in {their} fifties"),
    (60, "", "in {their} early sixties"),
    (65, "elderly", "in {their} late sixties"),
    (70, "elderly", "in {their} seventies"),
    (80, "very old", "in {their} eighties"),
    (90, "very old", "of ninety"),
)
# A portrait becomes the skin, and locks are drawn over it: no fringe may be painted on it.
_HAIR_WORDS: dict[HairStyle, str] = {
    "shaved": "shaved head", "stubble": "buzz cut, {hair}", "wispy": "thin downy {hair}",
    "cropped": "short {hair}", "side_part": "short {hair}, side part",
    "combed_back": "{hair} combed back", "tousled": "short tousled {hair}",
    "fringe_short": "short {hair}", "bob": "bob of {hair}", "bob_fringe": "bob of {hair}",
    "long": "long {hair}", "long_fringe": "long {hair}", "ponytail": "{hair} in a ponytail",
    "bun": "{hair} in a bun", "afro": "rounded afro, {hair}",
}  # fmt: skip
_BEARD_WORDS: dict[BeardStyle, str] = {
    "none": "clean-shaven", "short": "short beard", "full": "full beard",
    "moustache": "moustache", "goatee": "goatee",
}  # fmt: skip

_CALM = "neutral expression, closed mouth, eyes open"
_LIGHT = "soft light, plain grey background"
_NEVER = (
    "smile, frown, open mouth, teeth, closed eyes, hands, glasses, hat, jewellery, make-up, "
    "hair over the face, hard shadows, shiny skin, drawing, cartoon, text, blur"
)


@dataclass(frozen=True)
class Scene:
    """Where a picture is taken: its words, and the ages (years) of who is seen there."""

    words: str
    low: float = 0.0
    high: float = 91.0


SCENES: dict[str, Scene] = {
    "living_room": Scene("a cozy living room"),
    "bedroom": Scene("a bedroom with a window"),
    "garden": Scene("a garden with trees"),
    "ward": Scene("a hospital ward, bed and curtain behind"),
    "corridor": Scene("a hospital corridor"),
    "nursery": Scene("a nursery with a cot", 0.0, 3.0),
    "playroom": Scene("a playroom with shelves of toys", 1.0, 9.0),
    "kitchen": Scene("a bright kitchen", 1.0),
    "waiting_room": Scene("the waiting room of a clinic", 1.0),
    "car": Scene("the inside of a car, window behind", 2.0),
    "park": Scene("a park, bench and trees behind", 2.0),
    "classroom": Scene("a classroom", 6.0, 18.0),
    "physiotherapy": Scene("a physiotherapy room with a treatment table", 6.0),
    "street": Scene("a street with houses", 6.0),
    "office": Scene("an office with a desk", 18.0, 68.0),
    "care_home": Scene("the sitting room of a care home", 70.0),
}
"""By name; none where a person of that age would not be."""


@dataclass(frozen=True)
class Prompt:
    """What a picture shall show, and what it shall not."""

    positive: str
    negative: str


def _noun(person: Person) -> str:
    """Sex and age of a person, with their ethnicity between."""
    female, age = person.sex == "female", person.age_years
    ethnicity = ETHNICITY_WORDS[person.ethnicity][0 if female else 1]
    child = "girl" if female else "boy"
    if age < 1.0:
        return f"{'newborn ' if age < NEWBORN_YEARS else ''}{ethnicity} baby {child}"
    if age < 13.0:
        return f"{_YEARS[int(age) - 1]}-year-old {ethnicity} {child}"
    if age < 18.0:
        return f"teenage {ethnicity} {child} of {_YEARS[int(age) - 1]} years"
    before, after = next(words for low, *words in reversed(_ADULTS) if age >= low)
    after = after.format(their="her" if female else "his")
    return f"{before} {ethnicity} {'woman' if female else 'man'} {after}".strip()


def who(person: Person) -> str:
    """A person in words: age, ethnicity, sex and skin, with the article."""
    noun = _noun(person)
    # Of what a noun begins with, "one" alone has a vowel that is not heard.
    article = "an" if noun[0] in "AEIaei" and not noun.startswith("European") else "a"
    return f"{article} {noun} with {TONE_WORDS[person.skin_tone - 1]} skin"


def _colour(looks: Looks) -> str:
    """Hair's colour by the nearest name, without the white hairs that are mixed in."""
    if looks.grey > 0.45:
        return "white" if looks.grey > 0.75 else "grey"
    mixed, white = np.array(looks.hair, float), np.array(WHITE_HAIR)
    pigment = (mixed - looks.grey * white) / (1.0 - looks.grey)
    name = min(HAIR, key=lambda name: float(np.abs(pigment - HAIR[name]).sum()))
    return f"greying {name}" if looks.grey > 0.2 else name


def _hair(looks: Looks, grooming: Grooming) -> str:
    hair = grooming.hair
    coils = ("", "wavy ", "curly ", "coiled ")[int(np.digitize(hair.curl, (0.2, 0.35, COILY)))]
    # Of hair so short one sees the colour only.
    shape = "" if hair.style in ("stubble", "wispy", "afro") else coils
    words = _HAIR_WORDS[hair.style].format(hair=f"{shape}{_colour(looks)} hair")
    return f"{words}, balding" if hair.balding > 0.5 and hair.length > 0 else words


def _beard(person: Person, grooming: Grooming) -> str:
    if person.sex == "female" or person.age_years < 18.0:
        return ""
    stands = grooming.beard == "none" and grooming.beard_length > 0
    return "stubble" if stands else _BEARD_WORDS[grooming.beard]


def _marks(looks: Looks) -> str:
    names = {
        "freckles": looks.freckles > 0.25,
        "deep wrinkles": looks.lines > 0.6,
        "fine wrinkles": 0.3 < looks.lines <= 0.6,
        "age spots": looks.age_spots > 0.4,
    }
    return ", ".join(name for name, shown in names.items() if shown)


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _never(identity: Identity) -> str:
    """What no portrait shows, and what this person has not."""
    person, shaven = identity.person, identity.grooming.beard == "none"
    return _joined(
        _NEVER,
        "beard, moustache" if shaven else "",
        "wrinkles" if person.age_years < 18.0 else "",
    )


def _described(identity: Identity) -> str:
    looks, grooming = identity.looks, identity.grooming
    beard = _beard(identity.person, grooming)
    return _joined(who(identity.person), _hair(looks, grooming), beard, _marks(looks))


def portrait(identity: Identity) -> Prompt:
    """The frontal picture that a person's texture is made from, in light that leaves no shade."""
    positive = _joined(
        f"frontal portrait photograph of {_described(identity)}",
        f"{_CALM}, looking at the camera",
        _LIGHT,
    )
    return Prompt(positive, _never(identity))


def turned(identity: Identity, side: Side) -> Prompt:
    """The same head turned to its own left or right, about halfway to a profile."""
    # The person's left is the picture's right.
    towards = "right" if side == "left" else "left"
    positive = _joined(
        f"three-quarter view photograph of {_described(identity)}",
        f"face turned {towards}",
        f"{_CALM}, looking straight ahead",
        _LIGHT,
    )
    return Prompt(positive, _never(identity))


def scenes(identity: Identity) -> tuple[str, ...]:
    """Names of the scenes that people of this age are seen in."""
    age = identity.person.age_years
    return tuple(name for name, scene in SCENES.items() if scene.low <= age < scene.high)


def scene(identity: Identity, name: str) -> Prompt:
    """What is painted around a head that is there already.

    Raises ValueError for a scene that is not one of `scenes(identity)`.
    """
    if name not in scenes(identity):
        raise ValueError(f"scene must be one of {', '.join(scenes(identity))}, got {name}")
    hair = _hair(identity.looks, identity.grooming)
    return Prompt(
        f"portrait photograph of {who(identity.person)}, {hair}, in {SCENES[name].words}, "
        "background out of focus, natural light",
        "other people, second face, crowd, hands, frame, border, drawing, cartoon, text, watermark",
    )
