"""The proof of one withdrawal: what is asked where, what an answer must not have, and what is known by now."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, Protocol, TypeVar

import msgspec

from heard.cases import projection as cases
from heard.cases.exits import MADE_FROM
from heard.cases.release import CHECKING, Door, Doors
from heard.coverage import projection
from heard.coverage.model import Post, Receipt, Sighting
from heard.deliver.asking import Answer, Place, ask
from heard.deliver.surfaces import Withdrawn, addresses
from heard.deliver.wording import Pictures, Wording, of_post, said_of
from heard.engine import now
from heard.engine.journal import Journal
from heard.engine.projection import Tables

#: Whoever is given less time than this to answer is not called silent: the question is not asked any more.
ASK_S, ASK_AT_LEAST_S = 2.0, 0.3
#: So many answers in a row count, with a pause in which a machine behind one name can change places with another. Every
#: second one is asked for packed, since a cache may keep that apart.
ANSWERS, AGAIN_AFTER_S, AGAIN_AFTER_TROUBLE_S = 2, 0.15, 0.4
#: So many, of all addresses since, where words were seen after the purge had been taken: of two machines behind one
#: name one may not have been reached.
ANSWERS_AFTER_LAPSE = 5
#: So many answers are known by their digest.
KNOWN_MAX = 1_000
#: An order may withhold any number of posts. So long they are searched before the first receipt, the rest after it.
SEARCH_S, SEARCHED_AT_ONCE = 1.5, 100

NOT_ASKED = "not asked in the time"
ONCE = "answered well once, not twice"
STILL_THERE = "still serving the words"
STILL_SHOWN = "still serving the picture"
LAPSED = "still serving the words elsewhere"
TOO_OLD = "serving what was made before"
UNMARKED = "not answering as this server does"
NOT_TOLD = "has not taken the purge"
SILENT = "silent"
UNREACHABLE = "unreachable"


P = ParamSpec("P")
R = TypeVar("R")


class Said(Protocol):
    """What must not be in an answer."""

    def stands_in(self, answer: str, /) -> bool: ...


def clock() -> float:
    """The moment, as the loop that waits counts it."""
    return asyncio.get_running_loop().time()


#: One thread reads all answers: each that computes takes its share of the interpreter from whoever publishes.
_READING = ThreadPoolExecutor(1, "reading")


async def _read(search: Callable[P, R], *args: P.args, **named: P.kwargs) -> R:
    return await asyncio.get_running_loop().run_in_executor(_READING, partial(search, *args, **named))


Lines = Mapping[Place, asyncio.Semaphore]


class Question(msgspec.Struct):
    """One address at one place, what is known of it by now, and what the last receipt said of it."""

    place: Place
    what: Withdrawn
    seen: Sighting
    given: Sighting | None = None


class Proof:
    """What is known of one withdrawal. `told(cache)` says up to where a cache has taken purges."""

    def __init__(
        self,
        receipt: Receipt,
        tables: Tables,
        journal: Journal,
        doors: Doors,
        places: Sequence[Place],
        told: Callable[[int], int],
    ) -> None:
        self.receipt, self._tables, self._journal, self._doors = receipt, tables, journal, doors
        self._places, self._told = places, told
        self._lines: Lines = {}
        self._case = cases.by_id(tables, receipt.case)
        self._given_before = {one.of: one for one in receipt.sightings}
        self.questions: dict[tuple[str, str, str], Question] = {}
        self.also_said: tuple[str, ...] = ()
        self._said = self._what_must_be_gone()
        self._searched_to: str | None = "" if receipt.cause == "restricted" else None
        self._looked_elsewhere = False
        self._looking = asyncio.Lock()
        self._lapsed_at: dict[Place, float] = {}
        self._known: dict[bytes, bool] = {}

    def _what_must_be_gone(self) -> Said:
        if self.receipt.cause == "restricted":
            return self._doors.of(self._tables, self._case.id).guard
        if self.receipt.cause == "corrected":
            return Pictures.gone_from(self._tables, self._journal, self.receipt.subject, self.receipt.case)
        return of_post(self._tables, self._journal, projection.by_id(self._tables, self.receipt.subject))

    @property
    def open(self) -> list[Question]:
        return [one for one in self.questions.values() if not one.seen.proven_at]

    @property
    def is_whole(self) -> bool:
        """Whether everything is known that has to be asked for, and proven."""
        return self._searched_to is None and bool(self.questions) and not self.open

    async def ask_all(self, lines: Lines, until: float) -> None:
        """Ask for everything that stands open until it is proven, or until this moment of the loop.

        `lines` bound how many are asked at once of each place.
        """
        first, self._lines = not self.questions, lines
        self._looked_elsewhere = False  # what is said now may have been published since
        if first:
            posts = [] if self.receipt.cause == "restricted" else [self.receipt.subject]
            self._add(posts)
        if self._searched_to is not None:
            await self._search(min(until, clock() + SEARCH_S) if first else None)
        await asyncio.gather(*(self._until_gone(one, until) for one in self.open))

    def _add(self, posts: Sequence[str]) -> None:
        stand, withdrawal = self.receipt.cause == "corrected", self.receipt.withdrawal
        asked = addresses(self._tables, self._journal, self._case, posts, withdrawal, stand=stand)
        for place in self._places:
            for what in asked:
                seen = Sighting(place.label, place.name, what.address, trouble=NOT_ASKED)
                given = self._given_before.get(seen.of)
                self.questions.setdefault(seen.of, Question(place, what, given or seen, given))

    async def _search(self, until: float | None) -> None:
        """Find what an order withholds of what was published, and ask for that too."""
        door = self._doors.of(self._tables, self._case.id)
        while self._searched_to is not None and (until is None or clock() < until):
            posts = projection.published_after(self._tables, self._case.id, self._searched_to, SEARCHED_AT_ONCE)
            # In a thread: a search of many posts must not keep readers and writers waiting.
            if stopped := await _read(_stopped, door, posts):
                self._add(stopped)
            self._searched_to = posts[-1].id if posts else None

    async def _until_gone(self, one: Question, until: float) -> None:
        well: list[float] = []  # when those were asked that answered well, one after the other
        while (left := until - clock()) > ASK_AT_LEAST_S:
            asked_at, told = clock(), self._is_told(one.place)
            try:
                async with asyncio.timeout(left):
                    trouble = await self._asked(one, left, gzip=len(well) % 2 == 1)
            except TimeoutError:
                return  # it was on its way, or waited to be read: what was seen before stands
            if trouble in (STILL_THERE, STILL_SHOWN) and told:
                self._lapsed(one.place)
            if not trouble and not told:
                trouble = NOT_TOLD
            lapsed_at = self._lapsed_at.get(one.place)
            well = [] if trouble else [at for at in (*well, asked_at) if lapsed_at is None or at > lapsed_at]
            if len(well) >= (ANSWERS if lapsed_at is None else ANSWERS_AFTER_LAPSE):
                one.seen = Sighting(*one.seen.of, proven_at=now.utc())
                return
            one.seen = Sighting(*one.seen.of, trouble=trouble or (ONCE if lapsed_at is None else LAPSED))
            pause = AGAIN_AFTER_TROUBLE_S if trouble else AGAIN_AFTER_S
            await asyncio.sleep(min(pause, max(until - clock(), 0)))

    def _is_told(self, place: Place) -> bool:
        return place.cache is None or self._told(place.cache) >= self.receipt.withdrawal

    def _lapsed(self, place: Place) -> None:
        """Whoever serves the words at one address after all is believed at none of them any more."""
        self._lapsed_at[place] = clock()
        for other in self.questions.values():
            if other.place == place and other.seen.proven_at:
                other.seen = Sighting(*other.seen.of, trouble=LAPSED)

    async def _asked(self, one: Question, left: float, *, gzip: bool) -> str:
        """Ask once; what stands against its being proven, or nothing."""
        line = self._lines[one.place]
        await line.acquire()
        try:
            async with asyncio.timeout(min(ASK_S, left)):
                answer = await ask(one.place, one.what.address, gzip=gzip, until=self._until(one))
        except TimeoutError:
            return SILENT
        except OSError:
            return UNREACHABLE
        except ValueError:
            return UNMARKED
        finally:
            line.release()
        return await self._trouble_with(answer, one)

    def _until(self, one: Question) -> bytes:
        stands = f"id: {self._journal.store.epoch}.{self.receipt.withdrawal}\n"
        return stands.encode() if one.what.sort == "stream" else b""

    async def _trouble_with(self, answer: Answer, one: Question) -> str:
        if await self._has_the_words(answer.text):
            await self._look_elsewhere()
            if await self._has_the_words(answer.text):
                return STILL_THERE
        if answer.status == 503 and CHECKING in answer.text:
            return ""  # the door stopped the whole page, and this is all that anybody is told
        if one.what.sort == "picture" and answer.status == 200:
            return STILL_SHOWN
        if answer.status != (404 if one.what.sort == "picture" else 200):
            return f"answering {answer.status}"
        made_from = _made_from(answer, one.what, self._journal.store.epoch)
        if made_from is None:
            return UNMARKED
        return "" if made_from >= self.receipt.withdrawal else TOO_OLD

    async def _has_the_words(self, text: str) -> bool:
        digest = hashlib.sha256(text.encode()).digest()  # the same page comes from every place
        while digest not in self._known:
            said = self._said
            found = await _read(said.stands_in, text)
            if said is self._said:  # what is looked for has not become less meanwhile
                if len(self._known) >= KNOWN_MAX:
                    self._known.clear()
                self._known[digest] = found
        return self._known[digest]

    async def _look_elsewhere(self) -> None:
        """Leave out, once in a round, what a post that stands or the page says too: by that no old answer is known.

        Of a name under an order nothing is left out.
        """
        async with self._looking:
            if self._looked_elsewhere or not isinstance(self._said, Wording):
                return
            said, also = self._said.without_what(*said_of(self._tables, self._case.id)), list[str]()
            summary = projection.of_case(self._tables, self._case.id).summary
            if said.stands_in(summary):
                said, also = said.without_what(summary), ["summary"]
            after = ""
            while posts := projection.published_after(self._tables, self._case.id, after, SEARCHED_AT_ONCE):
                repeating = await _read(_repeating, said, posts)
                said = said.without_what(*(text for _, text in repeating))
                also += [post for post, _ in repeating]
                after = posts[-1].id
            self.also_said = tuple(dict.fromkeys((*self.also_said, *also)))
            self._said, self._looked_elsewhere = said, True
            self._known.clear()


def _stopped(door: Door, posts: Sequence[Post]) -> list[str]:
    return [post.id for post in posts if door.stops(*post.texts())]


def _repeating(said: Wording, posts: Sequence[Post]) -> list[tuple[str, str]]:
    texts = [(post.id, "\n".join(post.texts())) for post in posts]
    return [(post, text) for post, text in texts if said.stands_in(text)]


_ID = re.compile(r"^id: ([a-z0-9]+)\.([0-9]{1,18})$", re.MULTILINE)
_POSITION = re.compile(r"([a-z0-9]+)\.([0-9]{1,18})")
_NEXT = re.compile(r'"next":"([a-z0-9]+)\.([0-9]{1,18})"')


def _made_from(answer: Answer, what: Withdrawn, epoch: str) -> int | None:
    """Up to where the journal was known to whoever made this answer; None where that is not said, or of another log."""
    match what.sort:
        case "answer" | "picture":
            found = _POSITION.findall(answer.fields.get(MADE_FROM.lower(), ""))
        case "poll":
            found = _NEXT.findall(answer.text)
        case "stream":
            found = _ID.findall(answer.text)
    positions = [int(position) for of, position in found if of == epoch]
    return max(positions, default=None)
