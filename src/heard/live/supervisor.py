"""`heard serve`: locks the data directory, binds the port, starts the edges and the app, and replaces
whichever dies.

Each child has one channel to this process: it says each second that it is alive, is told over it when to
end, and ends by itself when it closes. The supervisor does no work that could fail, reads no request and
opens no database.
"""

from __future__ import annotations

import errno
import fcntl
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import IO, Any

from heard.engine.errors import Refused
from heard.live.handover import Channel, pair
from heard.live.limits import Limits
from heard.live.saying import say

SILENT_S = 5.0
"""An app or edge that has not said for so long that it is alive is replaced."""

BEGINNING_S = 600.0
"""So long an app may take to fold its projection and render before it first says so."""

END_S = 5.0
"""After the word to end, whoever is still there is killed."""

LOCK_WAIT_S = 2.0
"""Children of a supervisor that was killed hold the lock until they too have ended: a second at most."""

BACKOFF_S_MAX = 2.0
WAKE_S = 0.25


class Child:
    """One process in its place: started, watched, started again."""

    def __init__(self, name: str, beats: bool = True) -> None:
        self.name = name
        self.beats = beats
        self.process: subprocess.Popen[bytes] | None = None
        self.channel: Channel | None = None
        self.first_beat: float | None = None
        self.last_beat = 0.0
        self.failures = 0
        self.start_at = 0.0
        self.finished = False

    def is_running(self) -> bool:
        return self.process is not None

    def is_silent(self, at: float) -> bool:
        """Whether it should be taken for dead, though it runs."""
        if not self.beats or self.process is None:
            return False
        return at - self.last_beat > (BEGINNING_S if self.first_beat is None else SILENT_S)

    def ended(self, at: float) -> None:
        """Make ready to start again: at once if it had begun to work, ever more slowly if it never does."""
        self.failures = self.failures + 1 if self.first_beat is None else 0
        self.start_at = at + min(0.05 * 2**self.failures, BACKOFF_S_MAX)
        self.process = None
        self.first_beat = None
        if self.channel is not None:
            self.channel.close()
            self.channel = None


def serve(
    data_dir: Path,
    host: str,
    port: int,
    edges: int,
    app_argv: Sequence[str],
    *,
    companions: Sequence[Sequence[str]] = (),
    limits: Limits | None = None,
    announce: Callable[[str], None] = print,
    log: Callable[..., None] = say,
) -> None:
    """Serve until SIGTERM or SIGINT; then end in order within five seconds.

    `app_argv` is started with `--control-fd N --edge-fds A,B,…` after it. `companions` run beside, with
    `{address}` in their arguments replaced; one that ends well is not started again, and standard input
    closes when it should end. `announce` is given the address once the port is open. Raises Refused if the
    data directory is being served already or the port cannot be had.
    """
    lock = _locked(data_dir)
    listener = _bound(host, port)
    address = _address(listener)
    supervisor = Supervisor(listener, lock, app_argv, edges, limits or Limits(), log)
    for argv in companions:
        supervisor.companions[Child("companion", beats=False)] = [word.replace("{address}", address) for word in argv]
    announce(address)
    try:
        supervisor.run()
    finally:
        listener.close()
        lock.close()


def _locked(data_dir: Path) -> IO[str]:
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = open(os.open(data_dir / "serve.lock", os.O_CREAT | os.O_RDWR, 0o600), "r+")  # noqa: SIM115
    give_up_at = time.monotonic() + LOCK_WAIT_S
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() > give_up_at:
                holder = lock.read(20).strip() or "unknown"
                lock.close()
                raise Refused(
                    f"Another Heard (process {holder}) is serving {data_dir}. Nothing was changed."
                    " Stop that one first, or name another folder with --data.",
                    holder=holder,
                ) from None
            time.sleep(0.05)
        else:
            lock.seek(0)
            lock.truncate()
            lock.write(f"{os.getpid()}\n")
            lock.flush()
            return lock


def _bound(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError):
        raise Refused(f"There is no address “{host}” on this machine. Nothing was started.") from None
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        with suppress(OSError):
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    try:
        listener.bind(address)
        listener.listen(4096)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            why = f"Port {port} on {host} is taken by another program. Choose another with --port."
        elif error.errno == errno.EACCES:
            why = f"This account may not open port {port}. Choose one above 1023 with --port."
        else:
            why = f"{host} port {port} cannot be opened ({error.strerror})."
        raise Refused(f"{why} Nothing was started.") from None
    return listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Supervisor:
    """The children, each in its place, and the loop that keeps them there."""

    def __init__(
        self,
        listener: socket.socket,
        lock: IO[str],
        app_argv: Sequence[str],
        edges: int,
        limits: Limits,
        log: Callable[..., None],
    ) -> None:
        self.listener = listener
        self.lock = lock
        self.app_argv = list(app_argv)
        self.limits = limits
        self.log = log
        self.app = Child("app")
        self.edges = [Child(f"edge-{number}") for number in range(1, max(1, edges) + 1)]
        self.companions: dict[Child, list[str]] = {}
        self.selector = selectors.DefaultSelector()
        self.ending = False

    def run(self) -> None:
        """Keep all children running until told to end."""
        wake, woken = pair()
        wake.setblocking(False)
        woken.setblocking(False)
        self.selector.register(woken, selectors.EVENT_READ, None)
        signals = {
            signal.SIGTERM: self._told_to_end,
            signal.SIGINT: self._told_to_end,
            signal.SIGCHLD: lambda *_: None,  # Only to be woken.
        }
        before: dict[signal.Signals, Any] = {number: signal.signal(number, does) for number, does in signals.items()}
        woken_before = signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        try:
            while not self.ending:
                self._keep_running()
                self._listen()
            self._end()
        finally:
            signal.set_wakeup_fd(woken_before)
            for number, handler in before.items():
                signal.signal(number, handler)
            self.selector.close()
            wake.close()
            woken.close()

    def _told_to_end(self, number: int, frame: FrameType | None) -> None:
        self.ending = True

    def _keep_running(self) -> None:
        at = time.monotonic()
        for child in [*self.edges, self.app, *self.companions]:
            self._look_after(child, at)
        for edge in self.edges:
            if not edge.is_running() and at >= edge.start_at:
                self._start_edge(edge)
        if not self.app.is_running() and at >= self.app.start_at:
            self._start_app()
        for companion, argv in self.companions.items():
            if not companion.is_running() and not companion.finished and at >= companion.start_at:
                companion.process = self._spawn(argv, (), stdin=subprocess.PIPE)

    def _look_after(self, child: Child, at: float) -> None:
        if child.process is None:
            return
        if child.is_silent(at):
            self.log("child_silent", child=child.name, pid=child.process.pid)
            child.process.kill()
            child.process.wait()
        code = child.process.poll()
        if code is None:
            return
        self.log("child_ended", child=child.name, pid=child.process.pid, code=code)
        if child.channel is not None:
            self.selector.unregister(child.channel)
        child.finished = child in self.companions and code == 0
        child.ended(at)

    def _start_edge(self, edge: Child) -> None:
        arguments = ["--listen-fd", str(self.listener.fileno()), "--limits", self.limits.written()]
        argv = [sys.executable, "-m", "heard.live.edge", *arguments]
        self._start(edge, argv, [self.listener.fileno()])
        if self.app.channel is not None:
            self._introduce(edge, self.app.channel)

    def _start_app(self) -> None:
        ends: list[socket.socket] = []
        for edge in self.edges:
            if edge.channel is not None:
                edges_end, apps_end = pair()
                edge.channel.send("app", fd=edges_end.detach(), close_after=True)
                ends.append(apps_end)
        numbers = [end.fileno() for end in ends]
        self._start(self.app, [*self.app_argv, "--edge-fds", ",".join(map(str, numbers))], numbers)
        for end in ends:
            end.close()

    def _introduce(self, edge: Child, app: Channel) -> None:
        """A new edge meets the app that is running."""
        assert edge.channel is not None
        edges_end, apps_end = pair()
        edge.channel.send("app", fd=edges_end.detach(), close_after=True)
        app.send("edge", fd=apps_end.detach(), close_after=True)

    def _start(self, child: Child, argv: list[str], descriptors: list[int]) -> None:
        ours, theirs = pair()
        with theirs:
            # The lock goes with them: it is free only when nobody is left who could still write.
            passed = (*descriptors, theirs.fileno(), self.lock.fileno())
            child.process = self._spawn([*argv, "--control-fd", str(theirs.fileno())], passed)
        child.channel = Channel(ours)
        child.last_beat = time.monotonic()
        self.selector.register(child.channel, selectors.EVENT_READ, child)
        self.log("child_started", child=child.name, pid=child.process.pid)

    def _spawn(
        self, argv: Sequence[str], descriptors: Sequence[int], stdin: int = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes]:
        # Sessions of their own: Ctrl+C is for us, and we tell them in order.
        return subprocess.Popen(argv, stdin=stdin, pass_fds=descriptors, start_new_session=True)

    def _listen(self) -> None:
        """Wait for heartbeats, deaths and signals."""
        for key, _ in self.selector.select(WAKE_S):
            if key.data is None:
                with suppress(BlockingIOError):
                    key.fileobj.recv(4096)  # type: ignore[union-attr]
                continue
            child: Child = key.data
            assert child.channel is not None
            for message in child.channel.receive():
                if message.kind == "beat":
                    child.last_beat = time.monotonic()
                    child.first_beat = child.first_beat or child.last_beat
            child.channel.flush()
            if child.channel.ended:  # It is ending; `poll` will say so. Do not listen to a closed line meanwhile.
                self.selector.unregister(child.channel)
                child.channel.close()
                child.channel = None

    def _end(self) -> None:
        """Tell all to end, the companions first, and wait; then no more words."""
        self.log("ending")
        children = [child for child in [*self.companions, *self.edges, self.app] if child.process is not None]
        for child in children:
            assert child.process is not None
            if child.channel is not None:
                child.channel.send("end")
            elif child.process.stdin is not None:
                child.process.stdin.close()
                child.process.terminate()
        give_up_at = time.monotonic() + END_S
        for child in children:
            assert child.process is not None
            try:
                child.process.wait(max(0.0, give_up_at - time.monotonic()))
            except subprocess.TimeoutExpired:
                self.log("child_killed", child=child.name, pid=child.process.pid)
                child.process.kill()
                child.process.wait()
        self.log("ended")
