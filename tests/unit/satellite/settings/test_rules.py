"""What settings may hold."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from satellite.core.settings.rules import NetworkNames


@pytest.mark.row("S3.4")
def test_a_name_of_the_server_is_a_host_name_or_an_address_and_is_kept_once() -> None:
    """Names are kept in their plain form; one that is neither is quoted."""
    found = NetworkNames(names=["Sat.Site.Example", "sat.site.example", "192.0.2.7"])

    assert found.names == ["sat.site.example", "192.0.2.7"]
    with pytest.raises(ValidationError, match="'two words' is neither a host name nor an IP address"):
        NetworkNames(names=["two words"])
