"""Portraits of a person and the textures made from them: prompts, cameras, hints, projection, fill.

Takes a body and pictures that a painter made of it; gives albedo on the head chart with how far it
is believed. Nothing here runs a network: `generator.diffusion` does.
"""
