"""Codes that people carry: authorization codes as texts, the typed ones as single lines."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from exchange.canonical import JsonObject
from exchange.codes.authorization import Reservation, ReservedLine, seal_reservation, write_authorization_code
from exchange.codes.confirming import make_confirmation_code
from exchange.codes.request import make_request_code
from exchange.codes.returning import make_return_code
from exchange.identity import Udi
from exchange.keys import PrivateKey
from exchange.vocabulary import LicenceType
from tools.vectors import surgery, world
from tools.vectors.make_roots import FIRST
from tools.vectors.model import Shelf, Vector

SECRET = hashlib.sha256(b"perigee vector reservation secret").digest()[:24]
OTHER_SECRET = hashlib.sha256(b"perigee vector other secret").digest()[:24]
UDI = Udi(pid="PX-9000", serial="PX9K000001")
REQUEST = make_request_code(UDI, SECRET)
TERM = ReservedLine(
    world.PLAIN_TAG, 'Base & "more"', 3, LicenceType.TERM,
    datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC),
)  # fmt: skip
FOREVER = ReservedLine(world.RESTRICTED_TAG, "Starke Verschlüsselung", 1, LicenceType.PERPETUAL, None, None)
RESERVATION = Reservation(
    vendor_id=world.VENDOR,
    reservation=world.ident("reservation"),
    account="customer.example",
    virtual_account_id=world.POOL,
    virtual_account_name="Site",
    instance=world.INSTANCE,
    udi=UDI,
    request=REQUEST,
    lines=(TERM, FOREVER),
    issued=world.MADE,
)
ENVELOPE = seal_reservation(RESERVATION, world.GRANTER)


def make() -> list[Vector]:
    """Every code."""
    return [*_authorizations(), *_requests(), *_confirmations(), *_returns()]


def _text(envelope: JsonObject, reservation: Reservation = RESERVATION) -> bytes:
    return write_authorization_code(reservation, envelope).encode()


def _with(key: PrivateKey = world.GRANTER, **members: object) -> bytes:
    """The readable part stays as it was: what is wrong is found before it is compared."""
    return _text(surgery.change(ENVELOPE, key, **members))


def _authorizations() -> list[Vector]:
    shelf = Shelf("authorization-code", "xml", {"root": FIRST})
    good = _text(ENVELOPE)
    number = b'<reservation format="1" number="0">'
    shelf.good("plain", good, "as it is made")
    shelf.good("blanks", good.replace(b"\n", b"\r\n  "), "line ends and blanks as another program left them")
    shelf.bad("malformed", "cut-off", good[: good.index(b"</statement>")], "the end is missing")
    statement = good[good.index(b"  <statement>") : good.index(b"</reservation>")]
    shelf.bad("malformed", "statement-twice", surgery.put(good, statement, statement * 2), "two statements")
    shelf.bad("malformed", "no-code", b"<reservation/>\n", "no statement")
    shelf.bad("altered", "readable-quantity", surgery.put(good, b'quantity="3"', b'quantity="9"'),
              "the readable part promises more")  # fmt: skip
    shelf.bad("altered", "readable-number", surgery.put(good, number, number.replace(b'"0"', b'"1"')),
              "the readable part counts on")  # fmt: skip
    shelf.bad("altered", "note-beside", surgery.put(good, b"</reservation>", b"<note/></reservation>"), "a note beside")
    changed = surgery.changed_payload(ENVELOPE, b'"quantity":3', b'"quantity":9')
    shelf.bad("altered", "changed", _text(changed), "one digit changed under the signature")
    shelf.bad("unknown_issuer", "wrong-key", _text(seal_reservation(RESERVATION, world.RESPONSE)),
              "signed by the response key")  # fmt: skip
    shelf.bad("wrong_kind", "another-type", _text(surgery.alien(ENVELOPE, world.GRANTER, "grant")), "signed as a grant")
    shelf.bad("wrong_vendor", "other-vendor", _with(vendor_id=world.ident("other vendor")), "of another vendor")
    shelf.bad("unsupported_version", "newer-format", _with(format=2), "written in format 2")
    shelf.bad("malformed", "negative-number", _with(number=-1), "a number below nothing")
    shelf.bad("malformed", "number-too-high", _with(number=63), "a number beyond the last")
    shelf.bad("malformed", "no-request", _with(request=""), "answers no request")
    shelf.bad("expired", "after-its-key", _with(issued="2028-01-01T00:00:01Z"), "signed after its key had ended")
    shelf.bad("not_yet_valid", "before-its-key", _with(issued="2025-12-31T23:59:59Z"), "before its key was valid")
    shelf.bad("too_large", "too-large", good + b" " * 65_536, "longer than 64 KiB")
    return shelf.vectors


def _line(text: str) -> bytes:
    return text.encode() + b"\n"


def _requests() -> list[Vector]:
    shelf = Shelf("request-code", "txt", {})
    shelf.good("plain", _line(REQUEST), "as a device makes it")
    shelf.good("blanks", _line(f"  {REQUEST[:9]} {REQUEST[9:]} "), "blanks that a person typed")
    other = "CE-ZX-100:SN-7-A6rZG7jGd-75"
    shelf.good("other-maker", _line(other), "of another maker: its check value is not known")
    wrong = REQUEST[:-1] + ("1" if REQUEST[-1] != "1" else "2")
    shelf.bad("altered", "mistyped-check", _line(wrong), "the last digit mistyped")
    shelf.bad("altered", "mistyped-serial", _line(REQUEST.replace("000001", "000010")), "two digits exchanged")
    shelf.bad("malformed", "digit-that-is-none", _line(REQUEST[:-5] + "0" + REQUEST[-4:]), "a zero in the commitment")
    shelf.bad("malformed", "small-letters", _line(REQUEST.lower()), "in small letters")
    shelf.bad("malformed", "no-colon", _line(REQUEST.replace(":", "-")), "no colon")
    shelf.bad("malformed", "empty", b"\n", "nothing")
    shelf.bad("malformed", "too-long", _line("CP-Z" + "A" * 700 + REQUEST[4:]), "longer than any code")
    return shelf.vectors


def _confirmations() -> list[Vector]:
    shelf = Shelf("confirmation-code", "txt", {"request": REQUEST, "number": 2})
    code = make_confirmation_code(SECRET, 2)
    foreign = "CE-ZX-100:SN-7-A6rZG7jGd-75"
    shelf.good("plain", _line(code), "of the authorization with number 2")
    shelf.good("first", _line(make_confirmation_code(SECRET, 0)), "of the first authorization", number=0)
    shelf.good(
        "last", _line(make_confirmation_code(SECRET, 62)), "of the last authorization that there can be", number=62
    )
    shelf.good("older", _line(make_confirmation_code(SECRET, 1)), "of an older one: does not confirm this")
    shelf.good("newer", _line(make_confirmation_code(SECRET, 3)), "of a newer one: does not confirm this")
    shelf.good("other-device", _line(make_confirmation_code(OTHER_SECRET, 2)), "of another device")
    shelf.good("other-maker", _line("1fc54c75"), "of another maker's device: its form is all that is known",
               request=foreign)  # fmt: skip
    shelf.good("other-maker-for-ours", _line("1fc54c75"), "of another maker's device, for a request of ours")
    return _with_faults(shelf, code, 16)


def _returns() -> list[Vector]:
    shelf = Shelf("return-code", "txt", {"request": REQUEST})
    code = make_return_code(SECRET)
    foreign = "CE-ZX-100:SN-7-A6rZG7jGd-75"
    theirs = "CEL7AU-RaGyRi-dGWrct-Mex5qo-hZbfKf-Pp84Vg-m3QZre-FXjAbH-59J"
    shelf.good("plain", _line(code), "of the device that asked")
    shelf.good("without-hyphens", _line(code.replace("-", " ")), "typed with blanks in place of hyphens")
    shelf.good("other-device", _line(make_return_code(OTHER_SECRET)), "of another device")
    shelf.good("other-maker", _line(theirs), "of another maker's device", request=foreign)
    return _with_faults(shelf, code, 8)


def _with_faults(shelf: Shelf, code: str, digits: int) -> list[Vector]:
    """A wrong digit at many places, and forms that are none; twice as many as there are good ones."""
    places = [at for at in range(2, len(code)) if code[at] != "-"]
    for at in places[1 : digits + 1]:
        wrong = code[:at] + ("2" if code[at] != "2" else "3") + code[at + 1 :]
        shelf.bad("altered", f"mistyped-{at}", _line(wrong), f"the character at place {at} mistyped")
    shelf.bad("malformed", "cut-off", _line(code[:-2]), "too short")
    shelf.bad("malformed", "too-long", _line(code + "2"), "too long")
    shelf.bad("malformed", "zero", _line(code[:-1] + "0"), "a zero, which is no digit here")
    shelf.bad("malformed", "nonsense", _line("nonsense!"), "no code at all")
    return shelf.vectors
