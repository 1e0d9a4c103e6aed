"""A person's terminal: pages of plain lines, questions, hidden answers. It needs no colours and no more than 80 x 24.

The end of the input is EOFError, an interruption KeyboardInterrupt; the one who asks decides what they mean.
"""

from __future__ import annotations

import os
import shutil
import sys
import termios
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager

from serverkit.cli.base import CliState, printed
from serverkit.errors import TerminalNeededError

LONGEST_ANSWER = 4096
_CLEAR = "\x1b[H\x1b[2J"
_ECHO = 3  # the local flags among the attributes of a terminal


class Terminal:
    """The terminal of this process."""

    def __init__(self, state: CliState) -> None:
        """TerminalNeededError where there is none, or where nothing may be asked."""
        if not state.may_ask or not sys.stdout.isatty():
            raise TerminalNeededError

    def clear(self) -> None:
        """Begin a new page."""
        if os.environ.get("TERM", "") not in {"", "dumb"}:
            sys.stdout.write(_CLEAR)

    def say(self, text: str = "") -> None:
        """Write lines, broken where the terminal ends."""
        self._write("".join(f"{line}\n" for line in self._lines(text)))

    def show(self, text: str) -> None:
        """Write a long text page by page; Enter goes on, any other answer ends it."""
        lines, height = list(self._lines(text)), max(5, self._size().lines - 2)
        for start in range(0, len(lines), height):
            self._write("".join(f"{line}\n" for line in lines[start : start + height]))
            if start + height < len(lines) and self.ask("-- Enter: more, q: end -- "):
                return

    def ask(self, question: str) -> str:
        """The answer, without blanks around it; empty for Enter alone."""
        return self._read(question).strip()

    def ask_hidden(self, question: str) -> str:
        """The answer to a question for a secret, which the terminal does not show."""
        with self._unseen():
            answer = self._read(question)
        self.say()
        return answer

    def agrees(self, question: str) -> bool:
        """Whether the person says yes; anything else is no."""
        return self.ask(f"{question} (y/N) ").lower() in {"y", "yes"}

    def choose(self, question: str, count: int, usual: int | None = None) -> int | None:
        """A number from 1 to `count`; Enter takes the `usual` one. None where nothing was chosen."""
        hint = f"1-{count}" if count > 1 else "1"
        while answer := self.ask(f"{question} ({hint}{f', Enter for {usual}' if usual else ', Enter for none'}) "):
            if answer.isascii() and answer.isdecimal() and 1 <= int(answer[:9]) <= count:
                return int(answer)
            if answer.lower() in {"q", "0"}:
                return None
            self.say(f"{answer[:40]} is not in the list; q goes back.")
        return usual

    def _read(self, question: str) -> str:
        self._write(question)
        try:
            data = os.read(sys.stdin.fileno(), LONGEST_ANSWER)
        except OSError as error:  # the terminal has gone
            raise EOFError from error
        if not data:
            raise EOFError
        return data.decode("utf-8", "replace").rstrip("\r\n")

    @contextmanager
    def _unseen(self) -> Iterator[None]:
        descriptor = sys.stdin.fileno()
        before = termios.tcgetattr(descriptor)
        hidden = [*before]
        hidden[_ECHO] = before[_ECHO] & ~termios.ECHO
        termios.tcsetattr(descriptor, termios.TCSADRAIN, hidden)
        try:
            yield
        finally:
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)

    def _lines(self, text: str) -> Iterator[str]:
        width = max(20, self._size().columns - 1)
        for line in printed(text).split("\n"):
            parts = textwrap.wrap(line, width, drop_whitespace=False, break_on_hyphens=False)
            yield from [part.rstrip() for part in parts] or [""]

    def _size(self) -> os.terminal_size:
        return shutil.get_terminal_size((80, 24))

    def _write(self, text: str) -> None:
        encoding = sys.stdout.encoding or "utf-8"
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
