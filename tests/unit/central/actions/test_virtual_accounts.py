"""Virtual accounts as people and programs use them."""

from __future__ import annotations

import pytest

from central.actions.virtual_accounts import (
    change_tags,
    change_virtual_account,
    create_virtual_account,
    delete_virtual_account,
    list_tags,
    list_virtual_accounts,
    make_default,
    rename_tag,
    show_virtual_account,
)
from central.domain.accounts.errors import (
    TagExistsError,
    UnknownTagError,
    UnknownVirtualAccountError,
    VirtualAccountExistsError,
)
from central.domain.accounts.queries import by_domain
from central.domain.base import VENDOR, last_change
from serverkit.names import InvalidNameError, NameTooSimilarError
from tests.unit.central.factories import DOMAIN, POOL, unit_of


@pytest.mark.row("C1.2", "C2.1")
def test_a_virtual_account_is_created_renamed_described_and_deleted() -> None:
    """A name that stands is refused; what is gone is unknown."""
    with unit_of() as unit:
        create_virtual_account(unit, DOMAIN, "Spare")
        changed = change_virtual_account(unit, DOMAIN, "Spare", "Reserve", "in the cellar")
        with pytest.raises(VirtualAccountExistsError):
            create_virtual_account(unit, DOMAIN, POOL)
        make_default(unit, DOMAIN, POOL)
        delete_virtual_account(unit, DOMAIN, "Reserve")

        assert (changed["name"], changed["description"]) == ("Reserve", "in the cellar")
        assert show_virtual_account(unit, DOMAIN, POOL)["default"] is True
        with pytest.raises(UnknownVirtualAccountError):
            show_virtual_account(unit, DOMAIN, "Reserve")


@pytest.mark.row("C1.2", "C11.2")
def test_a_change_takes_a_number_of_its_account_and_none_of_the_vendor() -> None:
    """So that accounts do not wait for each other."""
    with unit_of() as unit:
        account = by_domain(unit, DOMAIN).id
        before = last_change(unit, account)
        change_virtual_account(unit, DOMAIN, POOL, "Plant")

        assert last_change(unit, account) == before + 1
        assert last_change(unit, VENDOR) == 0


@pytest.mark.row("C1.2")
def test_virtual_accounts_are_found_by_the_beginning_of_a_name_or_a_tag() -> None:
    """A tag that was removed finds nothing any more."""
    with unit_of() as unit:
        change_tags(unit, DOMAIN, POOL, add=["north"])
        found = [
            [one["name"] for one in list_virtual_accounts(unit, DOMAIN, text).items] for text in ("si", "nor", "x")
        ]
        change_tags(unit, DOMAIN, POOL, remove=["north"])

        assert found == [[POOL], [POOL], []]
        assert list_virtual_accounts(unit, DOMAIN, "nor").items == []


@pytest.mark.row("C1.2")
def test_a_tag_is_renamed_on_every_virtual_account_that_has_it() -> None:
    """A name that is taken, in any case, or that reads like another, is refused; nothing changes then."""
    with unit_of() as unit:
        create_virtual_account(unit, DOMAIN, "Spare")
        change_tags(unit, DOMAIN, POOL, ["North", "Lab"])
        change_tags(unit, DOMAIN, "Spare", ["north"])
        before = list_tags(unit, DOMAIN)
        for error, old, new in (
            (TagExistsError, "north", "LAB"),
            (UnknownTagError, "South", "West"),
            (InvalidNameError, "north", "x" * 65),
            (NameTooSimilarError, "north", "L\u0430b"),
        ):
            with pytest.raises(error):
                rename_tag(unit, DOMAIN, old, new)
        assert list_tags(unit, DOMAIN) == before
        assert rename_tag(unit, DOMAIN, "NORTH", "North wing")["virtual_accounts"] == [POOL, "Spare"]
        assert rename_tag(unit, DOMAIN, "lab", "LAB")["name"] == "LAB"
        shown = {one["name"]: one["virtual_accounts"] for one in list_tags(unit, DOMAIN)}
        assert shown == {"LAB": [POOL], "North wing": [POOL, "Spare"]}


@pytest.mark.row("C1.2")
@pytest.mark.parametrize("name", [".", ".."])
def test_a_name_of_one_or_two_dots_is_refused(name: str) -> None:
    """Clients take it out of an address, which is another one then."""
    with unit_of() as unit:
        for change in (
            lambda: create_virtual_account(unit, DOMAIN, name),
            lambda: change_virtual_account(unit, DOMAIN, POOL, name),
        ):
            with pytest.raises(InvalidNameError, match="address"):
                change()
        assert create_virtual_account(unit, DOMAIN, "...")["name"] == "..."
