"""Which private parts of the asyncio worker's library are used: a new version, or a further part, is looked at first."""

from __future__ import annotations

import ast
import inspect
import re
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import gunicorn.asgi.protocol
import pytest
from gunicorn.asgi.protocol import ASGIProtocol
from gunicorn.workers.gasgi import ASGIWorker

import serverkit.devices.protocol
import serverkit.devices.worker
from serverkit.devices.protocol import Protocol
from serverkit.devices.worker import FairWorker

ROOT = Path(__file__).resolve().parents[3]
# Methods that are replaced or called, with the signature that the library has; and what is read of an object's state.
PROTOCOL_METHODS = {
    "_on_headers_complete": "(self)",
    "_feed_callback_parser": "(self, data)",
    "_is_websocket_upgrade": "(self, request)",
    "_send_response_start": "(self, status, headers, request, close=False)",
    "_send_error_response": "(self, status, message, extra_headers=())",
    "_close_transport": "(self)",
    "_safe_write": "(self, data)",
}
PROTOCOL_STATE = {"_callback_parser", "_is_ssl", "_awaiting_request", "req_count", "transport"}
WORKER_METHODS = {"_setup_event_loop": "(self)", "_get_ssl_context": "(self)", "notify": "(self)"}
WORKER_STATE = {"nr_conns", "loop", "cfg"}
MODULE = {"_CACHED_SERVER_HEADER"}


def _private(module: Any) -> set[str]:
    """Private names of others that a module uses or replaces."""
    tree = ast.parse(inspect.getsource(module))
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    defined = {
        method.name
        for klass in tree.body
        if isinstance(klass, ast.ClassDef) and klass.name in {"Protocol", "FairWorker"}
        for method in klass.body
        if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    own = set(vars(serverkit.devices.worker.Listener)) | {"_listen"}
    own |= set(re.findall(r"self\.(_\w+)(?=[,:]| =)", inspect.getsource(serverkit.devices.worker.Listener)))
    return {name for name in used | defined if re.fullmatch(r"_[A-Za-z]\w+", name)} - own


@pytest.mark.row("S4.7")
def test_the_private_parts_that_are_used_are_named() -> None:
    """What `protocol` and `worker` touch of the library below its surface is in the lists above, and nothing else."""
    found = _private(serverkit.devices.protocol) | _private(serverkit.devices.worker)
    named = {*PROTOCOL_METHODS, *PROTOCOL_STATE, *WORKER_METHODS, *WORKER_STATE, *MODULE}

    assert found == {name for name in named if name.startswith("_")}


@pytest.mark.row("S4.7")
@pytest.mark.parametrize(
    ("theirs", "ours", "methods", "state"),
    [
        (ASGIProtocol, Protocol, PROTOCOL_METHODS, PROTOCOL_STATE),
        (ASGIWorker, FairWorker, WORKER_METHODS, WORKER_STATE),
    ],
)
def test_the_parts_are_there_in_the_form_that_is_relied_on(
    theirs: type, ours: type, methods: dict[str, str], state: set[str]
) -> None:
    """Each method has the parameters that it is called with, each piece of state is kept, and ours inherits both."""
    source = "".join(inspect.getsource(one) for one in theirs.__mro__[:-1])

    assert issubclass(ours, theirs)
    assert {name: str(inspect.signature(getattr(theirs, name))) for name in methods} == methods
    assert [name for name in sorted(state) if not re.search(rf"self\.{name}\b[^=\n]* = ", source)] == []


@pytest.mark.row("S4.7")
def test_the_worker_listens_through_its_loop() -> None:
    """Connections are taken one by one because the library asks the loop for a server; its name is not an answer's header."""
    assert "self.loop.create_server(" in inspect.getsource(ASGIWorker)
    assert "_CACHED_SERVER_HEADER" in inspect.getsource(ASGIProtocol)
    assert gunicorn.asgi.protocol._CACHED_SERVER_HEADER == b""


@pytest.mark.row("S4.7")
def test_the_library_is_the_version_that_was_looked_at() -> None:
    """It is pinned to one version: these parts may change in any."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert f"gunicorn=={version('gunicorn')}" in project["dependencies"]
