"""Who is mailed about which alerts: by least severity, one mail for all that is new."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from serverkit.errors import InvalidInputError
from serverkit.mail.routes import Routes, mails_about
from serverkit.stored_settings import checked


@dataclass(frozen=True)
class New:
    """An alert that was raised."""

    severity: str
    message: str
    raised_at: datetime = datetime(2027, 3, 1, 9, tzinfo=UTC)
    source: str = "north"


@pytest.mark.row("S3.4", "B20")
def test_each_recipient_gets_one_mail_about_what_its_severity_covers() -> None:
    """The own severity wins over the general one; nobody gets a mail about nothing; 10,000 alerts are one mail of 50."""
    recipients = ["chief@a.example", "desk@a.example informational", "ops@a.example minor"]
    few = [New("minor", "a backup failed"), New("informational", "an upgrade waits")]
    many = [New("major", f"alert {number}") for number in range(10_000)]

    found = {to: (subject, text) for to, subject, text in mails_about("North", recipients, "major", few)}
    flood = list(mails_about("North", recipients, "major", many))

    assert set(found) == {"desk@a.example", "ops@a.example"}
    assert found["ops@a.example"][0] == "North: a backup failed"
    assert "an upgrade waits" not in found["ops@a.example"][1]
    assert found["desk@a.example"][0] == "North: 2 new alerts"
    assert [(to, subject) for to, subject, _ in flood] == [
        (one.split()[0], "North: 10000 new alerts") for one in recipients
    ]
    assert all(text.count("north\n") == 50 and "and 9950 more" in text for _, _, text in flood)


@pytest.mark.row("S3.4", "B20")
@pytest.mark.parametrize("recipient", ["nobody", "a@b.example critical", "a@b.example minor c@d.example"])
def test_a_recipient_that_cannot_be_is_refused(recipient: str) -> None:
    """What is no address, or no severity, is named."""
    assert checked(Routes, {"recipients": ["  a@b.example   minor "]}).recipients == ["a@b.example minor"]
    with pytest.raises(InvalidInputError, match="recipients"):
        checked(Routes, {"recipients": [recipient]})
