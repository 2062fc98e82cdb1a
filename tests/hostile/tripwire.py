"""A page in a real browser that says what ran in it, what its policy stopped, and what it is made of."""

from __future__ import annotations

from typing import Any, NamedTuple

from playwright.sync_api import Browser, BrowserContext, Request

from tests.hostile.allowed import SVG_TABLE, TABLE

#: Before anything else of the page: whatever would open a dialog says so instead, and so does a stopped script.
TRIPWIRE = """
window.ranHere = []
window.stoppedHere = []
for (const name of ['alert', 'confirm', 'prompt', 'print', 'open'])
  window[name] = (...said) => { window.ranHere.push(name + ' ' + String(said[0]).slice(0, 60)) }
document.addEventListener('securitypolicyviolation', stopped =>
  window.stoppedHere.push(stopped.violatedDirective + ' ' + stopped.blockedURI + ' ' + stopped.sample))
"""
#: Every node of the document as the browser built it, against the table that the parser has too.
#: A link by ":" leads nowhere: its address is none.
WALK = """table => {
  const found = []
  const nodes = document.createTreeWalker(document, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_COMMENT)
  for (let node = nodes.currentNode; node = nodes.nextNode();) {
    if (node.nodeType === Node.COMMENT_NODE) { found.push('a comment'); continue }
    const tag = node.localName, drawn = node.namespaceURI === 'http://www.w3.org/2000/svg'
    const known = (drawn ? table.svg : table.html)[tag]
    if (!known || !drawn && node.namespaceURI !== 'http://www.w3.org/1999/xhtml') { found.push(`<${tag}>`); continue }
    for (const { name: written, value } of node.attributes) {
      const name = written.toLowerCase()
      if (!(name in known)) found.push(`<${tag} ${name}>`)
      else if (known[name] !== null && !new RegExp(`^(?:${known[name]})$`, 's').test(value))
        found.push(`<${tag} ${name}=${value.slice(0, 60)}>`)
    }
    // One that is drawn, in an SVG, does not tell its protocol.
    const by = drawn && tag === 'a' ? new URL(node.href.baseVal, location.href).protocol : node.protocol
    if (tag === 'a' && !/^(https?|mailto|tel|):$/.test(by)) found.push(`a link by ${by}`)
    if (node.shadowRoot) found.push(`a shadow of <${tag}>`)
  }
  return found
}"""


HTML = "text/html; charset=utf-8"


class Told(NamedTuple):
    ran: list[str]
    stopped: list[str]
    outside: list[str]


class Watched:
    """A browser's page on a server: `bypass` takes its policy away, so that nothing but the markup protects it."""

    def __init__(self, browser: Browser, address: str, *, bypass: bool, cookies: list[Any] | None = None) -> None:
        self.context: BrowserContext = browser.new_context(base_url=address, bypass_csp=bypass)
        self.context.add_init_script(TRIPWIRE)
        self.context.add_cookies(cookies or [])
        self.page = self.context.new_page()
        self.address, self.dialogs, self.elsewhere = address, list[str](), list[str]()
        self.page.on("dialog", self._dialog)
        self.context.on("request", self._asked)

    def _dialog(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def _asked(self, request: Request) -> None:
        if not request.url.startswith(self.address):
            self.elsewhere.append(request.url)

    def opens(self, path: str) -> Told:
        self.page.goto(path, wait_until="load")
        return self.told()

    def shows(self, html: str) -> Told:
        """HTML by itself, at an address of the server's that answers with it and has no policy."""
        self.page.route(f"{self.address}/shown", lambda route: route.fulfill(body=html, content_type=HTML))
        return self.opens("/shown")

    def told(self) -> Told:
        ran, stopped = self.page.evaluate("() => [window.ranHere, window.stoppedHere]")
        dialogs, self.dialogs = self.dialogs, []
        elsewhere, self.elsewhere = self.elsewhere, []
        outside = self.page.evaluate(WALK, {"html": TABLE, "svg": SVG_TABLE})
        return Told(ran + dialogs, stopped, [*outside, *(f"a request to {url}" for url in elsewhere)])

    def close(self) -> None:
        self.context.close()
