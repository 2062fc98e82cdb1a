"""Everything that a case is seen on: public pages, the desk, feeds, the stream and the API."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

from tests.hostile.planting import Planted, Planter

#: Of so many posts of a case the own pages are looked at: they are made as every other page is.
OWN_PAGES = 5


def pages(case: Planted, planter: Planter) -> list[str]:
    """The addresses of pages, as a browser opens them."""
    about, reader = f"/{case.slug}/", planter.server.reader
    found = [f"{about}?order=newest", f"{about}?order=oldest"]
    for address in found:  # which grows: the page after it, and the one after that
        more = re.search(r'<p class="pages" id="below"><a href="([^"]*)">', reader.get(address).text)
        found += [more[1].replace("&amp;", "&")] if more else []
    posts = case.posts[:: max(1, len(case.posts) // OWN_PAGES)]
    found += [f"{about}posts/{post}/" for post in posts]
    found += [f"{about}problem/?post={post}" for post in posts]
    return [
        *found,
        f"{about}people/",
        f"{about}corrections/",
        f"{about}reports/",
        f"{about}follow/",
        f"/desk{about}",
        f"/desk{about}orders/",
    ]


def others(case: Planted) -> list[str]:
    """The addresses of what is not opened in a browser by itself."""
    about, api = f"/{case.slug}/", f"/api/v1/cases/{case.slug}"
    found = [f"{about}feed.atom", f"{about}feed.json", f"/live/{case.slug}/after/0"]
    found += [api, "/api/v1/cases?limit=500", f"{api}/posts?limit=500"]
    found += [f"{api}/{what}" for what in ("summary", "state", "people", "hearings", "restrictions", "drafts")]
    posts = case.posts[:: max(1, len(case.posts) // OWN_PAGES)]
    found += [f"{about}posts/{post}/fragment/" for post in posts]
    found += [f"/api/v1/posts/{post}{what}" for post in posts for what in ("", "/corrections", "/clarifications")]
    return found


def seen(case: Planted, planter: Planter) -> Iterator[tuple[str, str, str]]:
    """Name, media type and text of every surface; what came back while it was filled too."""
    yield from case.answers
    for address in (*pages(case, planter), *others(case)):
        client = planter.server.client if address.startswith("/api/") else planter.desk
        answer = client.get(address)
        while answer.status_code == 404 and address.startswith("/live/"):  # the edge may be a moment behind
            time.sleep(0.2)
            answer = client.get(address)
        assert answer.status_code == 200, f"{address}: {answer.status_code}"
        yield address, answer.headers["content-type"], answer.text
