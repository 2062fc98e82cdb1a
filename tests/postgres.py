"""Real PostgreSQL servers for tests: clusters of our own in temporary folders, on loopback ports of their own.

Nothing of the system's own server is touched. Where PostgreSQL is not installed the tests that want it say so and skip.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from heard.engine.entry import new_id

START_S = 60


def programs() -> Path:
    """The folder of Debian's newest PostgreSQL, or that of what is on the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("pg_ctl")
    if found:
        return found[-1].parent
    if on_path:
        return Path(on_path).resolve().parent
    if os.environ.get("HEARD_REQUIRE_POSTGRES"):
        pytest.fail("PostgreSQL is not installed, and HEARD_REQUIRE_POSTGRES says that it must be")
    pytest.skip("PostgreSQL is not installed on this machine (Debian: apt-get install postgresql)")


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Cluster:
    """One server: its folder, its port, and what can be done to it."""

    def __init__(self, folder: Path, host: str = "127.0.0.1", within: Sequence[str] = ()) -> None:
        """`within` goes before each of its programs, for one in a network of its own, which we reach at `host`."""
        self.folder, self.data, self.port = folder, folder / "data", free_port()
        self.host, self.within = host, list(within)
        self.programs = programs()
        self._used: list[str] = []
        #: PostgreSQL will not run as root; its own user is there where the package is.
        self.user = "postgres" if os.getuid() == 0 else None

    @property
    def address(self) -> str:
        return f"postgresql://heard@{self.host}:{self.port}"

    def run(self, program: str, *args: str) -> None:
        argv, user = [str(self.programs / program), *args], self.user
        if self.within and user:  # to enter a network takes root, who becomes that user on the other side
            its = pwd.getpwnam(user)
            argv, user = [*self.within, f"--setuid={its.pw_uid}", f"--setgid={its.pw_gid}", *argv], None
        done = subprocess.run(
            argv,
            user=user,
            group=user,
            extra_groups=[] if user else None,
            cwd=self.folder,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=START_S,
        )
        assert done.returncode == 0, f"{program}: {done.stdout}"

    def make(self) -> None:
        self.run("initdb", "-D", str(self.data), "-U", "heard", "-A", "trust", "-E", "UTF8", "--no-sync")
        with (self.data / "postgresql.conf").open("a") as settings:
            settings.write(
                f"port = {self.port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{self.folder}'\n"
                "max_connections = 300\nshared_buffers = 32MB\nautovacuum_naptime = 5min\nlog_min_messages = warning\n"
            )

    def answer_also_at(self, address: str, net: str) -> None:
        """From the next start on, to whoever comes from that net."""
        self.set(listen_addresses=f"127.0.0.1,{address}")
        with (self.data / "pg_hba.conf").open("a") as file:
            file.write(f"host all all {net} trust\nhost replication all {net} trust\n")

    def set(self, **settings: str) -> None:
        """Settings for the next start."""
        with (self.data / "postgresql.auto.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())

    def start(self) -> None:
        # What it says goes to a file of its own: a pipe that it inherits would keep us waiting for its end.
        self.run("pg_ctl", "-D", str(self.data), "-l", str(self.folder / "log"), "-w", "-t", str(START_S), "start")

    def stop(self, mode: str = "immediate") -> None:
        self.run("pg_ctl", "-D", str(self.data), "-w", "-m", mode, "stop")

    def restart(self, mode: str = "immediate") -> None:
        self.stop(mode)
        self.start()

    def promote(self) -> None:
        self.run("pg_ctl", "-D", str(self.data), "-w", "promote")

    def fresh(self) -> str:
        """The address of a journal of its own: an empty database, and its vault's beside it."""
        if self._used:
            return self._used.pop()
        name = f"j{new_id()}"
        with psycopg.connect(f"{self.address}/postgres", autocommit=True) as db:
            for database in (name, f"{name}_vault"):
                db.execute(f"CREATE DATABASE {database} TEMPLATE template0")  # type: ignore[arg-type]
        return f"{self.address}/{name}"

    def give_back(self, journal: str) -> None:
        """Empty it for the next who asks: quicker than a database for each."""
        for address in (journal, f"{journal}_vault"):
            with psycopg.connect(address, autocommit=True) as db:
                db.execute("DROP SCHEMA public CASCADE")
                db.execute("CREATE SCHEMA public")
        self._used.append(journal)

    def reload(self) -> None:
        """Heed settings that need no start."""
        self.run("pg_ctl", "-D", str(self.data), "reload")

    def standby(self, folder: Path, port: int | None = None) -> Cluster:
        """A copy that follows this one, on a port of its own or one that is given; not started yet."""
        other = Cluster(folder)
        other.port = port or other.port
        other.run("pg_basebackup", "-d", f"{self.address}/", "-D", str(other.data), "-R", "-c", "fast", "--no-sync")
        # It asks again for what it follows five times a second, not each five seconds: a commit waits for it meanwhile.
        other.set(port=str(other.port), unix_socket_directories=str(folder), wal_retrieve_retry_interval="200ms")
        other.set(listen_addresses="127.0.0.1")
        return other


@contextmanager
def folder_for_postgres() -> Iterator[Path]:
    """A folder that PostgreSQL's own user may use."""
    folder = Path(tempfile.mkdtemp(prefix="heard-pg-"))
    if os.getuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Pair:
    """A server and a standby that holds all that it acknowledges; either may lead, and both are in the address."""

    def __init__(self, leads: Cluster, folder: Path, also_at: tuple[str, str] | None = None) -> None:
        """`also_at`: the address and the net at which the standby is to answer besides."""
        self.leads, self.follows = leads, leads.standby(folder)
        self._ports = [leads.port, self.follows.port]
        if also_at:
            self.follows.answer_also_at(*also_at)
        self.follows.start()
        self.wait_for_standby()

    def address(self, journal: str, *at: str) -> str:
        """The address of one of the leader's journals, whoever leads; `at`, where they are seen elsewhere."""
        name = journal.rpartition("/")[2]
        seen_at = at or (self.leads.host, self.follows.host)
        hosts = ",".join(f"{host}:{port}" for host, port in zip(seen_at, self._ports, strict=True))
        return f"postgresql://heard@{hosts}/{name}?target_session_attrs=read-write"

    def wait_for_standby(self, is_waited_for: bool = True) -> None:
        """Whether an append from now on is acknowledged only when the standby has it too."""
        self.leads.set(synchronous_standby_names="*" if is_waited_for else "")
        self.leads.reload()

    def cut_standby(self) -> None:
        """It receives nothing any more."""
        self.follows.set(primary_conninfo="")
        self.follows.reload()

    def promote(self) -> None:
        """The leader dies, and the other leads, alone."""
        self.leads.stop("immediate")
        self.promote_beside()
        self.leads, self.follows = self.follows, self.leads

    def end_the_one_left(self) -> None:
        """Of two that lead, the one that was not promoted dies."""
        self.leads.stop("immediate")
        self.leads, self.follows = self.follows, self.leads

    def promote_beside(self) -> None:
        """The other leads, alone, and the leader does not know: two take writes, and this one still is `leads`."""
        self.follows.set(synchronous_standby_names="")
        self.follows.promote()
        self.follows.reload()

    def rejoin(self) -> None:
        """The one that died follows, from a new copy."""
        shutil.rmtree(self.follows.data)
        self.follows = self.leads.standby(self.follows.folder, self.follows.port)
        self.follows.start()
        self.wait_for_standby()

    def close(self) -> None:
        for one in (self.leads, self.follows):
            with suppress(AssertionError):
                one.stop()


@contextmanager
def pair() -> Iterator[Pair]:
    """A server with its standby, gone at the end."""
    with cluster() as leads, folder_for_postgres() as folder:
        both = Pair(leads, folder)
        try:
            yield both
        finally:
            both.close()


@contextmanager
def cluster(host: str = "127.0.0.1", net: str = "", within: Sequence[str] = ()) -> Iterator[Cluster]:
    """A running server, gone at the end; one in a network of its own answers to `net` at `host`."""
    programs()
    with folder_for_postgres() as folder:
        made = Cluster(folder, host, within)
        made.make()
        if net:
            made.answer_also_at(host, net)
        made.start()
        try:
            yield made
        finally:
            with suppress(AssertionError):  # a test may have stopped it
                made.stop()
