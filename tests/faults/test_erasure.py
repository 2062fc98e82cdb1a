"""Erased by law means gone: no raw byte of any file says the words, or could unseal them; whenever a process dies."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from heard.coverage import commands
from heard.coverage.elements import Text
from heard.coverage.entries import PostErased, PostPublished
from heard.engine.entry import new_id
from heard.engine.errors import Gone
from heard.opening import House, open_house
from heard.verify import verify_directory
from tests.faults.aftermath import WRITE_LIKE, acknowledged, needs_strace
from tests.faults.publisher import case_of, do_erase, prepare, prepare_erasure
from tests.faults.test_kill import PATIENCE_S, QUIET, ROOT, SOAK, command, counted

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3600)]  # the long runs of `make soak` take their time

PLANTED = 1000 if SOAK else 150


def raw(data: Path) -> bytes:
    """Every byte of every file but the reserve."""
    return b"\0".join(
        path.read_bytes() for path in sorted(data.rglob("*")) if path.is_file() and path.name != "reserve"
    )


class Planted:
    """Posts of many lengths, some corrected, that each say a string found nowhere else: pages fill and split."""

    def __init__(self, house: House, count: int, dice: random.Random) -> None:
        self.house, self.words, self.sealing = house, {}, {}
        case = case_of(house)
        for _ in range(count):
            words = f"canary{new_id()}"
            long = f"{words} {'and so on ' * dice.randrange(900)} {words}end"
            content = PostPublished(case, (Text(long[:19_000]),), title=f"Title {words}")
            post = house.node.do(commands.publish(house.doors, content), by="editor").stream
            self.words[post] = [words]
            if dice.random() < 0.5:
                again = f"canary{new_id()}"
                house.node.do(commands.correct(house.doors, post, (Text(again),), f"reason {again}"), by="editor")
                self.words[post].append(again)

    def remember_sealing(self) -> None:
        """Keys, salts and sealed words as they are now, to look for later."""
        for post in self.words:
            records = self.house.store.stream(post)
            seals = self.house.vault.seals([record.seal for record in records]).values()
            sealed = [record.sealed[:24] for record in records]
            self.sealing[post] = [secret for seal in seals for secret in (seal.key, seal.salt)] + sealed

    def erase(self, post: str) -> None:
        self.house.node.do(commands.erase(self.house.journal, post, "a court's order"), by="editor")


def test_erased_words_and_their_keys_are_in_no_raw_byte(tmp_path: Path) -> None:
    prepare(tmp_path / "data")
    seed = int(os.environ.get("HEARD_SEED", random.randrange(10**6)))
    dice, house = random.Random(seed), open_house(tmp_path / "data")
    planted = Planted(house, PLANTED, dice)
    planted.remember_sealing()
    erased = dice.sample(sorted(planted.words), PLANTED // 2)
    for post in erased:
        planted.erase(post)
    left = raw(tmp_path / "data")
    kept = [post for post in planted.words if post not in erased]
    assert all(planted.words[post][-1].encode() in left for post in kept), "the search finds what is there"
    assert all(secret in left for post in kept for secret in planted.sealing[post])
    words = [one for post in erased for one in planted.words[post] if one.encode() in left]
    keys = [post for post in erased for secret in planted.sealing[post] if secret in left]
    print(
        f"{len(erased)} posts erased: words of {len(words)} and keys or seals of {len(keys)} found in raw bytes "
        f"(seed {seed})"
    )
    assert (words, keys) == ([], [])
    house.close()
    assert verify_directory(tmp_path / "data").unfinished == 0


def test_a_key_whose_post_was_erased_publishes_nothing_again(tmp_path: Path) -> None:
    prepare_erasure(tmp_path / "data")
    house = open_house(tmp_path / "data")
    do_erase(house, lambda key, done: None)
    size = house.store.position()
    content = PostPublished(case_of(house), (Text("The same again"),))
    with pytest.raises(Gone):
        house.node.do(commands.publish(house.doors, content), by="editor", key="publish", request=b"publish")
    assert house.store.position() == size


def test_killed_at_every_write_of_an_erasure_its_words_are_gone_after_the_next_start(tmp_path: Path) -> None:
    needs_strace()
    prepared = tmp_path / "prepared"
    words = [word.encode() for word in prepare_erasure(prepared)]
    assert words[1] in raw(prepared), "the search finds what is shown"
    calls, tried, killed, wrong = counted(prepared, tmp_path, "erase", acks=1), 0, 0, []
    for name in filter(calls.__getitem__, WRITE_LIKE):
        copies, at = tmp_path / "copies", calls[name] + 20
        points = range(1, calls[name] + 1, 1 if SOAK else 8)
        for nth in points:
            ignored = shutil.ignore_patterns("reserve")
            shutil.copytree(prepared, copies / str(nth) / "data", ignore=ignored)
        tracing = ["strace", "-f", "-qq", "-o", os.devnull, "-e", f"trace={name}"]
        tracing += ["-e", f"inject={name}:signal=KILL:when={at}"]
        sweeping = [*tracing, *command(copies, "sweep", name, str(at), "erase")]
        run = subprocess.run(sweeping, cwd=ROOT, env=QUIET, capture_output=True, timeout=PATIENCE_S, check=True)
        tried += len(points)
        killed += sum(line.endswith(b" -9") for line in run.stdout.splitlines())
        for copy in sorted(copies.iterdir()):
            acks = acknowledged((copy / "acknowledged").read_bytes())
            if complaint := _after_erasure(copy / "data", acks, words):
                wrong.append((name, copy.name, complaint))
        shutil.rmtree(copies)
    print(f"kill -9 at {killed} of {calls.total()} write-like system calls of an erasure: {len(wrong)} wrong")
    assert wrong == []
    assert killed == tried


def _after_erasure(data: Path, acks: list[str], words: list[bytes]) -> str | None:
    house = open_house(data)
    house.node.catch_up()
    begun = any(isinstance(entry.body, PostErased) for entry in house.journal.all())
    if acks and not begun:
        return "lost"
    if begun and any(word in raw(data) for word in words):
        return "the words are back after a start"
    do_erase(house, lambda key, done: None)
    if [type(entry.body) for entry in house.journal.all()].count(PostErased) != 1:
        return "erased twice"
    if any(word in raw(data) for word in words):
        return "the words are there after it was sent again"
    house.close()
    verify_directory(data)
    return None
