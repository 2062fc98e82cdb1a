"""The API does what its OpenAPI document says, whatever is sent to it."""

from __future__ import annotations

import os
from datetime import date

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from heard.opening import open_house
from heard.reports import commands
from heard.reports.commands import Row
from heard.web import api
from heard.web.verbs import Verb, openapi
from tests.server import Server

VERBS = [route for route in api.routes() if isinstance(route, Verb)]
SCHEMA = schemathesis.openapi.from_dict(openapi(api.PREFIX, VERBS))
OPERATIONS = {f"{one.ok().method} {one.ok().path}": one.ok() for one in SCHEMA.get_all_operations()}


@pytest.fixture(scope="module")
def names(server: Server) -> dict[str, str]:
    slug = server.open_case("described", "A described case")
    house = open_house(server.data)
    facts = {"ref": "2031-0007", "dated": "2031-03-03", "area": "Avon", "sent_to": "Harbour Board"}
    house.node.do(commands.tell("record", date(2031, 3, 7), [Row("https://heard.example/7/", facts)]), by="operator")
    house.close()
    post = server.publish(slug, "A post to try things on.")
    station = server.client.post("/api/v1/watch/stations", json={"code": "Post 7"}).json()["id"]
    return {
        "case": slug,
        "post": post,
        "report": "2031-0007",
        "body": "harbour-board",
        "area": "avon",
        "station": station,
    }


def test_document_served_is_the_document_checked(server: Server) -> None:
    served = server.reader.get("/api/v1/openapi.json").json()
    assert sorted(served["paths"]) == sorted({verb.path for verb in VERBS})


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_answer_is_one_that_is_described(name: str, server: Server, names: dict[str, str]) -> None:
    @settings(
        max_examples=200 if os.environ.get("HEARD_SOAK") else 12,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(OPERATIONS[name].as_strategy())
    def check(case: schemathesis.Case) -> None:
        for place, known in names.items():  # half of the calls are about things that are there
            if place in (case.path_parameters or {}) and len(str(case.path_parameters[place])) % 2:
                case.path_parameters[place] = known
        case.call_and_validate(
            base_url=f"{server.address}{api.PREFIX}",
            headers={"Authorization": f"Bearer {server.token}"},
            # What is well-formed may still be refused in words: a state that cannot follow, a name that is empty.
            excluded_checks=[positive_data_acceptance],
        )

    check()
