"""The front of a server by itself: how what comes at once is gathered, and what is asked of the application."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

import serverkit.devices.batcher as batcher_module
from serverkit.devices.asgi_front import Application, AsgiFront
from serverkit.devices.batcher import MOST_TOGETHER, Batcher
from serverkit.devices.health import Check
from serverkit.devices.messages import DeviceHttp
from serverkit.errors import DatabaseBusyError
from serverkit.wsgi import Response, StartResponse


@dataclass
class Message:
    """What the front carries: what came, and what came of it."""

    op: str
    data: bytes
    error: BaseException | None = None
    status: int = 200
    answer: bytes | None = None
    code: str | None = None
    message: str = ""
    remedy: str = ""


class Processor:
    """Handles groups when the test lets it."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.free = threading.Event()
        self.begun = threading.Event()

    def handle_all(self, group: Sequence[Message]) -> None:
        self.groups.append([each.op for each in group])
        self.begun.set()
        assert self.free.wait(30)
        for each in group:
            each.answer = each.op.upper().encode()


async def _begun(processor: Processor) -> None:
    await asyncio.get_running_loop().run_in_executor(None, processor.begun.wait, 30)


async def _said(batcher: Batcher[Message], word: str) -> str:
    message = Message(word, b"")
    await batcher.handle(message)
    assert message.answer is not None
    return message.answer.decode()


@pytest.mark.row("S4.1", "S4.2")
def test_what_comes_while_a_group_is_settled_makes_the_next_group() -> None:
    """One goes first; the others wait together and each gets its own answer."""
    processor = Processor()

    async def run() -> list[Any]:
        batcher = Batcher(processor.handle_all, most_at_once=100)
        first = asyncio.create_task(_said(batcher, "a"))
        await _begun(processor)
        rest = [asyncio.create_task(_said(batcher, word)) for word in ("b", "c")]
        await asyncio.sleep(0)
        processor.free.set()
        return await asyncio.gather(first, *rest)

    said = asyncio.run(run())

    assert processor.groups == [["a"], ["b", "c"]]
    assert said == ["A", "B", "C"]


@pytest.mark.row("S4.1", "S4.2")
def test_who_was_just_answered_and_comes_again_finds_a_place_in_the_next_group() -> None:
    """After a large group, one message that waits does not go alone: the others have a moment to come again."""
    processor = Processor()

    async def run() -> None:
        batcher = Batcher(processor.handle_all, most_at_once=100)
        many = [asyncio.create_task(_said(batcher, word)) for word in "abcdef"]
        await _begun(processor)
        late = asyncio.create_task(_said(batcher, "late"))
        await asyncio.sleep(0)
        processor.free.set()
        await asyncio.gather(*many)
        again = [asyncio.create_task(_said(batcher, word)) for word in "uvwxyz"]
        await asyncio.gather(late, *again)

    asyncio.run(run())

    assert [len(group) for group in processor.groups] == [6, 7]


@pytest.mark.row("S4.1", "S4.2")
def test_more_than_go_together_go_one_group_after_the_other() -> None:
    """The first of a storm does not wait for the last: groups are bounded, and each message is handled once."""
    processor = Processor()
    words = [f"w{number}" for number in range(2 * MOST_TOGETHER + 2)]

    async def run() -> list[str]:
        batcher = Batcher(processor.handle_all, most_at_once=1000)
        first = asyncio.create_task(_said(batcher, "first"))
        await _begun(processor)
        many = [asyncio.create_task(_said(batcher, word)) for word in words]
        await asyncio.sleep(0)
        processor.free.set()
        await first
        return list(await asyncio.gather(*many))

    said = asyncio.run(run())

    assert [len(group) for group in processor.groups] == [1, MOST_TOGETHER, MOST_TOGETHER, 2]
    assert said == [word.upper() for word in words]


@pytest.mark.row("S4.2")
def test_one_more_than_may_wait_is_refused_at_once_and_a_place_is_free_again_afterwards() -> None:
    """Those that wait and those that are being settled count; who was answered does not."""
    processor = Processor()

    async def run() -> list[str]:
        batcher = Batcher(processor.handle_all, most_at_once=2)
        first = asyncio.create_task(_said(batcher, "a"))
        await _begun(processor)
        second = asyncio.create_task(_said(batcher, "b"))
        await asyncio.sleep(0)
        with pytest.raises(DatabaseBusyError):
            await _said(batcher, "c")
        processor.free.set()
        return [await first, await second, await _said(batcher, "d")]

    assert asyncio.run(run()) == ["A", "B", "D"]


@pytest.mark.row("S4.1", "S4.2")
def test_a_message_that_waits_too_long_in_front_is_told_so_and_is_not_settled_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While a group is stuck, the deadline of those behind it holds."""
    monkeypatch.setattr(batcher_module, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(batcher_module, "SWEEP_SECONDS", 0.02)
    processor = Processor()

    async def run() -> tuple[str, BaseException]:
        batcher = Batcher(processor.handle_all, most_at_once=100)
        first = asyncio.create_task(_said(batcher, "a"))
        await _begun(processor)
        late = await asyncio.gather(asyncio.create_task(_said(batcher, "late")), return_exceptions=True)
        processor.free.set()
        answered = await first
        await _said(batcher, "next")
        assert isinstance(late[0], BaseException)
        return answered, late[0]

    answered, late = asyncio.run(run())

    assert answered == "A"
    assert isinstance(late, DatabaseBusyError)
    assert processor.groups == [["a"], ["next"]]


@pytest.mark.row("S4.1", "S4.2")
def test_who_leaves_while_waiting_disturbs_nobody() -> None:
    """A connection that breaks takes its own answer along and no other's."""
    processor = Processor()

    async def run() -> str:
        batcher = Batcher(processor.handle_all, most_at_once=100)
        first, second = (asyncio.create_task(_said(batcher, word)) for word in ("a", "b"))
        await _begun(processor)
        first.cancel()
        await asyncio.sleep(0)
        processor.free.set()
        return await second

    assert asyncio.run(run()) == "B"


@pytest.mark.row("S4.7")
def test_a_thread_that_cannot_be_started_costs_the_messages_of_that_moment_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A machine without room for a thread: who asked is told of it, and who asks later is settled."""
    processor = Processor()
    processor.free.set()
    begin = threading.Thread.start

    def refused(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def run() -> str:
        batcher = Batcher(processor.handle_all, most_at_once=100)
        monkeypatch.setattr(threading.Thread, "start", refused)
        with pytest.raises(RuntimeError):
            await asyncio.wait_for(_said(batcher, "a"), 5)
        monkeypatch.setattr(threading.Thread, "start", begin)
        return await asyncio.wait_for(_said(batcher, "b"), 5)

    assert asyncio.run(run()) == "B"


def _rest(environ: dict[str, Any], start_response: StartResponse) -> Any:
    said = f"{environ['REQUEST_METHOD']} {environ.get('RAW_URI')} {environ.get('REMOTE_ADDR')}".encode()
    return Response(200, said, "text/plain").send(environ, start_response)


def _front(**options: Any) -> AsgiFront:
    def handle_all(group: Sequence[Message]) -> None:
        for each in group:
            each.answer = b'{"done": true}'
            if each.data == b"fault":
                each.error = RuntimeError("a fault")
            if each.data == b"refused":
                each.status, each.code, each.answer = 403, "token_refused", b'{"signed": 1}'

    devices = DeviceHttp(
        operations=frozenset({"authorize"}),
        received=Message,
        handle_all=handle_all,
        checks={"disk": lambda: Check(ok=True, detail="has room")},
        openapi=b"{}",
        most_bytes=100,
        failures_a_minute=5,
        most_at_once=options.pop("most_at_once", 4),
        now=lambda: datetime(2026, 1, 1, tzinfo=UTC),
    )
    return AsgiFront(Application(devices, _rest), threads=2, behind_proxy=options.pop("behind_proxy", False))


async def _ask(
    front: AsgiFront, method: str, path: str, *parts: bytes, headers: Sequence[tuple[bytes, bytes]] = ()
) -> tuple[int, bytes]:
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"a=%41",
        "http_version": "1.1",
        "headers": list(headers),
        "client": ("192.0.2.9", 1),
        "server": ("127.0.0.1", 2),
    }
    bodies = list(parts) or [b""]
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": bodies.pop(0), "more_body": bool(bodies)}

    async def send(message: Any) -> None:
        sent.append(message)

    await front(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def _answers(*asked: Callable[[], Awaitable[tuple[int, bytes]]]) -> list[tuple[int, bytes]]:
    async def run() -> list[tuple[int, bytes]]:
        return [await each() for each in asked]

    return asyncio.run(run())


@pytest.mark.row("S4.1", "S4.7")
def test_the_loop_answers_devices_and_health_and_leaves_the_rest_to_threads() -> None:
    """Messages in pieces are put together; too much, faults of the program and unknown addresses are said in words."""
    front = _front()
    said = _answers(
        lambda: _ask(front, "POST", "/device/v1/authorize", b"in ", b"pieces"),
        lambda: _ask(front, "GET", "/healthz"),
        lambda: _ask(front, "HEAD", "/healthz"),
        lambda: _ask(front, "GET", "/readyz"),
        lambda: _ask(front, "POST", "/device/v1/nothing", b"x"),
        lambda: _ask(front, "POST", "/device/v1/authorize", b"x" * 60, b"x" * 60),
        lambda: _ask(front, "POST", "/device/v1/authorize", headers=[(b"content-length", b"101")]),
        lambda: _ask(front, "POST", "/device/v1/authorize", b"fault"),
        lambda: _ask(front, "GET", "/device/v1/authorize"),
        lambda: _ask(front, "GET", "/api/v1/devices"),
    )

    assert said[:3] == [(200, b'{"done": true}'), (200, b"ok\n"), (200, b"")]
    assert said[3][0] == 200
    assert b'"has room"' in said[3][1]
    assert [status for status, _ in said[4:]] == [404, 413, 413, 500, 405, 200]
    assert said[-1][1] == b"GET /api/v1/devices?a=%41 192.0.2.9"


@pytest.mark.row("S4.7")
def test_half_a_message_of_who_is_gone_is_neither_settled_nor_counted() -> None:
    """A line that breaks again and again does not get its address slowed."""
    front = _front()

    async def run() -> tuple[int, bytes]:
        for _ in range(10):
            parts = [{"type": "http.request", "body": b"ha", "more_body": True}, {"type": "http.disconnect"}]
            sent: list[Any] = []

            async def receive(parts: list[dict[str, Any]] = parts) -> dict[str, Any]:
                return parts.pop(0)

            async def send(message: Any, sent: list[Any] = sent) -> None:
                sent.append(message)

            scope = {"type": "http", "method": "POST", "path": "/device/v1/authorize", "client": ("192.0.2.9", 1)}
            await front(scope, receive, send)
            assert sent == []
        return await _ask(front, "POST", "/device/v1/authorize", b"whole")

    assert asyncio.run(run())[0] == 200


@pytest.mark.row("S4.7")
def test_behind_a_proxy_the_caller_is_whom_the_proxy_names() -> None:
    """Both ways through the front agree on it."""
    headers = [(b"x-forwarded-for", b"10.9.9.9, 198.51.100.7")]
    front = _front(behind_proxy=True)
    direct = _front()
    said = _answers(
        lambda: _ask(front, "GET", "/api/v1/devices", headers=headers),
        lambda: _ask(direct, "GET", "/api/v1/devices", headers=headers),
    )

    assert said[0][1].endswith(b"198.51.100.7")
    assert said[1][1].endswith(b"192.0.2.9")
