"""Migrations of central's database."""

from central.domain.schema import metadata
from serverkit.db.migrate import run_environment

run_environment(metadata)
