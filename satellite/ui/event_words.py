"""Events in the language of the page."""

from __future__ import annotations

from serverkit.web.sentences import Sentences
from serverkit.web.site_events import SITE_SENTENCES
from serverkit.web.tables import Item
from serverkit.web.texts import Words, _

_SAID = Sentences(SITE_SENTENCES)


ACTORS: dict[str, Words] = {
    "device": _("device"),
    "console": _("a command on this machine"),
    "system": _("this server"),
    "satellite": _("satellite"),
}
"""Who did something where no person or program with a name did."""


def by_words(item: Item) -> Words:
    """Who did it: a person or a program by name, else what did it."""
    actor = str(item["actor"])
    return _("a job of this server") if actor.startswith("job ") else ACTORS.get(actor, actor)


def said(item: Item) -> Words:
    """What an event says."""
    message = str(item["message"])
    return _SAID.find(str(item["kind"]), message) or message
