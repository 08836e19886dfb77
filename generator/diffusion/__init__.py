"""Kandinsky 2.2 by diffusers: portraits on a depth map, turned views, what stands round a head.

Takes folders of weights that were checked, prompts, depth hints and pictures; gives pictures. The
only room of the generator that needs torch and diffusers, beside the 2D path.
"""
