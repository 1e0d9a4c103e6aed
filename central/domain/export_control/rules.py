"""Decides who may have a restricted licence (row C8.1): all reasons are checked, the first that applies is reported."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.vocabulary import ExportReason

MESSAGES = {
    ExportReason.UNKNOWN_ENTITLEMENT: "The licence is not in the vendor's catalogue.",
    ExportReason.NOT_RESTRICTED: "The licence is not restricted; it is used without a request.",
    ExportReason.UNKNOWN_DEVICE: "The device is not known to central.",
    ExportReason.ACCOUNT_NOT_PERMITTED: "The account may not use export-controlled functions.",
    ExportReason.TOKEN_NOT_PERMITTED: "The device was registered with a token that does not allow export control.",
    ExportReason.PRODUCT_NOT_ENTITLED: "The licence is not meant for this product.",
    ExportReason.NOT_AVAILABLE: "The virtual account has too few free units of the licence.",
    ExportReason.CANCELLED: "The device took its request back.",
}


@dataclass(frozen=True, slots=True)
class Application:
    """Inputs of a decision."""

    entitlement_known: bool
    restricted: bool
    device_known: bool
    account_allowed: bool
    token_allowed: bool
    products: tuple[str, ...]
    product_names: frozenset[str]
    wanted: int
    held: int
    free: int


def judge_application(application: Application) -> ExportReason | None:
    """None if it is granted, otherwise the reason."""
    a = application
    if not a.entitlement_known:
        return ExportReason.UNKNOWN_ENTITLEMENT
    if not a.restricted:
        return ExportReason.NOT_RESTRICTED
    if not a.device_known:
        return ExportReason.UNKNOWN_DEVICE
    if not a.account_allowed:
        return ExportReason.ACCOUNT_NOT_PERMITTED
    if not a.token_allowed:
        return ExportReason.TOKEN_NOT_PERMITTED
    if a.products and "*" not in a.products and not a.product_names & set(a.products):
        return ExportReason.PRODUCT_NOT_ENTITLED
    if a.wanted - a.held > a.free:
        return ExportReason.NOT_AVAILABLE
    return None
