"""Roles and permissions of central in words."""

from __future__ import annotations

from central.domain.access.rules import ROLE_SCOPES, Permission, Role, Scope
from serverkit.web.forms import Choice
from serverkit.web.texts import Words, _

ROLES: dict[str, Words] = {
    Role.VENDOR_ADMINISTRATOR: _("Vendor administrator"),
    Role.VENDOR_SUPPORT: _("Vendor support"),
    Role.ACCOUNT_ADMINISTRATOR: _("Account administrator"),
    Role.ACCOUNT_USER: _("Account user"),
    Role.VIRTUAL_ACCOUNT_ADMINISTRATOR: _("Virtual account administrator"),
    Role.VIRTUAL_ACCOUNT_USER: _("Virtual account user"),
}
PERMISSIONS: dict[str, Words] = {
    Permission.VENDOR_MANAGE: _("Settings, policies, jobs and mail of the vendor"),
    Permission.TRUST_MANAGE: _("Keys and the root of trust"),
    Permission.CATALOGUE_MANAGE: _("The catalogue"),
    Permission.ACCOUNT_CREATE: _("Create accounts"),
    Permission.USER_MANAGE: _("Manage all users, passwords and access tokens"),
    Permission.ORDER_MANAGE: _("Import orders"),
    Permission.SATELLITE_APPROVE: _("Approve satellites"),
    Permission.RESTRICTED_RELEASE: _("Release restricted licences"),
    Permission.RESERVATION_CANCEL: _("Cancel an update of a reservation"),
    Permission.RESERVATION_RELEASE: _("Release a reservation without its device"),
    Permission.ACCOUNT_VIEW: _("See the whole account"),
    Permission.ACCOUNT_USER_VIEW: _("See the users of the account"),
    Permission.ACCOUNT_USER_MANAGE: _("Manage the users of the account"),
    Permission.ACCOUNT_PROPERTY: _("Change the properties of an account"),
    Permission.AGREEMENT_ACCEPT: _("Accept the licensing agreement"),
    Permission.VIRTUAL_ACCOUNT_MANAGE: _("Create, rename and delete virtual accounts"),
    Permission.FLAG_MANAGE: _("Change the flags of the account"),
    Permission.SATELLITE_MANAGE: _("Manage satellites"),
    Permission.VIRTUAL_ACCOUNT_VIEW: _("See a virtual account"),
    Permission.VIRTUAL_ACCOUNT_EDIT: _("Description and tags of a virtual account"),
    Permission.TOKEN_MANAGE: _("Make, show and revoke registration tokens"),
    Permission.INSTANCE_MANAGE: _("Transfer and remove product instances"),
    Permission.LICENCE_MANAGE: _("Add and remove licences"),
    Permission.LICENCE_TRANSFER: _("Transfer licences"),
    Permission.LICENCE_TAG: _("Tag licences"),
    Permission.RESERVATION_MANAGE: _("Reserve licences"),
    Permission.ALERT_MANAGE: _("Dismiss and postpone alerts"),
    Permission.NOTICE_MANAGE: _("Choose what one is mailed about"),
}


def role_choices(*scopes: Scope) -> tuple[Choice, ...]:
    """The roles of these scopes to choose from."""
    return tuple(Choice(str(role), words) for role, words in ROLES.items() if ROLE_SCOPES[Role(role)] in scopes)
