"""An editor or a lawyer in a browser of their own, who does what they do by pressing what a person presses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator

from heard.accounts.entries import Role
from tests.server import Server
from tests.stories.people import new_link
from tests.stories.reader import Reader


class Colleague:
    """`one` is what they look at."""

    def __init__(
        self, opens: Callable[..., Reader], server: Server, name: str, role: Role, case: str, **settings: Any
    ) -> None:
        """Signed in by the link that they were sent, and at the desk of the case, which they chose from the list."""
        self.one = opens(new_link(server, name, role), **settings)
        self.page, self.case = self.one.page, case
        self.page.click("main button")
        self.page.wait_for_url("**/desk/")
        self.page.click(f"main a[href='/desk/{case}/']")
        self.page.wait_for_url(f"**/desk/{case}/")

    def looks_again(self) -> None:
        self.one.goes_to(f"/desk/{self.case}/")

    def corrects(self, post: str, words: str, reason: str) -> None:
        self.page.click(f"#reword-{post} > summary")
        self.page.fill(f"#text-{post}", words)
        self.page.fill(f"#reason-{post}", reason)
        self._presses(self.page.locator(f"#reword-{post}"), "Correct an error", "Corrected. Readers see it now.")

    def wants_a_second_pair_of_eyes(self) -> None:
        self._presses(self.page.locator("main"), "Want a second pair of eyes", "Done.")

    def holds(self, words: str, reason: str) -> None:
        self._kept(words).locator("input[form=several]").check()
        self.page.click("#chosen > summary")
        self.page.fill("#several-reason", reason)
        self._presses(self.page.locator("#several"), "Hold what waits or is submitted", "Done.")
        assert self.page.locator("section[aria-labelledby=held]").get_by_text(words).count() == 1

    def says_that_it_may_go(self, words: str, reason: str) -> None:
        self._kept(words).locator("input[name=reason]").fill(reason)
        self._presses(self._kept(words), "It may go, if somebody else says so too", "It is still held: another person")

    def lets_out(self, words: str) -> None:
        self._presses(self._kept(words), "Publish as it stands", "Published.")

    def withdraws(self, post: str, why: str) -> None:
        self.page.click(f"#withdraw-{post} > summary")
        self.page.select_option(f"#code-{post}", label=why)
        self._presses(self.page.locator(f"#withdraw-{post}"), "Withdraw this post", "Withdrawn. Readers see the notice")

    def _kept(self, words: str) -> Locator:
        return self.page.locator("article.held", has_text=words)

    def _presses(self, within: Locator, button: str, answer: str) -> None:
        with self.page.expect_navigation():  # what the page said before is no answer to this
            within.get_by_role("button", name=button, exact=True).click()
        self.one.waits_to_see(answer)
