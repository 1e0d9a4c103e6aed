"""The second reader: members of manifests, rows, statements and messages, after the tables of `docs/format`."""

from __future__ import annotations

import re
from typing import Any

from tests.format.reader_values import (
    KIB,
    LARGEST,
    Form,
    data,
    demand,
    digest,
    flag,
    ident,
    integer,
    key,
    key_hash,
    many,
    obj,
    of,
    optional,
    read,
    small,
    text,
    time,
    udi,
    version_1,
    word,
)

_CERTIFICATE = data(16 * KIB)
_TAG = text(empty=False)
_SHORT_TAG = text(255, empty=False)
_EXPORT_STATE = word("none", "pending", "granted", "failed", "returned")
_POSITION = {"epoch": integer(), "rseq": integer(), "digest": digest}

# files.md; the members that all manifests share are read by the container.
MANIFESTS: dict[str, Form] = {
    "registration": {
        "name": text(255, empty=False),
        "vendor_id": ident,
        "root_version": integer(1),
        "software_version": text(255),
        "host": text(255),
        "key": key,
        "device_ca_key": key,
        "nonce": ident,
        "lab": flag,
    },
    "authorization": {
        "vendor_id": ident,
        "satellite_name": text(),
        "account_id": ident,
        "account_domain": text(),
        "account_name": text(),
        "export_allowed": flag,
        "epoch": integer(1),
        "epoch_id": ident,
        "registration_digest": digest,
        "registration_nonce": ident,
        "identity_certificate": _CERTIFICATE,
        "device_ca_certificate": _CERTIFICATE,
        "root_version": integer(1),
        "head": obj,
    },
    "sync-request": {
        "vendor_id": ident,
        "epoch": integer(1),
        "epoch_id": ident,
        "number": integer(1),
        "full": flag,
        "chain": many(of({"epoch": integer(), "seq": integer(), "digest": digest}), 50_000, 1),
        "applied": of(_POSITION),
        "head": optional(obj),
        "root_version": integer(1),
        "software_version": text(255),
        "next_key": optional(key),
        "next_device_ca_key": optional(key),
    },
    "sync-response": {
        "vendor_id": ident,
        "epoch": integer(1),
        "epoch_id": ident,
        "number": integer(1),
        "answers_seq": integer(1),
        "answers_digest": digest,
        "base": of(_POSITION),
        "full": flag,
        "head": obj,
        "root_version": integer(1),
    },
}


def _instance(value: object) -> dict[str, object]:
    found = read(value, _INSTANCE)
    follows = key_hash(found["device_key"]) if found["device_key"] else None
    demand(found["key_hash"] or follows)
    demand(follows in (None, found["key_hash"] or follows))
    demand(len(found["standby_keys"] or found["standbys"]) == len(found["standbys"]))
    if not found["standby_keys"]:
        del found["standby_keys"]
    demand((found["detached_until"] is None) == (found["detached_term"] is None))
    if found["detached_until"] is None:
        del found["detached_until"], found["detached_term"]
    return {**found, "key_hash": found["key_hash"] or follows}


_INSTANCE: Form = {
    "id": ident,
    "hostname": optional(text()),
    "udi": udi,
    "product_tag": optional(text()),
    "software_version": optional(text()),
    "ip_address": optional(text()),
    "notes": optional(text()),
    "virtual_account": ident,
    "registered_at": time,
    "last_contact": time,
    "certificate_expires": time,
    "state": word("active", "failed_to_connect", "failed_to_renew", "released", "removed"),
    "export_allowed": flag,
    "key_hash": optional(digest),
    "device_key": optional(key),
    "token": optional(ident),
    "standbys": many(udi, 64),
    "standby_keys": optional(many(optional(key), 64)),
    "marks": many(text(), 64),
    "removed": flag,
    "detached_until": optional(time),
    "detached_term": optional(ident),
}
_SAID = {
    "agreement": of({"version": integer(1), "since": time}),
    "naming": of({"satellite": text(), "account": text(), "account_number": integer(), "export_allowed": flag}),
}


def _policy(value: Any) -> dict[str, Any]:
    """The policy; what it does not say is absent."""
    said = {
        name: optional(form) for name, form in _SAID.items() if isinstance(value, dict) and value.get(name) is not None
    }
    return dict(of({"values": obj, **said})(value))


_SHARED = {
    "token": of(
        {
            "id": ident,
            "virtual_account": ident,
            "description": optional(text()),
            "hash": digest,
            "created": time,
            "created_by": text(),
            "expires": time,
            "max_uses": optional(integer(1)),
            "uses": integer(),
            "export_controlled": flag,
            "revoked": flag,
            "removed": flag,
        }
    ),
    "instance": _instance,
    "claim": of({"instance": ident, "tag": _TAG, "count": integer(), "since": time}),
}


def _month(value: object) -> object:
    found = text(7)(value)
    demand(re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", found))
    return found


_USAGE: Form = {
    "instance": ident,
    "udi": udi,
    "virtual_account": ident,
    "tag": _TAG,
    "month": _month,
    "count": integer(1, 1_000_000),
    "unit_seconds": integer(0, LARGEST),
    "until": time,
}


def _usage(value: object) -> dict[str, object]:
    found = read(value, _USAGE)
    demand(found["unit_seconds"] <= found["count"] * 31 * 24 * 3600)
    return found


def _converted(value: object) -> dict[str, object]:
    found = of(
        {
            "sku": _SHORT_TAG,
            "quantity": integer(1, 1_000_000),
            "converted": integer(0, 1_000_000),
            "tag": optional(text(255)),
            "reason": optional(
                word(
                    "unknown_device", "not_listed", "more_than_listed", "sku_not_eligible", "classic_term_over",
                    "contract_missing", "contract_not_checked", "partial_not_allowed", "too_late",
                )
            ),
        }
    )(value)  # fmt: skip
    demand(found["converted"] <= found["quantity"])
    demand((found["reason"] is None) == (found["converted"] == found["quantity"]))
    return dict(found)


_DECIDED = ("converted", "already_converted", "partly_converted", "not_converted")


def _classic(value: object) -> object:
    found = many(of({"sku": _SHORT_TAG, "quantity": integer(1, 1_000_000)}), 32, 1)(value)
    demand(len({line["sku"] for line in found}) == len(found))
    return found


_OF_SATELLITE = {
    **_SHARED,
    "conversion_request": of({"id": ident, "instance": ident, "statement": small(32 * KIB), "device_key": key}),
    "export_request": of(
        {
            "id": ident,
            "instance": ident,
            "tag": _TAG,
            "count": integer(),
            "requested_at": time,
            "statement": small(32 * KIB),
            "device_key": key,
        }
    ),
    "export_return": of({"grant": ident, "instance": ident, "statement": small(32 * KIB), "device_key": key}),
    "grant_state": of(
        {
            "grant": ident,
            "generation": integer(1),
            "state": word("delivered", "undelivered"),
            "at": time,
            "envelope": optional(small(32 * KIB)),
            "device_key": optional(key),
        }
    ),
    "usage": _usage,
    "event": of(
        {
            "id": ident,
            "at": time,
            "event": text(),
            "actor": text(),
            "message": text(4096),
            "instance": optional(ident),
            "subject": small(4 * KIB),
            "number": optional(integer(0, LARGEST)),
        }
    ),
}
_OF_CENTRAL = {
    **_SHARED,
    "policy": _policy,
    "virtual_account": of({"id": ident, "name": text(empty=False), "description": text(), "removed": flag}),
    "entitlement": of(
        {"tag": _TAG, "name": text(), "description": text(), "restricted": flag, "products": many(text(), 1000)}
    ),
    "product": of({"tag": text(), "pid": text(), "name": text(), "family": text()}),
    "allotment": of({"envelope": small(32 * KIB)}),
    "grant": of({"request": ident, "envelope": small(32 * KIB)}),
    "export_decision": of(
        {
            "request": ident,
            "instance": ident,
            "tag": _TAG,
            "count": integer(),
            "state": _EXPORT_STATE,
            "reason": optional(text()),
            "message": text(),
            "grant": optional(ident),
            "decided_at": time,
        }
    ),
    "grant_release": of({"envelope": small(32 * KIB)}),
    "conversion_result": of(
        {
            "request": ident,
            "instance": ident,
            "state": word(*_DECIDED),
            "lines": many(_converted, 32),
            "decided_at": time,
        }
    ),
    "certificates": of({"identity": _CERTIFICATE, "device_ca": _CERTIFICATE}),
}
ROWS = {"sync-request": _OF_SATELLITE, "authorization": _OF_CENTRAL, "sync-response": _OF_CENTRAL, "registration": {}}


def _measurement(value: object) -> dict[str, object]:
    found = of({"tag": _SHORT_TAG, "count": integer(1, 1_000_000), "start": time, "end": time})(value)
    demand(str(found["start"]) < str(found["end"]))
    return dict(found)


# statements.md
STATEMENTS: dict[str, Form] = {
    "allotment": {
        "format": version_1,
        "vendor_id": ident,
        "satellite": optional(ident),
        "account": text(),
        "virtual_account_id": ident,
        "virtual_account_name": text(),
        "tag": _TAG,
        "licence_type": word("perpetual", "term", "demo", "reporting_only"),
        "start": optional(time),
        "end": optional(time),
        "quantity": integer(),
        "billing": word("prepaid", "usage"),
        "restricted": flag,
        "serial": ident,
        "issued": time,
        "valid_until": time,
    },
    "grant": {
        "format": version_1,
        "vendor_id": ident,
        "grant": ident,
        "generation": integer(1),
        "request": ident,
        "satellite": optional(ident),
        "epoch": integer(),
        "virtual_account_id": ident,
        "tag": _TAG,
        "quantity": integer(1),
        "instance": ident,
        "udi": udi,
        "key_hash": digest,
        "not_before": time,
        "not_after": time,
        "deliver_until": time,
        "issued": time,
    },
    "grant-release": {
        "format": version_1,
        "vendor_id": ident,
        "grant": ident,
        "satellite": optional(ident),
        "key_hash": digest,
        "reason": word("returned", "ended", "undelivered", "vendor_release"),
        "released_at": time,
    },
    "central-head": {
        "format": version_1,
        "vendor_id": ident,
        "satellite": ident,
        "epoch": integer(),
        "epoch_id": ident,
        "seq": integer(),
        "rseq": integer(),
        "created": time,
    },
    "export-request": {
        "format": version_1,
        "request": ident,
        "instance": ident,
        "udi": udi,
        "key_hash": digest,
        "tag": _SHORT_TAG,
        "quantity": integer(),
        "requested_at": time,
    },
    "export-return": {
        "format": version_1,
        "grant": ident,
        "instance": ident,
        "udi": udi,
        "key_hash": digest,
        "tag": _SHORT_TAG,
        "quantity": integer(1),
        "returned_at": time,
        "reservation": optional(of({"request": text(empty=False), "return_code": text(400, empty=False)})),
    },
    "usage-report": {
        "format": version_1,
        "number": integer(1, LARGEST),
        "instance": ident,
        "udi": udi,
        "key_hash": digest,
        "reported_at": time,
        "measurements": many(_measurement, 24, 1),
    },
    "conversion-request": {
        "format": version_1,
        "request": ident,
        "instance": ident,
        "udi": udi,
        "key_hash": digest,
        "lines": _classic,
        "requested_at": time,
    },
}

# devices.md
_OPERATIONS = (
    "register", "authorize", "renew_identity", "transfer_active", "deregister", "export_request", "export_return",
    "usage_report", "convert", "detach", "reattach",
)  # fmt: skip
MESSAGE: Form = {
    "format": version_1,
    "held": many(integer(0, LARGEST), 2, 2),
    "op": word(*_OPERATIONS),
    "udi": udi,
    "instance": optional(ident),
    "key_id": ident,
    "counter": integer(1, LARGEST),
    "nonce": ident,
    "sent_at": time,
    "root_version": integer(),
    "body": obj,
    "resumed": optional(integer(1, LARGEST)),
}
ANSWER: Form = {
    "format": version_1,
    "op": word(*_OPERATIONS),
    "request_digest": digest,
    "nonce": ident,
    "counter": integer(1, LARGEST),
    "instance": optional(ident),
    "vendor_id": ident,
    "satellite": optional(ident),
    "created": time,
    "epoch": integer(),
    "rseq": integer(),
    "outcome": word("done", "refused"),
    "code": optional(text()),
    "message": text(),
    "remedy": text(),
    "result": obj,
}


def _statement(value: object) -> dict[str, object]:
    found = obj(value)
    demand(found)
    return found


_CSR = data(8 * KIB)
_NAMES: Form = {"hostname": optional(text(255)), "software_version": optional(text(255))}
_USE: Form = {
    "entitlements": many(of({"tag": _SHORT_TAG, "count": integer(0, 1_000_000)}), 512),
    "installed": many(of({"grant": ident, "generation": integer(1)}), 512),
    **_NAMES,
}
BODIES: dict[str, Form] = {
    "register": {
        "token": text(512),
        "udi": udi,
        "product_tag": optional(text(255)),
        **_NAMES,
        "standbys": many(udi, 32),
        "csr": _CSR,
    },
    "authorize": _USE,
    "renew_identity": {"csr": _CSR},
    "transfer_active": {"active": udi},
    "deregister": {"returns": many(obj, 512)},
    "export_request": {"statement": _statement},
    "export_return": {"statement": _statement},
    "usage_report": {"statement": _statement},
    "convert": {"statement": _statement},
    "detach": {"days": integer(1, 365), "use": of(_USE)},
    "reattach": {"term": ident, "use": of(_USE)},
}
_EXPORT: Form = {
    "request": ident,
    "tag": _SHORT_TAG,
    "count": integer(),
    "state": _EXPORT_STATE,
    "reason": optional(text()),
    "message": text(),
}
_RENEWED: Form = {
    "certificate": _CERTIFICATE,
    "device_ca": _CERTIFICATE,
    "certificate_expires": time,
    "renew_from": time,
}
_ENTITLEMENT: Form = {
    "tag": _SHORT_TAG,
    "count": integer(),
    "state": word("authorized", "out_of_compliance", "not_found", "invalid", "restricted_needs_export_request"),
    "valid_until": optional(time),
}
_AUTHORIZED: Form = {
    "issued": time,
    "valid_until": time,
    "renew_after": time,
    "entitlements": many(of(_ENTITLEMENT), 512),
    "allotments": many(obj, 4096),
    "grants": many(obj, 512),
    "exports": many(of(_EXPORT), 512),
    "releases": many(obj, 512),
}
RESULTS: dict[str, Form] = {
    "register": {
        "instance": ident,
        "certificate": _CERTIFICATE,
        "device_ca": _CERTIFICATE,
        "account_domain": text(),
        "account_name": text(),
        "virtual_account_id": ident,
        "virtual_account_name": text(),
        "certificate_expires": time,
        "renew_from": time,
        "export_allowed": flag,
    },
    "authorize": _AUTHORIZED,
    "renew_identity": _RENEWED,
    "export_request": _EXPORT,
    "export_return": {"grant": ident, "state": _EXPORT_STATE},
    "usage_report": {
        "number": integer(1, LARGEST),
        "acknowledged": integer(0, LARGEST),
        "unknown": many(_SHORT_TAG, 24),
    },
    "convert": {
        "request": ident,
        "state": word("pending", *_DECIDED),
        "lines": many(_converted, 32),
        "decided_at": optional(time),
    },
    "detach": {"term": ident, "until": time, "authorization": of(_AUTHORIZED)},
    "reattach": {"authorization": of(_AUTHORIZED)},
}
