"""Runs of jobs and the outbox."""
