"""A captured session: prompts and the commands typed there, each with the lines that it answered.

Only the answers to licensing commands are read on. A capture that shows no command at all is one answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from agent.inventory.codes import Command

_PROMPT = re.compile(
    r"(?:RP/\d{1,3}/\w{1,8}/CPU\d{1,3}:|[\w.-]{1,32}@)?(?P<host>[A-Za-z0-9][\w.-]{0,62})?"
    r"(?:/[\w/-]{1,40}| /[\w/ -]{0,40})?(?:\([^()]{0,60}\)){0,2} ?[#>:%] ?(?P<command>\S.{0,200})"
)
_BARE_PROMPT = re.compile(
    r"(?:RP/\d{1,3}/\w{1,8}/CPU\d{1,3}:|\w{1,32}@)?(?P<host>[A-Za-z][\w.-]{0,62})(?:\([^()]{0,60}\))?[#>]"
)
_VERBS = re.compile(
    r"(?:do |run )?(?:sho?w? |more |cat |dir |ter|conf|end$|exit$|lic|smartlic|test lic|enable$|ping )", re.IGNORECASE
)
_TYPED = re.compile(r"(?:do |run )?(?:show?|sh) lic[a-z]{0,5}(?: [\w|./-]{1,40}){0,8}", re.IGNORECASE)
_OTHER_TYPED = re.compile(r"(?:show?|sh) [a-z][\w-]{2,30}(?: [\w|./-]{1,40}){0,6}", re.IGNORECASE)
_LICENSING = re.compile(
    r"(?:do |run )?(?:(?:show?|sh) (?:call-home smart-)?lic|show tech-support lic|(?:test )?lic(?:en[sc]e?)?[ _]?smart|smartlic|license )",
    re.IGNORECASE,
)
_FRAME = "-=#*`'\" \t~"
_WORDS = (
    ("all", Command.ALL),
    ("authorization", Command.AUTHORIZATION),
    ("data", Command.CONVERSION),
    ("detail", Command.DETAIL),
    ("entitlement", Command.ENTITLEMENT),
    ("eventlog", Command.EVENT_LOG),
    ("features", Command.FEATURE),
    ("file", Command.FILE),
    ("history", Command.HISTORY),
    ("host-id", Command.HOST_ID),
    ("hostid", Command.HOST_ID),
    ("platform", Command.PLATFORM),
    ("registration", Command.REGISTRATION),
    ("reservation", Command.RESERVATION_STATE),
    ("right-to-use", Command.RIGHT_TO_USE),
    ("rum", Command.RUM_ALL),
    ("status", Command.STATUS),
    ("summary", Command.SUMMARY),
    ("tech-support", Command.TECH_SUPPORT),
    ("udi", Command.UDI),
    ("usage", Command.USAGE),
)


@dataclass(slots=True)
class Answer:
    """What one command answered."""

    command: str | None
    host: str | None
    lines: list[str] = field(default_factory=list)

    @property
    def licensing(self) -> bool:
        """Whether the command asks for licensing."""
        return self.command is not None and _LICENSING.match(self.command) is not None


def answers(lines: list[str]) -> tuple[list[Answer], str | None]:
    """The answers that speak of licensing, and the host name of a prompt with nothing behind it."""
    found = [Answer(None, None)]
    idle = None
    for line in lines:
        started = _started(line)
        if started is not None:
            found.append(started)
            continue
        bare = _BARE_PROMPT.fullmatch(line.strip()) if line[-1:] in {"#", ">"} else None
        if bare is not None:
            idle = bare["host"]
            found.append(Answer("", bare["host"]))
            continue
        found[-1].lines.append(line)
    asked = [answer for answer in found if answer.licensing]
    if asked and found[0].lines and any("icens" in line or "UDI" in line for line in found[0].lines):
        asked.insert(0, found[0])
    return (asked or found), idle


def _started(line: str) -> Answer | None:
    """The answer that a line begins when it is a prompt with a command, or a command alone."""
    plain = line.strip()
    if "sh" not in plain.lower() and "lic" not in plain.lower() and not {"#", ">"} & set(plain):
        return None
    prompt = _PROMPT.fullmatch(plain)
    if prompt is not None and (plain[prompt.start("command") - 1] != ":" or prompt["host"] == "admin"):
        command = " ".join(prompt["command"].split())
        if _VERBS.match(command):
            return Answer(command, prompt["host"] if prompt["host"] != "admin" else None)
    framed = plain.strip(_FRAME)
    typed = " ".join(framed.split()).removeprefix("Command: ").removeprefix("command: ")
    if _TYPED.fullmatch(typed) or (framed != plain and _OTHER_TYPED.fullmatch(typed)):
        return Answer(typed, None)
    return None


def command_of(typed: str | None) -> Command | None:
    """Which output a typed command asks for; abbreviations that leave a doubt say nothing."""
    if not typed:
        return None
    words = typed.split("|")[0].lower().split()
    while words and words[0] in {"do", "run"}:
        words.pop(0)
    if len(words) < 2:
        return None
    if words[0].startswith("sh") and words[1].startswith("tech") and "licen" in typed.lower():
        return Command.TECH_SUPPORT
    if not words[0].startswith("sh") or not words[1].startswith("lic"):
        return Command.RESERVATION if "reservation" in words else None
    if len(words) == 2:
        return Command.FEATURES
    return _third(words[2:])


def _third(words: list[str]) -> Command | None:
    word = "tech-support" if words[0] == "tech" else words[0]
    fitting = {command for name, command in _WORDS if name.startswith(word)}
    exact = {command for name, command in _WORDS if name == word}
    if len(exact or fitting) != 1:
        return None
    command = (exact or fitting).pop()
    if command is Command.RUM_ALL and "detail" in words:
        return Command.RUM_DETAIL
    return command
