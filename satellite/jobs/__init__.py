"""A satellite's scheduled jobs."""
