"""The server's side of the device protocol: the order of checks, independent of how the data is stored.

Satellite and central bring a `Backend` to their own services; this request processor makes both speak alike. Checks: 1 form, 2 the key
is known (a registration brings its own), 3 signature, 4 operation and address agree, 5 number: new, repeated or too
low, 6 the device it says it is, 7 the operation itself. Whatever is refused after 4 is refused in a signed answer.

`DeviceMessage.verify` does 1 to 4 and needs no transaction; `RequestProcessor.settle` does 5 to 7 inside one;
`DeviceMessage.sign` signs the answer after the commit. What is remembered for a repetition is the payload of the answer:
signed again with the same key it gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from exchange.canonical import JsonObject, encode
from exchange.canonical import digest as digest_of
from exchange.device.backend import Backend, DeviceRefusal, KnownDevice, Signer
from exchange.device.bodies import DeregisterBody, RegisterBody, RenewIdentityBody, TransferActiveBody
from exchange.device.detaching import ANSWERED_DETACHED, CHANGES_OF_MODE, NOT_DETACHED, DetachBody, ReattachBody
from exchange.device.licence_bodies import AuthorizeBody, StatementBody
from exchange.device.message_handling import DeviceMessage
from exchange.device.messages import DeviceAnswer, DeviceRequest
from exchange.device.problems import problem_of
from exchange.device.rules import CounterVerdict, judge_counter
from exchange.errors import ExchangeError
from exchange.keys import PublicKey
from exchange.statements import (
    open_conversion_request,
    open_export_request,
    open_export_return,
    open_usage_report,
)
from exchange.vocabulary import DeviceOp, Outcome


class RequestProcessor:
    """Settles one message after the other, inside one unit of work."""

    def __init__(self, backend: Backend, signer: Signer) -> None:
        """`backend` lives in the unit of work of these messages; `signer` answers them."""
        self._backend = backend
        self._signer = signer
        self.finish = backend.write
        """Writes what was held back, at the end of the group."""

    def settle(self, message: DeviceMessage) -> None:
        """Do what a verified message asks for, once."""
        request, digest, key = message.request, message.digest, message.key
        known = self._backend.find(key.key_id, digest)
        if known is None and not message.brought:
            message.refuse("unknown_issuer", "the key of this message is not known here")
            return
        if known is not None:
            verdict = judge_counter(known.last_counter, known.last_digest, request.counter, digest)
            if verdict is CounterVerdict.REPEAT and known.last_answer is not None:
                message.settle(known.last_answer, self._signer)
                return
            if verdict is not CounterVerdict.NEW:
                extra: JsonObject = {"highest_counter": known.last_counter}
                self._refuse(message, DeviceRefusal("counter_too_low"), known.instance, extra)
                return
            if request.resumed is not None and not known.superseded:
                # Only the device itself can say so: a message said again by a third party never gets here.
                self._backend.note_restored(known, request.resumed)
        instance, before = known.instance if known else None, known
        try:
            fast = self._fast_path(request, key, known)
            if fast is not None:
                self._done(message, *fast)
                return
            with self._backend.savepoint():
                if known is not None and known.superseded:
                    known = self._backend.revive(known)
                    instance = known.instance
                self._check_identity(request, known)
                self._done(message, *self._do(request, key, known))
        except DeviceRefusal as refusal:
            self._refuse(message, refusal, instance, refusal.result, before)
        except ExchangeError as error:
            self._refuse(message, DeviceRefusal(error.code, message=error.message), instance, {}, before)

    def _done(self, message: DeviceMessage, instance: str, result: JsonObject) -> None:
        payload = self._answer(message, instance, Outcome.DONE, None, result)
        self._backend.remember(message.key.key_id, message.request.counter, message.digest, payload)
        message.settle(payload, self._signer)

    def _check_identity(self, request: DeviceRequest, known: KnownDevice | None) -> None:
        if known is not None and request.udi.key not in {udi.key for udi in known.udis}:
            raise DeviceRefusal("identity_mismatch")

    def _fast_path(
        self, request: DeviceRequest, key: PublicKey, known: KnownDevice | None
    ) -> tuple[str, JsonObject] | None:
        """What most messages ask for, without a savepoint: nothing is written before the answer is made."""
        if request.op is DeviceOp.REGISTER and known is None:
            return self._backend.register_new(_own(request), key)
        if request.op is not DeviceOp.AUTHORIZE or known is None or known.superseded or known.detached:
            return None
        self._check_identity(request, known)
        result = self._backend.renew(known, _checked(AuthorizeBody.from_dict(request.body)))
        return None if result is None else (known.instance, result)

    def _do(self, request: DeviceRequest, key: PublicKey, known: KnownDevice | None) -> tuple[str, JsonObject]:
        if known is not None and known.detached and request.op not in ANSWERED_DETACHED:
            raise DeviceRefusal("detached")  # only the machine that knows the term ends it
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
            DeviceOp.USAGE_REPORT: self._usage_report,
            DeviceOp.CONVERT: self._convert,
            DeviceOp.DETACH: self._detach,
            DeviceOp.REATTACH: self._reattach,
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

    def _usage_report(self, known: KnownDevice, body: JsonObject) -> JsonObject:
        envelope = StatementBody.from_dict(body).statement
        report = open_usage_report(envelope, known.key)
        if report.udi.key not in {udi.key for udi in known.udis}:
            raise DeviceRefusal("identity_mismatch")
        return self._backend.usage_report(known, report, digest_of(encode(report.to_dict())))

    def _convert(self, known: KnownDevice, body: JsonObject) -> JsonObject:
        envelope = StatementBody.from_dict(body).statement
        request = open_conversion_request(envelope, known.key)
        if request.udi.key != known.unit().key or request.instance != known.instance:
            raise DeviceRefusal("identity_mismatch")  # a unit speaks only of what it holds itself
        return self._backend.convert(known, request, envelope)

    def _detach(self, known: KnownDevice, body: JsonObject) -> JsonObject:
        wanted = DetachBody.from_dict(body)
        return self._backend.detach(known, DetachBody(wanted.days, _checked(wanted.use)))

    def _reattach(self, known: KnownDevice, body: JsonObject) -> JsonObject:
        wanted = ReattachBody.from_dict(body)
        if not known.is_active:
            raise DeviceRefusal("not_active_unit")
        return self._backend.reattach(known, ReattachBody(wanted.term, _checked(wanted.use)))

    def _refuse(
        self,
        message: DeviceMessage,
        refusal: DeviceRefusal,
        instance: str | None,
        result: JsonObject,
        known: KnownDevice | None = None,
    ) -> None:
        payload = self._answer(message, instance, Outcome.REFUSED, refusal, result)
        request = message.request
        # A device that comes back after its term asks in the same breath to be authorized as any other: nothing failed.
        noted = (request.op, refusal.code) != (DeviceOp.REATTACH, NOT_DETACHED)
        if noted:
            self._backend.note_refusal(request.op.value, refusal.code, refusal.cause, request.udi)
        if known is not None and noted and request.op in CHANGES_OF_MODE:
            why = refusal.message or problem_of(refusal.code).message
            self._backend.note_failure(known, request.op, refusal.code, why)
        message.refuse(refusal.code, refusal.message or "", signed=(payload, self._signer))

    def _answer(
        self,
        message: DeviceMessage,
        instance: str | None,
        outcome: Outcome,
        refusal: DeviceRefusal | None,
        result: JsonObject,
    ) -> bytes:
        request, signer = message.request, self._signer
        problem = problem_of(refusal.code) if refusal else None
        epoch, rseq = self._backend.held
        answer = DeviceAnswer(
            op=request.op,
            request_digest=message.digest,
            nonce=request.nonce,
            counter=request.counter,
            instance=instance,
            vendor_id=signer.vendor_id,
            satellite=signer.satellite,
            created=self._backend.now,
            epoch=epoch,
            rseq=rseq,
            outcome=outcome,
            code=refusal.code if refusal else None,
            message=(refusal.message or problem.message) if refusal and problem else "",
            remedy=problem.remedy if problem else "",
            result=result,
        )
        return encode(answer.to_dict())


class RefuseAll:
    """Refuses each message of a group with the same code, unsigned: the server cannot answer devices yet."""

    def __init__(self, code: str) -> None:
        """`code` is one of DEVICE_PROBLEMS."""
        self._code = code

    def settle(self, message: DeviceMessage) -> None:
        """Refuse one message."""
        message.refuse(self._code)

    def finish(self) -> None:
        """Nothing was held back."""


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
