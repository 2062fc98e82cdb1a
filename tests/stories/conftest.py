"""As many readers, in a real browser, as a story needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser

from tests.server import Server
from tests.stories.hearing import Hearing
from tests.stories.phone import Phone
from tests.stories.reader import Reader

NUMBERS = count(1)


@pytest.fixture
def reader(chromium: Browser, server: Server) -> Iterator[Callable[..., Reader]]:
    """Opens pages, each for a reader of their own; at the end none may have met an error or a forbidden load."""
    opened: list[Reader] = []

    def opens(path: str, *, beside: Reader | None = None, **settings: Any) -> Reader:
        context = beside.page.context if beside else chromium.new_context(base_url=server.address, **settings)
        opened.append(Reader(context.new_page()))
        opened[-1].goes_to(path)
        return opened[-1]

    yield opens
    complaints = [complaint for one in opened for complaint in one.complaints]
    for one in opened:
        one.page.context.close()
    assert complaints == []


@pytest.fixture(scope="module")
def desk(server: Server) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=server.address, timeout=30) as client:
        assert client.post(server.link).status_code == 303
        yield client


@pytest.fixture
def hearing(server: Server, desk: httpx2.Client) -> Hearing:
    return Hearing(server, desk, f"hearing-{next(NUMBERS)}")


@pytest.fixture
def editor(reader: Callable[..., Reader], server: Server, hearing: Hearing, desk: Any) -> Callable[..., Reader]:
    """Opens the desk of the hearing, signed in."""

    def opens(signed_in: httpx2.Client = desk, **settings: Any) -> Reader:
        [(name, value)] = list(signed_in.cookies.items())
        one = reader("/", **settings)
        one.page.context.add_cookies([{"name": name, "value": value, "url": server.address}])
        one.goes_to(f"/desk/{hearing.slug}/")
        return one

    return opens


@pytest.fixture
def phones(chromium: Browser, server: Server, desk: Any, tmp_path: Path) -> Iterator[Callable[..., Phone]]:
    """Makes phones, each signed in; at the end none may have met an error or a forbidden load."""
    made: list[Phone] = []

    def make(**settings: Any) -> Phone:
        phone = Phone(chromium.browser_type, tmp_path / f"phone-{len(made)}", server, **settings)
        made.append(phone)
        [(name, value)] = list(desk.cookies.items())
        phone.context.add_cookies([{"name": name, "value": value, "url": server.address}])
        return phone

    yield make
    for phone in made:
        phone.is_put_away()
        phone.line.ends()
    assert [complaint for phone in made for complaint in phone.reporter.complaints] == []
