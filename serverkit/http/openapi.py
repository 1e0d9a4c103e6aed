"""The description of an interface in OpenAPI 3.1, made from its operations."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from serverkit.http.operations import JSON, NoQuery, Operation, alternatives

PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "remedy"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong."},
        "code": {"type": "string", "description": "Stable; programs decide by it."},
        "remedy": {"type": "string", "description": "What to do."},
    },
}
KEY_HEADER = "Idempotency-Key"
# By which member of a thing its address names it, where that is not its id.
FIELDS = {"account": "domain", "name": "name", "job": "name", "satellite": "name", "user": "name"}


def describe(title: str, version: str, operations: Sequence[Operation[Any]]) -> dict[str, Any]:
    """The whole description."""
    schemas: dict[str, Any] = {"Problem": PROBLEM}
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        described = _operation(operation, schemas)
        links = _links(operation, operations)
        if links:
            described["responses"]["200"]["links"] = links
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _links(operation: Operation[Any], operations: Sequence[Operation[Any]]) -> dict[str, Any]:
    """What can be done with the thing that an answer shows, or with the first of a list."""
    shown, where = operation.result.get("properties", {}), "$response.body#/"
    if "items" in shown and "next" in shown:
        shown, where = shown["items"].get("items", {}).get("properties", {}), "$response.body#/items/0/"
    found = {}
    for other in operations:
        if other is operation or not other.path.startswith(f"{operation.path}/{{"):
            continue
        part, *_ = [name for name in other.parts if name not in operation.parts]
        field = FIELDS.get(part, "id")
        if field in shown:
            parents = {name: f"$request.path.{name}" for name in operation.parts}
            found[other.name] = {"operationId": other.name, "parameters": {**parents, part: f"{where}{field}"}}
    return found


def _operation(operation: Operation[Any], schemas: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": _parameters(operation),
        "responses": _responses(operation),
        "security": [{"token": []}],
        "x-permission": [str(one) for one in alternatives(operation.permission)],
    }
    if operation.body is not None:
        schema = operation.body.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(schema.pop("$defs", {}))
        schemas[operation.body.__name__] = schema
        content: dict[str, Any] = {JSON: {"schema": {"$ref": f"#/components/schemas/{operation.body.__name__}"}}}
        if schema.get("examples"):
            content[JSON]["examples"] = {"example": {"value": schema["examples"][0]}}
        found["requestBody"] = {"required": bool(schema.get("required")), "content": content}
    elif operation.media != JSON:
        content = {operation.media: {"schema": {"type": "string", "format": "binary"}}}
        found["requestBody"] = {"required": True, "content": content}
    return found


def _parameters(operation: Operation[Any]) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in operation.parts
    ]
    if operation.query is not NoQuery:
        schema = operation.query.model_json_schema()
        needed = schema.get("required", [])
        parameters += [
            {"name": name, "in": "query", "required": name in needed, "schema": entry}
            for name, entry in schema["properties"].items()
        ]
    if operation.changes:
        key = {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[A-Za-z0-9._-]+$"}
        parameters.append(_header(KEY_HEADER, "A repetition with the same key changes nothing.", key))
    if operation.current is not None:
        about = "The ETag that was read; the change is refused where it is another by now."
        parameters.append(_header("If-Match", about, {"type": "string", "minLength": 1}))
    return parameters


def _header(name: str, about: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "description": about, "schema": schema}


def _responses(operation: Operation[Any]) -> dict[str, Any]:
    binary = {"type": "string", "format": "binary"}
    schema = operation.result if operation.answers == JSON else binary
    good = {"description": "Done.", "content": {operation.answers: {"schema": dict(schema)}}}
    codes = {400, 401, 403, 404, 409, 413, 422, 429, 500, 503}
    if operation.body is not None or operation.media != JSON:
        codes.add(415)
    if operation.current is not None:
        codes.add(412)
    reference = {"$ref": "#/components/schemas/Problem"}
    problems = {
        str(code): {
            "description": HTTPStatus(code).phrase,
            "content": {"application/problem+json": {"schema": reference}},
        }
        for code in sorted(codes)
    }
    return {"200": good, **problems}
