"""The outbox as it is listed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from central.actions.mail import change_mail_routes, list_mail
from central.actions.notices import write_notices
from central.domain.access.errors import NotPermittedError
from central.domain.alerts.services import book
from central.domain.base import VENDOR
from central.domain.notices.rules import file_processed
from central.domain.notices.services import notify
from central.settings import CentralSettings
from serverkit.actor import OPERATOR
from serverkit.alerts.engine import Wanted
from serverkit.alerts.texts import said
from serverkit.mail.settings import MailSettings
from tests.unit.central.factories import NOBODY, server_of, unit_of


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


@pytest.mark.row("B20")
def test_new_alerts_of_the_vendor_are_mailed_to_its_routes_in_one_mail_each(tmp_path: Path) -> None:
    """What an account's people are told of is not repeated; once told, an alert is no news; others see no route."""
    server = server_of(tmp_path)
    server = replace(server, settings=CentralSettings(mail=MailSettings(host="mail.vendor.example")))
    with server.database.write(OPERATOR) as unit:
        assert change_mail_routes(unit, {"recipients": ["chief@a.example", "ops@a.example minor"]})["least"] == "major"
        book(VENDOR).reconcile(unit, [Wanted("backup_failed", "b", said("The last backup failed"), "vendor")], ())
    with server.database.write(NOBODY) as unit, pytest.raises(NotPermittedError):
        change_mail_routes(unit, {"recipients": []})

    assert write_notices(server) == "1 mails written, 0 failed"
    assert write_notices(server) == "0 mails written, 0 failed"
    with server.database.read(OPERATOR) as unit:
        assert [(one["to"], one["subject"]) for one in list_mail(unit).items] == [
            ("ops@a.example", "Central: The last backup failed")
        ]
    server.database.dispose()
