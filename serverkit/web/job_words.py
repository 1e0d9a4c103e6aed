"""Runs of jobs in words."""

from __future__ import annotations

from serverkit.web.texts import Words, _

BY: dict[str, Words] = {"schedule": _("the schedule"), "person": _("a person")}
"""Who started a run."""
