"""Nobody learns by asking which names are under an order: every way to ask answers a protected one as any other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from heard import templates
from heard.cases import exits
from heard.cases import projection as cases
from heard.cases.saying_back import ASKED
from heard.coverage import projection
from heard.deliver.surfaces import addresses
from heard.opening import open_house
from tests.coverage.past_story import client_of
from tests.desk import Desk
from tests.server import Server, running
from tests.waiting import wait_until

#: Of one length and one sort, so that nothing else tells them apart.
PROTECTED, ANYBODY = "Rowan Tidewell", "Corin Hasselby"
SLUG = "asked"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("oracle") / "data") as server:
        server.open_case(SLUG, "A case that is asked about")
        for number in range(3):
            server.publish(SLUG, f"Post {number}.")
        answer = server.post(f"/cases/{SLUG}/restrictions", {"basis": "s.11", "names": [PROTECTED]})
        assert answer.status_code == 201
        # A page names the position it was made at: all are asked for when nothing moves any more. The last entry is the
        # receipt, which the server writes by itself.
        wait_until(lambda: 'asked_first_at":null' not in server.client.get(f"/api/v1/cases/{SLUG}/receipts").text)
        house = open_house(server.data)
        end = house.store.position()
        house.close()
        wait_until(lambda: f'.{end}"' in server.page(f"/{SLUG}/"))
        yield server


def surfaces(server: Server) -> list[str]:
    house = open_house(server.data)
    case = cases.by_slug(house.tables, SLUG)
    posts = [one.id for one in projection.shown(house.tables, case.id)]
    found = [one.address for one in addresses(house.tables, house.journal, case, posts, house.store.position())]
    house.close()
    return [*found, "/", f"/{SLUG}/problem/", f"/{SLUG}/people/", "/corrections/", "/reports/", "/reports.json"]


def alike(ask: Callable[[str], Any]) -> Any:
    """The answer for anybody's name; that for the protected one says the same, but for the name itself."""
    answers = {name: ask(name) for name in (ANYBODY, PROTECTED)}
    told = {name: (answer.status_code, _without(answer.text, name)) for name, answer in answers.items()}
    assert told[ANYBODY] == told[PROTECTED]
    return answers[PROTECTED]


def _without(text: str, name: str) -> str:
    for form in (name, name.replace(" ", "-").lower(), name.replace(" ", "+"), name.replace(" ", "%20")):
        text = text.replace(form, "")
    return re.sub(r'name="once" value="[^"]*"', "", text)  # new with each form


def is_told_apart(ask: Callable[[str], Any]) -> bool:
    try:
        alike(ask)
    except AssertionError:
        return True
    return False


def test_what_is_refused_comes_back_with_the_words_and_without_an_answer_about_them(server: Server) -> None:
    def tell(name: str) -> Any:
        said = {"words": f"{name} {'x' * 5000}", "once": "the same for both"}
        return server.reader.post(f"/{SLUG}/problem/", data=said)

    assert _once_taken_out(tell(PROTECTED)) == _once_taken_out(tell(ANYBODY))
    assert PROTECTED in tell(PROTECTED).text


def _once_taken_out(answer: Any) -> tuple[int, int]:
    return answer.status_code, len(answer.text)


def test_the_name_by_which_the_server_is_called_is_no_question(server: Server) -> None:
    for address in surfaces(server):
        if "/after/" in address or address.startswith("/live/"):
            continue  # frames are made for nobody's request
        for host in ("{}", "{}.example:8000"):

            def ask(name: str, address: str = address, host: str = host) -> Any:
                called = host.format(name.replace(" ", "-").lower())
                return server.reader.get(address, headers={"Host": called})

            assert alike(ask).status_code in (200, 404), address
    page = server.reader.get(f"/{SLUG}/", headers={"Host": "rowan-tidewell"}).text
    assert "http://rowan-tidewell/asked/" in page


def test_a_host_that_is_none_is_refused(server: Server) -> None:
    for host in ('a"b', "a<b", "a b", "a/b", "Rowan Tidewell", ""):
        assert server.reader.get(f"/{SLUG}/", headers={"Host": host}).status_code == 400, host


def test_a_query_is_no_question(server: Server) -> None:
    for address in surfaces(server):
        if address.startswith("/live/"):
            continue
        for asked in ("q", "order", "x"):

            def ask(name: str, address: str = address, asked: str = asked) -> Any:
                return server.reader.get(address, params={asked: name})

            alike(ask)


def test_a_page_made_with_the_host_in_it_would_be_told_apart(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the request as it came, instead of one to a stand-in, gives the name away."""
    desk.restrict(PROTECTED)
    client = client_of(desk, tmp_path)

    def ask(name: str, query: str = "") -> Any:
        return client.get(f"/the-case/{query}", headers={"Host": name.replace(" ", "-").lower()})

    assert not is_told_apart(ask)
    monkeypatch.setattr(exits, "from_nowhere", lambda request: request)
    assert is_told_apart(lambda name: ask(name, "?order=oldest"))  # another address: answers are kept


def test_words_that_pass_the_door_would_be_told_apart(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a refused message rendered as it was typed."""
    desk.restrict(PROTECTED)
    client = client_of(desk, tmp_path)

    def ask(name: str) -> Any:
        return client.post("/the-case/problem/", data={"words": f"{name} {'x' * 5000}", "once": "one"})

    assert ask(PROTECTED).status_code == ask(ANYBODY).status_code == 422
    real = templates.render

    def as_typed(template: str, **context: Any) -> str:
        return real(template, **(context | {"words": PROTECTED} if context.get("words") == ASKED else context))

    monkeypatch.setattr(templates, "render", as_typed)
    assert ask(PROTECTED).status_code == 503
