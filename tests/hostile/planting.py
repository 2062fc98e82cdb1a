"""Puts hostile lines into every field that takes words, through the API, the desk, the public form and imports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import httpx2

from heard.accounts import commands as account_commands
from heard.accounts import projection as accounts
from heard.accounts.commands import OPERATOR
from heard.cases import projection as cases
from heard.cases.letting_out import rule_second_eyes
from heard.coverage import commands
from heard.coverage.elements import Embed, Heading, Image, Link, Rendition
from heard.coverage.entries import PostPublished
from heard.engine.errors import Refused
from heard.opening import House
from heard.signing_in import link_for
from tests.server import Server

#: So many lines share a case: its posts fill two pages, and the desk shows them all.
PER_CASE = 12


class Planted:
    """A case full of hostile lines: where it is, and what was answered while it was filled."""

    def __init__(self, slug: str, lines: Sequence[str]) -> None:
        self.slug, self.lines = slug, lines
        self.posts: list[str] = []
        #: Pages that came back with what was typed, and feeds as they were before the newest posts crowded them out.
        self.answers: list[tuple[str, str, str]] = []
        self.outcomes: Counter[int] = Counter()
        self.people: list[str] = []

    def keep(self, name: str, answer: httpx2.Response) -> None:
        kind, text = answer.headers.get("content-type", ""), answer.text
        if answer.is_redirect:
            kind, text = "a redirection", answer.headers["location"]
        self.answers.append((f"{self.slug}: {name}", kind, text))


class Planter:
    def __init__(self, server: Server, house: House) -> None:
        self.server, self.house = server, house
        self.desk = httpx2.Client(base_url=server.address, timeout=60)
        account = accounts.by_email(house.tables, "admin@heard.example").id
        house.node.do(account_commands.add_account("leave@heard.example", "reporter", "Whose leave it is"), by=OPERATOR)
        link = link_for(house, account)
        assert self.desk.post("/desk/sign-in/" + link.split("/desk/sign-in/")[1]).status_code == 303

    def plant(self, slug: str, lines: Sequence[str]) -> Planted:
        """Every one of these lines in every field, in a case of its own."""
        case = Planted(slug, lines)
        self._opens(case)
        for line in lines:  # first, while the desk is short: much of it comes back as the whole desk
            self._court(case, line)
            self._readers_and_orders(case, line)
        self._refused(case)
        ids = [self._says(case, line, lines[number - 1]) for number, line in enumerate(lines)]
        case.keep("Atom", self.server.reader.get(f"/{slug}/feed.atom"))
        case.keep("JSON Feed", self.server.reader.get(f"/{slug}/feed.json"))
        for line, posts in zip(lines, ids, strict=True):
            self._changes(case, line, posts)
        self._imports(case)
        self._kept(case)
        self._gives_back(case)
        return case

    def protect(self, slug: str, lines: Sequence[str]) -> Planted:
        """A case of its own whose orders protect hostile names: what would say one is not shown, but the desk is."""
        case = Planted(slug, lines)
        self.api(case, "/cases", slug=slug, title="A case of orders")
        for line in lines:
            order = {"basis": line[:1000], "scope": line[:1000], "cipher": line[:200], "document": line[:1000]}
            self.api(case, f"/cases/{slug}/restrictions", names=[line[:200]], **order)
        return case

    # The ways in ------------------------------------------------------------------------------------------------------

    def api(self, case: Planted, path: str, **body: Any) -> dict[str, Any]:
        answer = self.server.post(path, body)
        case.outcomes[answer.status_code] += 1
        assert answer.status_code < 500, answer.text
        told: dict[str, Any] = answer.json()
        if not answer.is_success:
            case.keep(f"refusal of {path}", answer)
        return told

    def form(self, case: Planted, verb: str, **fields: str) -> httpx2.Response:
        answer = self.desk.post(f"/desk/{case.slug}/{verb}", data=fields)
        case.outcomes[answer.status_code] += 1
        assert answer.status_code < 500, answer.text
        if answer.status_code != 303:
            case.keep(f"form {verb} given back", answer)
        return answer

    # The fields -------------------------------------------------------------------------------------------------------

    def _opens(self, case: Planted) -> None:
        line, other = case.lines[0], case.lines[-1]
        opened = self.api(case, "/cases", slug=case.slug, title=line[:300], standfirst=other[:1000])
        if "id" not in opened:
            self.api(case, "/cases", slug=case.slug, title="A case")

    def _says(self, case: Planted, line: str, other: str) -> dict[str, str]:
        """Posts in every shape; the ids of those that are changed afterwards."""
        about = f"/cases/{case.slug}"
        person = self.api(case, f"{about}/people", name=line[:200], role=other[:200], note=line[:1000])
        kept = {"text": self.api(case, f"{about}/posts", text=line, title=line[:300], key_event=True)}
        kept["quote"] = self.api(
            case, f"{about}/posts", text=line, speaker=line[:200], role=line[:200], as_said="verbatim", pinned=True
        )
        kept["change"] = self.api(case, f"{about}/posts", text=f"Before: {line}", title=line[:300])
        kept["withdraw"] = self.api(case, f"{about}/posts", text=line)
        self.form(case, "publish", text=line, title=line[:300], speaker=person.get("id", ""), setting="evidence")
        self.form(case, "publish", text="A card.", **self._card(line))
        self.form(case, "keep", text=line, title=line[:300], alt=line[:2000], credit=line[:200], **self._card(line))
        self.api(case, f"{about}/drafts", text=line, title=line[:300], draft=line[:200])
        posts = {name: str(told["id"]) for name, told in kept.items() if "id" in told}
        case.posts += posts.values()
        return posts

    def _changes(self, case: Planted, line: str, posts: dict[str, str]) -> None:
        notice, reason, title = line[:1000], line[:4000], line[:300]
        if post := posts.get("change"):
            more = {"title": title, "notice": notice, "reason": reason}
            self.api(case, f"/posts/{post}/corrections", text=line, old_shown=True, **more)
            self.api(case, f"/posts/{post}/clarifications", text=f"Clearer: {line}", **more)
            self.form(case, "correct", post=post, text=line, old_shown="on", **more)
            self.form(case, "clarify", post=post, text=line, **more)
        if post := posts.get("text"):  # a change that waits, on the desk until the end
            self.api(case, f"/cases/{case.slug}/second_eyes", needed=True)
            self.api(case, f"/posts/{post}/corrections", text=line, title=title, notice=notice, reason=reason)
            self.api(case, f"/cases/{case.slug}/second_eyes", needed=False, reason=line[:1000])  # another has to say so
            self.house.node.catch_up()
            of_case = cases.by_slug(self.house.tables, case.slug).id
            self.house.node.do(rule_second_eyes(of_case, False), by=OPERATOR)
        if post := posts.get("withdraw"):
            self.api(case, f"/posts/{post}/retraction", notice=notice, reason=reason)
        self.api(case, f"/cases/{case.slug}/description", title=title, standfirst=line[:1000])
        self.form(case, "describe", title=title, standfirst=line[:1000])

    def _card(self, line: str) -> dict[str, str]:
        return {"link": "https://heard.example/", "link_title": line[:500], "link_text": line[:2000]}

    def _gives_back(self, case: Planted) -> None:
        """Forms that are refused and come back as the whole desk: on a short one, in a case beside this one."""
        short = Planted(f"{case.slug}-short", case.lines)
        self.api(short, "/cases", slug=short.slug, title="A short desk")
        for line in case.lines:
            title, notice, reason = line[:300], line[:1000], line[:4000]
            said = {"alt": line[:2000], "credit": line[:200], "caption": line[:2000]}
            self.form(short, "publish", text=line, picture=line[:200], **said)
            self.form(short, "look-up", **{**self._card(line), "text": line, "link": line[:2000], **said})
            posted = self.api(short, f"/cases/{short.slug}/posts", text=f"Before: {line}", title=title)
            if post := posted.get("id"):
                more = {"title": title, "notice": notice, "reason": reason}
                self.api(short, f"/posts/{post}/corrections", text=line, **more)
                self.form(short, "correct", post=post, based_on="1", text=line, **more)  # a conflict: both come back
                self.form(short, "retract", post=post, code=line, notice=notice, reason=reason)
                ticked = {f"post-{post}": "on", line: line}
                self.form(short, "several", what="withdraw", code=line, reason=reason, **ticked)
        case.answers += short.answers
        case.outcomes += short.outcomes

    def _court(self, case: Planted, line: str) -> None:
        about, words = f"/cases/{case.slug}", line[:1000]
        hearing = self.api(case, f"{about}/hearings", title=line[:300], place=line[:200]).get("id", "")
        self.form(case, "hearing", title=line[:300], place=line[:200])
        sitting = self.api(case, f"/hearings/{hearing}/sittings", title=line[:300]).get("id", "")
        self.api(case, f"/sittings/{sitting}/rise", words=words)
        self.form(case, "rise", sitting=sitting, words=words, back_at=line)
        self.form(case, "sit", hearing=hearing, title=line[:300])
        self.form(case, "jury-sworn", hearing=hearing)
        self.form(case, "jury-lift", hearing=hearing, cause="coroner's leave", words=words)
        self.form(case, "openings", hearing=hearing, openings=f"view: {line[:400]}")
        self.api(case, f"{about}/state", state="paused", words=words, until=line, **{"for": line})
        self.api(case, f"{about}/state", state="live", words=words)
        self.form(case, "state", state="paused", words=words)
        self.api(case, f"{about}/summary", text=line)
        self.form(case, "summary", text=line)
        self.form(case, "summary", text=f"{line} again", based_on="0")  # a conflict: both come back
        self.api(case, f"{about}/permission", permission="leave given", words=words)
        self.form(case, "permission", permission="leave given", words=words)
        self.api(case, f"{about}/permissions", account="leave@heard.example", permission="withdrawn", words=words)
        self.api(case, f"{about}/permissions", account="leave@heard.example", permission="as the case is", words=words)
        self.api(case, f"{about}/legal_hold", ground=words)

    def _readers_and_orders(self, case: Planted, line: str) -> None:
        sent = {"words": line[:4000], "contact": line[:300]}
        self.server.reader.post(f"/{case.slug}/problem/", data=sent)
        self.form(case, "settle", problem=line, note=line[:4000])
        order = {"basis": line[:1000], "scope": line[:1000], "document": line[:1000], "cipher": line[:200]}
        told = self.api(
            case, f"/cases/{case.slug}/restrictions", names=["Petronella Vane"], until_event=line[:1000], **order
        )
        if "id" in told:
            about = f"/cases/{case.slug}/restrictions/{told['id']}"
            self.api(case, f"{about}/told", told=[line[:4000]])
            self.form(case, "orders/tell", restriction=told["id"], told=line)
            self.form(case, "orders/end", restriction=told["id"], ground=line[:1000], told=line)
            self.api(case, f"{about}/end", ground=line[:1000])
        # Given back: `told` is no address.
        self.form(case, "orders/record", names=line, told=line, particulars=line[:200], **order)
        self.form(case, "orders/approve", account=line, ground=line)

    def _imports(self, case: Planted) -> None:
        """What only comes in by import: the other parts of a post, and whoever wrote it."""
        self.house.node.catch_up()
        known = next(iter(self.house.tables.execute("SELECT id FROM cases WHERE slug = ?", (case.slug,))))[0]
        whole, small = (self.house.media.keep(content) for content in (b"as it came", b"made smaller"))
        for line in case.lines:
            address = f"https://heard.example/{line}".replace(" ", "%20")[:1900]
            for url in (address, "https://heard.example/"):
                parts = (
                    Heading(line[:300]),
                    Image(line[:2000], line[:200]),
                    Image(line[:2000], line[:200], whole, 9, 9, line[:2000], (Rendition(small, "webp", 9),)),
                    Link(url, line[:500], line[:2000]),
                    Embed(line[:200], url, line[:500], line[:2000], url),
                )
                content = PostPublished(known, parts, title=line[:300], byline=line[:300], section="report")
                try:
                    self.house.node.do(commands.publish(self.house.doors, content), by=account_commands.OPERATOR)
                    break
                except Refused:
                    case.outcomes[422] += 1

    def _refused(self, case: Planted) -> None:
        """Forms that come back with all that was typed, and addresses that name what is not there."""
        for line in case.lines:
            fields = {"slug": line, "title": line, "standfirst": line}
            case.keep("the front of the desk", self.desk.post("/desk/", data=fields))
            problem = {"words": line + "x" * 4001, "post": ""}
            case.keep("the public form", self.server.reader.post(f"/{case.slug}/problem/", data=problem))
            at = dict.fromkeys(("before", "after", "order", "post", "done"), line[:300])
            for path in (f"/{case.slug}/", f"/{case.slug}/problem/", f"/desk/{case.slug}/", "/desk/sign-in/", "/"):
                case.keep(path, self.desk.get(path, params=at))
            case.keep("no address", self.desk.get("/" + quote(line[:300], safe="")))
            sent = {"text": line, "setting": line, line: line}
            case.keep("a wrong body", self.server.post(f"/cases/{case.slug}/posts", sent))

    def _kept(self, case: Planted) -> None:
        """Posts that are kept on the desk: held first, and then sealed; it stays so."""
        self.api(case, f"/cases/{case.slug}/stop", words="words")
        for line in case.lines:
            self.form(case, "publish", text=line, title=line[:300])
        self.api(case, f"/cases/{case.slug}/permission", permission="leave given")
        hearing = self.api(case, f"/cases/{case.slug}/hearings", title="With a jury", jury=True)["id"]
        self.api(case, f"/hearings/{hearing}/seal", cause="coroner's leave", words=case.lines[0][:1000])
        self.api(case, f"/hearings/{hearing}/jury", jury="out")
        for line in case.lines:
            posted = {"text": line, "title": line[:300], "speaker": line[:200]}
            self.api(case, f"/cases/{case.slug}/posts", **posted)
