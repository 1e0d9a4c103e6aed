"""A stateful machine over the real services of the ledger, and the figures computed a second time beside them."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import func, select

from central.actions.instances import remove_instance
from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.accounts.queries import virtual_account, virtual_accounts
from central.domain.accounts.services import create_account, create_virtual_account
from central.domain.conversions.importing import import_skus, import_sources
from central.domain.conversions.models import ClassicSource
from central.domain.conversions.rules import SourceKind
from central.domain.conversions.services import convert
from central.domain.export_control.adopting import adopt_grant
from central.domain.export_control.models import GrantRecord
from central.domain.export_control.queries import active_units
from central.domain.export_control.services import Applicant, decide, end_grants, take_return
from central.domain.instances.detached import begin_term, end_detached_terms, end_early, is_detached, release_term
from central.domain.instances.devices import register_device
from central.domain.instances.models import Instance
from central.domain.instances.queries import find_instance
from central.domain.instances.services import transfer_instance
from central.domain.ledger.allotting import allotment_lines
from central.domain.ledger.claims import claims_of, replace_claims
from central.domain.ledger.kept import keep_some
from central.domain.ledger.listing import licence_rows
from central.domain.ledger.models import OWNED, Claim, Holding, Lot, Posting
from central.domain.ledger.queries import licences, pools
from central.domain.ledger.replacing import REPLACES
from central.domain.ledger.reserving import drop_ended, free_reserved, give_up_some, hold_for, settle_transition
from central.domain.ledger.rules import LotSource, LotSpec
from central.domain.ledger.services import add_lots, expire_lots
from central.domain.ledger.verification import verify
from central.domain.licence_tags.kept_lists import kept_window
from central.domain.licence_tags.models import LicenceTag, TaggedLot
from central.domain.licence_tags.services import set_tags
from central.domain.satellites.queries import by_id
from central.domain.satellites.services import add_satellite, remove_satellite
from central.domain.tokens.models import Token
from central.domain.transfers.services import transfer_licences
from central.domain.upgrades.services import complete_upgrade
from central.runtime import Central
from central.sync.apply_rows import apply_rows
from exchange.certificate_issuing import make_csr
from exchange.compliance import LotPhase, LotView, Stock, Use, judge_licence, lot_phase, stock_of
from exchange.device.bodies import RegisterBody
from exchange.errors import ExchangeError
from exchange.files.registration import Registration
from exchange.files.rows import ClaimRow, InstanceRow
from exchange.identity import Udi
from exchange.keys import PrivateKey
from exchange.statements import ExportRequest, ExportReturn, Grant, seal_export_return, seal_grant
from exchange.vocabulary import Billing, InstanceState, LicenceType
from serverkit.actor import OPERATOR
from serverkit.clock import FixedClock
from serverkit.db.unit import Unit
from serverkit.db.windows import WHOLE
from serverkit.errors import AppError

TAGS = ("ADVANTAGE", "ESSENTIALS", "STRONG")
RESTRICTED = "STRONG"
POOLS = ("Site", "Spare", "Far")
RESERVING = "e" * 32  # a device that has only a code


_accounts = itertools.count(1)


def _offset() -> st.SearchStrategy[int]:
    """Days from now; the past, today and the future."""
    return st.sampled_from((0, -40, -1, 30))


class LedgerMachine(RuleBasedStateMachine):
    """Every row of this class: whatever is bought, used, moved, granted, returned, ended or removed, the ledger adds up."""

    central: Central
    clock: FixedClock

    @classmethod
    def begin_anew(cls) -> None:
        """Done before each run: nothing, or what takes the accounts of former runs away."""

    def __init__(self) -> None:
        super().__init__()
        self.begin_anew()
        self.lines = 0
        self.keys: dict[str, PrivateKey] = {}
        self.kept: dict[str, dict[str, int]] = {}
        self.satellite: str | None = None
        self.refused: list[str] = []
        with self.central.database.write(OPERATOR) as unit:
            name = f"w{next(_accounts)}-{secrets.token_hex(4)}"
            account = create_account(unit, f"{name}.example", name, export_allowed=True)
            for name in POOLS:
                create_virtual_account(unit, account.id, name)
            self.account = account.id

    # -- how each act is done ---------------------------------------------------------------------------------------

    def _do(self, act: Callable[[Unit, SmartAccount], object]) -> None:
        """One act in one unit; a refusal changes nothing in the ledger."""
        before = self._digest()
        try:
            with self.central.database.write(OPERATOR) as unit:
                act(unit, unit.session.get_one(SmartAccount, self.account))
        except (AppError, ExchangeError) as error:
            self.refused.append(error.code)
        else:
            return
        assert self._digest() == before, f"{self.refused[-1]} left something behind"

    def _take(self, act: Callable[[Unit, SmartAccount], object]) -> None:
        """One act that takes free units: where it is accepted, no pool lacks more than before (row C4.1)."""
        before = self._shortages()
        self._do(act)
        for key, count in self._shortages().items():
            assert count <= before.get(key, 0), f"a shortage of {key} was made"

    def _shortages(self) -> dict[tuple[str, str], int]:
        with self.central.database.read(OPERATOR) as unit:
            return {key: pool.verdict.shortage for key, pool in pools(unit, self.account).items()}

    def _digest(self) -> tuple[Any, ...]:
        with self.central.database.read(OPERATOR) as unit:
            count = unit.session.scalar(select(func.count()).where(Posting.account_id == self.account))
            held = select(Holding.lot_id, Holding.bucket, Holding.virtual_account_id, Holding.holder, Holding.quantity)
            used = select(Claim.instance_id, Claim.tag, Claim.virtual_account_id, Claim.count)
            return (
                count,
                sorted(map(tuple, unit.session.execute(held.where(Holding.account_id == self.account)))),
                sorted(map(tuple, unit.session.execute(used.where(Claim.account_id == self.account)))),
            )

    def _pool(self, unit: Unit, name: str) -> VirtualAccount:
        return virtual_account(unit, self.account, name)

    def _add(self, unit: Unit, *specs: LotSpec) -> None:
        wanted = [(self._pool(unit, spec.virtual_account).id, spec) for spec in specs]
        add_lots(unit, self.account, wanted, dict(zip(TAGS, TAGS, strict=True)))

    # -- lots -------------------------------------------------------------------------------------------------------

    @initialize()
    def begin(self) -> None:
        """A small stock and two devices, so that most acts have something to act on."""
        self._do(
            lambda unit, _: self._add(
                unit, *(LotSpec(pool, tag, 3) for pool, tag in itertools.product(POOLS[:2], TAGS))
            )
        )
        for pool in POOLS[:2]:
            self.device_joins(pool)

    @rule(
        pool=st.sampled_from(POOLS),
        tag=st.sampled_from(TAGS),
        quantity=st.integers(1, 6),
        kind=st.sampled_from(LicenceType),
        billing=st.sampled_from(Billing),
        source=st.sampled_from(LotSource),
        start=_offset(),
        days=st.sampled_from((400, 35, 1)),
    )
    def order(
        self,
        pool: str,
        tag: str,
        quantity: int,
        kind: LicenceType,
        billing: Billing,
        source: LotSource,
        start: int,
        days: int,
    ) -> None:
        """A lot of any source, type, billing and term."""
        self.lines += 1
        first = self.clock.now() + timedelta(days=start)
        timed = kind in {LicenceType.TERM, LicenceType.DEMO}
        spec = LotSpec(
            virtual_account=pool,
            tag=tag,
            quantity=quantity,
            licence_type=kind,
            billing=billing,
            start=first if timed else None,
            end=first + timedelta(days=days) if timed else None,
            source=source,
            order_number=f"O-{self.lines}",
            order_line="1",
            details={"pak": "P"} if source is LotSource.PAK_MIGRATION else {},
        )
        self._do(lambda unit, _: self._add(unit, spec))

    @rule(days=st.sampled_from((0, 0, 1, 20, 61)))
    def time_passes(self, days: int) -> None:
        """Terms and grants end, and the terms of devices that are detached."""
        self.clock.advance(timedelta(days=days))
        self._do(lambda unit, _: (expire_lots(unit), end_grants(unit, self.central.keyring), end_detached_terms(unit)))

    @rule(
        source=st.sampled_from(POOLS),
        to=st.sampled_from(POOLS),
        tag=st.sampled_from(TAGS),
        quantity=st.integers(0, 8),
    )
    def transfer(self, source: str, to: str, tag: str, quantity: int) -> None:
        """Licences move between virtual accounts, or are refused."""
        self._take(
            lambda unit, _: transfer_licences(unit, self._pool(unit, source), self._pool(unit, to), tag, quantity)
        )

    @rule(
        pool=st.sampled_from(POOLS[:2]),
        tag=st.sampled_from(TAGS[:2]),
        quantity=st.integers(1, 4),
        ratio=st.sampled_from(("1:1", "2:1", "1:2")),
    )
    def upgrade_is_ordered(self, pool: str, tag: str, quantity: int, ratio: str) -> None:
        """Units that wait until licences are named that they replace."""
        old = TAGS[1 - TAGS.index(tag)]
        self._do(lambda unit, _: self._add(unit, LotSpec(pool, tag, quantity, details={REPLACES: f"{old}={ratio}"})))

    @rule(pool=st.sampled_from(POOLS[:2]), tag=st.sampled_from(TAGS[:2]), quantity=st.integers(0, 4))
    def upgrade_is_completed(self, pool: str, tag: str, quantity: int) -> None:
        """As many of the waiting units as the licences that they replace allow."""
        self._take(lambda unit, _: complete_upgrade(unit, self._pool(unit, pool), tag, quantity, None))

    @rule(
        pool=st.sampled_from(POOLS[:2]), tag=st.sampled_from(TAGS[:2]), here=st.integers(1, 4), taken=st.integers(0, 5)
    )
    def pak_is_converted(self, pool: str, tag: str, here: int, taken: int) -> None:
        """A PAK becomes smart licences, a part of it at a time."""
        self.lines += 1
        number = f"PAK{secrets.token_hex(8)}"

        def act(unit: Unit, account: SmartAccount) -> None:
            import_skus(unit, f"sku,tag\nSKU-{tag},{tag}\n".encode())
            told = f"pak,sku,quantity,virtual_account,partial\n{number},SKU-{tag},{here},{pool},yes\n"
            import_sources(unit, account.id, SourceKind.PAK, told.encode())
            query = select(ClassicSource).where(ClassicSource.account_id == account.id, ClassicSource.number == number)
            row = unit.session.scalars(query).one()
            convert(unit, row, self._pool(unit, pool), {f"SKU-{tag}": taken})

        self._do(act)

    @rule(pool=st.sampled_from(POOLS[:2]), tag=st.sampled_from(TAGS), name=st.sampled_from(("red", "blue")))
    def lots_are_tagged(self, pool: str, tag: str, name: str) -> None:
        """A tag is set on a licence and all that the virtual account owns of it."""

        def act(unit: Unit, account: SmartAccount) -> None:
            here = self._pool(unit, pool)
            owned = select(Holding.lot_id).where(
                Holding.account_id == account.id, Holding.virtual_account_id == here.id, Holding.tag == tag,
                Holding.bucket.in_(OWNED),
            )  # fmt: skip
            set_tags(unit, here, [name], [tag], set(unit.session.scalars(owned)))

        self._do(act)

    # -- reservations -----------------------------------------------------------------------------------------------

    @rule(pool=st.sampled_from(POOLS[:2]), tag=st.sampled_from(TAGS), quantity=st.integers(1, 7))
    def reserve(self, pool: str, tag: str, quantity: int) -> None:
        """Units are held for a device that has only a code; of reporting-only ones as many as are asked for."""
        self._take(
            lambda unit, _: hold_for(
                unit, self._pool(unit, pool), tag, quantity, RESERVING, longest_first=quantity % 2 == 0
            )
        )

    @rule(tag=st.sampled_from(TAGS), quantity=st.integers(0, 7), confirmed=st.booleans())
    def reservation_changes(self, tag: str, quantity: int, confirmed: bool) -> None:
        """What has ended is replaced, some is given up, and the code may be confirmed."""

        def act(unit: Unit, account: SmartAccount) -> None:
            drop_ended(unit, account.id, RESERVING, tag)
            give_up_some(unit, account.id, RESERVING, tag, quantity)
            waiting = [row for row in pools(unit, account.id, None, [tag]).values() if row.in_transition]
            if confirmed and waiting:
                settle_transition(unit, account.id, RESERVING)

        self._take(act)

    @rule()
    def reservation_ends(self) -> None:
        """All that is held comes back; reporting-only units are gone."""
        self._take(lambda unit, account: free_reserved(unit, account.id, RESERVING, "reservation_ended"))

    # -- devices ----------------------------------------------------------------------------------------------------

    @rule(pool=st.sampled_from(POOLS[:2]))
    def device_joins(self, pool: str) -> None:
        """A device registers at central itself."""
        if len(self.keys) >= 3:
            return
        key = PrivateKey.generate()
        serial = key.public.key_id[:12]

        def act(unit: Unit, account: SmartAccount) -> None:
            va = self._pool(unit, pool)
            token = Token(account_id=account.id, id="t", virtual_account_id=va.id, uses=0, export_controlled=True)
            body = RegisterBody("", Udi("SW-48", serial), None, None, None, (), make_csr(key, serial))
            self.keys[register_device(unit, token, body, key.public)[0].id] = key

        self._do(act)

    def _some(self, data: st.DataObject) -> str | None:
        # In the order of joining: ids are random, and a choice must mean the same in each run.
        return data.draw(st.sampled_from(list(self.keys))) if self.keys else None

    @rule(data=st.data(), tag=st.sampled_from(TAGS[:2]), count=st.integers(0, 5))
    def device_uses(self, data: st.DataObject, tag: str, count: int) -> None:
        """A device uses so much of an ordinary licence; 0 for no more."""
        instance = self._some(data)
        if instance is None or instance in self._away():
            return

        def act(unit: Unit, account: SmartAccount) -> None:
            row = find_instance(unit, account.id, instance)
            used = claims_of(unit, account.id, row.id) | {tag: count}
            replace_claims(unit, account.id, row.id, row.virtual_account_id, {t: n for t, n in used.items() if n})

        self._do(act)

    @rule(data=st.data(), pool=st.sampled_from(POOLS[:2]))
    def device_moves(self, data: st.DataObject, pool: str) -> None:
        """A device goes to another virtual account with what it uses."""
        instance = self._some(data)
        if instance is not None:
            self._do(
                lambda unit, account: transfer_instance(
                    unit, find_instance(unit, account.id, instance), self._pool(unit, pool)
                )
            )

    @rule(data=st.data(), release=st.booleans())
    def device_goes(self, data: st.DataObject, release: bool) -> None:
        """A device is removed; what is granted to it stays unless the vendor releases it."""
        instance = self._some(data)
        if instance is None:
            return
        self._do(
            lambda unit, account: remove_instance(
                unit,
                self.central.keyring,
                account.domain,
                instance,
                release_restricted=release,
                reason="gone" if release else "",
            )
        )
        with self.central.database.read(OPERATOR) as unit:
            if unit.session.get(Instance, (self.account, instance)) is None:
                del self.keys[instance]

    @rule(data=st.data(), days=st.sampled_from((1, 20, 90)))
    def device_leaves(self, data: st.DataObject, days: int) -> None:
        """A device is detached: what it uses stays in use until the term ends, whatever else happens."""
        instance = self._some(data)
        if instance is None or instance in self._away():
            return
        self._do(
            lambda unit, account: begin_term(
                unit, find_instance(unit, account.id, instance), unit.now + timedelta(days=days)
            )
        )
        with self.central.database.read(OPERATOR) as unit:
            self.kept[instance] = claims_of(unit, self.account, instance)

    @rule(data=st.data(), released=st.booleans())
    def device_returns_early(self, data: st.DataObject, released: bool) -> None:
        """A detached device is reattached, or the vendor ends the term of one that cannot be."""
        away = sorted(self._away(), key=list(self.keys).index)
        if not away:
            return
        instance = data.draw(st.sampled_from(away))

        def act(unit: Unit, account: SmartAccount) -> None:
            row = find_instance(unit, account.id, instance)
            if released:
                release_term(unit, row, "lost")
            else:
                end_early(unit, row)

        self._do(act)

    def _away(self) -> set[str]:
        """The devices whose term runs."""
        with self.central.database.read(OPERATOR) as unit:
            rows = unit.session.scalars(select(Instance).where(Instance.account_id == self.account))
            return {row.id for row in rows if is_detached(row, unit.now)}

    # -- restricted licences ----------------------------------------------------------------------------------------

    @rule(data=st.data(), quantity=st.integers(0, 4))
    def device_asks(self, data: st.DataObject, quantity: int) -> None:
        """A device asks for so much of the restricted licence in all."""
        instance = self._some(data)
        if instance is None:
            return
        key = self.keys[instance].public

        def act(unit: Unit, account: SmartAccount) -> None:
            row = find_instance(unit, account.id, instance)
            registration_request = ExportRequest(
                secrets.token_hex(16), row.id, Udi.from_dict(row.udi), key.key_hash, RESTRICTED, quantity, unit.now
            )
            decide(
                unit,
                self.central.keyring,
                Applicant(account, None, 0, row.virtual_account_id),
                row,
                registration_request,
                key,
            )

        self._take(act)

    @rule(data=st.data(), forged=st.booleans(), times=st.integers(1, 2))
    def device_returns(self, data: st.DataObject, forged: bool, times: int) -> None:
        """A grant comes back, once or twice, or someone else says so."""
        with self.central.database.read(OPERATOR) as unit:
            query = select(GrantRecord.id, GrantRecord.instance_id, GrantRecord.quantity, GrantRecord.udi)
            rows = list(
                unit.session.execute(
                    query.where(GrantRecord.account_id == self.account).order_by(GrantRecord.change_no)
                )
            )
        rows = [row for row in rows if row[1] in self.keys]
        if not rows:
            return
        grant, instance, quantity, udi = data.draw(st.sampled_from(rows))
        key = PrivateKey.generate() if forged else self.keys[instance]
        said = ExportReturn(
            grant, instance, Udi.from_dict(udi), key.public.key_hash, RESTRICTED, quantity, datetime.now(UTC)
        )
        envelope = seal_export_return(said, key)
        for _ in range(times):
            before = self._digest()
            self._do(lambda unit, account: take_return(unit, self.central.keyring, grant, envelope))
            assert not forged or self._digest() == before, "a return that the grant's key did not sign freed something"

    @rule(data=st.data(), quantity=st.integers(1, 4))
    def device_shows(self, data: st.DataObject, quantity: int) -> None:
        """Central has forgotten a grant that it signed: it is taken back into the books, whatever is there."""
        instance = self._some(data)
        if instance is None:
            return
        key, keyring = self.keys[instance].public, self.central.keyring

        def act(unit: Unit, account: SmartAccount) -> None:
            row, end = find_instance(unit, account.id, instance), unit.now + timedelta(days=60)
            names = secrets.token_hex(16), 1, secrets.token_hex(16), None, 0, row.virtual_account_id
            held = RESTRICTED, quantity, row.id, Udi.from_dict(row.udi), key.key_hash
            grant = Grant(keyring.vendor_id, *names, *held, unit.now, end, end, unit.now)
            place = None, {row.virtual_account_id}
            adopt_grant(unit, keyring, account.id, place, seal_grant(grant, keyring.grant_key), key)

        self._do(act)

    # -- a satellite ------------------------------------------------------------------------------------------------

    @rule(uses=st.lists(st.integers(0, 4), min_size=1, max_size=3))
    def site_reports(self, uses: list[int]) -> None:
        """A satellite takes one of the virtual accounts and reports devices and what they use."""

        def act(unit: Unit, account: SmartAccount) -> None:
            va = self._pool(unit, "Far")
            if self.satellite is None:
                key, other = PrivateKey.generate().public, PrivateKey.generate().public
                registration = Registration(
                    secrets.token_hex(16), "Far", self.central.keyring.vendor_id, 1, unit.now, "1", "host", key, other,
                    secrets.token_hex(16), lab=True,
                )  # fmt: skip
                made = add_satellite(unit, account, "Far", [va], registration, secrets.token_hex(32), None)
                self.satellite = made.satellite.id
            satellite = by_id(unit, self.satellite)
            assert satellite is not None
            rows = [_site_instance(unit.now, va.id, number) for number in range(len(uses))]
            claims = [ClaimRow(row.id, "ADVANTAGE", count, unit.now) for row, count in zip(rows, uses, strict=True)]
            apply_rows(unit, self.central.keyring, account, satellite, [[*rows], [*claims]] if rows else [])

        try:
            self._do(act)
        finally:
            if self.refused and self.refused[-1] == "virtual_account_in_use":
                self.satellite = None

    @rule()
    def site_goes(self) -> None:
        """The satellite is removed with its devices."""
        if self.satellite is None:
            return
        gone, self.satellite = self.satellite, None

        def act(unit: Unit, _account: SmartAccount) -> None:
            satellite = by_id(unit, gone)
            assert satellite is not None
            remove_satellite(unit, satellite)

        self._do(act)

    @rule()
    def figures_are_kept(self) -> None:
        """The job adds up what lists are made of."""
        self._do(lambda unit, _: keep_some(unit))

    # -- what is always true ----------------------------------------------------------------------------------------

    @invariant()
    def quantities_are_conserved(self) -> None:
        """The buckets of each lot add up to what was bought, and none is negative."""
        with self.central.database.read(OPERATOR) as unit:
            lots = dict(unit.session.execute(select(Lot.id, Lot.quantity).where(Lot.account_id == self.account)).all())
            sums = dict.fromkeys(lots, 0)
            for row in unit.session.scalars(select(Holding).where(Holding.account_id == self.account)):
                assert row.quantity >= 0
                sums[row.lot_id] += row.quantity
        assert sums == lots

    @invariant()
    def what_a_detached_device_uses_stays_in_use(self) -> None:
        """Until its term ends, however its virtual account or anything else changes."""
        for instance in self._away():
            with self.central.database.read(OPERATOR) as unit:
                assert claims_of(unit, self.account, instance) == self.kept[instance]

    @invariant()
    def a_tag_is_on_lots_that_are_here(self) -> None:
        """No lot keeps a tag of a virtual account that has nothing left of it."""
        with self.central.database.read(OPERATOR) as unit:
            tagged = (
                select(TaggedLot.lot_id, LicenceTag.virtual_account_id)
                .join(LicenceTag, LicenceTag.id == TaggedLot.tag_id)
                .where(TaggedLot.account_id == self.account)
            )
            held = select(Holding.lot_id, Holding.virtual_account_id).where(Holding.account_id == self.account)
            there = set(unit.session.execute(held).all())
            assert set(unit.session.execute(tagged).all()) <= there

    @invariant()
    def held_is_owned(self) -> None:
        """What is locked or owed is exactly what active grants hold, and no more is locked than is owned."""
        with self.central.database.read(OPERATOR) as unit:
            query = select(GrantRecord.id, GrantRecord.quantity).where(
                GrantRecord.account_id == self.account, GrantRecord.state == "active"
            )
            granted = dict(unit.session.execute(query).all())
            locked: dict[str, int] = {}
            owed = 0
            for row in unit.session.scalars(
                select(Holding).where(Holding.account_id == self.account, Holding.bucket.in_(["locked", "owed"]))
            ):
                locked[row.holder] = locked.get(row.holder, 0) + row.quantity
                owed += row.quantity if row.bucket == "owed" else 0
            owned = unit.session.scalar(
                select(func.coalesce(func.sum(Holding.quantity), 0)).where(
                    Holding.account_id == self.account, Holding.bucket.in_(OWNED)
                )
            )
        assert locked == granted
        assert sum(locked.values()) - owed <= int(owned or 0)

    @invariant()
    def holdings_follow_from_postings(self) -> None:
        """`ledger verify` computes everything again and finds nothing."""
        with self.central.database.read(OPERATOR) as unit:
            assert verify(unit, active_units(unit)) == []

    @invariant()
    def lists_say_what_is_true_now(self) -> None:
        """Rows that are kept, and those that changed since, are together what all lots and claims say."""
        with self.central.database.read(OPERATOR) as unit:
            names = {row.id: row.name for row in virtual_accounts(unit, self.account)}
            listed = kept_window(unit, self.account, names, WHOLE).items
            wanted = {row["id"]: row for row in licence_rows(unit, self.account, names)}
        found = {row["id"]: row for row in listed}
        assert len(found) == len(listed)
        for row in (*found.values(), *wanted.values()):
            row.pop("terms", None)
        assert found == wanted

    @invariant()
    def figures_follow_from_the_pure_rules(self) -> None:
        """The licences table is what the pure rules say of the lots and claims, added up a second time in Python."""
        with self.central.database.read(OPERATOR) as unit:
            names = {row.id: row.name for row in virtual_accounts(unit, self.account)}
            rows = licences(unit, self.account, names)
            shown = {(row["virtual_account"], row["tag"], row["billing"]): row for row in rows}
            wanted = _figures(unit, self.account, names)
            lines = allotment_lines(unit, self.account, list(names))
        for key, (stock, use, free) in wanted.items():
            verdict, row = judge_licence(stock, use), shown.pop((*key, "prepaid"), None)
            if row is None:
                assert (verdict.prepaid.purchased, verdict.prepaid.in_use) == (0, 0)
            else:
                assert (row["purchased"], row["in_use"], row["reserved"], row["balance"], row["status"]) == (
                    verdict.prepaid.purchased, verdict.prepaid.in_use, use.reserved, verdict.prepaid.balance,
                    verdict.status.value,
                )  # fmt: skip
                assert not stock.reporting_only or row["balance"] >= 0, "reporting-only never lacks anything"
            billed = shown.pop((*key, "usage"), None)
            assert (billed["in_use"] if billed else 0) == (verdict.usage.in_use if verdict.usage else 0)
            told = [
                line.quantity
                for line in lines
                if (names[line.virtual_account_id], line.tag) == key
                and line.licence_type is not LicenceType.REPORTING_ONLY
                and line.billing is Billing.PREPAID
                and lot_phase(line.start, line.end, self.clock.now()) is LotPhase.ACTIVE
            ]
            assert sum(told) == free, "a satellite would be told another quantity"
        assert all(row["upcoming"] for row in shown.values())


def _figures(unit: Unit, account_id: str, names: dict[str, str]) -> dict[tuple[str, str], tuple[Stock, Use, int]]:
    """Of each pool what is there, what is used, and what devices may still be told of; added up a second time."""
    lots = {row.id: row for row in unit.session.scalars(select(Lot).where(Lot.account_id == account_id))}
    sites = {names[row.id] for row in virtual_accounts(unit, account_id) if row.satellite_id}
    sums: dict[tuple[str, str], dict[str, int]] = {}
    stock: dict[tuple[str, str], Stock] = {}
    for held in unit.session.scalars(select(Holding).where(Holding.account_id == account_id)):
        if held.bucket not in {*OWNED, "owed"}:
            continue
        lot = lots[held.lot_id]
        key = names[held.virtual_account_id], lot.tag
        here = sums.setdefault(key, dict.fromkeys(("held", "reserved", "usage", "reporting", "free", "ended"), 0))
        if held.bucket == "owed":
            # In use and not purchased: it lowers what is free, as units of ended terms do.
            here["held"], here["ended"] = here["held"] + held.quantity, here["ended"] + held.quantity
            continue
        view = LotView(lot.id, LicenceType(lot.licence_type), held.quantity, lot.start, lot.end, Billing(lot.billing))
        phase = lot_phase(lot.start, lot.end, unit.now)
        stock[key] = stock.get(key, Stock()) + stock_of([view], unit.now)
        if held.bucket == "free":
            here["free"] += held.quantity if phase is LotPhase.ACTIVE and not view.boundless else 0
            continue
        here["reserved"] += held.quantity if held.bucket in {"reserved", "transition"} else 0
        here["ended"] += held.quantity if phase is LotPhase.EXPIRED else 0
        if view.licence_type is LicenceType.REPORTING_ONLY:
            here["reporting"] += held.quantity
        elif view.boundless and phase is LotPhase.ACTIVE:
            here["usage"] += held.quantity
        else:
            here["held"] += held.quantity
    for claim in unit.session.scalars(select(Claim).where(Claim.account_id == account_id)):
        key = names[claim.virtual_account_id], claim.tag
        here = sums.setdefault(key, dict.fromkeys(("held", "reserved", "usage", "reporting", "free", "ended"), 0))
        here["claimed"] = here.get("claimed", 0) + claim.count
    found = {}
    for key, here in sums.items():
        claimed, held = here.get("claimed", 0), here["held"]
        if key[0] in sites:
            use = Use(reported=claimed + held + here["usage"] + here["reporting"], reserved=here["reserved"])
        else:
            use = Use(claimed + held, 0, here["reserved"], here["usage"], here["reporting"])
        found[key] = stock.get(key, Stock()), use, max(0, here["free"] - here["ended"])
    return found


def _site_instance(now: datetime, virtual_account_id: str, number: int) -> InstanceRow:
    return InstanceRow(
        id=f"{number:032x}",
        hostname=None,
        udi=Udi("SW-48", f"SITE{number}"),
        product_tag=None,
        software_version=None,
        ip_address=None,
        notes=None,
        virtual_account=virtual_account_id,
        registered_at=now,
        last_contact=now,
        certificate_expires=now,
        state=InstanceState.ACTIVE,
        export_allowed=False,
        key_hash="0" * 64,
        device_key=None,
        token=None,
        standbys=(),
        marks=(),
        removed=False,
    )
