"""Refusals of signing in by a provider; none repeats what the provider or the browser said, other than known words."""

from __future__ import annotations

from serverkit.errors import AppError, Remedy

PAGE = "central-portal.md#sign-in-by-a-provider"


class ProviderUnreachableError(AppError):
    code = "provider_unreachable"
    message = "The sign-in provider cannot be used now."
    remedy = Remedy("Sign in with a name and a password of this server, or try again later.", page=PAGE)
    status = 502


class ProviderRefusedError(AppError):
    code = "provider_refused"
    message = "The sign-in provider did not let you in."
    remedy = Remedy("Try again, or ask those who run the provider.", page=PAGE)
    status = 401


class ProviderAnswerError(AppError):
    code = "provider_answer_refused"
    message = "What the sign-in provider answered is not valid for this server."
    remedy = Remedy("Try again. If it stays so, an administrator reads the cause in the log.", page=PAGE)
    status = 401


class SignInStateError(AppError):
    code = "sign_in_state_refused"
    message = "This sign-in was not begun in this browser, took too long, or was used already."
    remedy = Remedy("Begin again at the sign-in page.", page=PAGE)
    status = 401
