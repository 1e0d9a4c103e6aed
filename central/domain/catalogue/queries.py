"""Reading the catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, func, select

from central.domain.catalogue.errors import UnknownEntitlementError
from central.domain.catalogue.models import Entitlement, Product
from serverkit.db.unit import Unit
from serverkit.names import MOST_COMPARED, did_you_mean


def entitlement(unit: Unit, tag: str) -> Entitlement:
    """An entitlement by its tag; UnknownEntitlementError."""
    found = unit.session.get(Entitlement, tag)
    if found is None:
        raise UnknownEntitlementError(
            "the catalogue has no entitlement {tag!r}{hint}", tag=tag[:255], hint=_meant(unit, tag)
        )
    return found


def by_name(unit: Unit, text: str) -> str:
    """The tag of a licence that is named by its tag or name; UnknownEntitlementError where none or several fit."""
    if unit.session.get(Entitlement, text) is not None:
        return text
    tags = list(unit.session.scalars(select(Entitlement.tag).where(Entitlement.name == text).limit(2)))
    if len(tags) != 1:
        cause = "several entitlements" if tags else "no entitlement"
        hint = "" if tags else _meant(unit, text)
        raise UnknownEntitlementError(
            "the catalogue has {cause} of the name {text!r}{hint}", cause=cause, text=text[:255], hint=hint
        )
    return tags[0]


def _meant(unit: Unit, text: str) -> str:
    """The tag or name that may be meant, as the end of a sentence."""
    rows = unit.session.execute(select(Entitlement.tag, Entitlement.name).limit(MOST_COMPARED)).all()
    return did_you_mean(text, [row.tag for row in rows]) or did_you_mean(text, [row.name for row in rows])


def find_product(unit: Unit, tag: str | None, pid: str) -> Product | None:
    """The product of a device, by the tag that it reports, else by its product id; None where the catalogue has neither."""
    found = {row.tag: row for row in unit.session.scalars(select(Product).where(Product.tag.in_([tag or pid, pid])))}
    return found.get(tag or pid) or found.get(pid)


def product_names(unit: Unit, tags: Iterable[str]) -> dict[str, str]:
    """The names of products by their tags or product ids, as far as the catalogue has them."""
    query = select(Product.tag, Product.name).where(Product.tag.in_(sorted(set(tags))))
    return dict(unit.session.execute(query).all())


def find_entitlement(unit: Unit, tag: str) -> Entitlement | None:
    """An entitlement by its tag, or None."""
    return unit.session.get(Entitlement, tag)


def entitlements(unit: Unit, tags: Iterable[str] | None = None) -> list[Entitlement]:
    """Entitlements by tag; all of them without a choice."""
    query = select(Entitlement).order_by(Entitlement.tag)
    return list(unit.session.scalars(query if tags is None else query.where(Entitlement.tag.in_(list(tags)))))


def tag_meant(unit: Unit, text: str) -> str:
    """The end of a sentence that says a tag is not there: the one that differs by case only or has this name, or nothing."""
    plain = text.strip(" '\"").lower()
    same = (func.lower(Entitlement.tag) == plain) | (func.lower(Entitlement.name) == plain)
    found = unit.session.scalars(select(Entitlement.tag).where(same).limit(2)).all()
    return f"; did you mean {found[0]!r}?" if len(found) == 1 else ""


def titles(unit: Unit, tags: Iterable[str]) -> dict[str, str]:
    """The names of licences by tag, as far as the catalogue has them."""
    query = select(Entitlement.tag, Entitlement.name).where(Entitlement.tag.in_(sorted(set(tags))))
    return dict(unit.session.execute(query).all())


def named_like(text: str) -> Select[Any]:
    """The tags of licences whose name contains a text."""
    return select(Entitlement.tag).where(func.lower(Entitlement.name).contains(text.lower(), autoescape=True))


def units_of(unit: Unit, quantity: int, tag: str) -> str:
    """A quantity of a restricted licence by its name."""
    return f"{quantity} of {titles(unit, [tag]).get(tag, tag)}"


def changed_entitlements(unit: Unit, after: int) -> list[Entitlement]:
    """Rows that satellites do not have yet."""
    return list(
        unit.session.scalars(select(Entitlement).where(Entitlement.change_no > after).order_by(Entitlement.tag))
    )


def entitlement_members(row: Entitlement) -> dict[str, Any]:
    """An entitlement as it is shown."""
    return {
        "kind": "entitlement",
        "tag": row.tag,
        "name": row.name,
        "description": row.description,
        "restricted": row.restricted,
        "family": row.family,
        "products": row.products,
    }


def product_members(row: Product) -> dict[str, Any]:
    """A product as it is shown."""
    return {
        "kind": "product",
        "tag": row.tag,
        "name": row.name,
        "description": row.description,
        "restricted": False,
        "family": row.family,
        "products": [],
    }


def listing(unit: Unit) -> list[dict[str, Any]]:
    """The whole catalogue."""
    products = unit.session.scalars(select(Product).order_by(Product.tag))
    return [*map(entitlement_members, entitlements(unit)), *map(product_members, products)]
