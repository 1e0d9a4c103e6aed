"""The description of the device protocol names every code that a device can be answered with."""

from __future__ import annotations

import pytest

from exchange.device.openapi import describe
from exchange.device.problems import DEVICE_PROBLEMS
from serverkit.devices.protocol import _REFUSALS
from serverkit.errors import RequestMalformedError, RequestTimeoutError, TooManyUploadsError, UploadTooLargeError


@pytest.mark.row("S4.7")
def test_what_the_http_edge_refuses_is_described_with_its_status() -> None:
    """A generated client meets no code that the description does not have."""
    errors = (RequestMalformedError, RequestTimeoutError, TooManyUploadsError, UploadTooLargeError)
    sent = {error.code: error.status for error in errors}
    sent |= {code: status for status, (code, _message, _remedy) in _REFUSALS.items()}

    assert {code: DEVICE_PROBLEMS[code].status for code in sent} == sent
    assert all(f"'{code}'" in str(describe("Server")) for code in sent)
