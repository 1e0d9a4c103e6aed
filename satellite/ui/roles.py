"""Roles and permissions of a satellite in words."""

from __future__ import annotations

from satellite.core.access.rules import Permission, Role
from serverkit.web.forms import Choice
from serverkit.web.texts import Words, _

ROLES: dict[str, Words] = {
    Role.ADMINISTRATOR: _("Administrator"),
    Role.OPERATOR: _("Operator"),
    Role.READ_ONLY: _("Read only"),
}
ROLE_CHOICES = tuple(Choice(str(role), words) for role, words in ROLES.items())
PERMISSIONS: dict[str, Words] = {
    Permission.SITE_MANAGE: _("Set up the site, its way to central, time and settings"),
    Permission.ACCESS_MANAGE: _("Manage users, roles and access tokens"),
    Permission.SYNC_RUN: _("Synchronize, export and import files"),
    Permission.JOB_RUN: _("Run jobs by hand"),
    Permission.TOKEN_MANAGE: _("Make, show and revoke registration tokens"),
    Permission.INSTANCE_MANAGE: _("Transfer and remove product instances"),
    Permission.ALERT_MANAGE: _("Dismiss and postpone alerts"),
}
