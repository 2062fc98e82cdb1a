"""What machines read of a page."""

from __future__ import annotations

import json

from heard.cases import projection as cases
from heard.coverage import linked_data, projection
from heard.coverage.shown import show
from tests.desk import Desk


def test_json_ld_cannot_end_its_script_element(desk: Desk) -> None:
    words = "</script><script>alert(1)</script>"
    post = desk.publish("Words", title=words)
    case, door = cases.by_id(desk.tables, desk.case), desk.doors.of(desk.tables, desk.case)
    shown = show(door, projection.by_id(desk.tables, post))
    assert shown is not None
    coverage = projection.of_case(desk.tables, desk.case)
    made = linked_data.live_blog(door, case, coverage, [shown], "https://heard.example")
    assert "<" not in made
    assert json.loads(made)["liveBlogUpdate"][0]["headline"] == words
