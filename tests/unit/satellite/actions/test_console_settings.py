"""Use cases of the text on the sign-in page and of the names of the network."""

from __future__ import annotations

from pathlib import Path

import pytest

from satellite.actions import console_settings
from satellite.core.access.errors import NotPermittedError
from satellite.core.access.rules import Role
from serverkit.actor import OPERATOR
from serverkit.errors import InvalidInputError
from tests.unit.satellite.factories import person, server_of


@pytest.mark.row("S3.4")
def test_the_text_of_the_sign_in_page_is_kept_as_pages_can_show_it(tmp_path: Path) -> None:
    """Line ends are plain; a control character is refused, and the former text stays."""
    server = server_of(tmp_path / "home")
    with server.database.write(OPERATOR) as unit:
        assert console_settings.show_banner(unit) == ""
        assert console_settings.change_banner(unit, " Restricted area.\r\nSign in with your own name. ") == (
            "Restricted area.\nSign in with your own name."
        )
        with pytest.raises(InvalidInputError):
            console_settings.change_banner(unit, "a\x07b")
        assert console_settings.show_banner(unit).startswith("Restricted area.")
    server.database.dispose()


@pytest.mark.row("S3.4")
def test_the_names_of_the_network_are_changed_by_administrators(tmp_path: Path) -> None:
    """They are shown beside those of the settings file; None leaves them; anyone else is refused."""
    server = server_of(tmp_path / "home")
    with server.database.write(OPERATOR) as unit:
        changed = console_settings.change_network(server, unit, ["Sat.Site.Example"])
        kept = console_settings.change_network(server, unit)
    with server.database.read(person(Role.READ_ONLY)) as unit, pytest.raises(NotPermittedError):
        console_settings.show_network(server, unit)

    assert changed["names"] == kept["names"] == ["sat.site.example"]
    server.database.dispose()
