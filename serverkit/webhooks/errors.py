"""Refusals of webhooks."""

from __future__ import annotations

from serverkit.errors import AppError, NotFoundError, RefusedError, Remedy

PAGE = "webhooks.md"


class UnknownWebhookError(NotFoundError):
    code = "unknown_webhook"
    message = "There is no such webhook."
    remedy = Remedy("List the webhooks and take an id of the list.", page=PAGE)


class UnknownDeliveryError(NotFoundError):
    code = "unknown_delivery"
    message = "There is no such delivery."
    remedy = Remedy("List the deliveries; what was sent is kept for 30 days.", page=PAGE)


class TooManyWebhooksError(RefusedError):
    code = "too_many_webhooks"
    message = "There are as many webhooks as there can be."
    remedy = Remedy("Remove one that is no longer used.", page=PAGE)


class WebhookAddressError(AppError):
    """The address of a receiver is not one that this server calls."""

    code = "webhook_address_refused"
    message = "This address is not called."
    remedy = Remedy(
        "Use the address of a receiver outside this site, or have the administrator of the machine allow its network in "
        "`webhooks.allowed_networks`.",
        page=f"{PAGE}#addresses",
    )
    status = 409


class WebhookFailedError(AppError):
    code = "webhook_failed"
    message = "The receiver did not take the delivery."
    remedy = Remedy("Read the cause, correct the receiver, and test the webhook.", page=PAGE)
    status = 502
