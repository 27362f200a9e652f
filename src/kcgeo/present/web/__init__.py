"""Offline pages: the coverage map, the explorer, the gallery, and what they are fed with."""
