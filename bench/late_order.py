"""An order that comes late: 10,000 posts are out and 500 orders in force, each with names, kin, handles, particulars.

Prints what the order costs: until it is recorded, until readers' renderings are made anew, and until the desk has been
shown what was already said; and how long the loop of an app kept everybody else waiting meanwhile, at worst. Then what
one post of somebody who was told of all of them costs, from the door to the question whether they are sure.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from heard.accounts import commands as account_commands
from heard.accounts import projection as accounts
from heard.accounts.model import Caller
from heard.cases import commands as case_commands
from heard.cases import projection as cases
from heard.cases.exits import Serving
from heard.coverage import already, commands, orders
from heard.coverage.cautions import asked_first
from heard.coverage.elements import Text
from heard.coverage.entries import PostPublished
from heard.coverage.frames import Painter
from heard.coverage.going_out import texts_of
from heard.engine.errors import HeardError
from heard.engine.node import Asked, Command
from heard.opening import House, open_house
from heard.store.frames import FramesFile
from tests.text.evasions import GIVEN, SURNAMES

ORDERS, POSTS, WRITTEN = 500, 10_000, 1_000
#: Of so many posts one says what the late order forbids.
SAYS_IT = 500
KIN, TRADES = ("daughter", "son", "mother", "widow", "partner"), ("welder", "midwife", "joiner", "baker", "usher")
PROSE = """
    the court was told that nobody had read the instruction which asked for two officers near the gate while it was open
    and that a supervisor would have had to walk there to see it Mr Ferrier said he had asked for this in writing twice
""".split()
LATE = ("Imogen Larkhill", "Immy Larkhill", "@imogenlark")


def names_of(dice: random.Random, number: int) -> list[str]:
    """Somebody, what they are called at home, their handle, and two of their kin."""
    given, surname = (
        dice.choice(GIVEN),
        f"{dice.choice(SURNAMES)}{'abcdefghij'[number % 10]}{'klmnopqrst'[number // 50]}",
    )
    kin = [f"{dice.choice(GIVEN)} {surname}" for _ in range(2)]
    return [f"{given} {surname}", f"{given[:3]}sy {surname}", f"@{given.lower()}{surname.lower()}{number}", *kin]


def particulars_of(dice: random.Random, number: int) -> list[str]:
    return [
        f"age: {dice.randint(5, 60)}",
        f"kin: {dice.choice(KIN)}",
        f"school: St {dice.choice(SURNAMES)}{number}’s Primary",
        f"place: {dice.choice(SURNAMES)}by {number}",
        f"job: {dice.choice(TRADES)} at {dice.choice(SURNAMES)}{number} and Sons",
    ]


def words(dice: random.Random, length: int = 60) -> str:
    said = [*PROSE, "aged 9,", "his daughter,", "the widow,", f"of {dice.choice(SURNAMES)}by", dice.choice(TRADES)]
    return " ".join(dice.choices(said, k=length))


def all_at_once(house: House, made: list[Command]) -> None:
    for start in range(0, len(made), 100):
        asked: list[Asked] = [house.node.ask(one, by="bench") for one in made[start : start + 100]]
        house.node.do_all(asked)


class Held:
    """For how long the loop came to nobody, at worst, while something was waited for."""

    async def during(self, what: str, work: Callable[[], Awaitable[Any]]) -> Any:
        worst, over = 0.0, False

        async def ticks() -> None:
            nonlocal worst
            while not over:
                began = time.perf_counter()
                await asyncio.sleep(0.005)
                worst = max(worst, time.perf_counter() - began - 0.005)

        ticking = asyncio.create_task(ticks())
        await asyncio.sleep(0.02)
        began = time.perf_counter()
        made = await work()
        took, over = time.perf_counter() - began, True
        await ticking
        print(f"{what:<58} {took * 1e3:8.0f} ms, others waited {worst * 1e3:7.0f} ms at worst")
        return made


async def late(house: House, serving: Serving, case_id: str, painter: Painter, lawyer: Caller) -> None:
    held, case = Held(), cases.by_id(house.tables, case_id)
    impose = case_commands.impose_restriction(
        case_id, "made this afternoon", LATE, cipher="Witness Z", particulars=["age: 9", "kin: daughter"]
    )

    async def recorded() -> None:
        house.node.do(impose, by=lawyer.account.id)

    async def painted() -> None:
        painter.paint()

    told = lambda: orders.told(serving, case, lawyer)  # noqa: E731
    await held.during("the order is recorded", recorded)
    await held.during("what readers have is rendered anew", painted)
    found = await held.during("what was said already, for the desk", lambda: already.said_already(serving, case))
    assert len(found) == POSTS // SAYS_IT, len(found)
    await held.during("the same again, as the page is loaded again", lambda: already.said_already(serving, case))
    await held.during("what comes near, for the desk", lambda: already.coming_near(serving, case, told()))
    await held.during("the first look for a writer", lambda: orders.looked_through(serving, case, lawyer))
    await held.during("the next look for a writer", lambda: orders.looked_through(serving, case, lawyer))


def written(house: House, serving: Serving, case_id: str, lawyer: Caller, dice: random.Random, length: int) -> None:
    """What one post costs the loop: judged, with the door and the question; it is rehearsed and not appended."""
    case, took = cases.by_id(house.tables, case_id), []
    for _ in range(WRITTEN):
        content = PostPublished(case_id, (Text(words(dice, length)),), title="What was said", byline="A reporter")
        began = time.thread_time()
        near = orders.nearing(serving, case, lawyer)
        command = asked_first(
            commands.publish(serving.doors, content), case_id, texts_of(content), near=near, title=content.title
        )
        try:
            command(house.tables)
        except HeardError:
            commands.publish(serving.doors, content)(house.tables)  # they are sure
        took.append((time.thread_time() - began) * 1e3)
    took.sort()
    p50, p99 = statistics.median(took), took[int(len(took) * 0.99)]
    print(f"a post of {length:>3} words, all {ORDERS} orders looked for    p50 {p50:.2f} ms, p99 {p99:.2f} ms")


def main() -> None:
    dice = random.Random(3)
    with tempfile.TemporaryDirectory() as folder:
        house = open_house(Path(folder) / "data", synchronous="OFF")
        node = house.node
        account = node.do(account_commands.add_account("law@heard.example", "lawyer", "Law"), by="bench").stream
        case = node.do(case_commands.open_case("bench", "A case to measure"), by="bench").stream
        said = (words(dice) + (" It was Imogen Larkhill." if n % SAYS_IT == 7 else "") for n in range(POSTS))
        post = lambda text: commands.publish(house.doors, PostPublished(case, (Text(text),), byline="A reporter"))  # noqa: E731
        all_at_once(house, [post(text) for text in said])
        impose = lambda n: case_commands.impose_restriction(  # noqa: E731
            case, "an order", names_of(dice, n), cipher=f"Witness {n}", particulars=particulars_of(dice, n)
        )
        began = time.perf_counter()
        all_at_once(house, [impose(number) for number in range(ORDERS - 1)])
        print(f"{ORDERS - 1} orders recorded in {time.perf_counter() - began:.1f} s")
        painter = Painter(house.journal, house.tables, house.doors, FramesFile(Path(folder) / "frames.sqlite", "e"))
        # The frames begin where the journal is: what came before is rendered.
        painter.file.put(house.store.position(), [])
        painter._told = painter.file.position()
        serving = Serving(node, house.doors, house.vault, None, None, None, "e")  # type: ignore[arg-type]
        lawyer = Caller(accounts.by_id(house.tables, account))
        asyncio.run(late(house, serving, case, painter, lawyer))
        for length in (60, 500):
            written(house, serving, case, lawyer, dice, length)
        house.close()


if __name__ == "__main__":
    main()
