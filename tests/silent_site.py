"""A site in a network namespace of its own: what leaves it is counted, name look-ups included.

Started by `tests/functional/test_silence.py` as `unshare --net --mount python -m tests.silent_site WORLD`. Every address
of the world is delivered back to the loopback device, so a packet to anywhere goes out, is seen, and harms nobody.
Prints one line of JSON: the destinations that were seen while the site worked, and of the control after it.
"""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys
import threading
import time
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

from tests.served import Served, served
from tests.world import World

NAMES = "nameserver 192.0.2.53\noptions timeout:1 attempts:1\n"
ETHERNET, EVERY_PROTOCOL, IPV4, IPV6 = 14, 0x0003, 0x0800, 0x86DD
SETTLE = 0.3


class Counter:
    """Destinations of the packets on the loopback device that are not this machine itself."""

    def __init__(self) -> None:
        """Listen from now on."""
        self._wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(EVERY_PROTOCOL))
        self._wire.bind(("lo", 0))
        self._seen: list[str] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            packet = self._wire.recv(65_535)
            (kind,) = struct.unpack_from("!H", packet, 12)
            body = packet[ETHERNET:]
            if kind == IPV4:
                found = ip_address(body[16:20])
            elif kind == IPV6:
                found = ip_address(body[24:40])
            else:
                continue
            if not found.is_loopback:
                self._seen.append(str(found))

    def taken(self) -> list[str]:
        """What was seen since the last call."""
        time.sleep(SETTLE)
        found, self._seen = sorted(set(self._seen)), []
        return found


def main(folder: Path) -> None:
    """Let a site work, then have it asked to send a mail."""
    _open_the_world(folder)
    counter, world = Counter(), World(folder)
    counter.taken()
    visited = _work(world)
    silent = counter.taken()
    world.satellite("mail", "set", "--host", "mail.site.example", "--to", "ops@site.example")
    world.satellite("mail", "test", code=1)
    by_name = counter.taken()
    world.satellite("mail", "set", "--host", "198.51.100.7")
    world.satellite("mail", "test", code=1)
    print(json.dumps({"visited": visited, "silent": silent, "by_name": by_name, "by_address": counter.taken()}))


def _open_the_world(folder: Path) -> None:
    names = folder / "resolv.conf"
    names.write_text(NAMES, encoding="utf-8")
    for words in (
        ("mount", "--bind", str(names), str(Path("/etc/resolv.conf").resolve())),
        ("ip", "link", "set", "lo", "up"),
        ("ip", "route", "add", "local", "0.0.0.0/0", "dev", "lo"),
    ):
        subprocess.run(words, check=True)
    with suppress(subprocess.CalledProcessError):  # a machine may have no IPv6
        subprocess.run(
            ("ip", "-6", "route", "add", "local", "::/0", "dev", "lo"), check=True, stderr=subprocess.DEVNULL
        )


def _work(world: World) -> int:
    """A device, a round trip by file, every job, the checks, and each page of the console; how many pages there were."""
    device = world.device("SN1", hostname="edge-1")
    device.use("ADVANTAGE", 1)
    world.synchronize()
    for job in world.satellite("jobs", "list")["items"]:
        world.satellite("jobs", "run", job["name"])
    with suppress(AssertionError):  # what it finds is not the point here
        world.satellite("doctor")
    with served(world, "satellite") as console:
        return sum(_visit(console))


def _visit(console: Served) -> list[int]:
    return [
        console.administrator.get(console.filled(url)).status_code < 400
        for url in console.urls
        if url.method == "GET" and console.whole(url)
    ]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
