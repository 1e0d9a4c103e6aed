"""Runs of jobs and the outbox: tables of the serverkit kept among central's own."""
