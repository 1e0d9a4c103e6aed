"""How a server handles messages: verification and signing happen outside the transaction."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock

from exchange.device.backend import Signer
from exchange.device.messages import DeviceRequest, open_device_request, peek_device, seal_device_answer
from exchange.device.problems import problem_of
from exchange.errors import ExchangeError, UnknownIssuerError, WrongKindError
from exchange.keys import PublicKey

KEYS = 20_000


@dataclass(slots=True, eq=False, repr=False)
class DeviceMessage:
    """One message of a device from the socket to the services and back; each step fills in what it knows.

    Received: `op` names the operation of its address, `data` holds its bytes. Verified: `request`, the `digest` of its
    payload, the `key` that signed it, and whether it `brought` that key along. Settled: `status` and the `payload` of the
    answer with its `signer`; a refusal also has `code`, `message` and `remedy`, and one without a payload is not signed.
    Answered: `answer` holds the signed bytes. `error` says why nothing of the message was kept, or why it has no answer.

    It has no repr: a registration holds its token.
    """

    op: str
    data: bytes
    request: DeviceRequest = field(init=False)
    digest: str = field(init=False)
    key: PublicKey = field(init=False)
    brought: bool = field(init=False)
    status: int = 500
    payload: bytes | None = None
    signer: Signer | None = None
    code: str | None = None
    message: str = ""
    remedy: str = ""
    answer: bytes | None = None
    error: BaseException | None = None

    def verify(self, find_key: Callable[[str], PublicKey | None]) -> bool:
        """Whether it is a message for the address that received it; otherwise it is refused, or has its error."""
        try:
            peeked = peek_device(self.data)
            key = peeked.key or find_key(peeked.key_id)
            if key is None or key.key_id != peeked.key_id:
                raise UnknownIssuerError("the key of this message is not known here")
            self.request, self.digest = open_device_request(peeked, key)
            if self.request.op.value != self.op:
                raise WrongKindError("the message is for another operation than its address")
            self.key, self.brought = key, peeked.key is not None
        except ExchangeError as error:
            self.refuse(error.code, error.message)
            return False
        except Exception as error:  # noqa: BLE001 - it is this message's own; the others go on
            self.error = error
            return False
        return True

    def settle(self, payload: bytes, signer: Signer) -> None:
        """It is done, and answered with this payload."""
        self.status, self.payload, self.signer = 200, payload, signer
        self.code, self.message, self.remedy = None, "", ""

    def refuse(self, code: str, message: str = "", *, signed: tuple[bytes, Signer] | None = None) -> None:
        """It is refused; without a signed answer where no one is known to have asked."""
        problem = problem_of(code)
        self.status, self.code, self.remedy = problem.status, code, problem.remedy
        self.message = message or problem.message
        self.payload, self.signer = signed or (None, None)

    def sign(self) -> None:
        """Sign the answer; beside it go newer roots and the certificates that vouch for the signer."""
        if self.payload is None or self.signer is None:
            return
        try:
            roots = self.signer.trust.newer_than(self.request.root_version)
            self.answer = seal_device_answer(self.payload, self.signer.key, roots, self.signer.certificates)
        except Exception as error:  # noqa: BLE001 - it is committed, and only cannot be said
            self.error = error


class KnownKeys:
    """A cache of keys by id; an id is a hash of its key and never refers to another one.

    Whether the key still belongs to a device is not asked here, but inside the transaction.
    """

    def __init__(self, look_up: Callable[[str], PublicKey | None], most: int = KEYS) -> None:
        """`look_up` finds a key that is not held yet."""
        self._look_up = look_up
        self._most = most
        self._held: OrderedDict[str, PublicKey] = OrderedDict()
        self._lock = Lock()

    def find(self, key_id: str) -> PublicKey | None:
        """The key of an id, or None where no device has it."""
        with self._lock:
            found = self._held.get(key_id)
            if found is not None:
                self._held.move_to_end(key_id)
                return found
        found = self._look_up(key_id)
        if found is not None:
            with self._lock:
                self._held[key_id] = found
                while len(self._held) > self._most:
                    self._held.popitem(last=False)
        return found


def handle_all(
    find_key: Callable[[str], PublicKey | None],
    settle: Callable[[Sequence[DeviceMessage]], None],
    messages: Sequence[DeviceMessage],
) -> None:
    """Verify messages, settle those that hold, and sign the answers; `settle` returns when all is committed.

    What goes wrong with one message is noted on it, and the others go on.
    """
    verified = [message for message in messages if message.verify(find_key)]
    if verified:
        settle(verified)
    for message in verified:
        if message.error is None:
            message.sign()
