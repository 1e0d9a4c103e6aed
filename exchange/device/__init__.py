"""The device protocol: one signed message, one signed answer; the same at a satellite and at central."""
