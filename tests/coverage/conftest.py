"""A real mail server, for alerts to followers of a case."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.reports.mail_server import MailServer


@pytest.fixture(scope="session")
def post_office() -> Iterator[MailServer]:
    served = MailServer()
    yield served
    served.close()


@pytest.fixture
def mail(post_office: MailServer) -> MailServer:
    post_office.begin_anew()
    return post_office
