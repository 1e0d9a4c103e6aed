"""The signs of the consoles: severities by shape, and a few things; drawn in the colour of the text beside them."""

from __future__ import annotations

from markupsafe import Markup

_LINE = 'fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round"'
_SHAPES = {
    "major": '<path fill="currentColor" d="M5.3 1h5.4L15 5.3v5.4L10.7 15H5.3L1 10.7V5.3z"/>',
    "minor": '<path fill="currentColor" d="M8 1.6 15.2 14.4H.8z"/>',
    "info": f'<circle cx="8" cy="8" r="6" {_LINE}/>',
    "good": f'<path d="m2.5 8.5 3.6 3.6 7.4-8" {_LINE}/>',
    "search": f'<circle cx="7" cy="7" r="4.5" {_LINE}/><path d="m10.5 10.5 4 4" {_LINE}/>',
    "close": f'<path d="m3.5 3.5 9 9m0-9-9 9" {_LINE}/>',
    "menu": f'<path d="M2 4h12M2 8h12M2 12h12" {_LINE}/>',
    "help": f'<circle cx="8" cy="8" r="6.5" {_LINE}/><path d="M6.2 6.3a1.9 1.9 0 1 1 2.6 1.8c-.5.2-.8.6-.8 1.2m0 2v.1" {_LINE}/>',
    "user": f'<circle cx="8" cy="5" r="3" {_LINE}/><path d="M2 14.5c.6-3 3-4.5 6-4.5s5.4 1.5 6 4.5" {_LINE}/>',
    "down": f'<path d="m4 6 4 4 4-4" {_LINE}/>',
    "up-sort": '<path fill="currentColor" d="m8 4 4.5 7h-9z"/>',
    "down-sort": '<path fill="currentColor" d="m8 12 4.5-7h-9z"/>',
    "file": f'<path d="M4 1.5h5l3.5 3.5v9.5H4zM9 1.5V5h3.5" {_LINE}/>',
    "download": f'<path d="M8 2v8m-3.5-3L8 10.5 11.5 7M2.5 13.5h11" {_LINE}/>',
    "upload": f'<path d="M8 11V3M4.5 6.5 8 3l3.5 3.5M2.5 13.5h11" {_LINE}/>',
    "copy": f'<path d="M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3" {_LINE}/>',
}


def icon(name: str, label: str = "") -> Markup:
    """A sign; with a `label` it is read aloud, without one it is beside words that say the same."""
    said = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    opening = Markup('<svg class="sign sign-{}" viewBox="0 0 16 16" width="16" height="16" focusable="false" {}>')
    return opening.format(name, said) + Markup(_SHAPES[name]) + Markup("</svg>")  # noqa: S704 - shapes of this module
