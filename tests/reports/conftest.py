"""A real server that hands its letters to a real mail server, for all who follow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from heard.opening import open_house
from tests.reports.mail_server import MailServer, sending_by
from tests.server import Server


@pytest.fixture(scope="session")
def post_office() -> Iterator[MailServer]:
    served = MailServer()
    yield served
    served.close()


@pytest.fixture(scope="session")
def served_with_mail(post_office: MailServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("mailing") / "data"
    with sending_by(post_office, data, "--trusted-proxy", "127.0.0.1") as served:
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
