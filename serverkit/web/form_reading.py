"""Reading what was sent with a form into its model: the values, or every reason at once."""

from __future__ import annotations

import types
from collections.abc import Collection, Iterable
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from werkzeug.datastructures import MultiDict

from serverkit.web.differences import OPENED, VERSION
from serverkit.web.errors import InvalidFormError
from serverkit.web.refusals import reason_words, reasons_of, repeated
from serverkit.web.security import TOKEN_FIELD
from serverkit.web.texts import Words

TYPED_NAME = "typed_name"
"""The field in which the name of a thing is typed before something that cannot be undone."""
KIT_FIELDS = frozenset({TOKEN_FIELD, VERSION, OPENED, TYPED_NAME, "verb", "next", "step", "kept", "kept_for"})


def read_form(model: type[BaseModel], sent: MultiDict[str, str]) -> BaseModel:
    """The values of a form; InvalidFormError with every reason at once."""
    single: list[str] = []
    values: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        plain = plain_type(info.annotation)
        if is_list(plain):
            values[name] = [part for text in sent.getlist(name) for part in _lines(text)]
            continue
        single.append(name)
        if plain is bool:
            values[name] = name in sent
        elif (text := sent.get(name, "")) != "" or (name in sent and plain is str and info.is_required()):
            values[name] = text if _keeps_blanks(plain) else text.strip()
    values = {name: value for name, value in values.items() if value != "" or not _may_be_missing(model, name)}
    extra = [name for name in sent if name not in model.model_fields and name not in KIT_FIELDS]
    twice = repeated(sent, single)
    try:
        found = model.model_validate(values)
    except ValidationError as error:
        raise InvalidFormError(_named(model, reasons_of(error, twice))) from error
    if twice or extra:
        raise InvalidFormError(_repeated_or_extra(twice, extra))
    return found


def refuse_repeated(sent: MultiDict[str, str], several: Collection[str]) -> None:
    """Refuse a form that says two things in one field, but for fields of which there are several; InvalidFormError."""
    twice = repeated(sent, [name for name in sent if name not in several])
    if twice:
        raise InvalidFormError(_repeated_or_extra(twice, ()))


def read_pairs(sent: MultiDict[str, str], names: str, values: str) -> dict[str, str]:
    """What two fields of a row say, one the name of it: each name once, each with its value. InvalidFormError."""
    found = sent.getlist(names)
    if len(set(found)) != len(found) or len(sent.getlist(values)) != len(found):
        raise InvalidFormError({values: reason_words("repeated")})
    return dict(zip(found, sent.getlist(values), strict=True))


def _repeated_or_extra(twice: Iterable[str], extra: Iterable[str]) -> dict[str, Words]:
    return {name: reason_words("repeated") for name in twice} | {
        name: reason_words("extra_forbidden") for name in extra
    }


def _named(model: type[BaseModel], reasons: dict[str, Words]) -> dict[str, Words]:
    names = {(info.alias or name): name for name, info in model.model_fields.items()}
    return {names.get(name, name): reason for name, reason in reasons.items()}


def _may_be_missing(model: type[BaseModel], name: str) -> bool:
    """An empty field is one that was not filled in: what is needed is then missing, what is not keeps its default."""
    return plain_type(model.model_fields[name].annotation) is not bool


def _keeps_blanks(plain: Any) -> bool:
    return plain is SecretStr


def _lines(text: str) -> list[str]:
    return [part.strip() for line in text.splitlines() for part in line.split(",") if part.strip()]


def plain_type(annotation: Any) -> Any:
    """What an optional value is when it is there."""
    if get_origin(annotation) in {Union, types.UnionType}:
        inner = [one for one in get_args(annotation) if one is not type(None)]
        return inner[0] if len(inner) == 1 else str
    return annotation


def is_list(plain: Any) -> bool:
    """Whether a field takes several values."""
    return get_origin(plain) in {list, tuple, set, frozenset}
