"""Restoring what this satellite lost when it was restored from an older copy (row S2.6).

Only what is missing is taken: a device, token or claim that is here stays as it is here. A device that comes back may
continue with any number, for its last one is forgotten.
"""

from __future__ import annotations

from exchange.files.rows import ClaimRow, InstanceRow, ResponseRow, TokenRow
from satellite.core.base import next_change
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.instances.models import DeviceKey, Instance, Standby
from satellite.core.instances.queries import instance_name
from satellite.core.instances.rules import standby_rows
from satellite.core.instances.services import say
from satellite.core.licences.models import Claim
from satellite.core.licences.services import claims_of, replace_claims
from satellite.core.tokens.models import Token
from serverkit.db.unit import Unit
from serverkit.db.upsert import insert_rows


class Returning:
    """The rows of one file that central kept for this site, in their order: tokens, instances, claims."""

    def __init__(self, unit: Unit) -> None:
        """Begin with nothing taken."""
        self._unit = unit

    def take(self, row: ResponseRow) -> bool:
        """Take a row if it is one of these kinds; False for any other."""
        if isinstance(row, TokenRow):
            self._token(row)
        elif isinstance(row, InstanceRow):
            self._instance(row)
        elif isinstance(row, ClaimRow):
            self._claim(row)
        else:
            return False
        return True

    def _token(self, row: TokenRow) -> None:
        unit = self._unit
        if unit.session.get(Token, row.id) is not None:
            return
        unit.session.add(
            Token(
                id=row.id,
                virtual_account_id=row.virtual_account,
                description=row.description or "",
                hash=row.hash,
                secret="",
                created_at=row.created,
                created_by=row.created_by,
                expires_at=row.expires,
                max_uses=row.max_uses,
                uses=row.uses,
                export_controlled=row.export_controlled,
                revoked=row.revoked,
                removed=False,
                change_no=next_change(unit),
            )
        )

    def _instance(self, row: InstanceRow) -> None:
        unit = self._unit
        if row.device_key is None or unit.session.get(Instance, row.id) is not None:
            return
        if unit.session.get(DeviceKey, row.device_key.key_id) is not None:
            return
        found = Instance(
            id=row.id,
            virtual_account_id=row.virtual_account,
            udi=row.udi.to_dict(),
            udi_key=row.udi.key,
            hostname=row.hostname,
            product_tag=row.product_tag,
            software_version=row.software_version,
            ip_address=row.ip_address,
            notes=row.notes,
            registered_at=row.registered_at,
            last_contact=row.last_contact,
            certificate_expires=row.certificate_expires,
            state=row.state,
            export_allowed=row.export_allowed,
            key_hash=row.key_hash,
            token_id=row.token,
            standbys=[member.to_dict() for member in row.standbys],
            marks=list(row.marks),
            removed=False,
            change_no=next_change(unit),
        )
        unit.session.add(found)
        unit.session.add(
            DeviceKey(
                key_id=row.device_key.key_id,
                instance_id=row.id,
                public=row.device_key.to_dict(),
                superseded=False,
                last_counter=0,
                issue=1,
                member=row.udi.key,
                resumed=0,
            )
        )
        insert_rows(unit.session, Standby, standby_rows(row.id, row.standbys))
        say(unit, EventKind.INSTANCE_RETURNED, found, f"product instance {instance_name(found)} came back from central")

    def _claim(self, row: ClaimRow) -> None:
        unit = self._unit
        instance = unit.session.get(Instance, row.instance)
        # A claim that was given up here is kept with the count 0: that is knowledge, not forgetting.
        if instance is None or instance.removed or unit.session.get(Claim, (row.instance, row.tag)) is not None:
            return
        virtual_account = instance.virtual_account_id
        replace_claims(unit, row.instance, virtual_account, claims_of(unit, row.instance) | {row.tag: row.count})
