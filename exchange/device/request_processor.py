"""The server's side of the device protocol: the order of checks, independent of how the data is stored.

Satellite and central bring a `Backend` to their own services; this request processor makes both speak alike. Checks: 1 form, 2 the key
is known (a registration brings its own), 3 signature, 4 operation and address agree, 5 number: new, repeated or too
low, 6 the device it says it is, 7 the operation itself. Whatever is refused after 4 is refused in a signed answer.

A message passes through three steps: `open_message` does 1 to 4 and needs no transaction; `DeviceDesk.settle` does 5 to
7 inside one; `Draft.reply` signs what was settled, after its commit. What is remembered for a repetition is the payload
of the answer: signed again with the same key it gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from exchange.canonical import JsonObject, encode
from exchange.device.backend import Backend, DeviceRefusal, KnownDevice, Signer
from exchange.device.bodies import (
    AuthorizeBody,
    DeregisterBody,
    RegisterBody,
    RenewIdentityBody,
    StatementBody,
    TransferActiveBody,
)
from exchange.device.messages import (
    DeviceAnswer,
    DeviceRequest,
    open_device_request,
    peek_device,
    seal_device_answer,
)
from exchange.device.rules import DEVICE_PROBLEMS, CounterVerdict, Problem, judge_counter
from exchange.errors import ExchangeError, UnknownIssuerError, WrongKindError
from exchange.keys import PublicKey
from exchange.statements import open_export_request, open_export_return
from exchange.vocabulary import DeviceOp, Outcome


@dataclass(frozen=True, slots=True)
class Reply:
    """What the edge sends: an answer, or a problem with a signed refusal if there is one."""

    status: int
    answer: bytes | None
    code: str | None = None
    message: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """A message with a valid signature and the address that received it; `brought` says whether the key came with it."""

    request: DeviceRequest
    digest: str
    key: PublicKey
    brought: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """An unsigned answer; without a payload it is a plain problem."""

    status: int
    payload: bytes | None = None
    signer: Signer | None = None
    root_version: int = 0
    code: str | None = None
    message: str = ""
    remedy: str = ""

    def reply(self) -> Reply:
        """Sign it; beside the payload go newer roots and the certificates that vouch for the signer."""
        answer: bytes | None = None
        if self.payload is not None and self.signer is not None:
            roots = self.signer.trust.newer_than(self.root_version)
            answer = seal_device_answer(self.payload, self.signer.key, roots, self.signer.certificates)
        return Reply(self.status, answer, self.code, self.message, self.remedy)


def open_message(op: str, data: bytes, find_key: Callable[[str], PublicKey | None]) -> Opened:
    """Verify a message that came to the address of an operation; ExchangeError says why it is not one."""
    peeked = peek_device(data)
    key = peeked.key or find_key(peeked.key_id)
    if key is None or key.key_id != peeked.key_id:
        raise UnknownIssuerError("the key of this message is not known here")
    request, digest = open_device_request(peeked, key)
    if request.op.value != op:
        raise WrongKindError("the message is for another operation than its address")
    return Opened(request, digest, key, brought=peeked.key is not None)


class RequestProcessor:
    """Settles one message after the other, inside one unit of work."""

    def __init__(self, backend: Backend, signer: Signer) -> None:
        """`backend` lives in the unit of work of these messages."""
        self._backend = backend
        self._signer = signer

    def settle(self, opened: Opened) -> Draft:
        """Do what a verified message asks for, once."""
        request, digest, key = opened.request, opened.digest, opened.key
        known = self._backend.find(key.key_id, digest)
        if known is None and not opened.brought:
            return plain_problem("unknown_issuer", "the key of this message is not known here")
        if known is not None:
            verdict = judge_counter(known.last_counter, known.last_digest, request.counter, digest)
            if verdict is CounterVerdict.REPEAT and known.last_answer is not None:
                return Draft(200, known.last_answer, self._signer, request.root_version)
            if verdict is not CounterVerdict.NEW:
                extra: JsonObject = {"highest_counter": known.last_counter}
                return self._refuse(request, digest, DeviceRefusal("counter_too_low"), known.instance, extra)
            if request.resumed is not None and not known.superseded:
                # Only the device itself can say so: a message said again by a third party never gets here.
                self._backend.note_restored(known, request.resumed)
        instance = known.instance if known else None
        try:
            quick = self._fast_path(request, key, known)
            if quick is not None:
                return self._done(opened, *quick)
            with self._backend.savepoint():
                if known is not None and known.superseded:
                    known = self._backend.revive(known)
                    instance = known.instance
                self._check_identity(request, known)
                instance, result = self._do(request, key, known)
                return self._done(opened, instance, result)
        except DeviceRefusal as refusal:
            return self._refuse(request, digest, refusal, instance, {})
        except ExchangeError as error:
            return self._refuse(request, digest, DeviceRefusal(error.code, message=error.message), instance, {})

    def _done(self, opened: Opened, instance: str | None, result: JsonObject) -> Draft:
        request = opened.request
        payload = self._answer(request, opened.digest, instance, Outcome.DONE, None, "", "", result)
        self._backend.remember(opened.key.key_id, request.counter, opened.digest, payload)
        return Draft(200, payload, self._signer, request.root_version)

    def _check_identity(self, request: DeviceRequest, known: KnownDevice | None) -> None:
        if known is not None and request.udi.key not in {udi.key for udi in known.udis}:
            raise DeviceRefusal("identity_mismatch")

    def _fast_path(
        self, request: DeviceRequest, key: PublicKey, known: KnownDevice | None
    ) -> tuple[str, JsonObject] | None:
        """What most messages ask for, without a savepoint: nothing is written before the answer is made."""
        if request.op is DeviceOp.REGISTER and known is None:
            return self._backend.register_new(_own(request), key)
        if request.op is not DeviceOp.AUTHORIZE or known is None or known.superseded:
            return None
        self._check_identity(request, known)
        result = self._backend.renew(known, _checked(AuthorizeBody.from_dict(request.body)))
        return None if result is None else (known.instance, result)

    def _do(self, request: DeviceRequest, key: PublicKey, known: KnownDevice | None) -> tuple[str, JsonObject]:
        if request.op is DeviceOp.REGISTER:
            return self._backend.register(_own(request), key)
        if known is None:
            raise DeviceRefusal("not_registered")
        return known.instance, self._operations()[request.op](known, request.body)

    def _operations(self) -> Mapping[DeviceOp, Callable[[KnownDevice, JsonObject], JsonObject]]:
        backend = self._backend
        return {
            DeviceOp.AUTHORIZE: lambda known, body: backend.authorize(known, _checked(AuthorizeBody.from_dict(body))),
            DeviceOp.RENEW_IDENTITY: lambda known, body: backend.renew_identity(
                known, RenewIdentityBody.from_dict(body)
            ),
            DeviceOp.TRANSFER_ACTIVE: lambda known, body: backend.transfer_active(
                known, TransferActiveBody.from_dict(body)
            ),
            DeviceOp.DEREGISTER: self._deregister,
            DeviceOp.EXPORT_REQUEST: self._export_request,
            DeviceOp.EXPORT_RETURN: self._export_return,
        }

    def _deregister(self, known: KnownDevice, body: JsonObject) -> JsonObject:
        envelopes = DeregisterBody.from_dict(body).returns
        returns = tuple((open_export_return(envelope, known.key), envelope) for envelope in envelopes)
        return self._backend.deregister(known, returns)

    def _export_request(self, known: KnownDevice, body: JsonObject) -> JsonObject:
        envelope = StatementBody.from_dict(body).statement
        statement = open_export_request(envelope, known.key)
        if statement.udi.key not in {udi.key for udi in known.udis}:
            raise DeviceRefusal("identity_mismatch")
        if statement.quantity > 1_000_000:
            raise DeviceRefusal("invalid_quantity")
        return self._backend.export_request(known, statement, envelope)

    def _export_return(self, known: KnownDevice, body: JsonObject) -> JsonObject:
        envelope = StatementBody.from_dict(body).statement
        return self._backend.export_return(known, open_export_return(envelope, known.key), envelope)

    def _refuse(
        self, request: DeviceRequest, digest: str, refusal: DeviceRefusal, instance: str | None, result: JsonObject
    ) -> Draft:
        problem = problem_of(refusal.code)
        message = refusal.message or problem.message
        payload = self._answer(
            request, digest, instance, Outcome.REFUSED, refusal.code, message, problem.remedy, result
        )
        self._backend.note_refusal(request.op.value, refusal.code, refusal.cause, request.udi)
        return Draft(problem.status, payload, self._signer, request.root_version, refusal.code, message, problem.remedy)

    def _answer(
        self,
        request: DeviceRequest,
        digest: str,
        instance: str | None,
        outcome: Outcome,
        code: str | None,
        message: str,
        remedy: str,
        result: JsonObject,
    ) -> bytes:
        signer = self._signer
        epoch, rseq = self._backend.held
        answer = DeviceAnswer(
            op=request.op,
            request_digest=digest,
            nonce=request.nonce,
            counter=request.counter,
            instance=instance,
            vendor_id=signer.vendor_id,
            satellite=signer.satellite,
            created=self._backend.now,
            epoch=epoch,
            rseq=rseq,
            outcome=outcome,
            code=code,
            message=message,
            remedy=remedy,
            result=result,
        )
        return encode(answer.to_dict())


def _own(request: DeviceRequest) -> RegisterBody:
    body = RegisterBody.from_dict(request.body)
    if body.udi.key != request.udi.key:
        raise DeviceRefusal("identity_mismatch")
    return body


def _checked(body: AuthorizeBody) -> AuthorizeBody:
    tags = [tag for tag, _ in body.entitlements]
    if len(set(tags)) != len(tags):
        raise DeviceRefusal("duplicate_entitlement")
    if any(count < 1 for _, count in body.entitlements):
        raise DeviceRefusal("invalid_quantity")
    return body


def problem_of(code: str) -> Problem:
    """Status, sentence and remedy of a code."""
    return DEVICE_PROBLEMS.get(code) or DEVICE_PROBLEMS["malformed"]


def plain_problem(code: str, message: str = "") -> Draft:
    """An unsigned refusal, since the sender is not known."""
    problem = problem_of(code)
    return Draft(problem.status, code=code, message=message or problem.message, remedy=problem.remedy)
