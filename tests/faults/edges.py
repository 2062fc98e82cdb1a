"""One server with several edges, and connections of which we know which edge took them in."""

from __future__ import annotations

import os
import re
from pathlib import Path

from tests.live.clients import Client
from tests.server import Server
from tests.waiting import wait_until


def pid_of(server: Server, edge: str) -> int:
    return int(re.findall(rf"child_started child={edge} pid=(\d+)", "".join(server.said))[-1])


def through(server: Server, edge: str) -> Client:
    """A connection that this edge holds: the kernel shares them out, so open some until one is."""
    pid = pid_of(server, edge)
    while True:
        client = Client(int(server.address.rpartition(":")[2]))
        wait_until(lambda client=client: _inode(client) != "0")
        if _inode(client) in _held(pid):
            return client
        client.sock.close()


def _inode(client: Client) -> str:
    """The number of the server's end of a connection; 0 until somebody has accepted it."""
    ends = [f":{client.sock.getpeername()[1]:04X}", f":{client.sock.getsockname()[1]:04X}"]
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[1].endswith(ends[0]) and words[2].endswith(ends[1]):
            return words[9]
    return "0"


def _held(pid: int) -> set[str]:
    found = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            found.add(os.readlink(f"/proc/{pid}/fd/{name}").removeprefix("socket:[").removesuffix("]"))
        except FileNotFoundError:  # closed meanwhile
            continue
    return found
