"""`heard serve`: locks the data directory, binds the port, starts the edges and the app, and replaces
whichever dies.

Each child has one channel to this process: it says each second that it is alive, is told over it when to
end, and ends by itself when it closes. The supervisor does no work that could fail, reads no request and
opens no database.
"""

from __future__ import annotations

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
from heard.live import listening
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

LEAVE_S = 30.0
"""So long an app that was exchanged may still take to answer what it has begun."""

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
    listeners = listening.opened(host, port, max(1, edges))
    address = listening.address_of(listeners[0])
    supervisor = Supervisor(listeners, lock, app_argv, limits or Limits(), log)
    for argv in companions:
        supervisor.companions[Child("companion", beats=False)] = [word.replace("{address}", address) for word in argv]
    announce(address)
    try:
        supervisor.run()
    finally:
        for listener in listeners:
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


class Supervisor:
    """The children, each in its place, and the loop that keeps them there."""

    def __init__(
        self,
        listeners: list[socket.socket],
        lock: IO[str],
        app_argv: Sequence[str],
        limits: Limits,
        log: Callable[..., None],
    ) -> None:
        self.listeners = listeners
        self.lock = lock
        self.app_argv = list(app_argv)
        self.limits = limits
        self.log = log
        self.app = Child("app")
        self.coming: Child | None = None
        """The app that takes over once it has begun to work."""
        self.leaving: dict[Child, float] = {}
        """Apps that were told to end, and when they will be made to."""
        self.edges = [Child(f"edge-{number}") for number in range(1, len(listeners) + 1)]
        self.companions: dict[Child, list[str]] = {}
        self.selector = selectors.DefaultSelector()
        self.ending = False
        self.exchanges = False

    def run(self) -> None:
        """Keep all children running until told to end."""
        wake, woken = pair()
        wake.setblocking(False)
        woken.setblocking(False)
        self.selector.register(woken, selectors.EVENT_READ, None)
        signals = {
            signal.SIGTERM: self._told_to_end,
            signal.SIGINT: self._told_to_end,
            # Where a terminal is behind us it means that the terminal has gone.
            signal.SIGHUP: self._told_to_end if os.isatty(0) else self._told_to_exchange,
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

    def _told_to_exchange(self, number: int, frame: FrameType | None) -> None:
        self.exchanges = True

    def _keep_running(self) -> None:
        at = time.monotonic()
        for child in [*self.edges, *self._apps(), *self.companions]:
            self._look_after(child, at)
        self._exchange(at)
        for edge in self.edges:
            if not edge.is_running() and at >= edge.start_at:
                self._start_edge(edge)
        if not self.app.is_running() and at >= self.app.start_at:
            self._start_app(self.app)
        for companion, argv in self.companions.items():
            if not companion.is_running() and not companion.finished and at >= companion.start_at:
                companion.process = self._spawn(argv, (), stdin=subprocess.PIPE)

    def _apps(self) -> list[Child]:
        return [*self.leaving, self.app, *([self.coming] if self.coming else [])]

    def _exchange(self, at: float) -> None:
        """On SIGHUP: a new app, of the version that is installed now, begins beside the one that serves.

        It folds and renders in files of its own where its version differs, says hello to the edges when it is
        ready, and only then is the old one told to end: no reader reconnects, and no request waits.
        """
        if self.exchanges and self.coming is None and not self.leaving:
            self.exchanges = False
            self.coming = Child("app")
            self._start_app(self.coming)
        if self.coming is not None:
            if self.coming.first_beat is not None or not self.app.is_running():
                self.leaving[self.app] = at + LEAVE_S
                if self.app.channel is not None:
                    self.app.channel.send("end")
                self.app, self.coming = self.coming, None
            elif not self.coming.is_running():
                self.log("exchange_failed")  # The one that serves goes on.
                self.coming = None
        for child, leaves_at in list(self.leaving.items()):
            if child.process is not None and at > leaves_at:
                child.process.kill()
            if not child.is_running():
                del self.leaving[child]
                self._say_if_alone()

    def _say_if_alone(self) -> None:
        """The only app may clear away what others have folded and rendered; it must not while they serve."""
        if self.app.channel is not None and self.coming is None and not self.leaving:
            self.app.channel.send("alone")

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
        listener = self.listeners[self.edges.index(edge)].fileno()
        argv = [sys.executable, "-m", "heard.live.edge", "--listen-fd", str(listener)]
        self._start(edge, [*argv, "--limits", self.limits.written()], [listener])
        for app in self._apps():
            if app.channel is not None:
                self._introduce(edge, app.channel)

    def _start_app(self, app: Child) -> None:
        ends: list[socket.socket] = []
        for edge in self.edges:
            if edge.channel is not None:
                edges_end, apps_end = pair()
                edge.channel.send("app", fd=edges_end.detach(), close_after=True)
                ends.append(apps_end)
        numbers = [end.fileno() for end in ends]
        self._start(app, [*self.app_argv, "--edge-fds", ",".join(map(str, numbers))], numbers)
        for end in ends:
            end.close()
        self._say_if_alone()

    def _introduce(self, edge: Child, app: Channel) -> None:
        """A new edge meets an app that is running."""
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
        """Take nobody new, tell all to end, the companions first, and wait; then no more words."""
        self.log("ending")
        for listener in self.listeners:
            listener.close()
        children = [child for child in [*self.companions, *self.edges, *self._apps()] if child.process is not None]
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
