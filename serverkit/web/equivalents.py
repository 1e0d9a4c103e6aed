"""What a form does, as a request of the REST interface: the same operation, with the values that the form holds."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from serverkit.http.operations import JSON, Operation
from serverkit.web.form_reading import plain_type
from serverkit.web.forms import FormView
from serverkit.web.page import Page
from serverkit.web.urls import Url

HIDDEN = "..."
"""What stands for a secret."""
_KINDS = {bool: "bool", int: "int", SecretStr: "secret"}


@dataclass(frozen=True, slots=True)
class AsRequest:
    """A request in words of a shell: `head` without the body; `fields` are the members of the body, each with its kind."""

    head: str
    fields: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def text(self) -> str:
        """The whole of it."""
        if not self.fields:
            return self.head
        return f"{self.head} \\\n  -d {shlex.quote(json.dumps(self.body, ensure_ascii=False))}"

    @property
    def kinds(self) -> str:
        """The kinds of the members, for the script that keeps the request like the form."""
        return json.dumps(self.fields)


def as_request(page: Page, view: FormView) -> AsRequest | None:
    """The operation that does what a form does; None where the interface has none."""
    plain = view.action.partition("?")[0]
    url = next((one for one in page.console.urls if one.changes and one.twin and one.leads_to(plain)), None)
    operation = page.console.operations.get(url.twin) if url is not None else None
    if url is None or operation is None or (operation.body is None and operation.media != JSON):
        return None
    lines = [
        'curl --cacert ca.crt -H "Authorization: Bearer $TOKEN"',
        f"-X {operation.method} {shlex.quote(page.request.host_url.rstrip('/') + _path(operation, url, plain))}",
    ]
    model = operation.body.model_fields if operation.body is not None else {}
    form = url.form.model_fields if url.form is not None else {}
    if any(info.is_required() and name not in form for name, info in model.items()):
        return None  # what the page does follows from more than its form
    fields = {name: _kind(form[name].annotation) for name in model if name in form}
    if operation.body is not None:
        lines.append("-H 'Content-Type: application/json'")
    values = {one.name: one.value for one in view.fields}
    body = {name: found for name, kind in fields.items() if (found := _value(kind, values.get(name))) is not None}
    return AsRequest(" \\\n  ".join(lines), fields, body)


def _path(operation: Operation[Any], url: Url, action: str) -> str:
    """The address of the operation with the parts that the page's address has, in their order."""
    pattern = "([^/]+)".join(map(re.escape, re.split(r"{\w+}", url.path)))
    found = re.fullmatch(pattern, action)
    parts = iter(found.groups() if found else ())
    return re.sub(r"{(\w+)}", lambda name: next(parts, name[0]), operation.path)


def _kind(annotation: Any) -> str:
    plain = plain_type(annotation)
    if getattr(plain, "__origin__", None) in {list, tuple, set, frozenset}:
        return "list"
    return _KINDS.get(plain, "text")


def _value(kind: str, value: Any) -> Any:
    """A value of the form as JSON holds it; None for one that is not filled in."""
    if kind == "bool":
        return bool(value)
    if kind == "secret":
        return HIDDEN
    if kind == "list":
        parts = value if isinstance(value, list) else str(value or "").replace("\n", ",").split(",")
        return [part.strip() for part in parts if part.strip()] or None
    if value is None or value == "":
        return None
    return int(value) if kind == "int" and str(value).strip().lstrip("-").isdecimal() else str(value)
