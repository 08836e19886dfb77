"""Photographs and made pictures in, classes of pain out: whether made pictures help to tell them.

A network learns from photographs, from made pictures or from both, and is tested on photographs of
people whom neither it nor what made the pictures has seen.
"""
