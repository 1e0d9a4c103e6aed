"""Runs of jobs and the outbox: tables of the chassis kept among central's own."""
