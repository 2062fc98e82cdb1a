"""A real server that hands its letters to a real mail server, for all who follow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date

import pytest

from heard.demo.reports import record_reports
from heard.opening import open_house
from tests.reports.mail_server import MailServer
from tests.server import Server, running


@pytest.fixture(scope="session")
def post_office() -> Iterator[MailServer]:
    served = MailServer()
    yield served
    served.close()


@pytest.fixture(scope="session")
def served_with_mail(post_office: MailServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The fictional reports of the demonstration, and letters that go out at once."""
    data = tmp_path_factory.mktemp("mailing") / "data"
    house = open_house(data)
    record_reports(house.node, date(2026, 11, 24), "operator")
    house.close()
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:  # for this server alone, not for whoever starts one after it
            patch.setenv("HEARD_MAIL", post_office.address)
            served = stack.enter_context(running(data, "--trusted-proxy", "127.0.0.1"))
        yield served


@pytest.fixture
def mail(post_office: MailServer) -> MailServer:
    post_office.begin_anew()
    return post_office


@pytest.fixture
def served(served_with_mail: Server) -> Server:
    """With nobody who follows yet."""
    house = open_house(served_with_mail.data)
    for drawer in ("follow", "follow-asked"):
        for name in house.vault.names(drawer):
            house.vault.drop(drawer, name)
    house.close()
    return served_with_mail
