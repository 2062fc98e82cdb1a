"""What a test asks of a receipt: by the API, as a desk would."""

from __future__ import annotations

import time
from typing import Any

from tests.server import Server

WORDS = "the keeper of the gate was Quillon Marsh and he had gone home by then"


def addresses(slug: str, post: str) -> list[str]:
    """Pages that show the post, to be asked for before it is withdrawn, so that a cache has something to keep."""
    pages = [f"/{slug}/", f"/{slug}/?order=oldest", f"/{slug}/posts/{post}/", f"/{slug}/posts/{post}/fragment/"]
    return [*pages, f"/{slug}/feed.atom", f"/{slug}/feed.json", f"/live/{slug}/after/0"]


def on_every_page(server: Server, slug: str, post: str) -> None:
    """Wait until the server itself shows the words everywhere: its edge hears of a new case a moment later."""
    give_up_at = time.monotonic() + 10
    while not all("Quillon" in server.page(address) for address in addresses(slug, post)):
        assert time.monotonic() < give_up_at
        time.sleep(0.02)


def receipt_of(server: Server, post: str, within_s: float = 10) -> tuple[dict[str, Any], float]:
    """The first receipt of a post, and how many seconds after its withdrawal it was there to be read."""
    began = time.monotonic()
    while True:
        told = server.client.get(f"/api/v1/posts/{post}/receipt").json()
        if told.get("asked_first_at"):
            return told, time.monotonic() - began
        assert time.monotonic() - began < within_s, (told, "".join(server.said))
        time.sleep(0.02)


def proven_in_the_end(server: Server, post: str, within_s: float = 20) -> dict[str, Any]:
    """The receipt once nothing stands open."""
    give_up_at = time.monotonic() + within_s
    while not (told := server.client.get(f"/api/v1/posts/{post}/receipt").json())["proven"]:
        assert time.monotonic() < give_up_at, told["not_proven"]
        time.sleep(0.1)
    return dict(told)


def troubles(told: dict[str, Any], place: str) -> set[str]:
    return {one["trouble"] for one in told["not_proven"] if one["place"] == place}


def proven(told: dict[str, Any], place: str) -> set[str]:
    return {one["address"] for one in told["proven_gone"] if one["place"] == place}
