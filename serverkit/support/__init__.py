"""Support bundles of both servers: chosen parts, redacted, shown before they are saved, sealed to a key if wished."""
