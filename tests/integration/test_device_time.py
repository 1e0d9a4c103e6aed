"""A device through time: each timer on its day, and no clock that gives or takes a right (rows D1, C7.5, S4.2, S4.3)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from agent.device import Device
from agent.errors import AgentError
from agent.transport import Reply
from exchange.canonical import parse_time
from exchange.vocabulary import DeviceOp
from tests.world import World

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def again(world: World, device: Device, serial: str = "SN1") -> Device:
    """The same device after a restart of its program."""
    del device
    return world.unregistered(serial)


@pytest.mark.row("D1", "S4.2")
@pytest.mark.parametrize("server", ["satellite", "central"])
def test_an_authorization_is_renewed_at_30_days_and_ends_at_90(site: World, server: str) -> None:
    """Day 29 nothing is due; from day 30 renewal is tried; on day 89 the right stands, on day 90 it has ended."""
    pool = "Site" if server == "satellite" else "Spare"
    device = site.device("SN1", server, site.token(server, pool=pool))
    device.use("ADVANTAGE", 1)
    site.wire(server).cut = True
    seen = {}
    for day in range(1, 92):
        device.clock.advance(DAY)
        try:
            device.renew_due()
            tried = False
        except AgentError:
            tried = True
        seen[day] = (tried, device.may_use("ADVANTAGE").reason, device.authorization().value)
    site.wire(server).cut = False
    site.advance("91d")
    site.synchronize()
    device.renew_due()

    assert not any(seen[day][0] for day in range(1, 30))
    assert any(seen[day][0] for day in range(30, 33))
    assert {seen[day][1:] for day in range(1, 90)} == {("authorized", "authorized")}
    assert {seen[day][1:] for day in range(90, 92)} == {("authorization_expired", "authorization_expired")}
    assert device.may_use("ADVANTAGE").allowed


@pytest.mark.row("D1", "S4.2")
def test_a_device_out_of_compliance_asks_again_after_twelve_hours(site: World) -> None:
    """Short, it goes on and asks twice a day; once there is enough, it is authorized and asks monthly."""
    device = site.device("SN1")
    device.use("ADVANTAGE", 4)
    short = device.authorization().value
    site.advance("11h", device)
    early = device.renew_due()
    site.advance("2h", device)
    asked = device.renew_due()
    more = site.file("m.csv", "virtual_account,tag,quantity\nSite,ADVANTAGE,5\n")
    site.central("order", "import", "customer.example", more)
    site.synchronize()
    site.advance("13h", device)
    device.renew_due()
    left = parse_time(str(device.state.next_auth_renewal)) - device.clock.now()

    assert (short, early, asked) == ("out_of_compliance", (), ("auth",))
    assert device.authorization().value == "authorized"
    assert left > timedelta(days=29)


@pytest.mark.row("D1", "S4.3", "C7.5")
@pytest.mark.parametrize("server", ["satellite", "central"])
def test_an_identity_is_renewed_from_day_180_until_its_end_and_not_after(site: World, server: str) -> None:
    """Day 364 is in time; an hour after its end the device is not registered, and the server refuses it by name."""
    pool = "Site" if server == "satellite" else "Spare"
    early, late = (site.device(name, server, site.token(server, pool=pool)) for name in ("SN1", "SN2"))
    for device in (early, late):
        device.use("ADVANTAGE", 1)
    ends = parse_time(str(late.state.certificate_expires))
    site.advance("179d", early, late)
    before = early.renew_due()
    site.advance("1d", early, late)
    due = parse_time(str(early.state.next_id_renewal)) <= early.clock.now()
    for _ in range(6):
        site.advance("30d", early, late)
        if server == "satellite":
            site.synchronize()
    keys = Path(site.file("root-keys"))
    secret = ("--root-keys", str(keys), "--passphrase-file", str(keys / "passphrase"))
    site.central("role-key", "replace", "response", *secret)
    early.clock.set(ends - DAY)
    early.renew_identity()
    late.clock.set(ends + HOUR / 2)
    in_grace = late.state.registration, late.may_use("ADVANTAGE").reason
    late.clock.set(ends + 2 * HOUR)
    answer = late.may_use("ADVANTAGE")
    site.advance("30d")
    with pytest.raises(AgentError) as refused:
        _without_grace(late).renew_identity()
    with pytest.raises(AgentError) as barred:
        _without_grace(late).renew_authorization()
    late = again(site, late, "SN2")
    late.renew_due()

    assert "id" not in before
    assert due
    assert parse_time(str(early.state.certificate_expires)) > ends + timedelta(days=300)
    assert in_grace == ("complete", "authorization_expired")
    assert answer.reason == "evaluation"
    assert refused.value.reason == barred.value.reason == "certificate_expired"
    assert late.state.registration == "not_registered"
    assert "register again" in late.state.registration_message


def _without_grace(device: Device) -> Device:
    """A device that does not keep to the rule of its own end."""
    device._is_over = lambda _ends: False  # type: ignore[method-assign]
    return device


@pytest.mark.row("D1", "S4.1")
def test_a_device_whose_identity_ended_registers_again_as_the_same_instance(site: World) -> None:
    """A token is enough; the instance, its history and its use are the old ones."""
    device = site.device("SN1")
    device.use("ADVANTAGE", 2)
    first = device.state.instance
    for days in (*["30d"] * 12, "6d"):
        site.advance(days, device)
        if days == "30d":
            site.synchronize()
    device = again(site, device)
    device.renew_due()
    uses = dict(device.state.uses)
    back = site.device("SN1")

    assert uses == {"ADVANTAGE": 2}
    assert back.state.registration == "complete"
    assert back.may_use("ADVANTAGE", 2).allowed
    assert len(site.satellite("instances")["items"]) == 1
    assert first is not None


@pytest.mark.row("D1", "S4.3")
def test_a_failed_renewal_of_the_identity_waits_and_does_not_hold_up_the_authorization(site: World) -> None:
    """The renewal that fails is tried again later; the monthly authorization is renewed all the same."""
    device = site.device("SN1")
    device.use("ADVANTAGE", 1)
    site.advance("181d", device)
    plain = site.wire().post

    def only_authorize(path: str, body: bytes) -> object:
        refused = path.endswith(DeviceOp.RENEW_IDENTITY.value)
        return Reply(403, b'{"code":"forbidden"}') if refused else plain(path, body)

    site.wire().post = only_authorize  # type: ignore[method-assign,assignment]
    with pytest.raises(AgentError):
        device.renew_due()
    site.wire().post = plain  # type: ignore[method-assign]
    wait = parse_time(str(device.state.next_id_renewal)) - device.clock.now()
    authorized = parse_time(str(device.state.next_auth_renewal)) - device.clock.now()
    site.advance("1d", device)
    done = device.renew_due()

    assert timedelta(minutes=10) < wait < timedelta(minutes=40)
    assert authorized > timedelta(days=29)
    assert "id" in done


@pytest.mark.row("D1")
def test_the_evaluation_period_counts_use_only_warns_once_a_step_and_never_starts_again(site: World) -> None:
    """90 days of use, idle days apart; each warning once; after the end only registering helps, and leaving brings none back."""
    device = site.unregistered("SN1")
    device.clock.make_lab()
    device.use("ADVANTAGE", 1)
    device.clock.advance(timedelta(days=10))
    device.release("ADVANTAGE")
    device.clock.advance(timedelta(days=300))
    idle = device.evaluation_left(device.clock.now())
    device.use("ADVANTAGE", 1)
    warned = []
    for _ in range(81):
        device.clock.advance(DAY)
        warned += [x for x in (device.evaluation_warning(), device.evaluation_warning()) if x is not None]
    over = device.authorization().value, device.may_use("ADVANTAGE").reason
    back = site.device("SN1")
    used = back.may_use("ADVANTAGE").allowed
    back.deregister()
    back.use("ADVANTAGE", 1)

    assert idle == timedelta(days=80)
    assert [int(x.split()[0]) for x in warned if "days of" in x] == [60, 30, 21, 14, 7, 6, 5, 4, 3, 2]
    assert "over for" in warned[-1]
    assert over == ("evaluation_expired", "evaluation_expired")
    assert used
    assert back.may_use("ADVANTAGE").reason == "evaluation_expired"


@pytest.mark.row("D1", "D2")
@pytest.mark.parametrize("restart", [False, True])
def test_a_device_s_clock_that_is_set_back_revives_no_right(site: World, restart: bool) -> None:
    """What ended stays ended, also after a restart of the program; the server is still reached and renews it."""
    device = site.device("SN1")
    device.use("ADVANTAGE", 1)
    site.advance("91d", device)
    site.synchronize()
    ended = device.may_use("ADVANTAGE").reason
    device.clock.jump(timedelta(days=-300))
    if restart:
        device = again(site, device)
    set_back = device.may_use("ADVANTAGE").reason
    device.renew_authorization()

    assert ended == set_back == "authorization_expired"
    assert device.may_use("ADVANTAGE").allowed


@pytest.mark.row("D1", "D2")
def test_a_device_whose_file_of_time_is_gone_starts_from_its_last_contact(site: World) -> None:
    """Deleting the file while the clock is set back brings back no right that ended."""
    device = site.device("SN1")
    device.use("ADVANTAGE", 1)
    site.advance("91d", device)
    device.renew_identity()
    before = again(site, device).may_use("ADVANTAGE").reason
    device.clock.jump(timedelta(days=-80))
    (site.folder / "devices" / "SN1" / "clock.json").unlink()
    device = again(site, device)

    assert before == "authorization_expired"
    assert device.clock.licence_now() > parse_time(str(device.state.last_contact)) - HOUR
    assert device.may_use("ADVANTAGE").reason == "authorization_expired"


@pytest.mark.row("D1", "D2")
def test_a_device_s_clock_that_jumps_takes_no_right(site: World) -> None:
    """In a running device 400 days ahead change nothing; it talks to its server, and set right it is as before."""
    device = site.device("SN1")
    device.use("ADVANTAGE", 1)
    device.clock.jump(timedelta(days=400))
    jumped = device.may_use("ADVANTAGE").allowed, device.clock.read().standing.value
    device.renew_authorization()
    talked = device.may_use("ADVANTAGE").allowed, device.clock.read().standing.value
    device.clock.jump(timedelta(days=-400))

    assert jumped == talked == (True, "suspicious")
    assert device.clock.read().standing.value == "believed"
    assert device.state.registration == "complete"


@pytest.mark.row("D1", "D2")
def test_a_jump_while_the_device_was_off_ends_rights_until_its_server_says_otherwise(site: World) -> None:
    """After a reboot the clock is taken as true; the next answer proves it wrong and brings the right back."""
    device = site.device("SN1")
    device.use("ADVANTAGE", 1)
    device.clock.jump(timedelta(days=100), reboot=True)
    off = device.may_use("ADVANTAGE").reason
    device.renew_authorization()
    reply = device.may_use("ADVANTAGE").allowed
    ends = parse_time(str(device.state.certificate_expires))

    assert off == "authorization_expired"
    assert reply
    assert device.clock.licence_now() < ends - timedelta(days=300)


@pytest.mark.row("D2", "S4.4", "C8.2")
def test_a_restricted_grant_ends_on_the_device_by_its_own_clock(site: World) -> None:
    """While its satellite is out of reach: day 364 allowed, day 366 not, nor after the clock was set back."""
    site.central("policy", "set", "grant_days", "60")
    device = site.device("SN1")
    device.request_export("STRONG", 1)
    site.synchronize()
    device.renew_authorization()
    site.wire().cut = True
    device.clock.advance(timedelta(days=59))
    before = device.may_use("STRONG").allowed
    device.clock.advance(timedelta(days=2))
    after = device.may_use("STRONG").reason
    device.clock.jump(timedelta(days=-50))
    device = again(site, device)

    assert before
    assert after == "authorization_expired"
    assert device.may_use("STRONG").reason == "authorization_expired"


@pytest.mark.row("S4.2", "S1.3")
@pytest.mark.parametrize("hours", [-23, -3, 3, 23])
@pytest.mark.parametrize("who", ["device", "satellite"])
def test_a_drift_of_a_day_costs_no_service(site: World, who: str, hours: int) -> None:
    """A device or a satellite that is wrong by less than a day registers, authorizes, renews and is answered."""
    device = site.unregistered("SN1")
    device.clock.make_lab()
    if who == "device":
        device.clock.jump(timedelta(hours=hours))
    else:
        site.satellite("clock", "jump", f"{abs(hours)}h", *(["--back"] if hours < 0 else []))
    device = site.device("SN1")
    device.use("ADVANTAGE", 1)
    device.renew_identity()
    allowed = device.may_use("ADVANTAGE").allowed
    site.advance("29d", device)

    assert allowed
    assert device.may_use("ADVANTAGE").allowed
