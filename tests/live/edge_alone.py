"""A real edge process whose supervisor and app the test plays itself, message by message."""

from __future__ import annotations

import select
import socket
import subprocess
import sys
import time
from pathlib import Path

from heard.engine.frames import Change
from heard.live.handover import Channel, Message, pair
from heard.live.limits import Limits
from heard.live.shared import Number
from heard.store.frames import FramesFile, Topic
from tests.live.clients import PATIENCE_S
from tests.live.painting import paint

CASE = "case1"
SLUG = "the-case"
EPOCH = "epoch1"


class AppEnd:
    """The test's end of a channel to the edge."""

    def __init__(self, sock: socket.socket) -> None:
        self.channel = Channel(sock)
        self.messages: list[Message] = []
        self.requests: dict[socket.socket, int] = {}
        begun = self.expect("begun").fd
        assert begun is not None
        self.begun = Number(begun)

    def hello(self, frames: FramesFile) -> None:
        self.channel.send("hello", frames=str(frames.path), epoch=frames.epoch)

    def ring(self, position: int = 0) -> None:
        self.channel.send("ring", position=position)

    def expect(self, kind: str) -> Message:
        """Wait for a message of this kind."""
        give_up_at = time.monotonic() + PATIENCE_S
        while True:
            for message in self.messages:
                if message.kind == kind:
                    self.messages.remove(message)
                    return message
            assert time.monotonic() < give_up_at, f"no {kind} came"
            select.select([self.channel], [], [], 0.1)
            self.messages += self.channel.receive()
            assert self.messages or not self.channel.ended

    def take(self) -> tuple[socket.socket, bytes]:
        """Take the next request, as an app does."""
        request = self.expect("request")
        assert request.fd is not None
        self.begun.become(request.facts["id"])
        sock = socket.socket(fileno=request.fd)
        sock.setblocking(True)
        self.requests[sock] = request.facts["id"]
        return sock, request.body

    def give_back(self, sock: socket.socket, unread: bytes = b"") -> None:
        request = self.requests.pop(sock)
        sock.close()
        self.channel.send("returned", unread, id=request)

    def close(self, sock: socket.socket) -> None:
        request = self.requests.pop(sock)
        sock.close()
        self.channel.send("closed", id=request)


class EdgeAlone:
    """The edge, on a frames file of one case that has no posts yet, or on another that is given."""

    def __init__(self, folder: Path, limits: Limits, frames: FramesFile | None = None) -> None:
        self.folder = folder
        self.frames = frames or FramesFile(folder / "frames.sqlite", EPOCH)
        if frames is None:
            paint(self.frames, 1, {}, [Topic(SLUG, CASE, True)])
        listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = listener.getsockname()[1]
        ours, theirs = pair()
        argv = [sys.executable, "-m", "heard.live.edge", "--limits", limits.written()]
        argv += ["--listen-fd", str(listener.fileno()), "--control-fd", str(theirs.fileno())]
        self.process = subprocess.Popen(
            argv, pass_fds=[listener.fileno(), theirs.fileno()], stderr=subprocess.PIPE, text=True
        )
        listener.close()
        theirs.close()
        self.control = Channel(ours)
        self.app: AppEnd | None = None

    def new_app(self, says_hello: bool = True) -> AppEnd:
        """Start to be another app; the one before stays."""
        edges_end, apps_end = pair()
        self.control.send("app", fd=edges_end.detach(), close_after=True)
        self.app = AppEnd(apps_end)
        if says_hello:
            self.app.hello(self.frames)
        return self.app

    def publish(self, *changes: Change, case_id: str = CASE, rings: bool = True, anew: bool = False) -> int:
        """Write one entry's changes and ring; its position."""
        position = self.frames.position() + 1
        paint(self.frames, position, {case_id: changes}, anew=anew)
        if rings and self.app is not None:
            self.app.ring(position)
        return position

    def post(self, id: str, html: str = "<p>words</p>", kind: str = "post") -> int:
        return self.publish(Change(kind, id, html=html, href=f"/{SLUG}/fragment/{id}", place=id))

    def close(self) -> None:
        self.control.close()
        self.process.wait(PATIENCE_S)
        assert self.process.stderr is not None
        said = self.process.stderr.read()
        self.process.stderr.close()
        if self.app is not None:
            self.app.channel.close()
        self.frames.close()
        assert "Traceback" not in said, said
