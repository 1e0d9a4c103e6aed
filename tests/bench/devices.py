"""Devices for the bench: keys and signed messages made beforehand, with true numbers, nonces and certificate requests."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime

from exchange.canonical import b64decode
from exchange.certificate_issuing import make_csr
from exchange.device.bodies import RegisterBody, RenewIdentityBody
from exchange.device.licence_bodies import AuthorizeBody
from exchange.device.messages import DeviceRequest, make_device_request
from exchange.identity import Udi
from exchange.keys import PrivateKey
from exchange.vocabulary import DeviceOp


@dataclass
class BenchDevice:
    """One device: its key, its name, how far it has counted."""

    number: int
    key: PrivateKey = field(default_factory=PrivateKey.generate)
    counter: int = 0
    instance: str | None = None

    @property
    def udi(self) -> Udi:
        """Its identity."""
        return Udi(pid="SW-48", serial=f"B{self.number:08d}")

    def message(self, op: DeviceOp, body: dict[str, object]) -> bytes:
        """The next message, signed."""
        self.counter += 1
        request = DeviceRequest(
            op=op,
            udi=self.udi,
            instance=self.instance,
            key_id=self.key.public.key_id,
            counter=self.counter,
            nonce=secrets.token_hex(16),
            sent_at=datetime.now(UTC),
            root_version=1,
            held=(0, 0),
            body=body,
        )
        return make_device_request(request, self.key)

    def register(self, token: str) -> bytes:
        """A registration."""
        csr = make_csr(self.key, self.udi.label)
        body = RegisterBody(token, self.udi, None, f"host-{self.number}", "1.0", (), csr)
        return self.message(DeviceOp.REGISTER, body.to_dict())

    def authorize(self, uses: dict[str, int]) -> bytes:
        """A renewal of the authorization with this list of use."""
        body = AuthorizeBody(tuple(uses.items()), (), f"host-{self.number}", "1.0")
        return self.message(DeviceOp.AUTHORIZE, body.to_dict())

    def renew_identity(self) -> bytes:
        """A renewal of the identity certificate."""
        body = RenewIdentityBody(make_csr(self.key, self.udi.label))
        return self.message(DeviceOp.RENEW_IDENTITY, body.to_dict())


def http(op: str, message: bytes) -> bytes:
    """A message as the HTTP request that carries it."""
    head = f"POST /device/v1/{op} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return head.encode() + f"Content-Length: {len(message)}\r\n\r\n".encode() + message


def answered(body: bytes) -> dict[str, object]:
    """The payload of a signed answer; the bench believes it unverified."""
    payload: dict[str, object] = json.loads(b64decode(json.loads(body)["envelope"]["payload"]))
    return payload
