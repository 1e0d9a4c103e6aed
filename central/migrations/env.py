"""Migrations of central's database."""

from central.domain.schema import metadata
from chassis.db.migrate import run_environment

run_environment(metadata)
