"""Nothing of another site is loaded before the reader's click, and then only from where it is allowed: in Chromium."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from heard.coverage import cards
from heard.coverage.elements import Embed, Link
from heard.engine.errors import Refused
from tests.server import Server, running


class Elsewhere:
    """Another site, which counts who comes."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        outer = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(f"{self.path} {self.headers.get('Referer', '')}")
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(b"<!doctype html><title>Film</title><p>A film of the gate.")

            def log_message(self, format: str, *args: object) -> None: ...

        self.serving = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.address = f"http://127.0.0.1:{self.serving.server_address[1]}"
        threading.Thread(target=self.serving.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def allowed() -> Iterator[Elsewhere]:
    site = Elsewhere()
    yield site
    site.serving.shutdown()


@pytest.fixture(scope="module")
def other() -> Iterator[Elsewhere]:
    site = Elsewhere()
    yield site
    site.serving.shutdown()


@pytest.fixture(scope="module")
def embedding(allowed: Elsewhere, other: Elsewhere, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("embeds") / "data"
    with running(data, "--embeds-from", allowed.address) as server:
        server.open_case("films", "Films")
        for number, site in enumerate((allowed, other)):
            link = {"url": f"{site.address}/film", "title": f"Film {number}", "text": "An hour"}
            server.publish("films", f"Here is film {number}.", links=[link])
        yield server


def opened(chromium: Browser, server: Server) -> tuple[Page, list[str]]:
    page = chromium.new_page(base_url=server.address)
    asked: list[str] = []
    page.context.on("request", lambda request: asked.append(request.url))
    page.goto("/films/", wait_until="load")
    page.mouse.wheel(0, 4000)
    page.wait_for_timeout(1000)
    return page, [asked]  # type: ignore[return-value]


def test_nothing_is_asked_of_another_site_before_the_click(
    chromium: Browser, embedding: Server, allowed: Elsewhere, other: Elsewhere
) -> None:
    page, [asked] = opened(chromium, embedding)
    assert asked and all(address.startswith(embedding.address) for address in asked)
    assert allowed.asked == other.asked == [] and page.locator("iframe").count() == 0
    page.click("a:text-is('Film 0')")
    expect(page.frame_locator("iframe").locator("p")).to_have_text("A film of the gate.")
    assert allowed.asked == [f"/film {embedding.address}/"] and page.url.endswith("/films/")
    assert page.locator("iframe").get_attribute("title") == "Film 0"
    # What the operator did not name is a card that leads there, and cannot be framed by whatever gets into the page.
    assert page.locator("a:text-is('Film 1')").get_attribute("data-frame") is None
    page.evaluate(
        "at => { document.body.append(Object.assign(document.createElement('iframe'), { src: at })) }", other.address
    )
    page.wait_for_timeout(500)
    assert other.asked == []
    page.close()


def test_control_a_page_that_frames_at_once_is_caught(chromium: Browser, embedding: Server, allowed: Elsewhere) -> None:
    context = chromium.new_context(base_url=embedding.address)

    eager = "addEventListener('DOMContentLoaded', () => { document.body.append(Object.assign("
    eager += f"document.createElement('iframe'), {{ src: '{allowed.address}/eager' }})) }})"
    context.add_init_script(eager)
    page = context.new_page()
    page.goto("/films/", wait_until="load")
    page.wait_for_timeout(500)
    assert any(one.startswith("/eager") for one in allowed.asked)
    context.close()


def test_without_script_the_card_leads_there(chromium: Browser, embedding: Server, allowed: Elsewhere) -> None:
    page = chromium.new_page(base_url=embedding.address, java_script_enabled=False)
    page.goto("/films/")
    page.click("a:text-is('Film 0')")
    assert page.url == f"{allowed.address}/film"
    page.close()


@pytest.mark.parametrize(
    ("address", "frame"),
    [
        ("https://www.youtube.com/watch?v=abcdefghijk", "https://www.youtube-nocookie.com/embed/abcdefghijk"),
        ("https://m.youtube.com/watch?a=b&v=abcdefghijk&t=1", "https://www.youtube-nocookie.com/embed/abcdefghijk"),
        ("https://youtu.be/abcdefghijk", "https://www.youtube-nocookie.com/embed/abcdefghijk"),
        ("https://vimeo.com/12345", "https://player.vimeo.com/video/12345"),
    ],
)
def test_a_film_is_framed_from_where_it_tells_least(address: str, frame: str) -> None:
    origin = frame[: frame.index("/", 8)]
    made = cards.card(address, "", "", (origin,))
    assert isinstance(made, Embed) and made.frame == frame
    assert isinstance(cards.card(address, "", "", ()), Link)


@pytest.mark.parametrize(
    "address",
    [
        "https://youtu.be@evil.example/abcdefghijk",
        "https://player.vimeo.com.evil.example/1",
        "http://[",
        "javascript:alert(1)",
    ],
)
def test_what_only_looks_like_an_allowed_site_is_a_link(address: str) -> None:
    allowed = ("https://www.youtube-nocookie.com", "https://player.vimeo.com")
    assert isinstance(cards.card(address, "A", "", allowed), Link)


@pytest.mark.parametrize(
    "site", ["*", "https:", "https://a.example/", "https://a.example; script-src *", "data:", "a.example"]
)
def test_an_operator_names_origins_and_nothing_else(site: str, tmp_path: Path) -> None:
    with pytest.raises(Refused):
        cards.origins([site])
