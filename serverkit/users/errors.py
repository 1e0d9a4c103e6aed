"""Refusals about passwords, signing in and sessions."""

from __future__ import annotations

from serverkit.errors import AppError, InvalidInputError, NotFoundError, RefusedError, Remedy


class WeakPasswordError(InvalidInputError):
    code = "weak_password"
    message = "The password is too easy to guess."
    remedy = Remedy(
        "Use 14 to 256 characters, which do not contain the user's name and are not the default password of a product.",
        page="users.md",
    )


class SignInRefusedError(AppError):
    code = "sign_in_refused"
    message = "The name or the password is not valid."
    remedy = Remedy("Check both, or ask an administrator to set a new password.", page="users.md")
    status = 401


class CodeRefusedError(AppError):
    code = "code_refused"
    message = "The code is not valid, or was used before."
    remedy = Remedy(
        "Type the code that the authenticator shows now, or a recovery code that was not used.", page="users.md"
    )
    status = 401


class TooManyTriesError(AppError):
    code = "too_many_tries"
    message = "Too many attempts failed; further attempts are refused for a while."
    remedy = Remedy("Wait as long as the message says; an administrator can unlock a user.", page="users.md")
    status = 429


class SessionEndedError(AppError):
    code = "session_ended"
    message = "There is no session, or it has ended."
    remedy = Remedy("Sign in again.", page="users.md")
    status = 401


class StepUpNeededError(AppError):
    code = "step_up_needed"
    message = "This action needs the password again."
    remedy = Remedy("Enter the password again; it then counts for ten minutes.", page="users.md")
    status = 403


class UnknownSessionError(NotFoundError):
    code = "unknown_session"
    message = "There is no such session."
    remedy = Remedy("Load the list of sessions again; it may have ended.", page="users.md")


class TwoStepOnError(RefusedError):
    code = "two_step_on"
    message = "A second step is set up already."
    remedy = Remedy("Turn the second step off first.", page="users.md")


class TwoStepOffError(RefusedError):
    code = "two_step_off"
    message = "No second step is set up."
    remedy = Remedy("Set the second step up first.", page="users.md")


class SetupCodeRefusedError(AppError):
    code = "setup_code_refused"
    message = "The set-up code is not valid."
    remedy = Remedy(
        "Type the code from this machine's console; `satellite setup code`, or `central setup code`, makes a new one.",
        page="users.md",
    )
    status = 401


class AdministratorExistsError(RefusedError):
    code = "administrator_exists"
    message = "There is an administrator already; the set-up code is void."
    remedy = Remedy("Sign in as an administrator, who can add another one.", page="users.md")


class NobodySignedInError(NotFoundError):
    code = "nobody_signed_in"
    message = "Only a user who signed in has an account of one's own."
    remedy = Remedy("Sign in with a browser.", page="users.md")
