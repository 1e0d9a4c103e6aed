"""The place of an alert in the order of lists, as the key of the next page: it holds while the alert itself changes."""

from __future__ import annotations

from datetime import datetime

from serverkit.alerts.engine import Place
from serverkit.db.paging import UnknownKeyError, read_list, write_key


def place_key(place: Place) -> str:
    """The key of a place."""
    return write_key(place)


def read_place(key: str) -> Place:
    """The place of such a key; UnknownKeyError."""
    rank, due, raised, alert_id = read_list(key, 4)
    try:
        found = int(rank), datetime.fromisoformat(due), datetime.fromisoformat(raised), str(alert_id)
    except (TypeError, ValueError) as error:
        raise UnknownKeyError from error
    if found[1].tzinfo is None or found[2].tzinfo is None:
        raise UnknownKeyError
    return found
