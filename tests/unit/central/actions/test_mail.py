"""The outbox as it is listed."""

from __future__ import annotations

import pytest

from central.actions.mail import list_mail
from central.domain.access.errors import NotPermittedError
from central.domain.notices.rules import file_processed
from central.domain.notices.services import notify
from tests.unit.central.factories import NOBODY, unit_of


@pytest.mark.row("C11.2")
def test_a_mail_waits_in_the_outbox_and_none_is_made_without_an_address() -> None:
    """It is sent after the commit; only the vendor sees it."""
    with unit_of() as unit:
        notify(unit, "site@customer.example", file_processed("North", "Customer", 7))
        notify(unit, None, file_processed("South", "Customer", 8))
        unit.session.flush()

        assert [one["to"] for one in list_mail(unit).items] == ["site@customer.example"]
        unit.actor = NOBODY
        with pytest.raises(NotPermittedError):
            list_mail(unit)
