"""Names that people give: bounded, printable, without blanks that no one sees, and told apart by who reads them."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterable
from difflib import get_close_matches

from serverkit.errors import InvalidInputError, RefusedError, Remedy

MOST = 255
MOST_COMPARED = 2000
_DOMAIN = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
# Printable by their class, and yet nothing is seen of them.
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {
    chr(code)
    for start, end in ((0x180B, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
    for code in range(start, end + 1)
}
# What looks like a letter or sign of ASCII in the usual fonts; compatibility forms (wide, mathematical) fold anyway.
_ALIKE = (
    "АA ВB ЕE ЅS ІI ЈJ КK МM НH ОO РP СC ТT УY ҮY ХX ԚQ ԜW ӀI аa сc еe һh іi јj кk оo рp ѕs уy ҮY хx ԁd ԛq ԝw ѵv ӏl гr ьb "
    "ΑA ΒB ΕE ΖZ ΗH ΙI ΚK ΜM ΝN ΟO ΡP ΤT ΥY ΧX ϹC ϺM αa οo νv ιi ρp γy υu κk χx σo ηn ϲc ϳj "
    "ՕO ՏS ԼL սu օo ոn հh ցg զq ıi ɑa ɡg ɩi ʏY ǀl ᴏo ᴄc ᴠv ᴡw ᴢz "
    "ᎪA ᎬE ᎻH ᏚS ᏆI ᏟC ᎠD ᏦK ᎷM ᏢP ᎢT ᏙV ᎳW ᏃZ ᏴB ᏀG ᎫJ ᏞL ᏒR ᎩY "
    "ꓐB ꓑP ꓓD ꓔT ꓖG ꓗK ꓙJ ꓚC ꓜZ ꓝF ꓟM ꓠN ꓡL ꓢS ꓣR ꓦV ꓧH ꓪW ꓫX ꓬY ꓮA ꓰE ꓲI ꓳO ꓴU "
    "‐- ‑- ‒- –- —- ―- −- ˗- ⁃- ‘' ’' ʼ' ′' ´' `' “\" ”\" ″\" ⁄/ ∕/ ∶: ꞉: ٠0 ۰0"
)
_LIKE_ASCII = str.maketrans({pair[0]: pair[1:] for pair in _ALIKE.split()})
# Signs of ASCII that many fonts show alike; only between names of the same case.
_LIKE_EACH_OTHER = str.maketrans({"I": "l", "1": "l", "|": "l", "0": "O"})


class InvalidNameError(InvalidInputError):
    """The refusal `invalid_name`."""

    code = "invalid_name"
    message = "A name is empty, too long, or holds characters that cannot be shown."
    remedy = Remedy("Use 1 to 255 printable characters, without a blank at either end and without two blanks in a row.")


class NameTooSimilarError(RefusedError):
    """The refusal `name_too_similar`."""

    code = "name_too_similar"
    message = "The name looks like an existing one."
    remedy = Remedy("Use the existing name, or choose one that looks different.")


def check_name(what: str, value: str, most: int = MOST) -> str:
    """Refuse a name that cannot be shown as it is, and name the character that is in the way; returns the name."""
    if not value:
        raise InvalidNameError("{what} is empty", what=what)
    if len(value) > most:
        raise InvalidNameError(
            "{what} {value!r} is longer than {most} characters",
            remedy="Use at most {most} characters.",
            what=what,
            value=value[:40],
            most=most,
        )
    _refuse_unseen(what, value)
    for place, ends in ((0, value[0]), (len(value) - 1, value[-1])):
        if ends.isspace():
            where = "begins" if place == 0 else "ends"
            raise InvalidNameError(
                "{what} {value!r} {where} with {character}",
                what=what,
                value=value[:40],
                where=where,
                character=character(ends),
            )
    if "  " in value:
        raise InvalidNameError(
            "{what} {value!r} holds two blanks in a row, at place {place}",
            what=what,
            value=value[:40],
            place=value.index("  ") + 1,
        )
    if value in {".", ".."}:
        raise InvalidNameError(
            "{what} {value!r} cannot be part of an address",
            remedy="Use a name that is not one or two dots.",
            what=what,
            value=value,
        )
    return _in_usual_form(what, value)


def check_text(what: str, value: str, most: int = 1024) -> str:
    """Refuse a free text that is too long or holds characters that cannot be shown; returns it."""
    remedy = f"Use at most {most} printable characters."
    if len(value) > most:
        raise InvalidNameError("{what} is longer than {most} characters", remedy=remedy, what=what, most=most)
    _refuse_unseen(what, value, remedy)
    return _in_usual_form(what, value, remedy)


def _refuse_unseen(what: str, value: str, remedy: str | None = None) -> None:
    for place, one in enumerate(value, 1):
        if not one.isprintable() or one in _UNSEEN:
            raise InvalidNameError(
                "{what} {value!r} cannot be used: it has {character} at position {place}",
                remedy=remedy,
                what=what,
                value=value[:40],
                place=place,
                character=character(one),
            )


def _in_usual_form(what: str, value: str, remedy: str | None = None) -> str:
    if unicodedata.normalize("NFC", value) != value:
        raise InvalidNameError(
            "{what} {value!r} is not in the usual Unicode form (NFC)", remedy=remedy, what=what, value=value[:40]
        )
    return value


def character(one: str) -> str:
    """What a character is called, with its number."""
    return f"{unicodedata.name(one, 'a control character')} (U+{ord(one):04X})"


def name_key(value: str) -> str:
    """The form of a name for comparison: case, width and repeated blanks do not matter."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).casefold())
    return " ".join(folded.split())


def kept_key(value: str) -> str:
    """`name_key` for a column of 255 characters: one that grew beyond by folding stands as its digest."""
    key = name_key(value)
    return key if len(key) <= MOST else hashlib.sha256(key.encode()).hexdigest()


def _keys(value: str) -> tuple[str, ...]:
    """A name as it reads: by its letters, by what they look like, and by what looks alike within ASCII."""
    alike = unicodedata.normalize("NFKC", value.translate(_LIKE_ASCII)).translate(_LIKE_ASCII)
    alike = " ".join(alike.split())
    return name_key(value), alike.casefold(), alike.translate(_LIKE_EACH_OTHER)


def similar(value: str, others: Iterable[str]) -> str | None:
    """The first of the other names that looks like this one but is spelled differently."""
    mine = _keys(value)
    for other in others:
        if other != value and any(one == its for one, its in zip(mine, _keys(other), strict=True)):
            return other
    return None


def refuse_similar(what: str, value: str, others: Iterable[str]) -> None:
    """Refuse a name that reads like one of the others; NameTooSimilarError says what tells them apart."""
    other = similar(value, others)
    if other is not None:
        raise NameTooSimilarError(
            "{what} {value!r} reads like {other!r}, which is there: {difference}",
            what=what,
            value=value,
            other=other,
            difference=_difference(value, other),
        )


def _difference(value: str, other: str) -> str:
    if name_key(value) == name_key(other):
        return "only the case or the form of letters differs"
    for of, name in ((value, "the new name"), (other, "the name that is there")):
        found = next((one for one in of if one.translate(_LIKE_ASCII) != one), None)
        if found is not None:
            return f"{name} holds {character(found)}"
    mine = next((one for one, its in zip(value, other, strict=False) if one.casefold() != its.casefold()), value[-1])
    return f"the new name holds {character(mine)}"


def did_you_mean(value: str, names: Collection[str]) -> str:
    """The end of a sentence that says a name is not there: the name that may be meant, or nothing."""
    found = similar(value, names)
    if found is None and len(names) <= MOST_COMPARED:
        keys = {name_key(name): name for name in names}
        close = get_close_matches(name_key(value[:MOST]), keys, n=1, cutoff=0.8)
        found = keys[close[0]] if close else None
    return f"; did you mean {found!r}?" if found is not None else ""


def tidy_token(text: str) -> str:
    """A token as it was typed or pasted, without what came along at its ends: blanks, line ends, unseen characters."""
    start, end = 0, len(text)
    while start < end and _is_margin(text[start]):
        start += 1
    while end > start and _is_margin(text[end - 1]):
        end -= 1
    return text[start:end]


_HYPHENS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d", "-"))


def tidy_code(text: str) -> str:
    """A code as it was typed or pasted: without blanks, line ends and unseen characters, every hyphen a plain one."""
    return "".join(one for one in text.translate(_HYPHENS) if not _is_margin(one))


def _is_margin(one: str) -> bool:
    return one.isspace() or not one.isprintable() or one in _UNSEEN


def check_domain(value: str) -> str:
    """Refuse what is not a domain identifier; returns it."""
    if not value.isascii() or not _DOMAIN.fullmatch(value):
        other = next((one for one in value if not one.isascii()), None)
        raise InvalidNameError(
            "{value!r} is not a domain identifier: it holds {other}"
            if other
            else "{value!r} is not a domain identifier",
            remedy="Use lower-case letters, digits, dots and hyphens, such as example.com.",
            value=value[:80],
            other=character(other) if other else "",
        )
    return value
