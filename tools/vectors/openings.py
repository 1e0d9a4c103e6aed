"""How the programs of this project open each kind of golden file, and its contents as plain JSON."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from exchange import certificates, statements
from exchange.canonical import JsonObject, decode, iso, parse_time
from exchange.codes.authorization import open_authorization_code
from exchange.codes.confirming import confirms, read_confirmation_code
from exchange.codes.request import read_request_code
from exchange.codes.returning import belongs_to, read_return_code
from exchange.container_parts import Header
from exchange.conversion import ConversionAnswer
from exchange.device import bodies, detaching, licence_bodies
from exchange.device.messages import open_device_request, peek_device, read_device_answer
from exchange.errors import ExchangeError, UnknownIssuerError, WrongKindError
from exchange.files.authorization import read_authorization
from exchange.files.registration import read_registration
from exchange.files.sync_request import read_sync_request
from exchange.files.sync_response import read_sync_response
from exchange.keys import PublicKey
from exchange.trust import Trust, load_root
from exchange.usage import UsageResult
from exchange.vocabulary import DeviceOp, FileKind, Outcome
from tools.vectors import tables

BODIES: Mapping[DeviceOp, Callable[[object], Any]] = {
    DeviceOp.REGISTER: bodies.RegisterBody.from_dict,
    DeviceOp.AUTHORIZE: licence_bodies.AuthorizeBody.from_dict,
    DeviceOp.RENEW_IDENTITY: bodies.RenewIdentityBody.from_dict,
    DeviceOp.TRANSFER_ACTIVE: bodies.TransferActiveBody.from_dict,
    DeviceOp.DEREGISTER: bodies.DeregisterBody.from_dict,
    DeviceOp.EXPORT_REQUEST: licence_bodies.StatementBody.from_dict,
    DeviceOp.EXPORT_RETURN: licence_bodies.StatementBody.from_dict,
    DeviceOp.USAGE_REPORT: licence_bodies.StatementBody.from_dict,
    DeviceOp.CONVERT: licence_bodies.StatementBody.from_dict,
    DeviceOp.DETACH: detaching.DetachBody.from_dict,
    DeviceOp.REATTACH: detaching.ReattachBody.from_dict,
}
RESULTS: Mapping[DeviceOp, Callable[[object], Any]] = {
    DeviceOp.REGISTER: bodies.RegisterResult.from_dict,
    DeviceOp.AUTHORIZE: licence_bodies.AuthorizeResult.from_dict,
    DeviceOp.RENEW_IDENTITY: bodies.CertificateResult.from_dict,
    DeviceOp.EXPORT_REQUEST: licence_bodies.ExportAnswer.from_dict,
    DeviceOp.EXPORT_RETURN: licence_bodies.ExportReturnResult.from_dict,
    DeviceOp.USAGE_REPORT: UsageResult.from_dict,
    DeviceOp.CONVERT: ConversionAnswer.from_dict,
    DeviceOp.DETACH: detaching.DetachResult.from_dict,
    DeviceOp.REATTACH: detaching.ReattachResult.from_dict,
}


class Opener:
    """Opens golden files under a folder; contexts name root files relative to it."""

    def __init__(self, roots: Callable[[str], bytes]) -> None:
        """`roots` brings the bytes of a root file that a context names."""
        self._roots = roots

    @classmethod
    def over(cls, folder: Path) -> Opener:
        """Roots are read from the folder of the golden files."""
        return cls(lambda name: (folder / name).read_bytes())

    def open(self, kind: str, data: bytes, context: JsonObject) -> JsonObject:
        """The contents, or the refusal that the reader raises."""
        opening: Callable[[bytes, JsonObject], JsonObject] = getattr(self, "_" + kind.replace("-", "_"))
        return opening(data, context)

    def answer(self, kind: str, data: bytes, context: JsonObject) -> tuple[str, JsonObject | None]:
        """`ok` with the contents, or the code of the refusal."""
        try:
            return "ok", self.open(kind, data, context)
        except ExchangeError as error:
            return error.code, None

    def _trust(self, context: JsonObject) -> Trust:
        return load_root(self._roots(context["root"]))

    def _root(self, data: bytes, _context: JsonObject) -> JsonObject:
        return load_root(data).root.to_dict()

    def _root_step(self, data: bytes, context: JsonObject) -> JsonObject:
        trust = self._trust(context).advance(data.removesuffix(b"\n").split(b"\n"))
        return {"version": trust.root.version, "steps": len(trust.chain) - 1}

    def _registration(self, data: bytes, context: JsonObject) -> JsonObject:
        found, digest = read_registration(data, trust=self._trust(context))
        header = Header(FileKind.REGISTRATION, found.satellite, 0, 0, found.created)
        return {"header": _header(header), "digest": digest, "manifest": found.to_dict(), "rows": []}

    def _authorization(self, data: bytes, context: JsonObject) -> JsonObject:
        found = read_authorization(
            data,
            trust=self._trust(context),
            satellite=context["satellite"],
            pending=context["pending"],
            lab=context["lab"],
            now=parse_time(context["now"]),
        )
        return _file(found, found.authorization, found.trust)

    def _sync_request(self, data: bytes, context: JsonObject) -> JsonObject:
        keys = [PublicKey.from_dict(key) for key in context["keys"]]
        found = read_sync_request(
            data,
            keys={key.key_id: key for key in keys},
            vendor_id=context["vendor_id"],
            satellite=context["satellite"],
            now=parse_time(context["now"]),
        )
        return _file(found, found.request, None)

    def _sync_response(self, data: bytes, context: JsonObject) -> JsonObject:
        found = read_sync_response(
            data,
            trust=self._trust(context),
            satellite=context["satellite"],
            lab=context["lab"],
            now=parse_time(context["now"]),
        )
        return _file(found, found.response, found.trust)

    def _device_request(self, data: bytes, context: JsonObject) -> JsonObject:
        # The first steps of the request processor: a key that is known, or the one that a registration brings.
        peeked = peek_device(data)
        known = [PublicKey.from_dict(key) for key in context["keys"]]
        key = {key.key_id: key for key in known}.get(peeked.key_id) or peeked.key
        if key is None or key.key_id != peeked.key_id:
            raise UnknownIssuerError
        request, digest = open_device_request(peeked, key)
        if request.op.value != context["op"]:
            raise WrongKindError
        body = BODIES[request.op](request.body).to_dict()
        return {"digest": digest, "message": {**request.to_dict(), "body": body}}

    def _device_answer(self, data: bytes, context: JsonObject) -> JsonObject:
        answer, trust = read_device_answer(
            data,
            trust=self._trust(context),
            expected=(context["request_digest"], context["nonce"]),
            now=parse_time(context["now"]),
        )
        result = answer.result
        if answer.outcome is Outcome.DONE and answer.op in RESULTS:
            result = RESULTS[answer.op](result).to_dict()
        return {"answer": {**answer.to_dict(), "result": result}, "trusted_root": trust.root.version}

    def _allotment(self, data: bytes, context: JsonObject) -> JsonObject:
        return statements.open_allotment(_json(data), self._trust(context)).to_dict()

    def _grant(self, data: bytes, context: JsonObject) -> JsonObject:
        return statements.open_grant(_json(data), self._trust(context)).to_dict()

    def _grant_release(self, data: bytes, context: JsonObject) -> JsonObject:
        return statements.open_grant_release(_json(data), self._trust(context)).to_dict()

    def _central_head(self, data: bytes, context: JsonObject) -> JsonObject:
        return statements.open_central_head(_json(data), self._trust(context)).to_dict()

    def _export_request(self, data: bytes, context: JsonObject) -> JsonObject:
        return statements.open_export_request(_json(data), PublicKey.from_dict(context["key"])).to_dict()

    def _conversion_request(self, data: bytes, context: JsonObject) -> JsonObject:
        return statements.open_conversion_request(_json(data), PublicKey.from_dict(context["key"])).to_dict()

    def _export_return(self, data: bytes, context: JsonObject) -> JsonObject:
        return statements.open_export_return(_json(data), PublicKey.from_dict(context["key"])).to_dict()

    def _usage_report(self, data: bytes, context: JsonObject) -> JsonObject:
        return statements.open_usage_report(_json(data), PublicKey.from_dict(context["key"])).to_dict()

    def _certificate_request(self, data: bytes, _context: JsonObject) -> JsonObject:
        return certificates.read_csr(data).to_dict()

    def _device_certificate(self, data: bytes, context: JsonObject) -> JsonObject:
        ca = base64.b64decode(context["device_ca"])
        instance, key, issue = certificates.verify_device_certificate(data, ca)
        certificates.check_times(data, parse_time(context["now"]))
        return {"instance": instance, "key": key.to_dict(), "issue": list(issue)}

    def _authorization_code(self, data: bytes, context: JsonObject) -> JsonObject:
        return open_authorization_code(data.decode(), self._trust(context)).to_dict()

    def _request_code(self, data: bytes, _context: JsonObject) -> JsonObject:
        found = read_request_code(data.decode())
        return {"pid": found.pid, "serial": found.serial, "own": found.own}

    def _confirmation_code(self, data: bytes, context: JsonObject) -> JsonObject:
        found = read_confirmation_code(data.decode())
        return {"confirms": confirms(found, read_request_code(context["request"]), context["number"])}

    def _return_code(self, data: bytes, context: JsonObject) -> JsonObject:
        return {"belongs": belongs_to(read_return_code(data.decode()), read_request_code(context["request"]))}

    def _tables(self, data: bytes, _context: JsonObject) -> JsonObject:
        return tables.answer(decode(data, max_bytes=1024 * 1024))


def _json(data: bytes) -> object:
    return decode(data.removesuffix(b"\n"), max_bytes=64 * 1024)


def _header(header: Header) -> JsonObject:
    return {
        "kind": header.kind.value,
        "satellite": header.satellite,
        "epoch": header.epoch,
        "number": header.number,
        "created": iso(header.created),
    }


def _rows(found: Iterator[Any]) -> list[JsonObject]:
    return [row.to_dict() for row in found]


def _file(found: Any, manifest: Any, trust: Trust | None) -> JsonObject:
    contents = {
        "header": _header(found.opened.header),
        "digest": found.digest,
        "manifest": manifest.to_dict(),
        "rows": _rows(found.rows()),
    }
    return contents if trust is None else {**contents, "trusted_root": trust.root.version}
