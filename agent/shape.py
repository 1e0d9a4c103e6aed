"""The shape of a stored state: every value of the type that its field declares, so that a damaged file is told as such."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

MOST = 2**53 - 1


def build(wanted: Any, value: Any) -> Any:
    """`value`, as JSON gave it, in the declared type: dataclasses are made, lists and mappings gone through.

    KeyError names a field that is missing or unknown, TypeError a value of another type.
    """
    if wanted is Any:
        return value
    if isinstance(wanted, UnionType):
        return _one_of(get_args(wanted), value)
    origin, inner = get_origin(wanted), get_args(wanted)
    if origin is list:
        return [build(inner[0], each) for each in _as(list, value)]
    if origin is dict:
        return {_as(str, name): build(inner[1], each) for name, each in _as(dict, value).items()}
    return _dataclass(wanted, value) if is_dataclass(wanted) else _as(wanted, value)


def _one_of(wanted: tuple[Any, ...], value: Any) -> Any:
    if value is None and NoneType in wanted:
        return None
    return build(next(each for each in wanted if each is not NoneType), value)


def _as(wanted: type, value: Any) -> Any:
    if type(value) is not wanted or (type(value) is int and abs(value) > MOST):
        raise TypeError(f"a value of type {wanted.__name__} is expected")
    return value


def _dataclass(wanted: Any, value: Any) -> Any:
    given, hints = _as(dict, value), get_type_hints(wanted)
    known = {field.name for field in fields(wanted)}
    if set(given) - known:
        raise KeyError("a field that no state has")
    try:
        return wanted(**{name: build(hints[name], each) for name, each in given.items()})
    except TypeError as error:
        raise TypeError(f"{wanted.__name__}: {error}") from error
