"""A mailbox behind a real mail server, for tests."""

from __future__ import annotations

import socket
from email.message import EmailMessage

from aiosmtpd.handlers import Message


class Box(Message):
    """Keeps what arrives; refuses recipients at `refused.example`."""

    def __init__(self) -> None:
        super().__init__(EmailMessage)
        self.mails: list[EmailMessage] = []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - the library's name
        if address.endswith("@refused.example"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    def handle_message(self, message: EmailMessage) -> None:
        self.mails.append(message)


def free_port() -> int:
    """A port of the loopback that no one listens at."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
