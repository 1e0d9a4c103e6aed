"""Mails to the contact of a satellite."""

from __future__ import annotations

import pytest

from central.domain.notices.rules import authorization_ready, file_processed


@pytest.mark.row("C11.1", "C11.2")
def test_a_mail_names_the_satellite_and_its_account() -> None:
    """The one about a file names its number, so that two of them are told apart."""
    for mail in (authorization_ready("North", "Customer"), file_processed("North", "Customer", 7)):
        assert "North" in mail.subject
        assert "Customer" in mail.text
    assert "7" in file_processed("North", "Customer", 7).subject
