"""What happens to typed codes on their way through mails, pages and addresses, named where a code is entered (row S4.5).

Nothing is undone: a code is copied again. Only names of what was found come from here, for a refusal that stands anyway.
"""

from __future__ import annotations

import base64
import binascii
import re

from exchange.carried import change_of
from exchange.codes.confirming import read_confirmation_code
from exchange.codes.request import read_request_code
from exchange.codes.returning import read_return_code
from exchange.errors import ExchangeError

MOST_CHARS = 4000
_PERCENT = re.compile(r"%(?:[2-7][0-9A-Fa-f]|0[AaDd])")
_ENTITY = re.compile(r"&(?:#x?[0-9A-Fa-f]{1,6}|[a-z]{2,8});")
_SOFT = re.compile(r"=(?:\r?\n|2D|3A|3D|20|0D|0A|E2|C2)")
_AROUND = "\"'`\u00ab\u00bb\u2018\u2019\u201a\u201c\u201d\u201e()[]{}<>*_.,;"
_OUR_BEGIN = re.compile(r"[A-Z]{2}(?:-Z|[1-9A-HJ-NP-Za-km-z]{2,}-)")
_ARTICLE = {
    "request": "a request", "confirmation": "a confirmation", "return": "a return", "authorization": "an authorization",
}  # fmt: skip
_READERS = {"request": read_request_code, "confirmation": read_confirmation_code, "return": read_return_code}


def change_of_code(text: str, wanted: str) -> str | None:
    """What was entered in place of a code of the kind `wanted`, as a sentence; None where that leaves no mark.

    The kinds are `request`, `confirmation`, `return` and `authorization`.
    """
    text = text[:MOST_CHARS]
    plain = text.strip().strip("\ufeff").strip()
    if (other := _other_kind(plain, wanted)) is not None:
        return f"this is {_ARTICLE[other]} code, and {_ARTICLE[wanted]} code is needed"
    change = _change(text, plain)
    return f"the code was changed on its way: it is {change}" if change is not None else None


def _other_kind(plain: str, wanted: str) -> str | None:
    if wanted != "authorization" and re.match(
        r"(?:<\?xml[^>]*>\s*)?<(?:reservation|[a-z]*authorization)\b", plain, re.IGNORECASE
    ):
        return "authorization"
    for kind, read in _READERS.items():
        if kind == wanted or not plain[:2].isalpha() or plain[:2].upper() != "CP":
            continue
        try:
            read(plain)
        except ExchangeError:
            continue
        return kind
    return None


def _change(text: str, plain: str) -> str | None:
    if "\0" in plain or plain.startswith(("\xff\xfe", "\xfe\xff")):
        return "text in UTF-16"
    if (found := change_of(plain.encode("utf-8", "replace"))) is not None:
        return found
    if plain.startswith(">"):
        return "quoted, as in the answer to an e-mail"
    if _is_base64(plain):
        return "encoded in Base64"
    if _PERCENT.search(plain):
        return "encoded as in an address (percent-encoding)"
    if _ENTITY.search(plain):
        return "encoded as in a web page (such as &amp;)"
    if _SOFT.search(text):
        return "encoded for mail (quoted-printable)"
    inner = plain.strip(_AROUND)
    if inner != plain and _OUR_BEGIN.match(inner):
        return "written between quotation marks or other signs"
    if len(plain.split()) > 1 and _OUR_BEGIN.search(plain) and not _OUR_BEGIN.match(plain):
        return "among other words"
    return None


def _is_base64(plain: str) -> bool:
    packed = "".join(plain.split())
    if not re.fullmatch(r"[A-Za-z0-9+/_-]{12,}={0,2}", packed):
        return False
    try:
        found = base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_" if {*"-_"} & {*packed} else None)
    except (binascii.Error, ValueError):
        return False
    return _OUR_BEGIN.match(found.decode("latin-1").strip("\xef\xbb\xbf")) is not None
