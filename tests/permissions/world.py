"""Everybody who may ask, and things in every state, made beside a running server in its own journal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import count
from typing import Any, NamedTuple
from uuid import uuid4

import httpx2

from heard.accounts import commands as account_commands
from heard.accounts import projection as accounts
from heard.accounts import secrets
from heard.accounts.commands import OPERATOR
from heard.accounts.recovery import ask_recovery
from heard.cases import commands as case_commands
from heard.cases import jury
from heard.cases.entries import RestrictionImposed
from heard.cases.letting_out import rule_second_eyes
from heard.cases.permission import record_permission
from heard.coverage import commands, kept, problems, receipts
from heard.coverage.approval import count_stopped
from heard.coverage.elements import Image, Text
from heard.coverage.entries import PostPublished
from heard.engine import now
from heard.engine.entry import new_id
from heard.engine.node import Command
from heard.opening import House
from heard.reports import commands as report_commands
from heard.reports import projection as reports
from heard.reports.commands import Row as ReportRow
from heard.signing_in import link_for, token_for
from heard.watch import commands as watch_commands
from heard.watch import feeds
from heard.watch.pings import new_address
from tests.permissions.alerted import alert_in
from tests.permissions.rows import ALL, ROLES, Row
from tests.server import Server

NUMBERS = count(1)
#: Enough texts that were stopped, and all of an account goes for approval.
STOPPED = 5


class Asker(NamedTuple):
    """Who asks: `role` is a letter, or nothing for one who is not known; `scope` that of a token, or "session"."""

    name: str
    role: str
    scope: str
    account: str
    headers: dict[str, str]

    def is_let_through(self, row: Row) -> bool:
        if row.may == "*":
            return True
        reach = {"session": 4, "admin": 3, "write": 2, "read": 1}.get(self.scope, 0)
        wanted = {"session": 4, "admin": 3, "write": 2, "read": 1}[row.scope]
        return bool(self.role) and self.role in row.may and reach >= wanted


class World:
    """`things(kind, state, asker)` answers the parts of an address for a thing in a state, each time a fresh one."""

    def __init__(self, server: Server, house: House) -> None:
        self.server, self.house = server, house
        self.http = httpx2.Client(base_url=server.address, timeout=30)
        self.accounts = {letter: self._account(letter, role) for letter, role in ROLES.items()}
        self.askers = [Asker("nobody", "", "", "", {})]
        self.askers += [self.signed_in(letter) for letter in ROLES]
        self.askers += [self._token(letter, scope) for letter in ALL for scope in ("read", "write", "admin")]
        self.askers += [self._token(letter, "admin") for letter in ROLES if letter not in ALL]  # none reaches further
        self.askers += self._no_longer()
        self._known: dict[tuple[str, str, str], dict[str, str]] = {}

    # Who asks ---------------------------------------------------------------------------------------------------------

    def _account(self, letter: str, role: str) -> str:
        self.do(account_commands.add_account(f"{letter}@heard.example", role, f"Name of {letter}"))  # type: ignore[arg-type]
        return accounts.by_email(self.house.tables, f"{letter}@heard.example").id

    def signed_in(self, letter: str) -> Asker:
        """By a link, as anybody signs in."""
        return self.let_in(self.accounts[letter], letter, f"{ROLES[letter]} signed in")

    def let_in(self, account: str, letter: str, name: str) -> Asker:
        link = link_for(self.house, account)
        answer = httpx2.post(self.server.address + "/desk/sign-in/" + link.split("/desk/sign-in/")[1])
        assert answer.status_code == 303, answer.text
        cookie = "; ".join(f"{name}={value}" for name, value in answer.cookies.items())
        return Asker(name, letter, "session", account, {"Cookie": cookie})

    def _token(self, letter: str, scope: str) -> Asker:
        token = token_for(self.house, f"{letter}@heard.example", scope)
        bearer = {"Authorization": f"Bearer {token}"}
        return Asker(f"{ROLES[letter]} by a token to {scope}", letter, scope, self.accounts[letter], bearer)

    def _no_longer(self) -> list[Asker]:
        """Whoever was let in once, and those who never were."""
        vault, admin = self.house.vault, self.accounts["a"]
        id = new_id()
        self.do(account_commands.add_token(admin, id, "admin"))
        revoked = secrets.make(vault, "token", admin, token=id)
        self.do(account_commands.revoke_token(id))
        ended = secrets.make(vault, "session", admin, lasts=timedelta(seconds=-1))
        gone = self.signed_in("a").headers
        assert self.http.post("/desk/sign-out/", headers=gone).status_code == 303
        link = link_for(self.house, admin).split("/")[-2]
        told = {
            "a token that was revoked": {"Authorization": f"Bearer {revoked}"},
            "a session that has ended": {"Cookie": f"heard={ended}"},
            "a session that was signed out of": gone,
            "a session's secret as a token": {"Authorization": f"Bearer {self.signed_in('a').headers['Cookie'][6:]}"},
            "a token's secret as a session": {"Cookie": f"heard={token_for(self.house, 'a@heard.example', 'admin')}"},
            "a link's secret as a session": {"Cookie": f"heard={link}"},
            "another way to identify oneself": {"Authorization": "Basic YTph"},
        }
        return [Asker(name, "", "", "", headers) for name, headers in told.items()]

    # Things -----------------------------------------------------------------------------------------------------------

    def do(self, command: Command, by: str = OPERATOR) -> str:
        return self.house.node.do(command, by=by).stream

    def shared(self, kind: str, state: str, asker: Asker) -> dict[str, str]:
        """A thing that nobody has changed yet: those who are turned away, or only look, leave it as it was."""
        whose = asker.account if kind in ("order", "approval", "receipt", "person") else ""
        if (kind, state, whose) not in self._known:
            self._known[kind, state, whose] = self.things(kind, state, asker)
        return self._known[kind, state, whose]

    def things(self, kind: str, state: str, asker: Asker) -> dict[str, str]:
        """The parts of an address, and of a form, for a fresh thing in this state, as this asker meets it."""
        made: dict[str, Callable[[str, Asker], dict[str, str]]] = {
            "case": lambda state, _: self._case(state),
            "post": lambda state, _: self._post(state),
            "alert": lambda state, _: alert_in(self, state),
            "picture": lambda state, _: self._picture(state),
            "folder": lambda state, _: self._case("live" if state == "open" else state),
            "hearing": lambda state, _: self._hearing(state),
            "sitting": lambda state, _: self._sitting(state),
            "problem": lambda state, _: self._problem(state),
            "link": lambda state, _: self._link(state),
            "factor": self._factor,
            "person": self._person,
            "report": lambda state, _: self._report(state),
            "message": lambda state, _: self._message(state),
            "body": lambda state, _: {**(at := self._report("listed")), "key": at["of"] if state == "asked" else "-"},
            "area": lambda state, _: {**(at := self._report("listed")), "key": at["area"] if state == "known" else "-"},
            "figure": lambda state, _: {"name": "tracker" if state == "drawn" else "none"},
            "source": lambda state, _: self._source(state),
            "feed": lambda state, _: self._feed(state),
            "order": self._order,
            "approval": self._approval,
            "receipt": self._receipt,
        }
        told = made[kind](state, asker) if kind in made else {}
        if "case" in told:
            told["slug"] = told["case"]
        if kind in ("report", "body", "area"):
            told |= {"report": told["slug"], kind: told.get("key", told["slug"])}
        return {"new": f"new-{next(NUMBERS)}", **dict.fromkeys(("path", "token", "change", "draft"), "none"), **told}

    def _open(self) -> tuple[str, str]:
        """A case that is live: its slug, and its id."""
        slug = f"case-{next(NUMBERS)}"
        case = self.do(case_commands.open_case(slug, "A case of rows"))
        self.do(commands.set_state(self.house.doors, case, "live"))
        return slug, case

    def _publish(self, case: str, words: str = "Words of a post.") -> str:
        return self.do(commands.publish(self.house.doors, PostPublished(case, (Text(words),))))

    def _restrict(self, case: str, *names: str, told: tuple[str, ...] = (), cleared: tuple[str, ...] = ()) -> str:
        imposed = case_commands.impose_restriction(case, "s. 11", names, told=told, cleared=cleared)
        entry = self.house.journal.entry(self.house.node.do(imposed, by=OPERATOR).position)
        assert entry is not None and isinstance(entry.body, RestrictionImposed)
        return entry.body.restriction

    def _case(self, state: str) -> dict[str, str]:
        if state == "unknown":
            return {"case": "no-such-case"}
        if state == "announced":
            slug = f"case-{next(NUMBERS)}"
            self.do(case_commands.open_case(slug, "A case of rows"))
            return {"case": slug}
        slug, case = self._open()
        match state:
            case "paused" | "closed":
                self.do(commands.set_state(self.house.doors, case, state))
            case "on hold":
                self.do(case_commands.hold_case(case, "a call from the court"))
            case "stopped":
                self.do(record_permission(case, "withdrawn"))
            case "jury out":
                self._out(case)
        return {"case": slug}

    def _out(self, case: str) -> str:
        """A hearing whose jury is out."""
        hearing = self.do(case_commands.list_hearing(case, "The inquest", with_jury=True))
        self.do(jury.send_out(case, hearing))
        return hearing

    def _post(self, state: str) -> dict[str, str]:
        slug, case = self._open()
        told = {"case": slug, "before": self._publish(case, "An earlier post.")}
        match state:
            case "unknown":
                return {**told, "post": new_id()}
            case "elsewhere":
                return {**told, "post": self._publish(self._open()[1])}
            case "held" | "held but free":
                order = self._restrict(case, "Petronella Vane")
                told["post"] = self._publish(case, "Petronella Vane spoke.")
                if state == "held but free":
                    self.do(case_commands.lift_restriction(case, order, "lifted in open court"))
                return told
            case "sealed":
                self._out(case)
                return {**told, "post": self._publish(case)}
            case "submitted":
                self.do(rule_second_eyes(case, True))
                return {**told, "post": self._publish(case)}
            case "waiting":
                tomorrow = now.utc() + timedelta(days=1)
                said = PostPublished(case, (Text("Words of a post."),), not_before=tomorrow)
                return {**told, "post": self.do(commands.publish(self.house.doors, said))}
            case "dropped":
                told = self._post("held")
                self.do(kept.drop(told["post"]))
                return told
        post = self._publish(case, "Petronella Vane spoke.")
        match state:
            case "retracted":
                self.do(commands.retract(self.house.doors, post))
            case "erased":
                self.do(commands.erase(self.house.journal, post, "UK GDPR art. 17"))
            case "withheld":
                self._restrict(case, "Petronella Vane")
        return {**told, "post": post}

    def _picture(self, state: str) -> dict[str, str]:
        slug, case = self._open()
        media = self.house.media.keep(f"A picture, number {next(NUMBERS)}.".encode())
        told = {"case": slug, "picture": f"{media}-1.jpg", "post": new_id()}
        if state == "unknown":
            return told
        if state == "held":
            self._restrict(case, "Petronella Vane")
        parts = (Text("Petronella Vane spoke."), Image("A gate", "Ida Rook", media, 1, 1))
        told["post"] = self.do(commands.publish(self.house.doors, PostPublished(case, parts)))
        if state == "withdrawn":
            self.do(commands.retract(self.house.doors, told["post"]))
        return {**told, "case": self._open()[0] if state == "elsewhere" else slug}

    def _hearing(self, state: str) -> dict[str, str]:
        slug, case = self._open()
        if state == "unknown":
            return {"case": slug, "hearing": new_id(), "sealed": new_id()}
        if state == "elsewhere":
            return {**self._hearing("jury in"), "case": slug}
        with_jury = state != "without a jury"
        hearing = self.do(case_commands.list_hearing(case, "The inquest", with_jury=with_jury))
        told = {"case": slug, "hearing": hearing, "sealed": new_id()}
        if state in ("jury out", "seal lifted"):
            self.do(jury.send_out(case, hearing))
            told["sealed"] = self._publish(case)
        if state == "seal lifted":
            self.do(jury.lift_seal(case, hearing, "jury discharged"))
        return told

    def _sitting(self, state: str) -> dict[str, str]:
        slug, case = self._open()
        if state == "unknown":
            return {"case": slug, "sitting": new_id()}
        hearing = self.do(case_commands.list_hearing(case, "The inquest"))
        sitting = self.do(case_commands.begin_sitting(case, hearing, "Day 1"))
        return {"case": self._open()[0] if state == "elsewhere" else slug, "sitting": sitting}

    def _problem(self, state: str) -> dict[str, str]:
        slug, case = self._open()
        if state == "unknown":
            return {"case": slug, "problem": new_id()}
        problem = self.do(problems.report_problem(case, "", "My brother is misnamed."))
        if state == "settled":
            self.do(problems.settle_problem(problem, "Mended."))
        return {"case": self._open()[0] if state == "elsewhere" else slug, "problem": problem}

    def _link(self, state: str) -> dict[str, str]:
        if state == "unknown":
            return {"secret": "A" * 43}
        secret = link_for(self.house, self.accounts["c"]).split("/")[-2]
        if state == "spent":
            assert self.http.post(f"/desk/sign-in/{secret}/").status_code == 303
        return {"secret": secret}

    def _person(self, state: str, asker: Asker) -> dict[str, str]:
        if state == "unknown":
            return {"person": new_id(), "recovery": new_id()}
        person, one_of_them = self._administrator(), self._administrator()
        if state == "themselves":
            session = secrets.make(self.house.vault, "session", person, lasts=timedelta(hours=1))
            if asker.role == "a":
                return {"person": person, "recovery": new_id(), "cookie": f"heard={session}"}
            return {"person": asker.account or person, "recovery": new_id()}
        if state == "known":
            return {"person": person, "recovery": new_id()}
        by = asker.account if state == "asked by oneself" and asker.role == "a" else one_of_them
        self.do(ask_recovery(person, by), by=by)
        return {"person": person, "recovery": accounts.recoveries(self.house.tables)[person].id}

    def _administrator(self) -> str:
        return self.do(account_commands.add_account(f"{next(NUMBERS)}@heard.example", "administrator"))

    def _factor(self, state: str, asker: Asker) -> dict[str, str]:
        if state == "unknown":
            return {"factor": new_id()}
        # Of somebody else in the same role: with a factor, what this asker signed in with would open nothing any more.
        role: Any = ROLES[asker.role or "c"]
        whose = self.do(account_commands.add_account(f"{next(NUMBERS)}@heard.example", role))
        factor = new_id()
        self.do(account_commands.add_factor(whose, factor, "code"))
        if state == "of another":
            return {"factor": factor}
        session = secrets.make(self.house.vault, "session", whose, factor=factor, lasts=timedelta(hours=1))
        return {"factor": factor, "cookie": f"heard={session}"}

    def _order(self, state: str, asker: Asker) -> dict[str, str]:
        slug, case = self._open()
        if state == "unknown":
            return {"case": slug, "restriction": new_id()}
        whom = (asker.account,) if asker.account and state != "not told" else ()
        order = self._restrict(case, "Petronella Vane", told=whom, cleared=() if state == "told" else whom)
        if state == "lifted":
            self.do(case_commands.lift_restriction(case, order, "lifted in open court"))
        return {"case": self._open()[0] if state == "elsewhere" else slug, "restriction": order}

    def _receipt(self, state: str, asker: Asker) -> dict[str, str]:
        """Of a post that was withdrawn, or of an order that this asker was told of, or not."""
        if state in ("told", "not told"):
            told = self._order(state, asker)
            order = told["restriction"]
            withdrawal = str(receipts.of_subject(self.house.tables, order).withdrawal)
            return {**told, "post": order, "withdrawal": withdrawal}
        told = self._post("published" if state == "unknown" else "retracted")
        if state == "unknown":
            return {**told, "withdrawal": "1"}
        withdrawal = str(receipts.of_subject(self.house.tables, told["post"]).withdrawal)
        return {**told, "case": self._open()[0] if state == "elsewhere" else told["case"], "withdrawal": withdrawal}

    def _source(self, state: str) -> dict[str, str]:
        if state == "unknown":
            return {"secret": str(uuid4()), "said": "start"}
        station = self.do(watch_commands.set_station(f"Post {next(NUMBERS)}"))
        source = self.do(watch_commands.add_source(station, "The door", source=new_id()))
        return {"secret": new_address(self.house.vault, source).rpartition("/")[2], "said": "start"}

    def _feed(self, state: str) -> dict[str, str]:
        holder = self.accounts["h"]
        feed = "none" if state == "unknown" else self.do(feeds.add_phone(holder))
        if state == "ended":
            self.do(feeds.end_feed(feed, holder=holder))
        return {"secret": "0" * 40 if state == "unknown" else feeds.new_address(self.house.vault, feed)}

    def _report(self, state: str) -> dict[str, str]:
        """A report, and one from before it."""
        if state == "unknown":
            return {"slug": "none", "earlier": "none", "beside": "none", "number": "1"}
        slug, earlier = (f"2021-{next(NUMBERS):04}" for _ in range(2))
        facts = {"dated": "2021-03-03", "deceased": "Person Fictional", "area": f"Area {slug}"}
        facts["sent_to"] = f"Harbour Board | Office {slug}"
        rows = [ReportRow(f"https://heard.example/{one}/", {"ref": one, **facts}) for one in (slug, earlier)]
        self.do(report_commands.tell("record", date(2021, 6, 1), rows))
        at = {"slug": slug, "earlier": earlier, "number": "1", "of": f"office-{slug}", "area": f"area-{slug}"}
        return {**at, "beside": self._open()[0]}

    def _message(self, state: str) -> dict[str, str]:
        if state == "unknown":
            return {"problem": new_id()}
        report = reports.by_slug(self.house.tables, self._report("listed")["slug"])
        problem = self.do(report_commands.tell_problem(report, "My brother is misnamed.", ""))
        if state == "settled":
            self.do(report_commands.settle_problem(problem, "Mended."))
        return {"problem": problem}

    def _approval(self, state: str, asker: Asker) -> dict[str, str]:
        slug, case = self._open()
        if state == "unknown":
            return {"case": slug, "account": new_id()}
        address = f"{next(NUMBERS)}@heard.example"
        account = self.do(account_commands.add_account(address, "reporter"))
        if state == "theirs":
            for _ in range(STOPPED):
                self.do(count_stopped(account, case))
        return {"case": slug, "account": account}
