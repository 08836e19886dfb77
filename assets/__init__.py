"""Facts and files that every stage shares: action units, classes, heads, people, skin, light.

Takes the files under `assets/data`, which the scripts of this project bake; gives tables and
frozen dataclasses. Imports no other room.
"""
