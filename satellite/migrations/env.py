"""Migrations of a satellite's database."""

from chassis.db.migrate import run_environment
from satellite.core.schema import metadata

run_environment(metadata)
