"""Devices at a satellite and at central: identity, authorization, sets, restricted licences."""

from __future__ import annotations

import json

import pytest

from agent.errors import AgentError, StateDamagedError
from exchange.identity import Udi
from tests.bench.devices import BenchDevice, answered
from tests.world import ACCOUNT, World, call


@pytest.mark.both_databases
@pytest.mark.row("S4.1")
@pytest.mark.parametrize("server", ["satellite", "central"])
def test_a_device_that_registers_again_is_the_same_instance(site: World, server: str) -> None:
    """Whether the answer was lost or the device was re-imaged, there is one instance."""
    pool = "Site" if server == "satellite" else "Spare"
    token = site.token(server, pool=pool)
    first = site.device("SN1", server, token).state.instance
    again = site.device("SN1", server, token).state.instance
    (site.folder / "devices" / "SN1").rename(site.folder / "devices" / "old")
    imaged = site.device("SN1", server, token).state.instance
    items = (
        site.satellite("instances")["items"] if server == "satellite" else site.central("instances", ACCOUNT)["items"]
    )

    assert first == again == imaged
    assert len(items) == 1


@pytest.mark.row("S4.1")
def test_a_registration_whose_answer_was_lost_is_finished_by_repeating(site: World) -> None:
    """The token is used once, the instance is one, the device ends registered."""
    made = site.satellite("token", "create", "--virtual-account", "Site", "--days", "3", "--uses", "1")
    site.wire().deaf = True
    with pytest.raises(AgentError, match="lost"):
        site.device("SN1", token=made["token"])
    site.wire().deaf = False
    device = site.device("SN1", token=made["token"])

    assert device.state.registration == "complete"
    assert len(site.satellite("instances")["items"]) == 1


@pytest.mark.row("S4.2", "D2")
def test_the_device_answers_from_verified_rights_until_they_end(site: World) -> None:
    """Authorized while the evidence holds; after its end the answer names the reason, without the server."""
    device = site.device("SN1")
    device.use("ADVANTAGE", 1)
    site.wire().cut = True
    now = device.may_use("ADVANTAGE")
    other = device.may_use("ESSENTIALS")
    site.advance("91d", device)
    later = device.may_use("ADVANTAGE")

    assert (now.allowed, now.reason) == (True, "authorized")
    assert (other.allowed, other.reason) == (False, "not_requested")
    assert (later.allowed, later.reason) == (False, "authorization_expired")


@pytest.mark.row("S4.2")
def test_each_entitlement_has_its_own_verdict(site: World) -> None:
    """Enough, too little, unknown and restricted are told apart in one answer."""
    device = site.device("SN1")
    device.use_all({"ADVANTAGE": 5, "NOTHING": 1, "STRONG": 1})
    states = {tag: right.state for tag, right in device.rights.items()}

    assert states["ADVANTAGE"] == "out_of_compliance"
    assert states["NOTHING"] == "not_found"
    assert states["STRONG"] == "restricted_needs_export_request"


@pytest.mark.row("D2")
def test_an_altered_evidence_gives_no_right(site: World) -> None:
    """Someone who edits the stored answer of a device gains nothing."""
    device = site.device("SN1")
    device.use("ADVANTAGE", 1)
    path = next(p for p in (site.folder / "devices" / "SN1").iterdir() if b'"evidence"' in p.read_bytes())
    state = json.loads(path.read_bytes())
    state["evidence"]["digest"] = "0" * 64
    path.write_text(json.dumps(state))

    try:
        allowed = site.unregistered("SN1").may_use("ADVANTAGE").allowed
    except StateDamagedError:
        allowed = False

    assert not allowed


@pytest.mark.row("S4.2")
def test_a_message_replayed_by_another_machine_changes_nothing(site: World) -> None:
    """A recorded message gets the recorded answer or a refusal, and counts stay."""
    device = site.device("SN1")
    wire, recorded = site.wire(), []
    plain = wire.post

    def record(path: str, body: bytes) -> object:
        recorded.append((path, body))
        return plain(path, body)

    wire.post = record  # type: ignore[method-assign,assignment]
    device.use("ADVANTAGE", 1)
    device.use("ADVANTAGE", 2)
    wire.post = plain  # type: ignore[method-assign]
    replies = [plain(path, body).status for path, body in recorded]

    assert replies[0] == 409
    assert site.licence("ADVANTAGE", "satellite")["in_use"] == 2


@pytest.mark.both_databases
@pytest.mark.row("C7.6")
def test_a_set_of_devices_consumes_once_and_its_standby_can_take_over(site: World) -> None:
    """Active and standby are one instance; after the switch-over it is still one, under the other name."""
    token = site.token()
    device = site.device("SN1", token=token, standbys=(Udi(pid="SW-48", serial="SN2"),))
    device.use("ADVANTAGE", 2)
    device.transfer_active(Udi(pid="SW-48", serial="SN2"))
    items = site.satellite("instances")["items"]

    assert len(items) == 1
    assert {items[0]["serial"], *(m["serial"] for m in items[0]["standbys"])} == {"SN1", "SN2"}
    assert site.licence("ADVANTAGE", "satellite")["in_use"] == 2


@pytest.mark.both_databases
@pytest.mark.row("S4.3", "C7.3")
def test_a_device_that_leaves_gives_its_licences_back_on_both_sides(site: World) -> None:
    """After deregistration and one synchronization nothing of it is in use."""
    device = site.device("SN1")
    device.use("ADVANTAGE", 2)
    site.synchronize("1")
    device.deregister()
    site.synchronize("2")

    assert site.licence("ADVANTAGE", "satellite")["in_use"] == 0
    assert site.licence("ADVANTAGE")["in_use"] == 0
    assert site.central("instances", ACCOUNT)["items"] == []


@pytest.mark.row("S4.3", "D1")
def test_the_timers_renew_identity_and_authorization_when_due(site: World) -> None:
    """Nothing is due at once; after 31 days the authorization is, after half a year the identity too."""
    device = site.device("SN1")
    first = device.renew_due()
    site.advance("31d", device)
    month = device.renew_due()
    for number in range(5):
        site.synchronize(f"m{number}")
        site.advance("31d", device)
        half_year = device.renew_due()
    expires = str(device.state.certificate_expires)

    assert first == ()
    assert month == ("auth",)
    assert half_year == ("id", "auth")
    assert expires > "2027-12"


@pytest.mark.both_databases
@pytest.mark.row("C8.1", "C8.2", "S4.4", "S3.3")
def test_central_grants_no_more_restricted_units_than_there_are(site: World) -> None:
    """Of three that ask for two units, two get one; the third is told why, on the device, the site and at central."""
    devices = [site.device(f"SN{number}") for number in range(3)]
    for device in devices:
        device.request_export("STRONG", 1)
    site.synchronize()
    for device in devices:
        device.renew_authorization()
    states = [device.state.exports["STRONG"] for device in devices]
    queue = site.satellite("export-queue")["items"]

    assert sorted(x.state for x in states) == ["failed", "granted", "granted"]
    assert {x.reason for x in states if x.state == "failed"} == {"restricted_licence_not_available"}
    assert sorted(x["state"] for x in queue) == ["delivered", "delivered", "failed"]
    assert "restricted_licence_not_available" in site.alerts()
    assert site.licence("STRONG")["balance"] == 0


@pytest.mark.row("C8.2", "S4.4")
def test_a_returned_unit_can_be_granted_to_another_device(site: World) -> None:
    """The unit is free only after central saw the return; then the next one gets it."""
    first, second = site.device("SN1"), site.device("SN2")
    first.request_export("STRONG", 2)
    site.synchronize("1")
    first.renew_authorization()
    first.return_export("STRONG")
    second.request_export("STRONG", 2)
    held = site.licence("STRONG")["in_use"]
    site.synchronize("2")
    second.renew_authorization()
    first.renew_authorization()

    assert held == 2
    assert second.state.exports["STRONG"].state == "granted"
    assert second.may_use("STRONG", 2).allowed
    assert not first.may_use("STRONG").allowed


@pytest.mark.row("C8.2", "S4.4")
def test_a_withdrawn_request_gives_its_unit_back_even_if_it_was_granted_meanwhile(site: World) -> None:
    """The grant that crossed with the withdrawal is returned before it ever gave a right."""
    device = site.device("SN1")
    device.request_export("STRONG", 1)
    site.satellite("sync", "export", "--output", site.file("q"))
    device.return_export("STRONG")
    site.central("sync", "import", site.file("q"), "--output", site.file("r"))
    site.satellite("sync", "import", site.file("r"))
    device.renew_authorization()
    usable = device.may_use("STRONG").allowed
    site.synchronize("2")

    assert not usable
    assert site.licence("STRONG")["in_use"] == 0


@pytest.mark.row("C8.1")
def test_what_is_not_restricted_or_not_allowed_is_refused_by_name(site: World) -> None:
    """An ordinary licence needs no request; a device whose token did not allow it may not ask."""
    allowed, plain = site.device("SN1"), site.device("SN2", token=site.token(export=False))
    with pytest.raises(AgentError) as ordinary:
        allowed.request_export("ADVANTAGE", 1)
    with pytest.raises(AgentError) as barred:
        plain.request_export("STRONG", 1)

    assert ordinary.value.reason == "not_restricted"
    assert barred.value.reason == "export_not_permitted"
    assert site.satellite("export-queue")["items"] == []


@pytest.mark.row("C8.1", "C7.1")
def test_a_device_at_central_gets_a_restricted_licence_at_once(vendor: World) -> None:
    """Without a satellite between, the decision comes with the answer."""
    vendor.central("order", "import", ACCOUNT, vendor.file("o2.csv", "virtual_account,tag,quantity\nSpare,STRONG,1\n"))
    device = vendor.device("SN1", "central", vendor.token("central", pool="Spare"))
    export = device.request_export("STRONG", 1)

    assert export.state == "granted"
    assert device.may_use("STRONG").allowed


@pytest.mark.both_databases
@pytest.mark.row("C7.3", "C8.3")
def test_removing_a_device_does_not_free_what_it_was_granted(vendor: World) -> None:
    """Only the device's return or the vendor's own word with a reason frees a restricted unit."""
    vendor.central("order", "import", ACCOUNT, vendor.file("o2.csv", "virtual_account,tag,quantity\nSpare,STRONG,1\n"))
    device = vendor.device("SN1", "central", vendor.token("central", pool="Spare"))
    device.request_export("STRONG", 1)
    number = str(device.state.instance)
    refused = vendor.central("instance", "remove", ACCOUNT, number, code=1)["error"]
    vendor.central("instance", "remove", ACCOUNT, number, "--release-restricted", "--reason", "device was destroyed")

    assert refused["code"] == "restricted_licences_held"
    assert vendor.licence("STRONG", pool="Spare")["in_use"] == 0
    assert "destroyed" in json.dumps(vendor.central("events", ACCOUNT)["items"])


@pytest.mark.both_databases
@pytest.mark.row("C7.2", "C7.7")
def test_a_device_moves_between_virtual_accounts_with_what_it_uses(vendor: World) -> None:
    """Its licences count in the new one; the event is in the log."""
    device = vendor.device("SN1", "central", vendor.token("central", pool="Spare"))
    device.use("ADVANTAGE", 2)
    vendor.central("instance", "transfer", ACCOUNT, str(device.state.instance), "--to", "Site")

    assert vendor.licence("ADVANTAGE", pool="Site")["in_use"] == 2
    assert vendor.licence("ADVANTAGE", pool="Spare")["in_use"] == 0
    assert "instance:transferred" in {event["kind"] for event in vendor.central("events", ACCOUNT)["items"]}


@pytest.mark.row("S4.7")
@pytest.mark.parametrize("server", ["satellite", "central"])
def test_bytes_that_are_no_message_get_a_problem_with_a_code(site: World, server: str) -> None:
    """Whatever comes, the answer is problem+json with a stable code and a client status."""
    for body in (b"", b"{", b"[]", b"\xff\xfe", b'{"a":1}', b"[" * 5000, b'{"a":1e999}'):
        status, headers, data = call(site.wire(server).app, "POST", "/device/v1/authorize", body)
        problem = json.loads(data)

        assert 400 <= status < 500, body[:9]
        assert headers["content-type"].startswith("application/problem+json"), body[:9]
        assert problem["code"] in {"malformed", "altered", "unknown_issuer"}, body[:9]


@pytest.mark.row("S4.7")
@pytest.mark.parametrize("server", ["satellite", "central"])
def test_a_message_under_another_identity_or_address_is_refused_and_changes_nothing(site: World, server: str) -> None:
    """A device's own key speaks for no other device, on whichever way, and no message counts at another's address."""
    pool = "Site" if server == "satellite" else "Spare"
    app, device, victim = site.wire(server).app, BenchDevice(1), BenchDevice(2)
    for each in (device, victim):
        status, _, body = call(app, "POST", "/device/v1/register", each.register(site.token(server, pool=pool)))
        each.instance = str(answered(body)["instance"])
        assert status == 200
    device.number = victim.number
    seen = []
    for op, message in (
        ("authorize", device.authorize({})),
        ("authorize", device.authorize({"ADVANTAGE": 1})),
        ("renew_identity", device.renew_identity()),
        ("deregister", victim.authorize({"ADVANTAGE": 1})),
    ):
        status, _, body = call(app, "POST", f"/device/v1/{op}", message)
        seen.append((status, json.loads(body)["code"]))

    assert seen == [(403, "identity_mismatch")] * 3 + [(400, "wrong_kind")]
    assert site.licence("ADVANTAGE", server, pool)["in_use"] == 0
    shown = site.satellite("instances") if server == "satellite" else site.central("instances", ACCOUNT)
    assert len(shown["items"]) == 2


@pytest.mark.row("S3.3", "S4.2")
def test_a_device_that_was_removed_is_told_so_at_its_next_message(site: World) -> None:
    """Its key is known no more, though the server that runs held it in memory, and it uses nothing."""
    device = site.device("SN1")
    device.use("ADVANTAGE", 1)
    site.satellite("instance", "remove", str(device.state.instance))
    with pytest.raises(AgentError) as reply:
        device.use("ADVANTAGE", 2)
    with pytest.raises(AgentError) as again:
        device.renew_authorization()

    assert {reply.value.reason, again.value.reason} == {"unknown_issuer"}
    assert site.licence("ADVANTAGE", "satellite")["in_use"] == 0


@pytest.mark.row("S4.7")
def test_the_device_protocol_describes_itself(site: World) -> None:
    """The OpenAPI description names every operation."""
    status, _, data = call(site.wire().app, "GET", "/device/v1/openapi.json")
    described = json.loads(data)

    assert status == 200
    assert described["openapi"].startswith("3.1")
    assert {"/device/v1/register", "/device/v1/authorize"} <= set(described["paths"])


@pytest.mark.row("C7.2", "C8.2", "S3.2")
def test_a_device_that_moves_at_its_satellite_takes_its_restricted_licences_along(site: World) -> None:
    """Both sides count the unit where the device is, before and after the renewal of the grant, and free it there."""
    site.central("satellite", "add-virtual-account", ACCOUNT, "North", "Spare")
    site.synchronize("0")
    device = site.device("SN1")
    device.use("ADVANTAGE", 2)
    device.request_export("STRONG", 1)
    site.synchronize("1")
    device.renew_authorization()
    site.satellite("instance", "transfer", str(device.state.instance), "--to", "Spare")
    at_once = held(site, "satellite")
    site.synchronize("2")
    site.synchronize("3")
    after = [held(site, side) for side in ("central", "satellite")]
    for number in range(7):
        site.advance("30d", device)
        site.synchronize(f"r{number}")
        device.renew_due()
    renewed = [held(site, side) for side in ("central", "satellite")]
    device.return_export("STRONG")
    site.synchronize("4")
    site.synchronize("5")

    assert at_once == (0, 1)
    assert after == [(0, 1), (0, 1)]
    assert renewed == [(0, 1), (0, 1)]
    assert (site.licence("STRONG")["purchased"], site.licence("STRONG", pool="Spare")["purchased"]) == (1, 1)
    assert held(site, "central") == (0, 0)
    assert site.central("ledger", "verify")["ok"]


def held(site: World, side: str) -> tuple[int, int]:
    """How many restricted units are in use in each of the two virtual accounts."""
    rows = (site.central("licences", ACCOUNT) if side == "central" else site.satellite("licences"))["items"]
    used = {row["virtual_account"]: row["in_use"] for row in rows if row["tag"] == "STRONG"}
    return used.get("Site", 0), used.get("Spare", 0)
