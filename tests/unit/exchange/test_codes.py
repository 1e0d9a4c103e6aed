"""Codes that people type: what is mistyped is noticed, what belongs together is found, the page's example holds."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import NoCodeForIdentityError
from agent.reserving import request
from agent.store import DeviceState
from central.domain.reservations.errors import InvalidCodeError
from central.domain.reservations.rules import read_request
from exchange.codes.authorization import Reservation, ReservedLine, seal_reservation, write_authorization_code
from exchange.codes.base58 import DIGITS
from exchange.codes.confirming import confirms, make_confirmation_code, read_confirmation_code
from exchange.codes.request import make_request_code, read_request_code
from exchange.codes.returning import belongs_to, make_return_code, read_return_code
from exchange.codes.secrets import MOST_UPDATES
from exchange.errors import AlteredError, MalformedError, TooLargeError
from exchange.identity import Udi
from exchange.keys import PrivateKey
from exchange.limits import STATEMENT_BYTES
from exchange.vocabulary import LicenceType

PAGE = Path(__file__).resolve().parents[3] / "docs" / "format" / "codes.md"
SECRETS = st.binary(min_size=24, max_size=24)
WORDS = st.text(st.sampled_from("ABCXYZ0189-./+"), min_size=1, max_size=24).filter(str.strip)
FEW = settings(max_examples=40, deadline=None, database=None, derandomize=True)


@pytest.mark.row("S4.5")
@FEW
@given(pid=WORDS, serial=WORDS, secret=SECRETS)
def test_a_request_code_says_which_device_made_it(pid: str, serial: str, secret: bytes) -> None:
    """Whatever hyphens its names hold, and however blanks came in between."""
    code = make_request_code(Udi(pid=pid, serial=serial), secret)
    read = read_request_code(f" {code[:5]} {code[5:]}\n")

    assert (read.pid, read.serial, read.own) == (pid, serial, True)
    assert belongs_to(read_return_code(make_return_code(secret)), read)


@pytest.mark.row("S4.5")
@FEW
@given(secret=SECRETS, other=SECRETS, place=st.integers(min_value=0, max_value=200), digit=st.sampled_from(DIGITS))
def test_a_code_with_a_wrong_character_is_refused(secret: bytes, other: bytes, place: int, digit: str) -> None:
    """One character exchanged in either code is noticed; a return code of another secret does not belong."""
    request = make_request_code(Udi(pid="SW-48", serial="SN1"), secret)
    back = make_return_code(secret)
    place %= len(request) - 3
    place += 3
    wrong = request[:place] + digit + request[place + 1 :]
    if wrong != request:
        with suppress(AlteredError, MalformedError):
            assert not read_request_code(wrong).own
    at = 2 + place % (len(back) - 2)
    if back[at] not in {"-", digit}:
        with pytest.raises((AlteredError, MalformedError)):
            read_return_code(back[:at] + digit + back[at + 1 :])
    if secret != other:
        assert not belongs_to(read_return_code(make_return_code(other)), read_request_code(request))


@pytest.mark.row("S4.5")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "CP-Z:-A6rZG7jGd-75",
        "CE-ZX:1-A6rZG7jG-75",
        "CE-ZX:1-A6rZG7jG0-75",
        "ce-ZX:1-A6rZG7jGd-75",
        "CE-ZX:1-A6rZG7jGd-7",
        "X" * 5000,
    ],
)
def test_what_is_no_request_code_is_malformed(text: str) -> None:
    """Empty, too short, with a digit that is none, or endless."""
    with pytest.raises(MalformedError):
        read_request_code(text)


@pytest.mark.row("S4.5")
def test_codes_of_other_makers_are_known_by_their_form() -> None:
    """They are read, and never taken for our own; ours gives nothing back for theirs, nor theirs for ours."""
    theirs = read_request_code("CE-ZC9300-48P-4X:XDC240312LB5-A6rZG7jGd-75")
    back = read_return_code("CEL7AU-RaGyRi-dGWrct-Mex5qo-hZbfKf-Pp84Vg-m3QZre-FXjAbH-59J")
    ours = read_request_code(make_request_code(Udi(pid="X", serial="1"), bytes(24)))

    assert (theirs.pid, theirs.serial, theirs.own) == ("C9300-48P-4X", "XDC240312LB5", False)
    assert belongs_to(back, theirs)
    assert not belongs_to(back, ours)
    assert not belongs_to(read_return_code(make_return_code(bytes(24))), theirs)


@pytest.mark.row("E1")
def test_the_example_of_the_page_holds() -> None:
    """The codes of the page follow from its secret."""
    cells = dict(re.findall(r"^\| ([a-z0-9 ]+) \| `([^`]+)` \|$", PAGE.read_text("utf-8"), re.MULTILINE))
    secret = bytes.fromhex(cells["secret"])

    assert (
        make_request_code(Udi(pid=cells["product id"], serial=cells["serial number"]), secret) == cells["request code"]
    )
    assert make_confirmation_code(secret, 1) == cells["confirmation code of number 1"]
    assert make_return_code(secret) == cells["return code"]


@pytest.mark.row("C6.4", "S4.5")
@FEW
@given(secret=SECRETS, number=st.integers(min_value=0, max_value=MOST_UPDATES), other=st.integers(min_value=0, max_value=MOST_UPDATES))  # fmt: skip
def test_a_confirmation_proves_one_number_and_gives_nothing_back(secret: bytes, number: int, other: int) -> None:
    """It confirms its own authorization alone, is noticed when mistyped, and is not a return code."""
    request = read_request_code(make_request_code(Udi(pid="SW-48", serial="SN1"), secret))
    text = make_confirmation_code(secret, number)
    code = read_confirmation_code(text.replace("-", " "))

    assert confirms(code, request, number)
    assert number == other or not confirms(code, request, other)
    with pytest.raises(MalformedError):
        read_return_code(text)
    wrong = text[:9] + ("2" if text[9] != "2" else "3") + text[10:]
    with pytest.raises((AlteredError, MalformedError)):
        read_confirmation_code(wrong)


@pytest.mark.row("S4.5")
@pytest.mark.parametrize(
    ("pid", "serial", "what"),
    [
        ("SW 48", "SN1", "product id 'SW 48': it has a blank"),
        ("SW:48", "SN1", "product id 'SW:48': it has a colon"),
        ("SW-48", "SN:1", "serial number 'SN:1': it has a colon"),
        ("SW\u201048", "SN1", "a character that a typed code loses"),
        ("P" * 255, "S" * 255, ""),
    ],
)
def test_a_device_whose_name_no_code_can_carry_is_told_so(pid: str, serial: str, what: str) -> None:
    """Where the code is asked for: the part and what is in its way are named; nothing is drawn or kept."""
    state = DeviceState()
    if not what:
        assert read_request_code(request(state, Udi(pid=pid, serial=serial))).pid == pid
        return
    with pytest.raises(NoCodeForIdentityError, match=what) as refused:
        request(state, Udi(pid=pid, serial=serial))

    assert refused.value.reason == "no_code_for_identity"
    assert state == DeviceState()


@pytest.mark.row("S4.5", "C6.1")
def test_a_code_whose_blank_belongs_to_the_name_is_not_called_mistyped() -> None:
    """Another program's code over a product id with a blank names the cause; a blank that was typed is still dropped."""
    code = make_request_code(Udi(pid="SW 48", serial="SN1"), bytes(24))
    with pytest.raises(AlteredError, match="has a blank, which no request code can carry"):
        read_request_code(code)
    with pytest.raises(InvalidCodeError, match="has a blank"):
        read_request(code)
    with pytest.raises(AlteredError, match="mistyped"):
        read_request_code(code.replace("SN1", "SN2"))


@pytest.mark.row("S4.5", "C6.1")
def test_a_text_that_no_device_would_read_is_not_written() -> None:
    """Signs that XML escapes take five times their room in the readable part: the statement fits, the text would not."""

    def written(name: str) -> str:
        line = ReservedLine("TAG", name, 1, LicenceType.PERPETUAL, None, None)
        reservation = Reservation(
            vendor_id="0" * 32,
            reservation="1" * 32,
            account="customer.example",
            virtual_account_id="2" * 32,
            virtual_account_name="Spare",
            instance="3" * 32,
            udi=Udi(pid="SW-48", serial="SN1"),
            request="CE-ZSW-48:SN1",
            lines=(line,) * 50,
            issued=datetime(2026, 1, 1, tzinfo=UTC),
        )
        return write_authorization_code(reservation, seal_reservation(reservation, PrivateKey.generate()))

    assert len(written("A" * 200)) < STATEMENT_BYTES * 4
    with pytest.raises(TooLargeError):
        written("&" * 200)
