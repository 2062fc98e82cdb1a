"""A real process that publishes, and says what was acknowledged: the victim of tests/faults.

    python -m tests.faults.publisher DATA three plainly|early|keyless|watched|hasty|erase|rings|rings-hastily
                                                                        publish, correct and retract (or erase) a post;
                                                                        or record what fell due in the watch
    python -m tests.faults.publisher PLACE sweep CALL AT HOW            the same once in each of many copies
    python -m tests.faults.publisher DATA load WRITERS FROM [SYNC]      publish as fast as it goes, until killed
    python -m tests.faults.publisher DATA record OUT SYNC POSTS [N …]   under a recorder; the Nth sync fails

Each acknowledgement is one line on standard output, written by one system call: `<key> <position>`.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
from collections.abc import Callable
from pathlib import Path

from heard.cases import commands as case_commands
from heard.coverage import commands
from heard.coverage.elements import Text
from heard.coverage.entries import PostPublished
from heard.coverage.frames import Painter
from heard.engine.entry import new_id
from heard.engine.errors import HeardError, Unavailable
from heard.engine.frames import Change
from heard.engine.node import Command, Written
from heard.engine.scribe import Scribe
from heard.opening import House, open_house
from heard.store.frames import FramesFile, Painted
from tests.faults.recorder import Recorder
from tests.faults.ringer import do_ring

SLUG = "the-case"
FRAMES = "frames-swept.sqlite"
WORDS = "The coroner sat at ten. "

#: The three, in order; each is given the post that the first made.
STEPS = ("publish", "correct", "retract")


def prepare(data: Path) -> None:
    """A data directory with one case, live."""
    house = open_house(data)
    case = house.node.do(case_commands.open_case(SLUG, "The case"), by="editor").stream
    house.node.do(commands.set_state(house.doors, case, "live"), by="editor")
    house.close()


def case_of(house: House) -> str:
    house.node.catch_up()
    return str(house.tables.execute("SELECT id FROM cases WHERE slug = ?", (SLUG,)).get)


def step(house: House, name: str, post: str) -> Command:
    match name:
        case "publish":
            return commands.publish(house.doors, PostPublished(case_of(house), (Text(WORDS),)))
        case "correct":
            return commands.correct(house.doors, post, (Text(WORDS + "And rose at one."),), "the time was wrong")
        case _:
            return commands.retract(house.doors, post, "it was another case")


def do_three(house: House, told: Callable[[str, Written], None], *, keyless: bool = False) -> None:
    """The three commands as a client sends them: each under its key, and again under the same when it hears nothing."""
    post = ""
    for name in STEPS:
        done = house.node.do(step(house, name, post), by="editor", key=None if keyless else name, request=name.encode())
        post = post or done.stream
        told(name, done)


def prepare_erasure(data: Path) -> list[str]:
    """A data directory with one post, corrected, that is to be erased; the words that must go."""
    prepare(data)
    house = open_house(data)
    words = [f"canary{new_id()}" for _ in range(3)]
    content = PostPublished(case_of(house), (Text(words[0]),))
    post = house.node.do(commands.publish(house.doors, content), by="editor", key="publish", request=b"publish").stream
    house.node.do(commands.correct(house.doors, post, (Text(words[1]),), words[2]), by="editor", key="correct")
    house.close()
    return words


def do_erase(house: House, told: Callable[[str, Written], None]) -> None:
    [record] = house.store.of_kinds((PostPublished.kind,), 0)
    asked = commands.erase(house.journal, record.header.stream, "a court's order")
    told("erase", house.node.do(asked, by="editor", key="erase", request=b"erase"))


def rendering(house: House, name: str = FRAMES) -> Painter:
    """As the app renders: what is folded goes into the frames file, which edges read from."""
    frames = FramesFile(house.data / name, house.store.epoch)
    painter = Painter(house.journal, house.tables, house.doors, frames)
    house.node.after_fold.append(painter.paint)
    return painter


def do_hasty(house: House) -> None:
    """A mutant: it sends readers a post before that is committed."""
    frames, node, ask = rendering(house).file, house.node, house.node.ask
    case = case_of(house)

    def hasty(*args: object, **asked: object) -> object:
        at = frames.position() + 1
        frames.put(at, [Painted(at, case, [Change("post", new_id(), html=WORDS, place=new_id())])])
        return ask(*args, **asked)  # type: ignore[arg-type]

    node.ask = hasty  # type: ignore[assignment, method-assign]
    do_three(house, tell)


def tell(key: str, done: Written) -> None:
    os.write(1, f"{key} {done.position}\n".encode())


def do_early(house: House) -> None:
    """A mutant: it acknowledges before it commits."""
    node, ask = house.node, house.node.ask

    def hasty(*args: object, **asked: object) -> object:
        os.write(1, f"{asked['key']} 0\n".encode())
        return ask(*args, **asked)  # type: ignore[arg-type]

    node.ask = hasty  # type: ignore[assignment, method-assign]
    do_three(house, lambda key, done: None)


async def load(house: House, writers: int, first: int) -> None:
    """Writers that publish posts number `first`, `first` + 1, … each, sharing commits, until the process is killed."""
    scribe, case = Scribe(house.node), case_of(house)
    running = asyncio.ensure_future(scribe.run())

    async def write(writer: int) -> None:
        number = first
        while True:
            key = f"w{writer}-{number}"
            post = PostPublished(case, (Text(f"{key} {WORDS * (number % 5 + 1)}"),))
            tell(key, await scribe.do(commands.publish(house.doors, post), by="editor", key=key, request=key.encode()))
            number += 1

    await asyncio.gather(running, *(write(writer) for writer in range(writers)))


def record(data: Path, out: Path, synchronous: str, posts: int, failing: list[int]) -> None:
    """Publish under a recorder of all writes and syncs, as a client that sends again what was Unavailable.

    Some posts are corrected, some retracted and some erased, so that logs are written back and emptied too.
    """
    recorder = Recorder()
    house = open_house(data, synchronous=synchronous)
    case = case_of(house)
    recorder.failing = {recorder.syncs + number for number in failing}

    def send(key: str, asked: Command) -> str:
        while True:
            try:
                done = house.node.do(asked, by="editor", key=key, request=key.encode())
            except Unavailable:
                continue
            recorder.acknowledge(key)
            return done.stream

    for number in range(posts):
        content = PostPublished(case, (Text(f"{number} {WORDS * (1 + number % 40)}"),))
        post = send(f"publish {number}", commands.publish(house.doors, content))
        match number % 6:
            case 1:
                send(f"correct {number}", commands.correct(house.doors, post, (Text(WORDS),), "it was wrong"))
            case 3:
                send(f"retract {number}", commands.retract(house.doors, post, "it was another case"))
            case 5:
                send(f"erase {number}", commands.erase(house.journal, post, "a court's order"))
    recorder.keep(out)
    os._exit(0)  # without closing: a closing would tidy up what a power cut must find


def sweep(place: Path, call: str, at: int, how: str) -> None:
    """Do the three once in each of `place`'s numbered copies: copy N is at its Nth `call` when the `at`th comes.

    Whoever traces this process and its children kills each at its `at`th call of that name; a child wastes as many as
    it needs for that. Forking here makes trying every call quick. How each child ended is printed.
    """
    waste = getattr(ctypes.CDLL(None), call)
    ended = []
    for copy in sorted(place.iterdir()):
        child = os.fork()
        if not child:
            os.dup2(os.open(copy / "acknowledged", os.O_WRONLY | os.O_CREAT, 0o600), 1)
            os.dup2(os.open(copy / "complaint", os.O_WRONLY | os.O_CREAT, 0o600), 2)
            for _ in range(at - int(copy.name)):
                waste(-1, None, 0, 0)
            do(open_house(copy / "data"), how)
            os._exit(0)
        ended.append(f"{copy.name} {os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}")
    print(*ended, sep="\n")


def do(house: House, how: str) -> None:
    if how == "early":
        do_early(house)
    elif how == "erase":
        do_erase(house, tell)
    elif how == "hasty":
        do_hasty(house)
    elif how in ("rings", "rings-hastily"):
        do_ring(house, tell, hasty=how == "rings-hastily")
    else:
        if how == "watched":
            rendering(house)
        do_three(house, tell, keyless=how == "keyless")


def main(data: str, mode: str, *how: str) -> None:
    try:
        if mode == "load":
            synchronous = how[2] if len(how) > 2 else "FULL"
            asyncio.run(load(open_house(Path(data), synchronous=synchronous), int(how[0]), int(how[1])))
        elif mode == "record":
            record(Path(data), Path(how[0]), how[1], int(how[2]), [int(number) for number in how[3:]])
        elif mode == "sweep":
            sweep(Path(data), how[0], int(how[1]), how[2])
        else:
            do(open_house(Path(data)), how[0])
    except Unavailable as wrong:
        os.write(2, f"unavailable: {wrong}\n".encode())
        sys.exit(75)
    except HeardError as wrong:
        os.write(2, f"{type(wrong).__name__}: {wrong}\n".encode())
        sys.exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
