"""Central's jobs: what time alone brings about."""
