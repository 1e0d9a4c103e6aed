"""The texts of mails (rows C11.1, C11.2); pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MAIL = "mail"
"""The kind under which mails are in the outbox."""


@dataclass(frozen=True, slots=True)
class Mail:
    """What a mail says."""

    subject: str
    text: str


def authorization_ready(satellite: str, account: str) -> Mail:
    """Row C11.1: the authorization file can be fetched."""
    return Mail(
        f"Authorization file of satellite {satellite} is ready",
        f"The satellite {satellite} of {account} may be authorized now.\n\n"
        "Fetch the authorization file at central, carry it to the satellite and import it there as the answer to the\n"
        "registration file that was sent in. A registration file that was made later needs a file of its own.\n",
    )


def file_processed(satellite: str, account: str, sequence: int) -> Mail:
    """Row C11.2: the response to a synchronization file can be fetched."""
    return Mail(
        f"Synchronization file {sequence} of satellite {satellite} was processed",
        f"Central has taken in synchronization file {sequence} of the satellite {satellite} of {account}.\n\n"
        "Fetch the response file at central and import it at the satellite. If it gets lost, the same file contains the\n"
        "same response again.\n",
    )


def feedback_mail(category: str, text: str, author: str | None) -> Mail:
    """Row C12.5: what someone thinks; without an author an anonymous one."""
    return Mail(f"Feedback: {category}", f"Category: {category}\nFrom: {author or 'anonymous'}\n\n{text}\n")


def support_mail(facts: Mapping[str, str], author: str) -> Mail:
    """Row C12.5: a support request, with all its fields."""
    lines = (
        f"Account: {facts['account']}",
        f"Reporter: {facts['reporter']}",
        f"Signed in as: {author}",
        f"Contact by: {facts['by']}",
        f"Address: {facts['address'] or '-'}",
        f"Number: {facts['number'] or '-'}",
        f"Time zone: {facts['zone'] or '-'}",
    )
    return Mail(f"Support request of {facts['account']}"[:200], "\n".join(lines) + f"\n\n{facts['description']}\n")
