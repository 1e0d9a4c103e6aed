"""Sends what central kept about a site back to a satellite that enters another epoch (row S2.6).

A satellite that was restored from an older copy has forgotten devices. Its authorization file carries what central knows;
the satellite takes what it lacks and keeps what it has.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from central.domain.accounts.queries import of_satellite
from central.domain.instances.models import Instance
from central.domain.ledger.models import Claim
from central.domain.satellites.models import Satellite
from central.domain.tokens.models import Token
from exchange.files.rows import ClaimRow, InstanceRow, ResponseRow, TokenRow
from exchange.identity import Udi
from exchange.keys import PublicKey
from exchange.vocabulary import InstanceState
from serverkit.db.unit import Unit

STREAM = 1000


def kept_rows(unit: Unit, satellite: Satellite) -> Iterator[ResponseRow]:
    """Tokens, instances and claims of a satellite; nothing in its first epoch."""
    if satellite.epoch > 1:
        yield from _tokens(unit, satellite)
        yield from _instances(unit, satellite)
        yield from _claims(unit, satellite)


def _tokens(unit: Unit, satellite: Satellite) -> Iterator[TokenRow]:
    # A satellite that was removed and added again may have fewer virtual accounts than its tokens are of.
    own = [row.id for row in of_satellite(unit, satellite.account_id, satellite.id)]
    query = select(Token).where(
        Token.account_id == satellite.account_id,
        Token.satellite_id == satellite.id,
        Token.virtual_account_id.in_(own),
    )
    for row in unit.session.scalars(query.order_by(Token.id).execution_options(yield_per=STREAM)):
        yield TokenRow(
            id=row.id,
            virtual_account=row.virtual_account_id,
            description=row.description,
            hash=row.hash,
            created=row.created_at,
            created_by=row.created_by,
            expires=row.expires_at,
            max_uses=row.max_uses,
            uses=row.uses,
            export_controlled=row.export_controlled,
            revoked=row.revoked,
            removed=False,
        )


def _instances(unit: Unit, satellite: Satellite) -> Iterator[InstanceRow]:
    query = select(Instance).where(
        Instance.account_id == satellite.account_id,
        Instance.satellite_id == satellite.id,
        Instance.public_key.is_not(None),
    )
    for row in unit.session.scalars(query.order_by(Instance.id).execution_options(yield_per=STREAM)):
        yield InstanceRow(
            id=row.id,
            hostname=row.hostname,
            udi=Udi.from_dict(row.udi),
            product_tag=row.product_tag,
            software_version=row.software_version,
            ip_address=row.ip_address,
            notes=row.notes,
            virtual_account=row.virtual_account_id,
            registered_at=row.registered_at,
            last_contact=row.last_contact,
            certificate_expires=row.certificate_expires,
            state=InstanceState(row.state),
            export_allowed=row.export_allowed,
            key_hash=row.key_hash,
            device_key=PublicKey.from_dict(row.public_key) if row.public_key else None,
            token=row.token_id,
            standbys=tuple(Udi.from_dict(member) for member in row.standbys),
            marks=tuple(row.marks),
            removed=False,
            standby_keys=tuple(PublicKey.from_dict(key) if key else None for key in row.standby_keys or ()),
            detached_until=row.detached_until,
            detached_term=row.detached_term,
        )


def _claims(unit: Unit, satellite: Satellite) -> Iterator[ClaimRow]:
    query = (
        select(Claim)
        .join(Instance, (Instance.account_id == Claim.account_id) & (Instance.id == Claim.instance_id))
        .where(Claim.account_id == satellite.account_id, Instance.satellite_id == satellite.id, Claim.count > 0)
        .order_by(Claim.instance_id, Claim.tag)
    )
    for row in unit.session.scalars(query.execution_options(yield_per=STREAM)):
        yield ClaimRow(row.instance_id, row.tag, row.count, row.since)
