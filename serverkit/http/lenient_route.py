"""One address of an interface for existing clients."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from werkzeug.datastructures import Headers

from serverkit.http.app import Url
from serverkit.http.operations import Needed

FAMILY = "compat"
# Headers with the numbers of account and virtual account, by the part of the address for which they stand.
PLACE_HEADERS = {"account_number": "X-CSW-SMART-ACCOUNT-ID", "va_number": "X-CSW-VIRTUAL-ACCOUNT-ID"}
C = TypeVar("C")


@dataclass(frozen=True)
class Route(Generic[C]):
    """One address below the bases of the interface, its parts in angle brackets; it exists in several `versions`.

    A path that begins with a slash is a whole address: it has no base and no version. `changes` decides between a reading
    and a writing unit, and which scope is needed. `by_headers`: headers may name the account and virtual account.
    """

    method: str
    versions: str
    path: str
    handle: Callable[[C], dict[str, Any]]
    changes: bool = False
    by_headers: bool = False
    permission: Needed = field(kw_only=True)
    row: str = field(kw_only=True)

    def urls(self, bases: Sequence[str]) -> list[Url]:
        """Its rows of the URL table."""
        below = [f"{base}/v{version}/{self.path}" for base in bases for version in self.versions]
        paths = [self.path] if self.path.startswith("/") else below
        return [Url(FAMILY, self.method, path, self.permission, self.handle, self.row) for path in paths]

    def parts(self, parts: Mapping[str, str], headers: Headers) -> dict[str, str]:
        """The parts of an address with what headers add to them."""
        if not self.by_headers:
            return dict(parts)
        named = {part: headers.get(name, "").strip() for part, name in PLACE_HEADERS.items()}
        return {**parts, **{part: text for part, text in named.items() if text}}
