"""The OpenAPI description of the device protocol (row S4.7)."""

from __future__ import annotations

from exchange.canonical import JsonObject
from exchange.device.problems import DEVICE_PROBLEMS
from exchange.vocabulary import DeviceOp

_SUMMARIES = {
    DeviceOp.REGISTER: "Register with a token, or take an instance over",
    DeviceOp.AUTHORIZE: "Report the complete list of use; collect decisions",
    DeviceOp.RENEW_IDENTITY: "Renew the identity certificate",
    DeviceOp.TRANSFER_ACTIVE: "Name another active member of the set",
    DeviceOp.DEREGISTER: "Leave, and give everything back",
    DeviceOp.EXPORT_REQUEST: "Ask for a restricted licence",
    DeviceOp.EXPORT_RETURN: "Give a restricted licence back",
    DeviceOp.USAGE_REPORT: "Report measured use, once for each number",
    DeviceOp.CONVERT: "Have classic licences converted, and ask what became of it",
    DeviceOp.DETACH: "Leave the network for a stated time, with an authorization for all of it",
    DeviceOp.REATTACH: "Return to the network before the stated time ends",
}


def describe(title: str) -> JsonObject:
    """The description as an object."""
    envelope = {
        "type": "object",
        "required": ["payloadType", "payload", "signatures"],
        "properties": {
            "payloadType": {"type": "string"},
            "payload": {"type": "string", "contentEncoding": "base64"},
            "signatures": {"type": "array", "items": {"type": "object"}, "minItems": 1, "maxItems": 1},
        },
    }
    problem = {
        "type": "object",
        "required": ["type", "title", "status", "detail", "code", "remedy"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "code": {"type": "string", "enum": sorted(DEVICE_PROBLEMS)},
            "remedy": {"type": "string"},
            "answer": {"type": "object", "description": "The signed refusal, where the message could be verified."},
        },
    }
    refusal = {
        "description": "Refused",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    paths = {
        f"/device/v1/{op.value}": {
            "post": {
                "operationId": op.value,
                "summary": _SUMMARIES[op],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Message"}}},
                },
                "responses": {
                    "200": {
                        "description": "The signed answer",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Answer"}}},
                    },
                    "default": refusal,
                },
            }
        }
        for op in DeviceOp
    }
    schemas = {
        "Envelope": envelope,
        "Problem": problem,
        "Message": {
            "type": "object",
            "required": ["envelope"],
            "properties": {
                "envelope": {"$ref": "#/components/schemas/Envelope"},
                "key": {"type": "object", "description": "The device's public key; in a registration only."},
            },
        },
        "Answer": {
            "type": "object",
            "required": ["envelope", "roots", "certificates"],
            "properties": {
                "envelope": {"$ref": "#/components/schemas/Envelope"},
                "roots": {"type": "array", "items": {"type": "object"}},
                "certificates": {"type": "object"},
            },
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": f"{title}: device protocol", "version": "1"},
        "paths": paths,
        "components": {"schemas": schemas},
    }
