"""Texts of people, files and devices end in signed rows: whatever enters anywhere, files go both ways afterwards.

The entries are found by program: every text of every operation that changes something, every column of every table that
is imported, every text of a device's message. So are the places: every column of both databases.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import String, select

import agent.device
from agent.errors import ServerRefusedError
from central.actions.shipments import import_shipped
from central.api.v1.app import OPERATIONS as CENTRAL
from central.app import make_app as central_app
from central.domain.catalogue import services as catalogue
from central.domain.conversions import reading
from central.domain.ledger import rules as orders
from central.domain.reservations import factory
from central.domain.schema import metadata as of_central
from central.runtime import open_central
from exchange.identity import Udi
from satellite.api.v1.app import OPERATIONS as SATELLITE
from satellite.app import make_app as satellite_app
from satellite.core.schema import metadata as of_satellite
from satellite.runtime import open_satellite
from serverkit.actor import OPERATOR, SYSTEM
from serverkit.db.base import JsonText
from serverkit.http.operations import Operation
from serverkit.names import InvalidNameError
from serverkit.table_file import FaultyRowsError, RowError
from tests.api.callers import BASE, Api, central_token, satellite_token, wsgi_of
from tests.hostile import DECOMPOSED, places, with_text
from tests.world import ACCOUNT, World

HOSTILE = (DECOMPOSED, "x\x1b[31mred", "\u2126hm", "x\u202ey")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def texts(value: object) -> Iterator[str]:
    """Every text of a value, names of members included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from texts([*value, *value.values()])
    elif isinstance(value, list):
        for member in value:
            yield from texts(member)


def stored(world: World, home: str) -> list[str]:
    """The columns that hold a text which no file carries."""
    server: Any = open_central(world.folder / home) if home == "central" else open_satellite(world.folder / home)
    found = set()
    with server.database.read(SYSTEM) as unit:
        for table in (of_central if home == "central" else of_satellite).sorted_tables:
            columns = [one for one in table.c if isinstance(one.type, (String, JsonText))]
            for row in unit.session.execute(select(*columns)) if columns else ():
                for column, value in zip(columns, row, strict=True):
                    if any(not unicodedata.is_normalized("NFC", one) or _CONTROL.search(one) for one in texts(value)):
                        found.add(f"{home}: {table.name}.{column.name}")
    server.database.dispose()
    return sorted(found)


def body_of(operation: Operation[Any]) -> dict[str, Any]:
    """The example of a body, with each further text that it may have."""
    model: Any = operation.body
    known = (model.model_config.get("json_schema_extra") or {}).get("examples") or [{}]
    plain = {
        name: "x"
        for name, schema in model.model_json_schema().get("properties", {}).items()
        if '"string"' in json.dumps(schema) and not {"enum", "$ref", "array"} & set(re.findall(r"[$\w]+", str(schema)))
    }
    return {**plain, **known[0]}


def fits(operation: Operation[Any], body: object) -> bool:
    """Whether the model of an operation takes a body: what it does not take never reaches an action."""
    model: Any = operation.body
    try:
        model.model_validate(body)
    except ValidationError:
        return False
    return True


def call_all(api: Api, operations: Iterable[Operation[Any]], parts: Mapping[str, str]) -> dict[str, list[int]]:
    """Call every operation that changes something, once for each of its texts that may be hostile; the answers of each."""
    answers: dict[str, list[int]] = {}
    for operation in operations:
        if operation.changes and operation.body is not None:
            path = operation.path.removeprefix(BASE.rstrip("/"))
            for name in operation.parts:
                path = path.replace(f"{{{name}}}", parts.get(name, "f" * 32))
            body = body_of(operation)
            bodies = (with_text(body, place) for place in places(body))
            answers[operation.name] = [
                api.ask(operation.method, path, one)[0] for one in bodies if fits(operation, one)
            ]
    return answers


@pytest.mark.row("S2.3", "C11.2", "E2")
def test_no_text_that_enters_by_rest_is_stored_where_a_file_would_not_carry_it(
    site: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every text of every operation of both servers; nothing fails, nothing is kept, and a file goes both ways."""
    monkeypatch.setenv("CENTRAL_SERVER__FAILURES_A_MINUTE", "100000")  # no one has to wait
    site.central("user", "add", "root", "--role", "vendor_administrator")
    device = site.device("SN1")
    token = site.satellite("token", "list")["items"][0]["id"]
    own = {"instance": str(device.state.instance), "token": token}
    wide = {"account": ACCOUNT, "name": "Spare", "satellite": "North", "user": "root"}
    there = Api(wsgi_of(satellite_app(open_satellite(site.folder / "satellite"))), satellite_token(site))
    here = Api(wsgi_of(central_app(open_central(site.folder / "central"))), central_token(site, "write"))
    answers = {"satellite": call_all(there, SATELLITE, own), "central": call_all(here, CENTRAL, wide)}
    site.synchronize("1")

    assert [
        (side, name) for side, of in answers.items() for name, found in of.items() if max(found, default=0) >= 500
    ] == []
    assert {name for name, found in answers["satellite"].items() if 422 in found} >= {"create_token", "add_user"}
    assert stored(site, "satellite") + stored(site, "central") == []


TABLES: dict[str, tuple[dict[str, str], tuple[str, ...], Callable[[dict[str, str]], object]]] = {
    "catalogue": (
        {"kind": "entitlement", "tag": "A", "name": "A"},
        (*catalogue.REQUIRED, *catalogue.OPTIONAL),
        catalogue.read_row,
    ),
    "orders": (
        {"tag": "A", "quantity": "1", "order_number": "O", "order_line": "1"},
        (*orders.REQUIRED, *orders.COMMON, *orders.DETAILS),
        orders.row_reader(datetime(2027, 1, 1, tzinfo=UTC)),
    ),
    "skus": ({"sku": "L", "tag": "A"}, (*reading.SKU_REQUIRED, *reading.SKU_OPTIONAL), reading.read_sku),
    "paks": (
        {"pak": "P", "sku": "L", "quantity": "1"},
        (*reading.PAK_REQUIRED, *reading.PAK_OPTIONAL),
        reading.read_pak,
    ),
    "devices": (
        {"pid": "SW", "serial": "S", "sku": "L", "quantity": "1"},
        (*reading.DEVICE_REQUIRED, *reading.DEVICE_OPTIONAL),
        reading.read_device,
    ),
    "contracts": (
        {"contract": "C", "sku": "L", "pak": "P"},
        (*reading.CONTRACT_REQUIRED, *reading.CONTRACT_OPTIONAL),
        reading.read_contract,
    ),
}
LOOKED_UP = {"virtual_account"}
"""Names of what is there already: no other text finds anything."""


@pytest.mark.row("E2")
@pytest.mark.parametrize("table", TABLES)
def test_every_column_of_an_imported_table_refuses_what_no_file_carries(table: str) -> None:
    """A line without it is read."""
    plain, columns, read = TABLES[table]
    read({**dict.fromkeys(columns, ""), **plain})
    taken = []
    for column in (one for one in columns if one not in LOOKED_UP):
        for text in HOSTILE:
            try:
                read({**dict.fromkeys(columns, ""), **plain, column: text})
            except (RowError, InvalidNameError):
                continue
            taken.append((column, text))

    assert taken == []


@pytest.mark.row("C6.6", "E2")
def test_every_column_of_shipped_devices_refuses_what_no_file_carries(vendor: World) -> None:
    """Columns that name what is there, and those that are kept; a line without such a text is read."""
    server = open_central(vendor.folder / "central")
    columns = (*factory.REQUIRED, *factory.OPTIONAL)
    plain = {"request_code": "CE-ZX:1-A6rZG7jGd-75", "tag": "ADVANTAGE", "quantity": "1", "virtual_account": "Spare"}

    def take(cells: Mapping[str, str]) -> bool:
        path = vendor.file("shipped.csv", f"{','.join(columns)}\n{','.join(cells.get(one, '') for one in columns)}\n")
        try:
            with server.database.write(OPERATOR) as unit:
                import_shipped(unit, server.keyring, ACCOUNT, Path(path), preview=True)
        except FaultyRowsError:
            return False
        return True

    assert take({**plain, "product": "x"})
    assert [(name, text) for name in columns for text in HOSTILE if take({**plain, name: text})] == []
    server.database.dispose()


@pytest.mark.row("S2.3", "S2.4", "S4.1")
def test_what_a_device_may_say_of_itself_never_keeps_its_site_from_synchronizing(
    site: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The longest texts, lines and tabs, letters that combine with what is before them; with names that stay at the site."""
    monkeypatch.setattr(agent.device, "check_tag", lambda _tag: None)
    site.satellite("privacy", "set", "hostname", "pseudonym")
    long, token = "\U0001f600" * 255, site.token()
    more = {"product_tag": long, "software_version": long}
    standbys = tuple(Udi(long, f"S{number}", uuid=long, suvi=long) for number in range(8))
    for serial, hostname in (("SN1", long), ("SN2", "q\ta\nb"), ("SN3", "\u0338x"), ("SN4", "e")):
        device = site.device(
            serial, token=token, hostname=hostname, standbys=standbys if serial == "SN1" else (), **more
        )
        device.use_all({long: 1_000_000, "\u0338x": 1, "ADVANTAGE": 1})
    sent = site.synchronize("1")[0]["counts"]
    site.synchronize("2", "--full")

    assert sent["instance"] == 4
    assert stored(site, "central") == []


@pytest.mark.row("S2.3", "S4.6", "C7.8", "C9.5")
def test_what_devices_have_converted_and_measured_never_keeps_a_site_from_synchronizing(
    site: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SKUs and licences of any text, at both servers: requests to convert, usage reports, and terms without a network."""
    monkeypatch.setattr(agent.device, "check_tag", lambda _tag: None)
    lines = {"\U0001f600" * 255: 1, "q\ta\nb": 2, "\u0338x": 3}
    for server in ("satellite", "central"):
        device = site.device(
            f"SN-{server}", server, site.token(server, pool="Site" if server == "satellite" else "Spare")
        )
        device.convert(lines)
        device.use_all(lines)
        device.clock.advance(timedelta(hours=1))
        device.report_usage()
        with pytest.raises(ServerRefusedError):
            device.detach(3)  # not all that it uses is known
        device.use_all({})
        device.detach(3)
    sent = site.synchronize("1")[0]["counts"]
    site.synchronize("2", "--full")

    assert sent["conversion_request"] == 1
    assert stored(site, "central") == []
