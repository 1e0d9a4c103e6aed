"""The resources as people and programs see them, each declared once for commands, REST and its description."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from central.domain.instances.models import Instance
from central.domain.instances.queries import instance_name
from serverkit.views import IdentifiedInstance, Moment, View


class AccountView(View):
    """A smart account."""

    id: str
    number: int
    domain: str
    name: str
    export_allowed: bool
    reservation_allowed: bool
    agreement_version: int | None


class ListedAccountView(AccountView):
    """A smart account in a list: its open alerts by severity and its users by role (row C1.1).

    Both are null for those who may see only parts of the account.
    """

    alerts: dict[str, int] | None
    roles: dict[str, int] | None
    agreement_pending: bool


class AgreementView(AccountView):
    """A smart account and who accepted its agreement."""

    accepted_by: str | None = Field(validation_alias="agreement_accepted_by")


class VirtualAccountView(View):
    """A virtual account with its tags; `satellite` is the id of the one that manages it."""

    id: str
    number: int
    name: str
    description: str
    default: bool = Field(validation_alias="is_default")
    satellite: str | None = Field(validation_alias="satellite_id")
    tags: list[str] = Field(default_factory=list)

    @classmethod
    def tagged(cls, row: Any, tags: list[str]) -> VirtualAccountView:
        """The view of a row with its tags."""
        return cls.of(row).model_copy(update={"tags": tags})


class VirtualAccountTagView(View):
    """A tag with the virtual accounts that have it; its id is the name in lower case."""

    id: str
    name: str
    virtual_accounts: list[str]


class UserRoleView(View):
    """A user with one of its roles; the role is null for a user without any."""

    id: str
    name: str
    role: str | None
    account: str | None
    account_domain: str | None
    virtual_account: str | None
    virtual_account_name: str | None


class GivenRoleView(View):
    """A role that was given to a user or taken from one."""

    id: str
    name: str
    role: str
    account: str | None
    virtual_account: str | None


class IdentityView(View):
    """Who a token acts as, with which roles and scopes; `limited` tells that the scopes limit the roles."""

    id: str
    name: str
    roles: list[str]
    scopes: list[str]
    limited: bool


class AccessTokenView(View):
    """An access token, without its text."""

    id: str
    user: str
    scope: str
    addresses: list[str]
    description: str
    created_at: Moment
    expires_at: Moment
    last_used: Moment | None
    state: str


class CreatedAccessTokenView(AccessTokenView):
    """An access token with its text, which is shown once."""

    token: str = Field(repr=False)


class ApiClientView(View):
    """An API client, without its secret."""

    id: str
    user: str
    created_at: Moment
    revoked: bool


class CreatedApiClientView(ApiClientView):
    """An API client with its secret, which is shown once."""

    client_id: str
    client_secret: str = Field(repr=False)


class TokenView(View):
    """A registration token, without its text; of a satellite's token, what the site reported at `as_of`."""

    id: str
    virtual_account: str
    satellite: str | None
    satellite_name: str | None
    as_of: str | None
    description: str
    created_at: str
    created_by: str
    expires_at: str
    uses: int
    max_uses: int | None
    export_controlled: bool
    state: str


class CreatedTokenView(TokenView):
    """A registration token with the text that a device needs."""

    token: str = Field(repr=False)


class EventView(View):
    """An event."""

    id: str
    at: Moment
    kind: str
    actor: str
    message: str
    subject: dict[str, Any]


class TransactionView(View):
    """A line of the licence transactions (row C12.4)."""

    id: str
    at: Moment
    lot: str | None = Field(validation_alias="lot_id")
    type: str
    order_number: str | None
    order_line: str | None
    sku: str | None
    tag: str
    expiry: Moment | None
    count: int
    virtual_account: str = Field(validation_alias="virtual_account_id")
    source: str
    action: str
    user: str = Field(validation_alias="actor")
    notes: str


class AlertView(View):
    """An alert."""

    id: str
    kind: str
    severity: str
    message: str
    source: str
    raised_at: str
    action_due: str | None
    remind_at: str | None
    actions: list[str]
    state: str
    subject: dict[str, Any]


class MailView(View):
    """A mail of the outbox, without its text."""

    id: str
    at: str
    kind: str
    to: str | None
    subject: str | None
    state: str
    attempts: int
    sent_at: str | None
    next_attempt: str | None
    last_error: str | None


class JobView(View):
    """A job and the slot that is running."""

    id: str
    name: str
    every_seconds: int
    slot: str
    description: str


class JobRunView(View):
    """The outcome of a run."""

    job: str
    slot: str
    state: str
    detail: str


class NodeView(View):
    """A home that works on the database of this central; `here` marks the one that is asked."""

    id: str
    host: str
    home: str
    version: str
    first_seen: Moment
    last_seen: Moment
    running: bool
    here: bool


def identified(row: Instance) -> IdentifiedInstance:
    """A product instance with the whole of its identity."""
    return IdentifiedInstance(
        id=row.id,
        name=instance_name(row),
        hostname=row.hostname,
        product_tag=row.product_tag,
        udi=row.udi,
        virtual_account_id=row.virtual_account_id,
        registered_at=row.registered_at,
        last_contact=row.last_contact,
    )
