"""Which output a text is, by its signs, where no prompt says so."""

from __future__ import annotations

import re

from agent.inventory.codes import Command
from agent.inventory.model import Draft

_SIGNS: tuple[tuple[Command, str], ...] = (
    (Command.ENTITLEMENT, r"^Entitlement\(s\):"),
    (Command.TECH_SUPPORT, r"Tech Support info|^Handle: ?\d"),
    (Command.ALL, r"^Smart Licensing Status\n={4,}"),
    (Command.RUM_DETAIL, r"^Smart Licensing Usage Report Detail"),
    (Command.RUM_ALL, r"^Smart Licensing Usage Report|^\d{9,11} +(?:OPEN|CLOSED|ACK|DELETED) "),
    (Command.EVENT_LOG, r"\*{2,} Event Log|SAEVT_|No EventLog Found"),
    (Command.HISTORY, r"^Message History \("),
    (Command.CONVERSION, r"^(?:Device )?License Conversion Data|^Conversion (?:Request|Status)"),
    (Command.FILE, r"^INCREMENT "),
    (Command.HOST_ID, r"^License hostid:"),
    (Command.RIGHT_TO_USE, r"^License Name +Type +Count|^License Level In Use:|^Index \d+\n+License Name:"),
    (Command.DETAIL, r"^Index: \d+ +Feature:"),
    (Command.ALL, r"^License Store:|^StoreIndex:"),
    (Command.FEATURES, r"^Index \d+ Feature:"),
    (Command.FEATURE, r"^Feature name +Enforcement|^Licensed features for this platform"),
    (Command.PLATFORM, r"^Feature/Area +Entitlement|^(?:SIA|Upgrade License) Status:"),
    (Command.SUMMARY, r"^License +Entitlement tag +Count"),
    (Command.USAGE, r"^Feature +Ins +Lic"),
)
_SIGNS_READY = tuple((command, re.compile(sign, re.MULTILINE | re.IGNORECASE)) for command, sign in _SIGNS)
_POLICY = re.compile(r"^(?:Policy in use|Trust Code Installed|Usage Reporting) *:", re.MULTILINE)
_STATUS = re.compile(r"Smart Licensing is (?:ENABLED|DISABLED)|^License Operation Supported", re.MULTILINE)
_WHOLE = re.compile(r"^(?:Product Information|Agent Version|License Usage)", re.MULTILINE)
_RIGHTS = re.compile(r"^(?:Overall status|Purchased Licenses|License reservation) *:", re.MULTILINE)


def command_by_signs(text: str, draft: Draft) -> Command:
    """The output that a text is, as far as its content says so."""
    for command, sign in _SIGNS_READY:
        if sign.search(text):
            return command
    if draft.registration is not None or _POLICY.search(text) or _STATUS.search(text):
        return Command.ALL if _WHOLE.search(text) else Command.STATUS
    if _RIGHTS.search(text):
        return Command.AUTHORIZATION
    if draft.licences:
        return Command.USAGE
    return Command.UDI if draft.udis else Command.OTHER
