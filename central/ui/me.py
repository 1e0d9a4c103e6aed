"""Oneself: password, second step, sessions (row C1.5)."""

from __future__ import annotations

from central.actions.sign_in import own_of
from serverkit.web.own_account import OwnPages

URLS = tuple(OwnPages(own_of).urls("C1.5"))
