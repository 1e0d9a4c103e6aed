"""Refusals about accounts."""

from __future__ import annotations

from serverkit.errors import NotFoundError, RefusedError, Remedy


class UnknownAccountError(NotFoundError):
    code = "unknown_account"
    message = "There is no such account."


class AccountExistsError(RefusedError):
    code = "account_exists"
    message = "An account with this domain exists already."
    remedy = Remedy("Choose another domain identifier.", page="operations.md#central")


class UnknownVirtualAccountError(NotFoundError):
    code = "unknown_virtual_account"
    message = "The account has no such virtual account."


class VirtualAccountExistsError(RefusedError):
    code = "virtual_account_exists"
    message = "The account has a virtual account of this name already."
    remedy = Remedy("Choose another name.", page="operations.md#central")


class TagExistsError(RefusedError):
    code = "tag_exists"
    message = "The account has a tag of this name already."
    remedy = Remedy("Choose another name.", page="central-portal.md#virtual-accounts")


class UnknownTagError(NotFoundError):
    code = "unknown_tag"
    message = "No virtual account has this tag."
    remedy = Remedy("List the tags with `central virtual-account tags`.", page="central-portal.md#virtual-accounts")


class VirtualAccountNotEmptyError(RefusedError):
    code = "virtual_account_not_empty"
    message = "The virtual account holds licences, instances or tokens."
    remedy = Remedy("Move or remove what it holds first.", page="operations.md#central")


class DefaultVirtualAccountError(RefusedError):
    code = "default_virtual_account"
    message = "The default virtual account cannot be used for this."
    remedy = Remedy(
        "Make another virtual account the default first, or choose another one.", page="operations.md#central"
    )


class SatelliteVirtualAccountError(RefusedError):
    code = "managed_by_satellite"
    message = "A satellite manages it; central only shows what the site last reported."
    remedy = Remedy(
        "Do this on the satellite; it travels with the next synchronization.", page="operations.md#satellite"
    )
