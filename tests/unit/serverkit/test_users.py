"""Rules of passwords, back-off, codes and sessions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serverkit.auth.addresses import network_of
from serverkit.devices.rate_limit import FailureLimiter
from serverkit.users.codes import hash_code, new_code
from serverkit.users.rules import (
    ABSOLUTE,
    FORGOTTEN,
    IDLE,
    LONGEST_WAIT,
    STEP_UP,
    Failures,
    SessionTimes,
    Way,
    is_over,
    judge_try,
    password_faults,
    stepped_up_until,
)
from serverkit.users.totp import matching_step, step_of, totp_code

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.row("S3.4")
@pytest.mark.parametrize(
    ("text", "name", "faults"),
    [
        ("correct horse battery", "anna", 0),
        ("Admin!23", "admin", 3),
        ("my Admin!23 is long", "bo", 1),
        ("anna likes long words", "Anna", 1),
        ("ａｎｎａ likes long words", "anna", 1),
        ("short", "anna", 2),
        ("aaaaaaaaaaaaaaaaaaaa", "bo", 1),
        ("with\x00a control sign", "bo", 1),
        ("x" * 10 + "abcdefg" * 40, "bo", 1),
    ],
)
def test_a_password_is_long_and_not_the_name_or_a_known_one(text: str, name: str, faults: int) -> None:
    """Every fault is named at once; letters of other widths and cases are the same letters."""
    assert len(password_faults(text, name)) == faults


@pytest.mark.row("S3.4")
def test_attempts_are_slowed_for_a_bounded_time() -> None:
    """Five by name and thirty by address are free; then the wait doubles up to a bound, and a day forgets all."""

    def judged(by_name: int, by_address: int = 0, *, known: bool = False, after: timedelta = timedelta(0)) -> object:
        seen = judge_try(Failures(by_name, NOW), Failures(by_address, NOW), NOW + after, known=known)
        return seen.way, seen.wait

    assert judged(4, 29) == (Way.OPEN, timedelta(0))
    assert judged(5) == (Way.SHUT, timedelta(seconds=2))
    assert judged(0, 30) == (Way.SHUT, timedelta(seconds=2))
    assert judged(8) == (Way.SHUT, timedelta(seconds=16))
    assert judged(1000) == (Way.SHUT, LONGEST_WAIT)
    assert judged(8, after=timedelta(seconds=17)) == (Way.OPEN, timedelta(0))
    assert judged(1000, after=FORGOTTEN) == (Way.OPEN, timedelta(0))
    assert judged(1000, 1000, known=True) == (Way.NARROW, timedelta(0))
    holds = [
        judge_try(Failures(n, NOW), Failures(), NOW, known=True).hold.total_seconds()
        for n in (5, 29, 30, 60, 90, 10**6)
    ]
    assert holds == [1, 1, 2, 4, 8, 8]


@pytest.mark.row("S3.4")
@given(st.integers(0, 10**9), st.integers(-(10**6), 10**6))
def test_a_clock_that_jumps_shuts_nobody_out_for_longer_than_the_bound(count: int, seconds: int) -> None:
    """Whatever the count and wherever the clock went, the wait is at most the longest one."""
    found = judge_try(Failures(count, NOW), Failures(), NOW + timedelta(seconds=seconds), known=False)
    assert timedelta(0) <= found.wait <= LONGEST_WAIT


@pytest.mark.row("S3.4")
def test_a_session_ends_by_lack_of_use_and_by_age() -> None:
    """Thirty minutes without use and twelve hours in all; the step-up counts for ten minutes."""
    fresh = SessionTimes(NOW, NOW, NOW + ABSOLUTE, NOW)
    used = SessionTimes(NOW, NOW + ABSOLUTE - timedelta(minutes=1), NOW + ABSOLUTE, None)

    assert not is_over(fresh, NOW + IDLE - timedelta(seconds=1))
    assert is_over(fresh, NOW + IDLE)
    assert not is_over(used, NOW + ABSOLUTE - timedelta(seconds=1))
    assert is_over(used, NOW + ABSOLUTE)
    assert stepped_up_until(fresh, NOW + STEP_UP - timedelta(seconds=1)) == NOW + STEP_UP
    assert stepped_up_until(fresh, NOW + STEP_UP) is None
    assert stepped_up_until(fresh, NOW - timedelta(seconds=1)) is None
    assert stepped_up_until(used, NOW) is None


@pytest.mark.row("S3.4")
def test_a_code_of_an_authenticator_counts_once_and_for_its_neighbours() -> None:
    """The codes of RFC 6238, one step of drift either way, none twice and none of an older step."""
    here = step_of(NOW)
    codes = [totp_code(SECRET, here + drift) for drift in (-2, -1, 0, 1, 2)]

    assert totp_code(SECRET, 1) == "287082"  # RFC 6238, appendix B, at 59 seconds
    assert [matching_step(SECRET, code, NOW, 0) for code in codes] == [None, here - 1, here, here + 1, None]
    assert matching_step(SECRET, f" {codes[2][:3]} {codes[2][3:]}\n", NOW, 0) == here
    assert matching_step(SECRET, codes[2], NOW, here) is None
    assert matching_step(SECRET, codes[1], NOW, here) is None
    assert matching_step(SECRET, "", NOW, 0) is None


@pytest.mark.row("S1.1", "S3.4")
@given(st.lists(st.sampled_from([" ", "-", "\u2011", "\t"]), min_size=16, max_size=16), st.booleans())
def test_a_code_is_read_however_it_is_typed(between: list[str], lower: bool) -> None:
    """Case, hyphens and blanks do not count, and letters that look like digits are digits."""
    code = new_code()
    typed = "".join(a + b for a, b in zip(code.replace("-", ""), between, strict=True))
    typed = (typed.lower() if lower else typed).replace("0", "o").replace("1", "l")

    assert hash_code(typed) == hash_code(code)
    assert hash_code(code[:-1]) != hash_code(code)


@pytest.mark.row("S3.4")
@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.7", "::ffff:192.0.2.7", True),
        ("192.0.2.7", "192.0.2.8", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("", "?", False),
    ],
)
def test_failures_are_counted_by_what_one_machine_owns(one: str, other: str, same: bool) -> None:
    """An address of IPv4, and the whole network of one of IPv6."""
    limiter = FailureLimiter(1, lambda: datetime(2027, 1, 1, tzinfo=UTC))
    limiter.count(one)
    assert (network_of(one) == network_of(other)) is same
    assert (limiter.wait_seconds(other) > 0) is same
