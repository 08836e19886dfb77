"""Pose a head and draw it: `python docs/examples/draw_pain.py PERSON OUT.png`."""

import sys
from pathlib import Path

import cv2

from assets.api import PAIN_AUS, load_head, pspi
from generator.api import GenerateConfig, seat
from rigging.api import pose

# Of one person of a data set of eight: a picture with its maps.
aus = {4: 4.0, 6: 4.0, 7: 3.0, 10: 2.0, 43: 1.0}
drawn = seat(GenerateConfig(identities=8, size=256, seed=5), int(sys.argv[1])).take(aus).frame
print(f"PSPI {pspi({au: aus.get(au, 0.0) for au in PAIN_AUS}):g}")
print(f"AU4 moves the skin by up to {drawn.heat[0].max():.1f} mm")
Path(sys.argv[2]).write_bytes(cv2.imencode(".png", drawn.image[..., ::-1])[1].tobytes())

# Of a head alone: vertices in metres.
model = load_head()
head = model.person(model.mean_phenotypes(), {}, age_years=40.0)
moved = pose(head, aus, aus) - head.vertices
print(f"{(moved.any(axis=1)).sum():,} of {len(moved):,} vertices move")
