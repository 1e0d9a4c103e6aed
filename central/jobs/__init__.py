"""Central's scheduled jobs."""
