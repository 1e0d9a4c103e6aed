"""Migrations of a satellite's database."""

from satellite.core.schema import metadata
from chassis.db.migrate import run_environment

run_environment(metadata)
