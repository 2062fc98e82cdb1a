"""Over HTTP/2 a browser keeps as many streams as it has tabs; over HTTP/1.1 the seventh of a site waits for ever."""

from __future__ import annotations

from playwright.sync_api import Browser, BrowserContext, Page

from tests.proxies.conftest import Behind
from tests.proxies.fronts import Front

TABS = 9
#: How many connections a browser opens to one host over HTTP/1.1.
OVER_HTTP1 = 6

_READ = """address => {
    window.opened = false
    window.words = ''
    const source = new EventSource(address)
    source.onopen = () => { opened = true }
    source.addEventListener('change', event => { words += event.data })
}"""


def tabs_reading(context: BrowserContext, site: str, slug: str) -> list[Page]:
    """Tabs of one site that each open a stream of their own, as pages do whose script does not share one."""
    pages = [context.new_page() for _ in range(TABS)]
    for page in pages:
        page.goto(f"{site}/healthz")
    for page in pages:  # not before: over HTTP/1.1 the seventh would not even be loaded
        page.evaluate(_READ, f"/live/{slug}")
    return pages


def test_every_tab_reads_its_own_stream_over_http2(behind: Behind, front: Front, chromium: Browser) -> None:
    if not front.address.startswith("https:"):
        return  # Varnish speaks no TLS; what stands before it does, and is among these.
    slug = behind.server.open_case(f"tabs-{front.port}", "A case in many tabs")
    behind.server.post(f"/cases/{slug}/state", {"state": "live"})
    with chromium.new_context(ignore_https_errors=True, bypass_csp=True) as context:
        pages = tabs_reading(context, front.address, slug)
        for page in pages:
            page.wait_for_function("opened")
        behind.server.publish(slug, "Said to every tab.")
        for page in pages:
            page.wait_for_function("words.includes('Said to every tab.')")


def test_control_over_http1_only_six_of_them_open(behind: Behind, chromium: Browser) -> None:
    slug = behind.server.open_case("tabs-http1", "A case in many tabs")
    behind.server.post(f"/cases/{slug}/state", {"state": "live"})
    with chromium.new_context(bypass_csp=True) as context:
        pages = tabs_reading(context, behind.server.address, slug)
        for page in pages[:OVER_HTTP1]:
            page.wait_for_function("opened")
        behind.server.publish(slug, "Said to six.")
        for page in pages[:OVER_HTTP1]:
            page.wait_for_function("words.includes('Said to six.')")
        assert not any(page.evaluate("opened") for page in pages[OVER_HTTP1:])
