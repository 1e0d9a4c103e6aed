"""Bodies and answers of the operations of reservations."""

from __future__ import annotations

from pydantic import Field

from central.domain.reservations.rules import MOST_LINES
from serverkit.http.operations import (
    FLAG,
    OPTIONAL_TIME,
    PLAIN,
    TEXT,
    TIME,
    WHOLE,
    Page,
    Strict,
    example,
    object_of,
)


class TermQuantity(Strict):
    """So much of a licence with one end: a day, a time, or `perpetual`."""

    end: str = Field(max_length=40)
    quantity: int = Field(ge=1, le=1_000_000_000)


class ReservedLicence(Strict):
    """A licence and its quantity; with `terms` how much of each end, else perpetual units first, then those that end last."""

    licence: str
    quantity: int = Field(ge=1, le=1_000_000_000)
    terms: list[TermQuantity] = Field(default=[], max_length=MOST_LINES)


class NewQuantity(Strict):
    """A licence and its new quantity, and of each end where `terms` says so."""

    licence: str
    quantity: int = Field(ge=0, le=1_000_000_000)
    terms: list[TermQuantity] = Field(default=[], max_length=MOST_LINES)


class AddedUnits(Strict):
    """Units of a licence that come with the device, by tag or name."""

    licence: str = Field(max_length=255, pattern=PLAIN)
    quantity: int = Field(ge=0, le=1_000_000_000)


class NewReservation(Strict):
    """Licences for the device of a request code; `add` is added to the inventory first."""

    model_config = example(
        {
            "virtual_account": "Lab",
            "request_code": "CP-ZSW-48:SN1-A6rZG7jGd-7z",
            "licences": [{"licence": "ADVANTAGE", "quantity": 1}],
        }
    )

    virtual_account: str
    request_code: str = Field(max_length=1000)
    licences: list[ReservedLicence] = Field(min_length=1, max_length=MOST_LINES)
    product: str | None = Field(default=None, max_length=255)
    add: list[AddedUnits] = Field(default=[], max_length=MOST_LINES)


class NewReservations(Strict):
    """The same licences for each device of several request codes."""

    model_config = example(
        {
            "virtual_account": "Lab",
            "request_codes": ["CP-ZSW-48:SN1-A6rZG7jGd-7z"],
            "licences": [{"licence": "ADVANTAGE", "quantity": 1}],
        }
    )

    virtual_account: str
    request_codes: list[str] = Field(min_length=1, max_length=1000)
    licences: list[ReservedLicence] = Field(min_length=1, max_length=MOST_LINES)


class ReservationChange(Strict):
    """New quantities of the licences that are named, 0 for none; other licences stay. `add` is added to the inventory first."""

    model_config = example({"licences": [{"licence": "ADVANTAGE", "quantity": 2}]})

    licences: list[NewQuantity] = Field(min_length=1, max_length=MOST_LINES)
    add: list[AddedUnits] = Field(default=[], max_length=MOST_LINES)


class Confirmation(Strict):
    """The code that the device shows after the installation."""

    model_config = example({"code": "CP1118-uEYg7a-7p8DdM-uZugMS-sYk"})

    code: str = Field(max_length=400)


class ReturnCode(Strict):
    """The code that the device shows when it returns its reservation."""

    model_config = example({"code": "CP6sqD-NxfdRM-eXhDJK-5VvRmL-SrRCgC-Nt74ma-LhACb"})

    code: str = Field(max_length=400)


class Rehost(Strict):
    """The replacement of a failed device, by its request code."""

    model_config = example({"request_code": "CP-ZSW-48:SN1-A6rZG7jGd-7z", "notes": "power supply burnt, RMA 4711"})

    request_code: str = Field(max_length=1000)
    notes: str = Field(default="", max_length=1000)


class Release(Strict):
    """Why a reservation is released without a return code; kept in the log."""

    model_config = example({"reason": "the device burnt down, case 1234"})

    reason: str = Field(max_length=1000)


LINE = object_of(tag=TEXT, name=TEXT, quantity=WHOLE, licence_type=TEXT, start=OPTIONAL_TIME, end=OPTIONAL_TIME)
RESERVATION = object_of(
    id=TEXT,
    instance=TEXT,
    virtual_account=TEXT,
    request_code=TEXT,
    verified_code=FLAG,
    licences={"type": "array", "items": LINE},
    number=WHOLE,
    installed=FLAG,
    waiting=FLAG,
    pending={"type": ["object", "null"]},
    state=TEXT,
    held_by_former_key=FLAG,
    release_reason={"type": ["string", "null"]},
    created_at=TIME,
    created_by=TEXT,
    ended_at=OPTIONAL_TIME,
    rehost_of={"type": ["string", "null"]},
    rehosted_to={"type": ["string", "null"]},
    pending_removal=FLAG,
    owed=WHOLE,
    factory=FLAG,
)


class OfferPage(Page):
    """The virtual account from which licences would be reserved."""

    virtual_account: str = Field(max_length=255, pattern=PLAIN)


class AdditionPage(Page):
    """The device, by its request code, and the virtual account in which licences would be reserved for it."""

    virtual_account: str = Field(max_length=255, pattern=PLAIN)
    request_code: str = Field(max_length=1000, pattern=PLAIN)
    product: str | None = Field(default=None, max_length=255, pattern=PLAIN)


OFFER = object_of(
    id=TEXT,
    tag=TEXT, name=TEXT, description=TEXT, available=WHOLE, unlimited=FLAG, permitted=FLAG,
    terms={"type": "array", "items": object_of(key=TEXT, end=OPTIONAL_TIME, available=WHOLE)},
)  # fmt: skip
ROW = object_of(
    request_code=TEXT,
    reservation={"type": ["object", "null"]},
    authorization_code={"type": ["string", "null"]},
    error={"type": ["object", "null"]},
)
CREATED = {**RESERVATION, "properties": {**RESERVATION["properties"], "authorization_code": TEXT}}
