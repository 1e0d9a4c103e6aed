"""Lots of licences, and tags on licences and lots (rows C3.4, C3.7, C3.8, C12.4)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from central.actions import licence_tags as actions
from central.actions import lot_changes, lots, virtual_accounts
from central.actions.licence_tags import LicenceTagView, TaggedView
from central.actions.lot_changes import LotChangeView
from central.actions.lots import FILTERS
from central.actions.views import VirtualAccountTagView
from central.api.v1.context import ACCOUNT_PATH, Call
from central.domain.access.rules import Permission
from central.domain.ledger.lot_fields import SOURCE_FIELDS
from central.runtime import Central
from serverkit.http.operations import (
    OPTIONAL,
    OPTIONAL_TIME,
    PLAIN,
    TEXT,
    TEXTS,
    WHOLE,
    Operation,
    Page,
    Query,
    Strict,
    example,
    list_of,
    object_of,
    paged,
    part_of,
)
from serverkit.http.schemas import PoolPage


class Tagging(Strict):
    """Tags, and the licences and lots of a virtual account that they are for."""

    model_config = example({"virtual_account": "DEFAULT", "tags": ["north"], "licences": ["ADVANTAGE"], "lots": []})

    virtual_account: str
    tags: list[str] = Field(max_length=20)
    licences: list[str] = Field(default_factory=list, max_length=1000)
    lots: list[str] = Field(default_factory=list, max_length=1000)


class TagRename(Strict):
    """The virtual account of a tag, and its new name."""

    model_config = example({"virtual_account": "DEFAULT", "name": "north wing"})

    virtual_account: str
    name: str


class TagPlace(Query):
    """The virtual account of a tag."""

    virtual_account: str = Field(default="DEFAULT", max_length=255, pattern=PLAIN)


class LotPage(PoolPage):
    """A page of lots, and what they are searched by."""

    source: str | None = Field(default=None, max_length=32, pattern=PLAIN)
    licence: str | None = Field(default=None, max_length=255, pattern=PLAIN, description="A part of the name or id.")
    order: str | None = Field(default=None, max_length=255, pattern=PLAIN, description="The whole order number.")
    po: str | None = Field(default=None, max_length=255, pattern=PLAIN, description="The whole PO number.")
    pak: str | None = Field(default=None, max_length=255, pattern=PLAIN, description="The whole PAK number.")
    customer: str | None = Field(default=None, max_length=255, pattern=PLAIN, description="A part of it.")
    country: str | None = Field(default=None, max_length=255, pattern=PLAIN, description="A part of it.")
    family: str | None = Field(default=None, max_length=255, pattern=PLAIN, description="A part of it.")
    sku: str | None = Field(default=None, max_length=255, pattern=PLAIN, description="A part of it.")
    expires_by: str | None = Field(
        default=None, max_length=32, pattern=PLAIN, description="Ends on this day or before."
    )
    tags: str | None = Field(default=None, max_length=255, pattern=PLAIN, description="All of these tags.")


class NewLot(Strict):
    """A lot that the vendor adds by hand; the rest as in a file of orders."""

    model_config = example({"virtual_account": "DEFAULT", "licence": "ADVANTAGE", "quantity": 5, "note": "goodwill"})

    virtual_account: str
    licence: str
    quantity: int = Field(ge=1, le=1_000_000_000)
    note: str = Field(max_length=1000)
    type: str | None = None
    billing: str | None = None
    start: str | None = None
    end: str | None = None
    sku: str | None = None
    subscription_id: str | None = None


class LotRemoval(Strict):
    """Units of a lot that the vendor removes, and why."""

    model_config = example({"virtual_account": "DEFAULT", "quantity": 5, "note": "ordered twice"})

    virtual_account: str
    quantity: int = Field(ge=1, le=1_000_000_000)
    note: str = Field(max_length=1000)


def add_licences(call: Call) -> dict[str, Any]:
    """Add a lot by hand; only the vendor does."""
    body: NewLot = call.body
    more = body.model_dump(exclude={"virtual_account", "licence", "quantity", "note"})
    place = call.path["account"], body.virtual_account
    return lot_changes.add_licences(call.unit, *place, body.licence, body.quantity, body.note, more)


def remove_licences(call: Call) -> dict[str, Any]:
    """Remove units of a lot that are neither reserved nor held; only the vendor does."""
    body: LotRemoval = call.body
    place = call.path["account"], body.virtual_account
    return lot_changes.remove_licences(call.unit, *place, call.path["lot"], body.quantity, body.note)


class NewName(Strict):
    """The new name of a tag of virtual accounts."""

    model_config = example({"name": "north wing"})

    name: str


def list_virtual_account_tags(call: Call) -> dict[str, Any]:
    """List the tags of virtual accounts."""
    return paged(virtual_accounts.list_tags(call.unit, call.path["account"]), call.query)


def rename_virtual_account_tag(call: Call) -> dict[str, Any]:
    """Rename a tag on every virtual account that has it."""
    return virtual_accounts.rename_tag(call.unit, call.path["account"], call.path["tag"], call.body.name)


def list_lots(call: Call) -> dict[str, Any]:
    """List the lots of licences with their sources."""
    query: LotPage = call.query
    wanted = {name: value for name in FILTERS if (value := getattr(query, name))}
    names = None if query.virtual_account is None else [query.virtual_account]
    return lots.list_lots(call.unit, call.path["account"], names, wanted, part_of(query)).to_dict()


def list_licence_tags(call: Call) -> dict[str, Any]:
    """List tags with the number of licences and lots that have them."""
    return paged(actions.list_licence_tags(call.unit, call.path["account"], call.query.virtual_account), call.query)


def tag_licences(call: Call) -> dict[str, Any]:
    """Set tags on licences and lots."""
    return _change(call, remove=False)


def untag_licences(call: Call) -> dict[str, Any]:
    """Remove tags from licences and lots."""
    return _change(call, remove=True)


def _change(call: Call, *, remove: bool) -> dict[str, Any]:
    body: Tagging = call.body
    return actions.tag_licences(
        call.unit, call.path["account"], body.virtual_account, body.tags, body.licences, body.lots, remove=remove
    )


def rename_licence_tag(call: Call) -> dict[str, Any]:
    """Rename a tag wherever it is set."""
    body: TagRename = call.body
    return actions.rename_licence_tag(
        call.unit, call.path["account"], body.virtual_account, call.path["tag"], body.name
    )


def delete_licence_tag(call: Call) -> dict[str, Any]:
    """Delete a tag from all that has it."""
    return actions.delete_licence_tag(call.unit, call.path["account"], call.query.virtual_account, call.path["tag"])


Op = Operation[Central]
TAGS = f"{ACCOUNT_PATH}/licence-tags"
LOT = object_of(
    id=TEXT, licence=TEXT, name=TEXT, source=TEXT, type=TEXT, billing=TEXT, quantity=WHOLE, free=WHOLE,
    virtual_accounts=TEXTS, start=OPTIONAL_TIME, end=OPTIONAL_TIME, until=OPTIONAL, phase=TEXT,
    added_at=TEXT, of_source=TEXTS, tags=TEXTS,
    **dict.fromkeys(
        ("subscription_id", "web_order_id", "end_customer", *dict.fromkeys(one for of in SOURCE_FIELDS.values() for one in of)),
        OPTIONAL,
    ),
)  # fmt: skip
OPERATIONS = (
    Op(
        "list_lots", "GET", f"{ACCOUNT_PATH}/licence-lots", "List the lots of licences.", list_lots, list_of(LOT), LotPage,
        permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C3.8",
    ),
    Op(
        "add_licences", "POST", f"{ACCOUNT_PATH}/licence-lots", "Add a lot by hand.", add_licences,
        LotChangeView.schema_object(), body=NewLot, changes=True,
        permission=Permission.LICENCE_MANAGE, row="C12.4",
    ),
    Op(
        "remove_licences", "POST", f"{ACCOUNT_PATH}/licence-lots/{{lot}}/remove", "Remove units of a lot.",
        remove_licences, LotChangeView.schema_object(), body=LotRemoval, changes=True,
        permission=Permission.LICENCE_MANAGE, row="C12.4",
    ),
    Op(
        "list_virtual_account_tags", "GET", f"{ACCOUNT_PATH}/virtual-account-tags", "List the tags of virtual accounts.",
        list_virtual_account_tags, list_of(VirtualAccountTagView.schema_object()), Page,
        permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C1.2",
    ),
    Op(
        "rename_virtual_account_tag", "PATCH", f"{ACCOUNT_PATH}/virtual-account-tags/{{tag}}",
        "Rename a tag of virtual accounts.", rename_virtual_account_tag, VirtualAccountTagView.schema_object(),
        body=NewName, changes=True,
        permission=Permission.VIRTUAL_ACCOUNT_EDIT, row="C1.2",
    ),
    Op(
        "list_licence_tags", "GET", TAGS, "List the tags on licences.", list_licence_tags,
        list_of(LicenceTagView.schema_object()), PoolPage,
        permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C3.7",
    ),
    Op(
        "tag_licences", "POST", f"{TAGS}/set", "Set tags on licences and lots.", tag_licences,
        TaggedView.schema_object(), body=Tagging, changes=True,
        permission=Permission.LICENCE_TAG, row="C3.7",
    ),
    Op(
        "untag_licences", "POST", f"{TAGS}/remove", "Remove tags from licences and lots.", untag_licences,
        TaggedView.schema_object(), body=Tagging, changes=True,
        permission=Permission.LICENCE_TAG, row="C3.7",
    ),
    Op(
        "rename_licence_tag", "PATCH", f"{TAGS}/{{tag}}", "Rename a tag.", rename_licence_tag,
        LicenceTagView.schema_object(), body=TagRename, changes=True,
        permission=Permission.LICENCE_TAG, row="C3.7",
    ),
    Op(
        "delete_licence_tag", "DELETE", f"{TAGS}/{{tag}}", "Delete a tag.", delete_licence_tag,
        LicenceTagView.schema_object(), TagPlace, changes=True,
        permission=Permission.LICENCE_TAG, row="C3.7",
    ),
)  # fmt: skip
