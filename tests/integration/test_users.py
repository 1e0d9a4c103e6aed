"""Users of a satellite: by command, in a browser's sign-in, with second step, sessions and access tokens."""

from __future__ import annotations

import math
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import text

from agent.errors import ServerRefusedError
from satellite.actions import sign_in, users
from satellite.actions.setup import create_first_administrator, first_user, needs_administrator
from satellite.app import make_app
from satellite.core.access.errors import RoleTooHighError
from satellite.core.access.models import USER_TABLES
from satellite.core.access.users import find_person
from satellite.runtime import Satellite, open_satellite
from serverkit.actor import OPERATOR, SYSTEM
from serverkit.errors import AppError
from serverkit.users import credentials, passwords
from serverkit.users.tables import Browser
from serverkit.users.totp import step_of, totp_code
from tests.world import World, call

PASSWORD, OTHER = "correct horse battery", "staple of another kind"
HOME, AWAY = Browser("192.0.2.1", "Browser"), Browser("198.51.100.9")
held: list[timedelta] = []
"""How long wrong tries at a known address lasted."""


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with argon2id, but quickly."""
    monkeypatch.setattr(passwords, "_HASHER", passwords.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    passwords._nobody.cache_clear()
    monkeypatch.setattr("serverkit.users.sign_in.pause", held.append)
    held.clear()


def satellite_of(world: World) -> Satellite:
    """The satellite of a world."""
    return open_satellite(world.folder / "satellite")


def add(world: World, name: str, role: str, password: str = PASSWORD) -> dict[str, Any]:
    """Add a user by command."""
    return world.satellite("user", "add", name, "--role", role, "--password-file", world.file("pw", password + "\n"))


def refusal(work: Any, *words: Any, **more: Any) -> str:
    """The code with which something is refused."""
    with pytest.raises(AppError) as refused:
        work(*words, **more)
    return refused.value.code


def refusal_or_none(work: Any, *words: Any, **more: Any) -> str | None:
    """The code with which something is refused, None where it is not."""
    try:
        work(*words, **more)
    except AppError as error:
        return error.code
    return None


@pytest.mark.row("S3.4")
def test_users_are_managed_by_command_and_an_administrator_remains(site: World) -> None:
    """Add, list, change, reset, unlock, remove; the last administrator neither leaves nor loses the role."""
    made = add(site, "anna", "administrator")
    add(site, "Otto", "operator")
    codes = [
        site.satellite("user", "add", name, "--role", "operator", "--password-file", site.file("pw", word), code=1)
        for name, word in (("anna", PASSWORD), ("аnna", PASSWORD), ("bo", "Admin!23"), ("eva", "eva eva eva eva"))
    ]
    last = site.satellite("user", "remove", "anna", code=1)
    demoted = site.satellite("user", "role", "anna", "--role", "operator", code=1)
    changed = site.satellite("user", "role", "otto", "--role", "administrator")
    removed = site.satellite("user", "remove", "anna")
    reset = site.satellite("user", "reset", "Otto", "--password-file", site.file("pw", OTHER))
    unlocked = site.satellite("user", "unlock", "Otto")
    unknown = site.satellite("user", "unlock", "Oto", code=1)

    assert (made["role"], made["state"], made["two_step"]) == ("administrator", "active", False)
    assert [one["error"]["code"] for one in codes] == [
        "user_exists", "name_too_similar", "weak_password", "weak_password",
    ]  # fmt: skip
    assert last["error"]["code"] == demoted["error"]["code"] == "last_administrator"
    assert changed["role"] == "administrator"
    assert removed == {"name": "anna", "removed": True}
    assert reset["name"] == unlocked["name"] == "Otto"
    assert "did you mean 'Otto'" in unknown["error"]["message"]
    assert [one["name"] for one in site.satellite("user", "list")["items"]] == ["Otto"]
    kinds = [one["kind"] for one in site.satellite("events")["items"]]
    assert kinds[:5] == ["user:unlocked", "user:reset", "user:removed", "user:role_changed", "user:created"]


@pytest.mark.both_databases
@pytest.mark.row("S3.4")
def test_a_session_begins_is_used_and_ends(site: World) -> None:
    """Sign-in gives a new secret each time; sign-out, revocation, a new password and a new role end it."""
    add(site, "anna", "administrator")
    add(site, "otto", "operator")
    server = satellite_of(site)
    first = sign_in.sign_in(server, "Anna", PASSWORD, HOME)
    second = sign_in.sign_in(server, "anna", PASSWORD, HOME, previous=first.session)
    found = sign_in.recognise_session(server, second.session)
    with server.database.read(found.actor) as unit:
        listed = users.list_sessions(server, unit, current=found.session_id)
    raised = sign_in.step_up(server, second.session, PASSWORD, HOME)
    changed = sign_in.own_of(server).change_password(raised, PASSWORD, OTHER, HOME)
    otto = sign_in.sign_in(server, "otto", PASSWORD, AWAY)
    with server.database.write(found.actor) as unit:
        users.change_role(unit, "otto", "read-only")
    again = sign_in.sign_in(server, "otto", PASSWORD, AWAY)
    with server.database.write(found.actor) as unit:
        users.revoke_session(server, unit, users.list_sessions(server, unit, "otto")[0]["id"], "otto")

    assert first.session != second.session != raised != changed
    assert "session:" not in repr(first)
    assert (found.actor.name, found.role) == ("anna", "administrator")
    assert found.stepped_up_until is not None
    assert [(one["address"], one["browser"], one["current"]) for one in listed] == [("192.0.2.1", "Browser", True)]
    for old in (first.session, second.session, raised, otto.session, again.session, "pss_unknown"):
        assert refusal(sign_in.recognise_session, server, old) == "session_ended"
    assert sign_in.recognise_session(server, changed).session_id == found.session_id
    sign_in.sign_out(server, changed)
    assert refusal(sign_in.recognise_session, server, changed) == "session_ended"
    assert refusal(sign_in.sign_in, server, "anna", PASSWORD, HOME) == "sign_in_refused"


@pytest.mark.both_databases
@pytest.mark.row("S3.4")
def test_a_session_that_is_not_used_ends_and_polls_keep_none_alive(site: World) -> None:
    """A use is noted, a poll is not; step-up ends after ten minutes, everything after twelve hours."""
    add(site, "anna", "administrator")
    server = satellite_of(site)
    used, polled = (sign_in.sign_in(server, "anna", PASSWORD, HOME).session for _ in range(2))
    for _ in range(3):
        site.satellite("clock", "advance", "11m")
        found = sign_in.recognise_session(server, used)
        polled_over = refusal_or_none(sign_in.recognise_session, server, polled, note=False)

    assert polled_over == "session_ended"
    assert found.stepped_up_until is None
    assert refusal(sign_in.require_step_up, found) == "step_up_needed"
    while refusal_or_none(sign_in.recognise_session, server, used) is None:
        site.satellite("clock", "advance", "29m")
    assert server.clock.now() >= found.ends_at
    assert refusal(sign_in.recognise_session, server, used) == "session_ended"


@pytest.mark.row("S3.4")
def test_an_unknown_caller_is_slowed_and_shuts_nobody_out(site: World) -> None:
    """Of many tries at once only the free ones are looked at; who signed in before still can, and unlock helps others."""
    add(site, "anna", "administrator")
    server = satellite_of(site)
    looked: list[str | None] = []
    known = sign_in.sign_in(server, "anna", PASSWORD, HOME).known_by
    real = passwords.verify_password

    def counting(hashed: str | None, word: str) -> bool:
        looked.append(hashed)
        return real(hashed, word)

    begun = time.monotonic()
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(8) as pool:
        patch.setattr("serverkit.users.sign_in.verify_password", counting)
        tries = [pool.submit(refusal, sign_in.sign_in, server, "anna", "wrong", AWAY) for _ in range(60)]
        codes = {one.result() for one in tries}
    # Pauses of 2, 4, 8 seconds: on a slow machine some of them end meanwhile, and one more try is looked at after each.
    ended = int(math.log2(1 + (time.monotonic() - begun) / 2))
    with server.database.read(OPERATOR) as unit:
        slowed = users.show_user(unit, "anna")["state"]

    assert codes == {"sign_in_refused", "too_many_tries"}
    assert 5 <= len(looked) <= 5 + ended
    assert slowed == "slowed"
    assert refusal(sign_in.sign_in, server, "anna", PASSWORD, AWAY) == "too_many_tries"
    assert sign_in.sign_in(server, "anna", PASSWORD, HOME).session
    assert sign_in.sign_in(server, "anna", PASSWORD, Browser(AWAY.address, known_by=known)).session
    for _ in range(9):
        refusal(sign_in.sign_in, server, "anna", "wrong", HOME)
    assert held == [timedelta(seconds=1)] * 4  # after the five free ones each takes its time
    assert sign_in.sign_in(server, "anna", PASSWORD, HOME).session
    site.satellite("user", "unlock", "anna")
    assert sign_in.sign_in(server, "anna", PASSWORD, Browser("203.0.113.3")).session
    events = [one["kind"] for one in site.satellite("events")["items"]]
    assert events.count("user:sign_in_slowed") == 2


@pytest.mark.row("S3.4")
def test_a_known_and_an_unknown_name_get_the_same_answer(site: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same code, the same words, one password verified for each."""
    add(site, "anna", "administrator")
    server, seen = satellite_of(site), []
    real = passwords.verify_password
    monkeypatch.setattr("serverkit.users.sign_in.verify_password", lambda *of: seen.append(of) or real(*of))
    words = []
    for name in ("anna", "nobody", "", "x" * 5000, "<script>"):
        with pytest.raises(AppError) as refused:
            sign_in.sign_in(server, name, "wrong", AWAY)
        words.append((refused.value.code, refused.value.message, refused.value.remedy))

    assert len(set(words)) == 1
    assert len(seen) == 5


@pytest.mark.row("S3.4")
def test_a_second_step_is_set_up_used_and_recovered(site: World) -> None:
    """A code counts once; ten recovery codes, each once; wrong codes are slowed; a reset may turn it off."""
    add(site, "anna", "administrator")
    server = satellite_of(site)
    session = sign_in.sign_in(server, "anna", PASSWORD, HOME).session
    actor = sign_in.recognise_session(server, session).actor
    with server.database.write(actor) as unit:
        secret = sign_in.own_of(server).begin_two_step(unit).secret
    now = step_of(server.clock.now())
    assert refusal(sign_in.own_of(server).confirm_two_step, session, totp_code(secret, now + 9)) == "code_refused"
    before = sign_in.sign_in(server, "anna", PASSWORD, HOME)
    assert not before.awaits_code
    codes = sign_in.own_of(server).confirm_two_step(session, totp_code(secret, now - 1))
    assert refusal(sign_in.recognise_session, server, before.session) == "session_ended"
    assert sign_in.recognise_session(server, session).actor == actor
    half = sign_in.sign_in(server, "anna", PASSWORD, HOME)
    reused = refusal(sign_in.sign_in_with_code, server, half.session, totp_code(secret, now - 1), HOME)
    early = refusal(sign_in.recognise_session, server, half.session)
    whole = sign_in.sign_in_with_code(server, half.session, totp_code(secret, now), HOME)
    half = sign_in.sign_in(server, "anna", PASSWORD, HOME)
    recovered = sign_in.sign_in_with_code(server, half.session, codes[3].lower(), HOME)
    half, other = (sign_in.sign_in(server, "anna", PASSWORD, AWAY) for _ in range(2))
    tried = [refusal(sign_in.sign_in_with_code, server, half.session, codes[3], AWAY) for _ in range(6)]
    tried.append(refusal(sign_in.sign_in_with_code, server, other.session, codes[4], AWAY))
    with server.database.read(actor) as unit:
        left = sign_in.own_of(server).show_two_step(unit)
        stored = " ".join(
            str(row) for table in ("two_step", "recovery_codes", "sessions", "passwords", "known_places")
            for row in unit.session.execute(text(f"SELECT * FROM {table}"))  # noqa: S608 - names of this test
        )  # fmt: skip
    word = site.file("pw", OTHER)
    site.satellite("user", "reset", "anna", "--password-file", word, "--two-step-off")

    assert half.awaits_code
    assert len(set(codes)) == 10
    assert (reused, early) == ("code_refused", "session_ended")
    assert not whole.awaits_code
    assert whole.session != half.session
    assert not recovered.awaits_code
    assert tried == ["code_refused"] * 5 + ["session_ended", "too_many_tries"]
    assert left == {"two_step": True, "recovery_codes_left": 9}
    for hidden in (secret, *codes, PASSWORD, whole.session, recovered.known_by or "?"):
        assert hidden not in stored
    assert "$argon2id$" in stored
    assert not sign_in.sign_in(server, "anna", OTHER, HOME).awaits_code


@pytest.mark.both_databases
@pytest.mark.row("S3.4")
def test_wrong_codes_count_per_user_wherever_they_come_from(site: World) -> None:
    """Five end the sign-in, from a known browser too; another address has no further five; unlock lets the user in."""
    add(site, "anna", "administrator")
    server = satellite_of(site)
    entered = sign_in.sign_in(server, "anna", PASSWORD, HOME)
    known = Browser(HOME.address, known_by=entered.known_by)
    session = entered.session
    actor = sign_in.recognise_session(server, session).actor
    with server.database.write(actor) as unit:
        secret = sign_in.own_of(server).begin_two_step(unit).secret
    now = step_of(server.clock.now())
    sign_in.own_of(server).confirm_two_step(session, totp_code(secret, now - 1))
    half = sign_in.sign_in(server, "anna", PASSWORD, known).session
    halves = {one: sign_in.sign_in(server, "anna", PASSWORD, one).session for one in (known, HOME, AWAY)}
    tried = [refusal(sign_in.sign_in_with_code, server, half, "000000", known) for _ in range(7)]
    right = totp_code(secret, now)
    slowed = [refusal(sign_in.sign_in_with_code, server, text, right, one) for one, text in halves.items()]
    site.satellite("user", "unlock", "anna")

    assert tried == ["code_refused"] * 5 + ["session_ended"] * 2
    assert slowed == ["too_many_tries"] * 3
    assert not sign_in.sign_in_with_code(server, halves[AWAY], right, AWAY).awaits_code


@pytest.mark.row("S3.4")
def test_wrong_codes_count_while_an_authenticator_is_taken_into_use(site: World) -> None:
    """Five, then none is looked at, also a right one; nothing is turned on, and the session goes on."""
    add(site, "anna", "administrator")
    server = satellite_of(site)
    session = sign_in.sign_in(server, "anna", PASSWORD, HOME).session
    actor = sign_in.recognise_session(server, session).actor
    with server.database.write(actor) as unit:
        secret = sign_in.own_of(server).begin_two_step(unit).secret
    right = totp_code(secret, step_of(server.clock.now()))
    tried = [refusal(sign_in.own_of(server).confirm_two_step, session, code) for code in ["000000"] * 5 + [right] * 2]
    with server.database.read(actor) as unit:
        on = sign_in.own_of(server).show_two_step(unit)["two_step"]
    site.satellite("user", "unlock", "anna")

    assert tried == ["code_refused"] * 5 + ["too_many_tries"] * 2
    assert not on
    assert len(sign_in.own_of(server).confirm_two_step(session, right)) == 10


@pytest.mark.both_databases
@pytest.mark.row("S3.4")
def test_a_thousand_tries_at_once_are_slowed_and_lock_nobody_out(site: World) -> None:
    """From the user's own address, from one other and from a hundred: few are looked at, and meanwhile who is known signs in."""
    add(site, "anna", "administrator")
    server, looked = satellite_of(site), []
    known = sign_in.sign_in(server, "anna", PASSWORD, HOME).known_by
    busy, real = Barrier(passwords.AT_ONCE + 1), passwords.verify_password

    def counting(hashed: str | None, word: str) -> bool:
        looked.append(word)
        if word == "wrong" and len(looked) <= passwords.AT_ONCE:
            busy.wait(20)  # the first ones take their time: all places for unknown callers are taken
            busy.wait(20)
        return real(hashed, word)

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(24) as pool:
        patch.setattr("serverkit.users.sign_in.verify_password", counting)
        places = [*(Browser(f"198.51.100.{one}") for one in range(100)), *[AWAY] * 800]
        elsewhere = [pool.submit(refusal, sign_in.sign_in, server, "anna", "wrong", one) for one in places]
        busy.wait(20)
        meanwhile = sign_in.sign_in(server, "anna", PASSWORD, Browser("203.0.113.1", known_by=known))
        busy.wait(20)
        here = [pool.submit(refusal, sign_in.sign_in, server, "anna", "wrong", HOME) for _ in range(100)]
        codes = {one.result() for one in (*elsewhere, *here)}

    assert meanwhile.session
    assert codes <= {"sign_in_refused", "too_many_tries", "busy"}
    assert sign_in.sign_in(server, "anna", PASSWORD, HOME).session
    assert sign_in.sign_in(server, "anna", PASSWORD, Browser("203.0.113.200")).session


@pytest.mark.both_databases
@pytest.mark.row("S3.4")
@pytest.mark.parametrize(
    "name", ["\N{GRINNING FACE}" * 255, "anna\0", "anna\r\nSet-Cookie: a=b", "\u202eanna", "' OR '1'='1", "x" * 70_000]
)
def test_what_no_name_can_be_is_refused_like_any_other(site: World, name: str) -> None:
    """Emoji, NUL, line breaks, right-to-left marks: a wrong sign-in, six times, and the answer is never a fault."""
    server = satellite_of(site)
    tried = [refusal(sign_in.sign_in, server, name, PASSWORD, AWAY) for _ in range(6)]

    assert tried == ["sign_in_refused"] * 5 + ["too_many_tries"]


@pytest.mark.row("S3.4")
def test_an_address_and_a_browser_are_known_for_who_signed_in_there(site: World) -> None:
    """For other names they count as unknown; a known browser is slowed by its own failures and by no others."""
    for name, role in (("anna", "administrator"), ("otto", "read-only")):
        add(site, name, role)
    server = satellite_of(site)
    cookie = sign_in.sign_in(server, "otto", PASSWORD, HOME).known_by
    ottos = Browser(HOME.address, known_by=cookie)

    def tried(name: str, browser: Browser) -> list[str]:
        return [refusal(sign_in.sign_in, server, name, "wrong", browser) for _ in range(7)]

    slowed = ["sign_in_refused"] * 5 + ["too_many_tries"] * 2
    assert tried("anna", HOME) == slowed
    assert tried("nobody", ottos) == slowed
    assert refusal(sign_in.sign_in, server, "anna", PASSWORD, ottos) == "too_many_tries"
    assert tried("otto", AWAY) == slowed
    assert sign_in.sign_in(server, "otto", PASSWORD, ottos).known_by == cookie
    assert tried("otto", ottos) == slowed
    site.satellite("user", "unlock", "anna")
    assert sign_in.sign_in(server, "anna", PASSWORD, ottos).known_by == cookie


@pytest.mark.row("S3.4")
def test_a_code_and_a_recovery_code_work_once(site: World) -> None:
    """A second sign-in with the same code is refused, with one of the authenticator as with one of the ten."""
    add(site, "anna", "administrator")
    server = satellite_of(site)
    session = sign_in.sign_in(server, "anna", PASSWORD, HOME).session
    actor = sign_in.recognise_session(server, session).actor
    with server.database.write(actor) as unit:
        secret = sign_in.own_of(server).begin_two_step(unit).secret
    now = step_of(server.clock.now())
    codes = sign_in.own_of(server).confirm_two_step(session, totp_code(secret, now - 1))
    said = []
    for code in (totp_code(secret, now), totp_code(secret, now), codes[0], codes[0]):
        half = sign_in.sign_in(server, "anna", PASSWORD, HOME).session
        said.append(refusal_or_none(sign_in.sign_in_with_code, server, half, code, HOME))

    assert said == [None, "code_refused", None, "code_refused"]


@pytest.mark.both_databases
@pytest.mark.row("S3.4")
@pytest.mark.parametrize("two_step", [False, True])
def test_a_password_that_is_reset_while_it_is_verified_begins_no_session(site: World, two_step: bool) -> None:
    """A sign-in with the old password that ends after the reset is refused, before its second step, too."""
    add(site, "anna", "administrator")
    server = satellite_of(site)
    session = sign_in.sign_in(server, "anna", PASSWORD, HOME).session
    actor = sign_in.recognise_session(server, session).actor
    if two_step:
        with server.database.write(actor) as unit:
            secret = sign_in.own_of(server).begin_two_step(unit).secret
        sign_in.own_of(server).confirm_two_step(session, totp_code(secret, step_of(server.clock.now())))
    real = passwords.verify_password

    def slow(hashed: str | None, word: str) -> bool:
        right = real(hashed, word)
        with server.database.write(OPERATOR) as unit:
            users.reset_user(unit, "anna", OTHER)
        return right

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("serverkit.users.sign_in.verify_password", slow)
        assert refusal(sign_in.sign_in, server, "anna", PASSWORD, HOME) == "sign_in_refused"
    with server.database.read(OPERATOR) as unit:
        assert users.list_sessions(server, unit, "anna") == []
        assert unit.session.execute(text("SELECT count(*) FROM sessions")).scalar_one() == 0
    assert sign_in.sign_in(server, "anna", OTHER, HOME).awaits_code is two_step


@pytest.mark.both_databases
@pytest.mark.row("S3.4")
def test_a_password_that_changes_while_it_is_verified_is_no_proof(site: World) -> None:
    """Neither entering it again nor changing it goes through with a password that another one replaced meanwhile."""
    add(site, "anna", "administrator")
    server = satellite_of(site)
    session = sign_in.sign_in(server, "anna", PASSWORD, HOME).session
    real = passwords.verify_password

    def slow(hashed: str | None, word: str) -> bool:
        right = real(hashed, word)
        with server.database.write(OPERATOR) as unit:
            person = find_person(unit, "anna")
            assert person is not None
            credentials.set_password(unit, USER_TABLES, person, OTHER if word == PASSWORD else PASSWORD)
        return right

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("serverkit.users.sign_in.verify_password", slow)
        again = refusal(sign_in.step_up, server, session, PASSWORD, HOME)
        changed = refusal(sign_in.own_of(server).change_password, session, OTHER, "one more of a third kind", HOME)

    assert (again, changed) == ("sign_in_refused", "sign_in_refused")
    assert sign_in.sign_in(server, "anna", PASSWORD, HOME).session


@pytest.mark.row("S3.4")
def test_a_token_of_ones_own_loses_rights_with_the_role(site: World) -> None:
    """It permits what both roles permit, no more than its owner's at first, and nothing once the owner is gone."""
    add(site, "anna", "administrator")
    add(site, "otto", "operator")
    server = satellite_of(site)
    actor = sign_in.recognise_session(server, sign_in.sign_in(server, "otto", PASSWORD, HOME).session).actor
    with server.database.write(actor) as unit:
        made = sign_in.create_own_token(unit, "script", "operator", days=9)
        with pytest.raises(RoleTooHighError):
            sign_in.create_own_token(unit, "script", "administrator", days=9)
        assert [one["name"] for one in sign_in.list_own_tokens(unit)] == ["script"]
    app = make_app(server)

    def ask(path: str) -> tuple[int, Any]:
        status, _, body = call(app, "GET", f"/api/v1/{path}", headers={"Authorization": f"Bearer {made['token']}"})
        return status, body

    before = ask("me")
    site.satellite("user", "role", "otto", "--role", "read-only")
    after = ask("me")
    site.satellite("user", "remove", "otto")

    assert b"sync:run" in before[1]
    assert b"sync:run" not in after[1]
    assert ask("me")[0] == 401


@pytest.mark.both_databases
@pytest.mark.row("S1.1")
def test_the_set_up_code_makes_the_first_administrator_once(vendor: World) -> None:
    """Printed and kept in a private file; four tries a minute; a weak password does not use it up; then it is void."""
    made = vendor.satellite("init", "--name", "North", "--root", vendor.file("root.json"), "--lab")
    server, file = satellite_of(vendor), vendor.folder / "satellite" / "setup-code"
    first = made["setup_code"]
    kept = (file.read_text().strip(), file.stat().st_mode & 0o777)
    code = vendor.satellite("setup", "code")["setup_code"]

    def begin(word: str, password: str = PASSWORD, browser: Browser = HOME) -> str:
        return refusal(create_first_administrator, server, word, "anna", password, browser)

    wrong = [begin(word) for word in (first, "", "0000-0000-0000-0000", "x" * 9999, code)]
    with server.database.read(SYSTEM) as unit:
        state = first_user(server).state(unit, HOME.address)
    weak = begin(code, "Admin!23", AWAY)
    vendor.satellite("clock", "advance", "1m")
    entered = create_first_administrator(server, code.lower().replace("-", " "), "anna", PASSWORD, HOME)
    second = vendor.satellite("setup", "code", code=1)["error"]["code"]

    assert len(first) == 19
    assert kept == (first, 0o400)
    assert wrong == ["setup_code_refused"] * 4 + ["too_many_tries"]
    assert (state.needed, state.tries_left) == (True, 0)
    assert 0 < state.wait_seconds <= 60
    assert weak == "weak_password"
    assert sign_in.recognise_session(server, entered.session).role == "administrator"
    assert begin(code) == second == "administrator_exists"
    assert not file.exists()
    with server.database.read(SYSTEM) as unit:
        assert not needs_administrator(unit)


@pytest.mark.row("S1.1")
def test_nothing_but_the_set_up_is_answered_before_it_is_finished(vendor: World) -> None:
    """Devices, REST, existing clients and the places that give tokens say 503 until then; an authorization is not enough."""
    vendor.found_satellite()
    vendor.sql("satellite", "UPDATE site SET setup_mode = NULL, setup_finished_at = NULL")
    token = vendor.satellite("api-token", "create", "--name", "robot", "--role", "administrator", "--days", "9")[
        "token"
    ]
    app = make_app(satellite_of(vendor))
    headers = {"Authorization": f"Bearer {token}"}

    def codes(*paths: str) -> list[int]:
        return [call(app, "GET", path, headers=headers)[0] for path in paths]

    closed = codes("/api/v1/me", "/api/v1/status", "/api/v1/licences", "/api/v1/setup", "/api/v1/registration")
    problem = call(app, "GET", "/api/v1/status")[2]
    grant = call(app, "POST", "/oauth/token", b"grant_type=client_credentials")[0]
    with pytest.raises(ServerRefusedError) as refused:
        vendor.device("SN1")
    ready = call(app, "GET", "/readyz")[0]
    vendor.satellite("setup", "finish", "--mode", "manual")
    vendor.close()

    assert closed[:3] == [503, 503, 503]
    assert b'"setup_required"' in problem
    assert 503 not in closed[3:]
    assert grant == 503
    assert refused.value.reason == "setup_required"
    assert ready == 503
    assert codes("/api/v1/me", "/api/v1/status") == [200, 200]
    assert vendor.device("SN2").state.instance
