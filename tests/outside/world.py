"""An internet of its own in a network namespace: public addresses, private ones, and a name server of changing mind.

Run as a script under `unshare -rnm`; it prints what became of every address that it was to try, and who was reached.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from typing import Any

from heard.engine import now
from heard.engine.errors import Refused, Unavailable
from heard.outside import posting, reaching
from heard.outside.titles import told_by

PUBLIC = "8.8.8.8"
#: Nobody may ever knock there.
PRIVATE = ("127.0.0.1", "10.0.0.1", "169.254.169.254", "168.63.129.16", "::1", "fd00:ec2::254")
#: What an operator named.
OWN = ("http://10.0.0.1", "http://private.test")
NAMES: dict[str, tuple[str, ...]] = {
    "good.test": (PUBLIC,),
    "mixed.test": (PUBLIC, "127.0.0.1"),
    "private.test": ("10.0.0.1",),
    "metadata.test": ("169.254.169.254",),
    "six.test": ("::1",),
    "mapped.test": ("::ffff:127.0.0.1",),
    "translated.test": ("64:ff9b::7f00:1",),
}
PAGE = (
    "<!doctype html><html><head><meta charset=utf-8><title>The &amp; gate\u202e\n</title>"
    "<meta name=description content='Who <b>kept</b> it'><meta property=og:image content=http://private.test/a.png>"
    "</head><body><title>Not this</title><script>alert(1)</script></body></html>"
)
HTML = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: a=b\r\n\r\n"

knocks: Counter[str] = Counter()
heads: list[str] = []
asked: Counter[str] = Counter()


def build() -> None:
    """Addresses on the loopback of this namespace, and a resolver of ours."""
    for line in (
        "link set lo up",
        *(
            f"addr add {one}/{128 if ':' in one else 32} dev lo{' nodad' if ':' in one else ''}"
            for one in (PUBLIC, *PRIVATE)
        ),
    ):
        subprocess.run(["ip", *line.split()], check=False, capture_output=True)
    with tempfile.NamedTemporaryFile("w", delete=False) as file:
        file.write("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    subprocess.run(["mount", "--bind", file.name, "/etc/resolv.conf"], check=True)
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.bind(("127.0.0.1", 53))
    threading.Thread(target=_names, args=(line,), daemon=True).start()
    for address, port in ((address, port) for address in (PUBLIC, *PRIVATE) for port in (80, 443)):
        listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen()
        threading.Thread(target=_pages, args=(listener, address), daemon=True).start()


def _names(line: socket.socket) -> None:
    while True:
        question, who = line.recvfrom(1024)
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1 : at + 1 + question[at]].decode())
            at += 1 + question[at]
        (kind,) = struct.unpack(">H", question[at + 1 : at + 3])
        name = ".".join(labels).lower()
        asked[f"{name} {kind}"] += 1
        found = NAMES.get(name, ())
        if name == "rebinding.test":  # public for whoever looks, and this machine for whoever asks again
            found = (PUBLIC,) if asked[f"{name} {kind}"] == 1 else ("127.0.0.1",)
        family = {1: socket.AF_INET, 28: socket.AF_INET6}.get(kind)
        packed = [socket.inet_pton(family, one) for one in found if family and (":" in one) == (kind == 28)]
        answers = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(one)) + one for one in packed)
        head = question[:2] + b"\x81\x80" + struct.pack(">HHHH", 1, len(packed), 0, 0)
        line.sendto(head + question[12 : at + 5] + answers, who)


def _pages(listener: socket.socket, address: str) -> None:
    while True:
        line, _ = listener.accept()
        knocks[address] += 1
        threading.Thread(target=_answer, args=(line,), daemon=True).start()


def _answer(line: socket.socket) -> None:
    with line:
        head = line.recv(65_536).decode("latin-1")
        heads.append(head)
        target = head.split(" ")[1]
        to = {"/inside": "http://127.0.0.1/", "/private": "//private.test/", "/file": "file:///etc/passwd"}
        to |= {"/round": "/round", "/one": "/two", "/two": "/three", "/three": "/page", "/four": "/one"}
        try:
            if target in to:
                line.sendall(f"HTTP/1.1 302 Found\r\nLocation: {to[target]}\r\n\r\n".encode())
            elif target == "/endless":
                line.sendall(HTML.encode() + PAGE.encode())
                while True:
                    line.sendall(bytes(65_536))
            elif target == "/slow":
                line.sendall(HTML.encode())
                threading.Event().wait(30)
            elif target == "/long-head":
                while True:
                    line.sendall(b"X-More: " + b"x" * 60_000 + b"\r\n")
            elif target == "/picture":
                line.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n\x89PNG")
            else:
                line.sendall(HTML.encode() + PAGE.encode())
        except OSError:
            pass  # whoever asked has had enough


async def tried(address: str) -> str:
    try:
        told = told_by(await reaching.reach(address))
        return f"{told.title} | {told.words}"
    except Refused as refusal:
        return refusal.message


async def posted(address: str) -> str:
    """At 443 somebody speaks who knows no TLS: that is as far as anybody gets."""
    try:
        return str((await posting.post(address, b"words", {}, now.utc(), own=OWN)).status)
    except Refused as refusal:
        return refusal.message
    except Unavailable as wrong:
        return str(wrong.details["why"])


def main(*addresses: str, how: str = "") -> dict[str, Any]:
    build()
    naive, ask = how == "naive", posted if how == "post" else tried
    if naive:  # looks at the name, and then goes to the name
        looked = reaching._resolved

        async def again(host: str, port: int) -> Any:
            await looked(host, port)
            return host

        reaching._resolved = again
    told = {address: asyncio.run(ask(address)) for address in addresses}
    return {"told": told, "knocks": knocks, "heads": heads, "asked": asked}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[2:], how=sys.argv[1])))
