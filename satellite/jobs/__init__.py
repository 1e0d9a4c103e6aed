"""A satellite's jobs: what time alone brings about."""
