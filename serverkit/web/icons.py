"""The signs of the consoles: severities by shape, and a few things; drawn in the colour of the text beside them."""

from __future__ import annotations

from functools import cache

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
    "page": f'<path d="M2.5 2.5h11v11h-11zM2.5 6h11M6.5 6v7.5" {_LINE}/>',
    "sync": f'<path d="M2.5 7a5.6 5.6 0 0 1 10-2.5M13.5 9a5.6 5.6 0 0 1-10 2.5M12.8 1.8v2.9h-2.9M3.2 14.2v-2.9h2.9" {_LINE}/>',
    "bell": f'<path d="M4 11V7a4 4 0 0 1 8 0v4l1.2 1.5H2.8zM6.7 14.4h2.6" {_LINE}/>',
    "licence": f'<circle cx="5" cy="8" r="3" {_LINE}/><path d="M8 8h6.5M11.5 8v2.5M14 8v2" {_LINE}/>',
    "device": f'<path d="M1.5 5.5h13v5h-13zM4 8h.1M6.5 8h.1M10 8h2" {_LINE}/>',
    "token": f'<path d="M1.5 4.5h13v2.3a1.4 1.4 0 0 0 0 2.4v2.3h-13V9.200a1.4 1.4 0 0 0 0-2.400zM10 4.800v6.4" {_LINE}/>',
    "queue": f'<path d="M2 4h7M2 8h5M2 12h7M10.5 8h4m-1.8-2 2 2-2 2" {_LINE}/>',
    "places": f'<path d="M1.5 12.500v-9h4l1.5 1.800h7.500v7.200z" {_LINE}/>',
    "events": f'<path d="M5.5 4h9M5.5 8h9M5.5 12h9M2 4h.1M2 8h.1M2 12h.1" {_LINE}/>',
    "clock": f'<circle cx="8" cy="8" r="6.2" {_LINE}/><path d="M8 4.500V8l2.4 1.6" {_LINE}/>',
    "settings": f'<path d="M2 4.500h6m4 0h2M2 11.500h2m4 0h6" {_LINE}/><circle cx="10" cy="4.5" r="1.9" {_LINE}/><circle cx="6" cy="11.5" r="1.9" {_LINE}/>',
    "pulse": f'<path d="M1.5 8.500h3l1.8-5 3 9 1.9-4h3.3" {_LINE}/>',
    "satellite": f'<ellipse cx="8" cy="8" rx="6.8" ry="3.600" transform="rotate(-28 8 8)" {_LINE}/><circle cx="12.600" cy="4.600" r="2" fill="currentColor"/>',
    "copy": f'<path d="M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3" {_LINE}/>',
}


def icon(name: str, label: str = "") -> Markup:
    """A sign; with a `label` it is read aloud, without one it is beside words that say the same."""
    return _drawn(name, Markup('role="img" aria-label="{}"').format(label)) if label else _unsaid(name)


@cache
def _unsaid(name: str) -> Markup:
    return _drawn(name, Markup('aria-hidden="true"'))


def _drawn(name: str, said: Markup) -> Markup:
    opening = Markup('<svg class="sign sign-{}" viewBox="0 0 16 16" width="16" height="16" focusable="false" {}>')
    return opening.format(name, said) + Markup(_SHAPES[name]) + Markup("</svg>")  # noqa: S704 - shapes of this module
