"""Writing to the vendor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select

from central.actions.contact import SupportRequest, contacts, request_support, send_feedback
from central.domain.notices.errors import NoContactError, TooManyMessagesError
from central.domain.notices.models import ContactCount
from central.domain.notices.services import MOST_OF_ACCOUNT, MOST_OF_USER
from central.domain.operations.models import OutboxEntry
from central.settings import CentralSettings, ContactSettings
from serverkit.actor import OPERATOR
from serverkit.db.unit import Unit
from tests.unit.central.factories import DOMAIN, unit_of


def server(**addresses: str) -> Any:
    """A server with nothing but settings."""
    return SimpleNamespace(settings=CentralSettings(contact=ContactSettings(**addresses)))


@pytest.mark.row("C12.5")
def test_what_is_written_goes_to_the_address_that_is_set_and_nowhere_without_one() -> None:
    """Anonymous feedback names no one; a support request needs an account that there is."""
    wanted = SupportRequest("It fails.", DOMAIN, "Ann", "mail", "ann@x.example", "", "")
    with unit_of() as unit:
        with pytest.raises(NoContactError):
            send_feedback(server(), unit, "like", "Good", anonymous=True)
        here = server(feedback="a@v.example", support="b@v.example")
        assert contacts(here) == {"feedback": True, "support": True}
        send_feedback(here, unit, "like", "Good", anonymous=True)
        request_support(here, unit, wanted)
        unit.session.flush()
        mails = {row.payload["to"]: row.payload["text"] for row in unit.session.scalars(select(OutboxEntry))}
    assert "anonymous" in mails["a@v.example"]
    assert "Reporter: Ann" in mails["b@v.example"]


@pytest.mark.row("C12.5")
def test_a_user_and_an_account_write_a_bounded_number_of_messages_a_day() -> None:
    """One user cannot fill the vendor's mailbox, nor can many of one account; the next day begins anew."""
    here = server(feedback="a@v.example", support="b@v.example")
    wanted = SupportRequest("It fails.", DOMAIN, "Ann", "mail", "ann@x.example", "", "")

    def sent(unit: Unit, user: str, write: Callable[[], object]) -> int:
        unit.actor = replace(OPERATOR, id=user)
        for count in range(MOST_OF_ACCOUNT + 1):
            try:
                write()
            except TooManyMessagesError:
                return count
        raise AssertionError("there is no bound")

    with unit_of() as unit:
        assert sent(unit, "anna", lambda: send_feedback(here, unit, "like", "Good", anonymous=True)) == MOST_OF_USER
        assert sent(unit, "anna", lambda: request_support(here, unit, wanted)) == 0
        of_account = [sent(unit, f"user {number}", lambda: request_support(here, unit, wanted)) for number in range(4)]
        assert of_account == [MOST_OF_USER, MOST_OF_USER, MOST_OF_USER, 0]
        unit.now += timedelta(days=1)
        assert sent(unit, "anna", lambda: request_support(here, unit, wanted)) == MOST_OF_USER
        assert unit.session.scalar(select(func.count()).select_from(ContactCount)) == 2
