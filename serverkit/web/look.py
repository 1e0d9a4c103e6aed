"""How a person wants pages to look: theme, contrast, density, language, keys. It is kept by the browser."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from urllib.parse import parse_qsl, urlencode

CHOICES: dict[str, tuple[str, ...]] = {
    "theme": ("system", "light", "dark"),
    "contrast": ("system", "more"),
    "density": ("normal", "compact", "comfortable"),
    "language": ("", "en", "de", "x-pseudo", "x-mirror"),
    "keys": ("on", "off"),
}


@dataclass(frozen=True, slots=True)
class Look:
    """A look; what is not known is the first of its choices."""

    theme: str = "system"
    contrast: str = "system"
    density: str = "normal"
    language: str = ""
    keys: str = "on"

    @classmethod
    def read(cls, text: str) -> Look:
        """The look that a cookie holds."""
        return cls().changed(dict(parse_qsl(text[:200])))

    def changed(self, values: dict[str, str]) -> Look:
        """This look with what of the values is a choice."""
        known = {one.name for one in fields(self)}
        return replace(self, **{k: v for k, v in values.items() if k in known and v in CHOICES[k]})

    @property
    def text(self) -> str:
        """As the cookie holds it."""
        return urlencode(asdict(self))
