"""A gate before a family of addresses: it is asked before anything of a request is looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug.wrappers import Response

from serverkit.http.app import Family, Url, View


@dataclass(frozen=True, slots=True)
class Gated:
    """A family behind a gate; what the gate raises is said as the family says it."""

    family: Family
    ask: Callable[[Url], None]

    @property
    def urls(self) -> list[tuple[Url, View]]:
        """The rows of the family, each behind the gate."""
        return [(url, self._behind(url, view)) for url, view in self.family.urls]

    def route(self, path: str) -> str | None:
        """As the family."""
        return self.family.route(path)

    def nowhere(self, methods: Sequence[str]) -> Response:
        """As the family."""
        return self.family.nowhere(methods)

    def refuse(self, error: Exception) -> Response:
        """As the family."""
        return self.family.refuse(error)

    def _behind(self, url: Url, view: View) -> View:
        def answer(**parts: Any) -> Response:
            self.ask(url)
            return view(**parts)

        return answer
