"""What another node wrote a moment ago: a form about it is answered as if it had been written here."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.requests import Request

from heard.accounts import projection as accounts
from heard.accounts.model import Caller
from heard.cases.exits import Serving
from heard.coverage import commands, projection
from heard.coverage import desk as pages
from heard.coverage.elements import Text
from heard.coverage.entries import PostPublished
from heard.engine.node import Command, Written
from heard.opening import open_house
from tests.coverage.test_words_seen import page
from tests.desk import Desk


def test_a_button_of_a_post_that_this_node_has_not_heard_of_does_what_it_says(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    page(desk, "editor")
    other = open_house(desk.house.data)
    post = "abcdefghijklmnop"
    command = commands.publish(other.doors, PostPublished(desk.case, (Text("Said at another node."),)), post)
    other.node.append(other.node.judge([other.node.ask(command, by="editor")]))
    other.close()
    assert not projection.is_known(desk.tables, post)
    assert presses(desk, monkeypatch, "key", post=post) == 303
    assert projection.by_id(desk.tables, post).key_event
    assert presses(desk, monkeypatch, "key", post="none") == 404


def presses(desk: Desk, monkeypatch: pytest.MonkeyPatch, verb: str, **form: str) -> int:
    house = desk.house

    async def do(command: Command, **asked: Any) -> Written:
        return house.node.do(command, **asked)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": urlencode(form).encode(), "more_body": False}

    serving = Serving(house.node, house.doors, house.vault, None, house.media, do, "e")
    editor = accounts.by_email(desk.tables, "editor@heard.example")
    caller = Caller(editor, in_session=True).at(desk.case)
    monkeypatch.setattr(pages, "signed_in", lambda *_: (serving, caller))
    scope = {
        "type": "http",
        "method": "POST",
        "path": f"/desk/the-case/{verb}",
        "query_string": b"",
        "headers": [(b"content-type", b"application/x-www-form-urlencoded")],
        "path_params": {"slug": "the-case", "verb": verb},
        "app": SimpleNamespace(state=SimpleNamespace(serving=serving)),
    }
    return asyncio.run(pages.act(Request(scope, receive))).status_code
