"""Pings as healthchecks has them."""

from __future__ import annotations

from typing import Any

import pytest

from heard.engine.errors import Refused
from heard.ingest import pings
from tests.ingest.told import R, evidence

UUID = "5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278"
RUN = "0f1a9e3c-1111-4222-8333-444455556666"


@pytest.mark.parametrize(
    ("path", "kind", "more"),
    [
        (f"/ping/{UUID}", "ping.success", {}),
        (f"/ping/{UUID}/", "ping.success", {}),
        (f"/ping/{UUID.upper()}", "ping.success", {}),
        (f"/ping/{UUID}/start", "ping.start", {}),
        (f"/ping/{UUID}/fail", "ping.fail", {}),
        (f"/ping/{UUID}/log", "ping.log", {}),
        (f"/ping/{UUID}/0", "ping.success", {"exit_status": 0}),
        (f"/ping/{UUID}/1", "ping.fail", {"exit_status": 1}),
        (f"/ping/{UUID}/255", "ping.fail", {"exit_status": 255}),
    ],
)
def test_the_address_says_what_happened_and_claims_no_time(path: str, kind: str, more: dict[str, Any]) -> None:
    assert evidence(pings.read(path, R)) == {"kind": kind, "who": UUID, "check": UUID, **more}


def test_a_run_joins_a_start_to_its_end() -> None:
    assert pings.read(f"/ping/{UUID}/start", R, f"create=1&rid={RUN.upper()}").facts == {"check": UUID, "run": RUN}


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/ping/", ""),
        (f"/ping/{UUID[:-1]}", ""),
        (f"/ping/{UUID}/stop", ""),
        (f"/ping/{UUID}/256", ""),
        (f"/ping/{UUID}/-1", ""),
        (f"/ping/{UUID}/٥", ""),
        (f"/ping/{UUID}\n", ""),
        ("/ping/key/slug", ""),
        (f"/ping/{UUID}", "rid=7"),
        (f"/ping/{UUID}", "rid"),
        (f"/ping/{UUID}", "a=1&" * 30),
        (f"/ping/{UUID}", "a" * 2_000),
    ],
)
def test_what_is_no_ping_is_refused(path: str, query: str) -> None:
    with pytest.raises(Refused, match="Nothing was kept"):
        pings.read(path, R, query)
