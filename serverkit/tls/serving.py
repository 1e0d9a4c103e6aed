"""The pair with which a server answers: one that can be used, however the files change meanwhile."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

from serverkit.log import get_logger
from serverkit.tls.errors import TlsPairError
from serverkit.tls.pair import CERTIFICATE, KEY, read_pair


class ServingPair:
    """Keeps a pair that was loaded whole; new files take its place once they can be used, and never before."""

    def __init__(self, folder: Path) -> None:
        """Load the pair of a folder; TlsPairError where it cannot be used."""
        self._folder = folder
        self._seen = self._look()
        self.pair = read_pair(folder)
        self.context = self.pair.context()
        self._lock = Lock()
        self._told: tuple[object, str] | None = None

    def refresh(self) -> bool:
        """Take up files that changed; False where they cannot be used, and the pair that is there goes on."""
        with self._lock:
            seen = self._look()
            if seen == self._seen:
                return True
            try:
                pair = read_pair(self._folder)
                context = pair.context()
            except TlsPairError as error:
                # Tried again the next time, as the cause may pass without a change of the files: no descriptor left.
                if self._told != (seen, error.message):
                    self._told = seen, error.message
                    get_logger().error("tls_pair_kept", cause=error.message)
                return False
            self._seen, self._told, self.pair, self.context = seen, None, pair, context
            get_logger().info("tls_pair_loaded", fingerprint=pair.fingerprint)
            return True

    def _look(self) -> tuple[object, ...]:
        return tuple(_mark_of(self._folder / name) for name in (CERTIFICATE, KEY))


def _mark_of(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino
