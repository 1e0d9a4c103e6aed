"""Migrations of a satellite's database."""

from satellite.core.schema import metadata
from serverkit.db.migrate import run_environment

run_environment(metadata)
