"""Running the product's commands and servers as anyone would: a process, its exit code, its JSON."""

from __future__ import annotations

import http.client
import json
import ssl
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

BIN = Path(sys.executable).parent
COMMAND_SECONDS = 180
STOP_SECONDS = 20


class DemoError(Exception):
    """A step did not do what the story says."""


def expect(claim: object, message: str) -> None:
    """Fail the step unless the claim holds."""
    if not claim:
        raise DemoError(message)


def run(program: str, *words: str, home: Path | None = None, code: int = 0) -> dict[str, Any]:
    """Run a command with `--json`; DemoError when it ends in another way than `code`."""
    command = [str(BIN / program), *words, "--json"]
    if home is not None:
        command += ["--home", str(home)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False, stdin=subprocess.DEVNULL
    )
    if done.returncode != code:
        raise DemoError(f"`{program} {' '.join(words[:3])}` ended with {done.returncode}: {_cause(done)}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _cause(done: subprocess.CompletedProcess[str]) -> str:
    try:
        error = json.loads(done.stdout)["error"]
        return f"{error['code']}: {error['message']}"
    except (ValueError, KeyError, TypeError):
        return (done.stderr or done.stdout).strip()[-500:]


@dataclass
class Server:
    """A server of the product; use it as a context."""

    program: str
    home: Path
    bind: str = "127.0.0.1:0"
    log: Path | None = None
    url: str = ""
    fingerprint: str = ""
    _process: subprocess.Popen[str] | None = field(default=None, repr=False)

    def __enter__(self) -> Self:
        """Start, and wait for the line that says it is ready."""
        with (self.log or self.home.parent / f"{self.program}.log").open("w", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                [str(BIN / self.program), "serve", "--home", str(self.home), "--bind", self.bind],
                stdout=subprocess.PIPE,
                stderr=log,
                stdin=subprocess.DEVNULL,
                text=True,
            )
        if self._process.stdout is None:
            raise DemoError(f"{self.program} has no output")
        line = self._process.stdout.readline()
        if not line:
            self.stop()
            raise DemoError(f"{self.program} did not start; see {self.program}.log")
        ready = json.loads(line)
        self.url, self.fingerprint = ready["url"], ready["fingerprint"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the server whatever happened."""
        self.stop()

    def stop(self) -> int:
        """End the server and return its exit code."""
        if self._process is None:
            return 0
        self._process.terminate()
        try:
            code = self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None
        return code

    @property
    def where(self) -> tuple[str, ...]:
        """The options of the agent that lead to this server."""
        return ("--url", self.url, "--fingerprint", self.fingerprint)

    def get(self, path: str) -> int:
        """The status of a page, asked over TLS from the server whose certificate is the announced one."""
        parts = urlsplit(self.url)
        host, port = parts.hostname or "", parts.port or 443
        context = ssl.create_default_context(cadata=ssl.get_server_certificate((host, port)))
        context.check_hostname = False
        connection = http.client.HTTPSConnection(host, port, timeout=10, context=context)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()
