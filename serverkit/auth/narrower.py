"""What an access token may hand on: credentials and roles made with it can do no more than the token itself."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network

from serverkit.actor import Actor
from serverkit.errors import ForbiddenError, Remedy


class BeyondTokenError(ForbiddenError):
    """The refusal `beyond_access_token`."""

    code = "beyond_access_token"
    message = "An access token creates nothing that can do more than the token itself."
    remedy = Remedy(
        "Choose scopes, roles and addresses within those of the token, or sign in and make the change in the console.",
        page="api.md#access-tokens",
    )


def refuse_wider_scope(actor: Actor, permissions: Collection[str] | None) -> None:
    """Refuse what gives permissions that the scopes of the actor's token do not contain; None is everything. BeyondTokenError."""
    if actor.scopes is None:
        return
    if permissions is None:
        raise BeyondTokenError("the scopes of the access token are limited, and those of what is made would not be")
    beyond = sorted(one for one in permissions if one not in actor.scopes and not one.endswith(":view"))
    if beyond:
        raise BeyondTokenError("the scopes of the access token do not contain {permission}", permission=beyond[0])


def refuse_wider_addresses(actor: Actor, networks: Sequence[str] = ()) -> None:
    """Refuse what may be used from addresses that the actor's token may not be used from; none are all. BeyondTokenError."""
    if actor.networks and not (networks and all(_is_inside(one, actor.networks) for one in networks)):
        raise BeyondTokenError("the access token is bound to addresses, and what is made would not be bound to them")


def _is_inside(network: str, others: Sequence[str]) -> bool:
    inner = ip_network(network)
    return any(_contains(ip_network(one), inner) for one in others)


def _contains(outer: IPv4Network | IPv6Network, inner: IPv4Network | IPv6Network) -> bool:
    if isinstance(outer, IPv4Network) and isinstance(inner, IPv4Network):
        return inner.subnet_of(outer)
    return isinstance(outer, IPv6Network) and isinstance(inner, IPv6Network) and inner.subnet_of(outer)
