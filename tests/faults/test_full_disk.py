"""A full or failing disk: publishing says so and keeps nothing by halves, reading goes on, retracting works, and
everything works again as soon as there is room."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

from heard.cases import commands as case_commands
from heard.coverage import commands
from heard.coverage.elements import Text
from heard.coverage.entries import PostPublished
from heard.engine.errors import Unavailable
from heard.opening import House, open_house
from heard.store.media import Media
from heard.store.memory import MemoryVault
from heard.store.reserve import Reserve
from heard.verify import verify_directory
from tests.cli.typed import worked
from tests.faults.aftermath import acknowledged, after_three, needs_strace
from tests.faults.publisher import prepare
from tests.faults.test_kill import PATIENCE_S, QUIET, ROOT, SOAK, command, counted
from tests.server import running
from tests.waiting import wait_until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3600)]  # the long runs of `make soak` take their time

DISK_MB = 16
UNAVAILABLE = 75
#: Calls by which SQLite and Heard put things on the disk; `write` is the answer to the caller here.
ON_DISK = ("pwrite64", "fdatasync", "fsync", "ftruncate")


@pytest.fixture(params=["tmpfs", "ext4"])
def small_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    at, image = tmp_path / "disk", tmp_path / "image"
    at.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "none", str(at)]
    making = [["true"]]
    if request.param == "ext4":
        # Of blocks as large as a page of memory: on smaller ones a full disk kills who maps a file, SQLite included.
        making = [["truncate", "-s", f"{2 * DISK_MB}M", str(image)], ["mkfs.ext4", "-q", "-b", "4096", str(image)]]
        mounting = ["mount", "-o", "loop", str(image), str(at)]
    tools = {command[0] for command in (*making, mounting)}
    if os.geteuid() != 0 or not all(map(shutil.which, tools)):
        pytest.skip(f"a disk that is really full needs root and {', '.join(sorted(tools))}")
    if any(subprocess.run(command, capture_output=True).returncode for command in (*making, mounting)):
        pytest.skip(f"this machine mounts no small {request.param}")
    try:
        yield at
    finally:
        subprocess.run(["umount", "-l", str(at)], check=True)


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Not a byte is left while this lasts."""
    filler = disk / "filler"
    with open(filler, "wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError:
                pass
    yield
    filler.unlink()


def publish(house: House, case: str, words: str) -> str:
    return house.node.do(commands.publish(house.doors, PostPublished(case, (Text(words),))), by="editor").stream


def publish_until_refused(house: House, case: str) -> None:
    for number in range(500):
        try:
            publish(house, case, f"{number} " + "long words " * 1500)
        except Unavailable:
            return
    raise AssertionError("the full disk took everything")


def shown(house: House) -> int:
    """How many posts readers see. One that was Unavailable may have been kept and not shown: now it is."""
    house.node.catch_up()
    return int(house.tables.execute("SELECT count(*) FROM post WHERE status = 'published'").get)


@pytest.fixture
def covered(small_disk: Path) -> tuple[House, str, list[str]]:
    house = open_house(small_disk / "data")
    case = house.node.do(case_commands.open_case("the-case", "The case"), by="editor").stream
    return house, case, [publish(house, case, f"What was said {number}") for number in range(30)]


def test_on_a_full_disk_publishing_is_unavailable_reading_goes_on_and_retracting_works(
    small_disk: Path, covered: tuple[House, str, list[str]]
) -> None:
    house, case, posts = covered
    with filled(small_disk):
        publish_until_refused(house, case)
        with house.node.reserve():
            before = shown(house)
        for post in posts:
            house.node.do(commands.retract(house.doors, post, "it names someone"), by="editor")
        assert shown(house) == before - len(posts)
        house.node.do(commands.erase(house.journal, posts[0], "a court's order"), by="editor")
        publish_until_refused(house, case)  # the reserve is for withdrawals alone
    print(f"retractions done on a full disk: {len(posts)} of {len(posts)}")
    before = shown(house)
    publish(house, case, "There is room again")
    assert shown(house) == before + 1
    assert verify_directory(house.data).erased == 3, "what was published, its retraction and the reason for it"


@pytest.mark.parametrize("small_disk", ["tmpfs"], indirect=True)
def test_the_command_retracts_on_a_full_disk_beside_a_server_and_alone(small_disk: Path) -> None:
    with running(small_disk / "data") as server:
        slug = server.open_case("full", "A case on a full disk")
        posts = [server.publish(slug, f"qwordsthatgo{number}q") for number in range(3)]
        assert all(f"qwordsthatgo{number}q" in server.page(f"/{slug}/") for number in range(3))
        with filled(small_disk):
            assert server.post(f"/cases/{slug}/posts", {"text": "long words " * 1500}).status_code == 503
            for post in posts[:2]:
                assert "Withdrawn." in worked(server.data, "retract", post, "--no-wait")
            wait_until(lambda: "qwordsthatgo0q" not in server.page(f"/{slug}/"))
            wait_until(lambda: "qwordsthatgo1q" not in server.page(f"/{slug}/"))
            assert "qwordsthatgo2q" in server.page(f"/{slug}/"), "the control"
    with filled(small_disk):
        assert "Withdrawn." in worked(server.data, "retract", posts[2], "--no-wait")
    house = open_house(small_disk / "data")
    assert shown(house) == 0
    house.close()


def test_without_the_reserve_a_full_disk_refuses_retractions(
    small_disk: Path, covered: tuple[House, str, list[str]]
) -> None:
    house, case, posts = covered
    house.node.reserve = nullcontext
    with filled(small_disk):
        publish_until_refused(house, case)
        with pytest.raises(Unavailable):
            for post in posts:
                house.node.do(commands.retract(house.doors, post, "it names someone"), by="editor")


def test_a_server_starts_on_a_full_disk(small_disk: Path, covered: tuple[House, str, list[str]]) -> None:
    house, case, posts = covered
    with filled(small_disk):
        publish_until_refused(house, case)
        house.close()
        again = open_house(small_disk / "data")
        again.node.do(commands.retract(again.doors, posts[3], "it names someone"), by="editor")
        assert again.node.journal.store.stream(posts[3])[-1].header.kind != "coverage.post_published"


def test_a_picture_that_finds_no_room_is_unavailable_and_leaves_nothing(small_disk: Path) -> None:
    media = Media(small_disk / "media", MemoryVault())
    with filled(small_disk), pytest.raises(Unavailable):
        media.keep(b"a picture" * 10_000)
    assert list((small_disk / "media").iterdir()) == []
    assert media.read(media.keep(b"a picture" * 10_000)) == b"a picture" * 10_000


def test_the_reserve_takes_what_it_can_and_grows_back(small_disk: Path) -> None:
    room = os.statvfs(small_disk)
    (small_disk / "other").write_bytes(bytes(room.f_bfree * room.f_bsize - 1024 * 1024))
    reserve = Reserve(small_disk / "reserve", size=4 * 1024 * 1024)
    held = reserve.hold()
    assert 0 < held < 4 * 1024 * 1024
    with reserve.released():
        (small_disk / "needed").write_bytes(bytes(held // 2))
    assert reserve.path.stat().st_size <= held // 2 + 4096
    (small_disk / "other").unlink()
    assert reserve.hold() == 4 * 1024 * 1024


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("prepared") / "data"
    prepare(data)
    return data


@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
def test_a_write_that_fails_anywhere_leaves_nothing_half_done(prepared: Path, tmp_path: Path, error: str) -> None:
    needs_strace()
    calls = counted(prepared, tmp_path, "plainly")
    tried, refused, wrong = 0, 0, []
    for name in filter(calls.__getitem__, ON_DISK):
        count = calls[name]
        for nth in range(1, count + 1, 1 if SOAK else 6):
            place = tmp_path / "copies" / str(nth)
            shutil.copytree(prepared, place / "data", ignore=shutil.ignore_patterns("reserve"))
        at = count + 20
        options = ["strace", "-f", "-qq", "-o", os.devnull, "-e", f"trace={name}"]
        options += ["-e", f"inject={name}:error={error}:when={at}"]
        sweeping = command(tmp_path / "copies", "sweep", name, str(at), "plainly")
        run = subprocess.run([*options, *sweeping], cwd=ROOT, env=QUIET, capture_output=True, timeout=PATIENCE_S)
        assert run.returncode == 0, run.stderr.decode()
        for line in run.stdout.decode().splitlines():
            nth, status = line.split()
            copy = tmp_path / "copies" / nth
            found = after_three(copy / "data", acknowledged((copy / "acknowledged").read_bytes()))
            tried, refused = tried + 1, refused + (int(status) == UNAVAILABLE)
            if found.wrong() or int(status) not in (0, UNAVAILABLE):
                wrong.append((name, nth, status, found, (copy / "complaint").read_text()[-500:]))
        shutil.rmtree(tmp_path / "copies")
    print(f"{error} at {tried} calls: {refused} commands said Unavailable, the others were not touched by it")
    assert wrong == []
    assert refused


def test_reading_needs_no_room(small_disk: Path, covered: tuple[House, str, list[str]]) -> None:
    house, _, posts = covered
    with filled(small_disk):
        assert len(house.journal.read(0)) >= len(posts)
        assert shown(house) == len(posts)
