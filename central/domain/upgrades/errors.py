"""Refusals of upgrades."""

from __future__ import annotations

from serverkit.errors import NotFoundError, RefusedError, Remedy

PAGE = "central-portal.md#upgrades"


class NoUpgradePendingError(NotFoundError):
    code = "no_upgrade_pending"
    message = "The virtual account has no pending upgrade to this licence."
    remedy = Remedy("List the pending upgrades with `central upgrade-licences list DOMAIN`.", page=PAGE)


class UnknownUpgradeOptionError(RefusedError):
    code = "unknown_upgrade_option"
    message = "The pending upgrades have no such option, or several and none was chosen."
    remedy = Remedy("Choose one of the options that the preview lists.", page=PAGE)


class UpgradeTooLargeError(RefusedError):
    code = "upgrade_too_large"
    message = (
        "This quantity cannot be upgraded: the virtual account has too few licences to replace, or too few upgrades."
    )
    remedy = Remedy("Lower the quantity, or choose a virtual account that holds more of both licences.", page=PAGE)


class UpgradeRatioError(RefusedError):
    code = "upgrade_ratio"
    message = "The quantity does not fit the ratio of the upgrade."
    remedy = Remedy("Choose a quantity that the ratio divides.", page=PAGE)


class UpgradeChangedError(RefusedError):
    code = "upgrade_changed"
    message = "The quantities changed since the upgrade was previewed; nothing was upgraded."
    remedy = Remedy("Start over with the present quantities.", page=PAGE)
