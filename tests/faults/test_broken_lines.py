"""A line to PostgreSQL that breaks at each exchange of each request: the answer is 503, or what it would have been, and
never that we made a mistake; and what is sent again under its key is written once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest

from heard.coverage.elements import plain
from heard.coverage.entries import PostPublished
from heard.opening import open_house
from heard.store import postgres_link
from tests.faults.broken_lines import HOWS, SLUG, App, Breaking, How
from tests.faults.nodes import SOAK
from tests.postgres import Cluster

pytestmark = pytest.mark.faults

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Asked(msgspec.Struct, frozen=True):
    """A request as it is sent, and sent again."""

    method: str
    path: str
    headers: dict[str, str]
    json: Any = None
    content: bytes | None = None

    async def send(self, client: httpx2.AsyncClient) -> httpx2.Response:
        client.cookies.clear()
        more = {"json": self.json} if self.json is not None else {"content": self.content}
        return await client.request(self.method, self.path, headers=self.headers, **more)


def get(path: str, who: str = "") -> Callable[[App, str], Asked]:
    return lambda app, key: Asked("GET", path.format(gate=app.gate.id), app.by(who) if who else {})


def post(path: str, who: str, **body: Any) -> Callable[[App, str], Asked]:
    def made(app: App, key: str) -> Asked:
        said = {name: one.format(key=key) if isinstance(one, str) else one for name, one in body.items()}
        at = path.format(gate=app.gate.id, slug=SLUG, key=key, order=_order(app, "{order}" in path))
        return Asked("POST", f"/api/v1{at}", app.by(who, **{"Idempotency-Key": key}), json=said)

    return made


def _order(app: App, wanted: bool) -> str:
    return app.gate.publish() if wanted else ""


def _fix(app: App, key: str) -> Asked:
    return Asked("GET", f"/fixes/{app.phone}?id=x&timestamp={time.time():.3f}&lat=52.0&lon=0.0&accuracy=4", {})


def _sign_in(app: App, key: str) -> Asked:
    return Asked("POST", app.link(), FORM, content=b"")


def _desk(app: App, key: str) -> Asked:
    return Asked("GET", f"/desk/{SLUG}/", {"Cookie": f"heard={app.session()}"})


#: By name, what makes one that bears a key of its own.
REQUESTS: dict[str, Callable[[App, str], Asked]] = {
    "publish": post("/cases/{slug}/posts", "ed", text="mark={key};"),
    "acknowledge": post("/watch/orders/{order}/acknowledgement", "one", version=1),
    "describe": post("/cases/{slug}/description", "ed", title="{key}"),
    "sign in": _sign_in,
    "fix": _fix,
    "desk page": _desk,
    "live page": get(f"/{SLUG}/"),
    "not here": get("/nothing-of-that-name/"),
    "front page": get("/"),
    "health": get("/healthz"),
    "checkpoint": get("/log/checkpoint"),
    "cases": get("/api/v1/cases", "ed"),
    "posts": get(f"/api/v1/cases/{SLUG}/posts", "ed"),
    "board": get("/api/v1/watch/stations", "sam"),
}
#: Of each request so many exchanges are broken; `make soak` breaks them all, in each way.
OF_EACH, NEVER = 5, 10**9


@pytest.fixture
def app(postgres: Cluster, tmp_path: Path) -> Iterator[App]:
    with ExitStack() as stack:
        house = open_house(tmp_path / "node", journal=postgres.fresh(), synchronous="OFF")
        stack.callback(house.close)
        yield App(house, stack)


class Outcome(msgspec.Struct):
    answers: Counter[tuple[str, int]] = msgspec.field(default_factory=Counter)
    mistakes: list[str] = []
    breaks: int = 0


async def broken(
    app: App, line: Breaking, client: httpx2.AsyncClient, names: Sequence[str], hows: Sequence[How] = HOWS
) -> Outcome:
    """Each request, with the line broken at its first exchange, its second, and so on to its last."""
    outcome = Outcome()
    for name in names:
        with line.breaking(NEVER, "question"):
            assert (await REQUESTS[name](app, f"{name}-whole").send(client)).status_code < 500
        step = 1 if SOAK else 1 + line.exchanges // OF_EACH
        for at in range(1, line.exchanges + 1, step):
            for how in hows if SOAK else (hows[at // step % len(hows)],):
                app.found()  # what is asked may need a session, that is written before
                asked = REQUESTS[name](app, f"{name}-{how}-{at}")
                with line.breaking(at, how):
                    answer = await asked.send(client)
                await _look_at(app, outcome, answer, client, asked, f"{name}, the {how} of exchange {at}")
                outcome.answers[name, answer.status_code] += 1
                outcome.breaks += line.broke
    return outcome


async def _look_at(
    app: App, outcome: Outcome, answer: httpx2.Response, client: httpx2.AsyncClient, asked: Asked, what: str
) -> None:
    if answer.status_code == 500:
        outcome.mistakes.append(what)
    for _ in range(3):  # a line of which an answer was still in the buffer is found broken by whoever is next
        app.found()
        answer = await asked.send(client)
        if answer.status_code != 503:
            break
    if answer.status_code >= 500 or ("Idempotency-Key" in asked.headers and answer.status_code not in (200, 201)):
        outcome.mistakes.append(f"{what}: the second time {answer.status_code} {answer.text[:200]}")


def test_no_request_is_told_of_a_mistake(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    line, done = Breaking(monkeypatch), list[Outcome]()

    async def story(client: httpx2.AsyncClient) -> None:
        done.append(await broken(app, line, client, list(REQUESTS)))

    app.run(story)
    [outcome] = done
    print(outcome.breaks, dict(sorted(outcome.answers.items())))
    assert not outcome.mistakes, "\n".join(outcome.mistakes)
    told = Counter(
        plain(entry.body.elements) for entry in app.house.journal.all() if isinstance(entry.body, PostPublished)
    )
    assert told and set(told.values()) == {1}, told


def test_an_error_that_nobody_translates_is_found(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: psycopg's own errors get through to who asks."""
    line, done = Breaking(monkeypatch), list[Outcome]()

    async def story(client: httpx2.AsyncClient) -> None:
        monkeypatch.setattr(postgres_link, "BROKEN", ())
        done.append(await broken(app, line, client, ["cases", "posts"], ("question",)))

    app.run(story)
    assert done[0].mistakes
