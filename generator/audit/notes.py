"""What a reader of a report must know of how it was measured, in sentences."""

from collections.abc import Sequence

from generator.audit.person import UNDER_HAIR, Sitting


def again(sittings: Sequence[Sitting], light: str, same_code: bool) -> list[str]:
    """Of people who were made again and sat in `light`."""
    told = ["Its people were made again from seed and options, frontally, each action unit alone."]
    if not same_code:
        told.append("The folder was drawn by other code than the code that made them again.")
    covered = [one.facts.identity for one in sittings if any(step.covered for step in one.steps)]
    if covered:
        brow = ", ".join(f"AU{au}" for au in UNDER_HAIR)
        told.append(
            f"Hair lies over a part of the brow of {len(covered)} of them, whose {brow} are in no "
            f"figure: {', '.join(covered)}."
        )
    told += [
        "Change is the mean |ΔL*| against the neutral over the pixels of an AU's region, which is "
        "drawn from anatomy and carried to each face by the atlas; the noise of the sensor is the "
        "same in both.",
        "The neutral taken again: the head turned by 1° either way about the point between the "
        "eyes, exposure 5 % up or down, other noise; the mean of the four.",
        f"Everybody sits in the light of {light}; under flatter light the same folds show "
        "less. Hair may lie over the forehead as it does in the folder.",
        "Textures are measured in the albedo, before any light. Seams are where the head's chart "
        "meets itself at the back, and the chest's at the neck. Of the difference between the "
        "halves of the face, what goes with the turn of the skin is a lamp's that was baked in.",
    ]
    if any(one.texture.psnr_db is not None for one in sittings):
        told.append(
            "The portrait that a texture was made from is drawn again, from the albedo and the "
            "light that was found in it, and compared where it gave the texels."
        )
    return told


def frames(reason: str) -> list[str]:
    """Of people who cannot be made again."""
    return [
        f"The people of this folder cannot be made again: {reason}.",
        "What follows is what its pictures allow: how often faces and eyes are found in them, and "
        "how lengths of the face go with the labels. Whether an action unit changes the picture "
        "where it acts and nowhere else cannot be told from them, nor whether groups are even: in "
        "these pictures action units come together, heads turn and lights differ.",
    ]
