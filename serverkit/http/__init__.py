"""HTTP: operations, errors, OpenAPI, OAuth, compatibility helpers."""
