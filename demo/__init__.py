"""The demonstration: the main job on real sample data, driven by commands and HTTP only."""
