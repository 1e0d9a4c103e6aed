"""Refusals of the assignment of subscriptions."""

from __future__ import annotations

from serverkit.errors import InvalidInputError, NotFoundError, RefusedError, Remedy

PAGE = "central-portal.md#subscriptions"


class UnknownSubscriptionError(NotFoundError):
    code = "unknown_subscription"
    message = "The account has no such subscription of the licence that is billed by usage."
    remedy = Remedy("List the subscriptions with `central subscription list DOMAIN`.", page=PAGE)


class SubscriptionNeedsPlaceError(InvalidInputError):
    code = "subscription_needs_virtual_account"
    message = "A subscription stays in at least one virtual account."
    remedy = Remedy("Choose at least one virtual account.", page=PAGE)


class SubscriptionInUseError(RefusedError):
    code = "subscription_in_use"
    message = "The licence is in use in a virtual account that the subscription would leave, and nothing else covers it there."
    remedy = Remedy("Leave the subscription there, copy it, or assign another one first.", page=PAGE)


class SubscriptionChangedError(RefusedError):
    code = "subscription_changed"
    message = "The assignment changed since the page was opened; nothing was changed."
    remedy = Remedy("Look at the present assignment, and choose again.", page=PAGE)
