"""The columns of the table of instances, from the rows of a site."""

from __future__ import annotations

from typing import Any

from central.domain.satellites.models import Satellite
from exchange.files.rows import InstanceRow


def instance_columns(satellite: Satellite, rows: list[InstanceRow]) -> dict[str, list[Any]]:
    """What is written of instances that a satellite reports."""
    return {
        "account_id": [satellite.account_id] * len(rows),
        "id": [row.id for row in rows],
        "virtual_account_id": [row.virtual_account for row in rows],
        "satellite_id": [satellite.id] * len(rows),
        "udi": [row.udi.to_dict() for row in rows],
        "udi_key": [row.udi.key for row in rows],
        "hostname": [row.hostname for row in rows],
        "product_tag": [row.product_tag for row in rows],
        "software_version": [row.software_version for row in rows],
        "ip_address": [row.ip_address for row in rows],
        "notes": [row.notes for row in rows],
        "registered_at": [row.registered_at for row in rows],
        "last_contact": [row.last_contact for row in rows],
        "certificate_expires": [row.certificate_expires for row in rows],
        "state": [row.state.value for row in rows],
        "export_allowed": [row.export_allowed for row in rows],
        "key_hash": [row.key_hash for row in rows],
        "public_key": [row.device_key.to_dict() if row.device_key else None for row in rows],
        "token_id": [row.token for row in rows],
        "standbys": [[member.to_dict() for member in row.standbys] for row in rows],
        "standby_keys": [[key.to_dict() if key else None for key in row.standby_keys] or None for row in rows],
        "marks": [list(row.marks) for row in rows],
        "detached_until": [row.detached_until for row in rows],
        "detached_term": [row.detached_term for row in rows],
    }
