"""Refusals about accounts."""

from __future__ import annotations

from serverkit.errors import NotFoundError, RefusedError


class UnknownAccountError(NotFoundError):
    """There is no such account."""

    code = "unknown_account"


class AccountExistsError(RefusedError):
    """An account of this domain exists already."""

    code = "account_exists"
    remedy = "Choose another domain identifier."


class UnknownVirtualAccountError(NotFoundError):
    """The account has no such virtual account."""

    code = "unknown_virtual_account"


class VirtualAccountExistsError(RefusedError):
    """The account has a virtual account of this name already."""

    code = "virtual_account_exists"
    remedy = "Choose another name."


class VirtualAccountNotEmptyError(RefusedError):
    """The virtual account holds licences, instances or tokens."""

    code = "virtual_account_not_empty"
    remedy = "Move or remove what it holds first."


class DefaultVirtualAccountError(RefusedError):
    """The default virtual account cannot be used for this."""

    code = "default_virtual_account"
    remedy = "Make another virtual account the default first, or choose another one."


class SatelliteVirtualAccountError(RefusedError):
    """A satellite manages it; central only shows what the site last said."""

    code = "managed_by_satellite"
    remedy = "Do this on the satellite; it travels with the next synchronization."
