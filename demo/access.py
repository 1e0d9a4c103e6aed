"""Who may sign in to the demonstration, and where: `access.json` beside the report.

The users are made for the demonstration alone; their passwords are new each time.
"""

from __future__ import annotations

import json
import secrets
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from demo.commands import Server, run

CUSTOMER = "customer.example"
SATELLITE_USERS = {"anna": "administrator", "omar": "operator", "rita": "read-only"}
CENTRAL_USERS = {"vera": "vendor_administrator", "carl": "account_administrator"}


def add_users(folder: Path) -> dict[str, list[dict[str, str]]]:
    """Add the users of both servers by command; returns name, password and role of each."""
    found: dict[str, list[dict[str, str]]] = {"satellite": [], "central": []}
    for name, role in SATELLITE_USERS.items():
        user = {"name": name, "password": _password(), "role": role}
        file = _password_file(folder, user)
        run("satellite", "user", "add", name, "--role", role, "--password-file", file, home=folder / "satellite")
        found["satellite"].append(user)
    for name, role in CENTRAL_USERS.items():
        user = {"name": name, "password": _password(), "role": role}
        account = () if role.startswith("vendor") else ("--account", CUSTOMER)
        run("central", "user", "add", name, "--role", role, *account, home=folder / "central")
        file = _password_file(folder, user)
        run("central", "user", "password", name, "--password-file", file, home=folder / "central")
        found["central"].append(user)
    return found


def write_access(folder: Path, servers: Mapping[str, Server], users: Mapping[str, list[dict[str, str]]]) -> Path:
    """Write `access.json`: address, certificate and users of each server, and the files of the story."""
    found: dict[str, Any] = {}
    for program, server in servers.items():
        where = urlsplit(server.url)
        certificate = folder / f"{program}-certificate.pem"
        pem = ssl.get_server_certificate((where.hostname or "", where.port or 443))
        certificate.write_text(pem, encoding="ascii")
        found[program] = {"url": f"{server.url}/", "ca": str(certificate), "users": users[program]}
    found["files"] = {path.stem: str(path) for path in sorted(folder.glob("*.pgx"))} | {
        "root": str(folder / "root.json")
    }
    path = folder / "access.json"
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    path.chmod(0o600)
    return path


def _password() -> str:
    return "-".join(secrets.token_hex(3) for _ in range(3))


def _password_file(folder: Path, user: Mapping[str, str]) -> str:
    path = folder / "passwords" / user["name"]
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.write_text(user["password"] + "\n", encoding="ascii")
    return str(path)
