"""The settings files of the packages: every setting is in them, and what they show is what the programs do."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from central.settings import CentralSettings
from satellite.settings import SatelliteSettings
from serverkit.settings import ServerAppSettings
from serverkit.settings_file import load_settings

ETC = Path(__file__).resolve().parents[3] / "packaging" / "etc"
SERVERS = [("central", CentralSettings), ("satellite", SatelliteSettings)]
# Where the file shows an example, since the default is to have none.
EXAMPLES = {
    "server.names", "database.url", "anchor.folder", "backup.folder", "mail.host", "mail.ca_file", "mail.user", "mail.password_file",
    "contact.feedback", "contact.support", "management.bind", "management.token_file", "portal.export_page", "portal.contracts_page",
    "portal.address", "webhooks.allowed_networks", "webhooks.ca_file",
    "contracts.url", "contracts.token_file", "contracts.ca_file", "contracts.allowed_networks",
    "openid.issuer", "openid.client_id", "openid.client_secret_file", "openid.label", "openid.roles", "openid.ca_file",
    "openid.allowed_networks",
}  # fmt: skip


def _flat(values: dict[str, Any]) -> dict[str, Any]:
    return {f"{section}.{key}": value for section, table in values.items() for key, value in table.items()}


@pytest.mark.row("B16")
@pytest.mark.parametrize(("server", "model"), SERVERS)
def test_the_packaged_file_shows_every_setting_with_its_default(
    server: str, model: type[ServerAppSettings], tmp_path: Path
) -> None:
    """With every `#` taken out it is accepted; but for the address and the examples it then says what holds without it."""
    text = (ETC / f"{server}.toml").read_text("utf-8")
    (tmp_path / "config.toml").write_text(text)
    as_packaged = load_settings(model, tmp_path, server.upper(), {})
    assert as_packaged.server.bind == "0.0.0.0:443"

    opened = re.sub(r"(?m)^#(?=[a-z_]+ = )", "", text)
    (tmp_path / "config.toml").write_text(opened)
    shown = _flat(load_settings(model, tmp_path, server.upper(), {}).model_dump())
    written = _flat(tomllib.loads(opened))
    assert written.keys() == shown.keys()
    defaults = _flat(model().model_dump())
    differing = {name for name in shown if shown[name] != defaults[name]}
    assert differing - {"server.bind"} == EXAMPLES & shown.keys()
