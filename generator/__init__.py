"""Labelled faces: people, expressions, textures and views, composed into shards of `Record`s."""
