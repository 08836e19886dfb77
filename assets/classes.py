"""Numbers of the semantic classes in masks and segmentation maps.

One table for the mask in UV (`assets.head`), the map `KEY.seg.png` and the preview. Numbers from 32
on are kept for what can lie in front of a face, so that a later data set stays comparable.
"""

CLASSES = {
    "background": 0,
    "skin": 1,
    "upper_lid": 2,
    "lower_lid": 3,
    "brow": 4,
    "lips": 5,
    "sclera": 6,
    "iris": 7,
    "nose": 8,
    "ear": 9,
    "mouth_inside": 10,
    "teeth": 11,
    "tongue": 12,
    "neck": 13,
    "scalp": 14,
    "hair": 15,
    "clothes": 16,
    "lash": 17,
    "glasses": 32,
    "oxygen_mask": 33,
    "nasal_cannula": 34,
    "tube": 35,
    "tape": 36,
    "hand": 37,
    "pillow": 38,
    "blanket": 39,
    "cap": 40,
    "surgical_mask": 41,
    "pacifier": 42,
}
OCCLUDERS = {
    **{
        name: name
        for name in (
            "glasses", "cap", "nasal_cannula", "oxygen_mask", "surgical_mask", "pacifier",
            "blanket", "hair",
        )
    },
    "breathing_tube": "tube",
}  # fmt: skip
"""What a record can list as lying in front of a face, and the class that shows it."""
NAMES = {number: name for name, number in CLASSES.items()}
