"""Small files that a form carries from their preview to their import."""

from __future__ import annotations

import base64
import binascii
import zlib

from serverkit.web.errors import InvalidFormError, NoFileError
from serverkit.web.files import sent_file
from serverkit.web.page import Page
from serverkit.web.texts import _

CARRIED_BYTES = 8 * 1024 * 1024
"""The largest file that a form carries."""
PACKED_LETTERS = 900_000
"""And the largest text that it becomes: less than the fields of a form may hold."""


def carried_file(page: Page) -> bytes:
    """The bytes of a file that a form may carry; NoFileError, InvalidFormError for a larger one."""
    with sent_file(page)() as stream:
        data = stream.read(CARRIED_BYTES + 1)
    if len(data) > CARRIED_BYTES or len(packed(data)) > PACKED_LETTERS:
        raise InvalidFormError({"file": _("The file is too large for this page. Import it by command.")})
    return data


def packed(data: bytes) -> str:
    """A file as the field of a form."""
    return base64.b64encode(zlib.compress(data)).decode("ascii")


def unpacked(text: str) -> bytes:
    """The file of a field; NoFileError for what no page made."""
    try:
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(base64.b64decode(text, validate=True), CARRIED_BYTES + 1)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise NoFileError from error
    if len(data) > CARRIED_BYTES or not unpacker.eof:
        raise NoFileError
    return data
