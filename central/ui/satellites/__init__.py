"""Pages of satellites: list, new one, files, details, history, troubleshooting, changes (rows C11.1 to C11.3)."""

from central.ui.satellites import changes, details, files, history, listed, new

URLS = (*listed.URLS, *files.URLS, *new.URLS, *details.URLS, *history.URLS, *changes.URLS)

__all__ = ["URLS"]
