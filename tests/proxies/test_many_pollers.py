"""Through a cache, many who poll cost the origin as little as one."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.proxies.conftest import Behind
from tests.proxies.pollers import poll_together

POLLERS, POSTS = 300, 3
#: A file that shares no long poll.
UNSHARED = {'set req.url = regsub(req.url, "\\?.*$", "");': "return (pass);"}


@pytest.mark.parametrize(("replaced", "shared"), [({}, True), (UNSHARED, False)], ids=["as it is", "control"])
def test_the_origin_is_asked_by_at_most_one_in_a_hundred(
    behind: Behind, replaced: Mapping[str, str], shared: bool
) -> None:
    slug = behind.server.open_case(f"polled-{shared}".lower(), "A case that many poll")
    behind.server.post(f"/cases/{slug}/state", {"state": "live"})
    with behind.front("varnish", replaced=replaced) as front:
        run = poll_together(behind.server, front, slug, POLLERS, POSTS)
    print(f"{POLLERS} pollers, the origin was asked {run.asked} times")
    assert run.told == POLLERS * POSTS
    assert (max(run.asked) <= POLLERS / 100) is shared
