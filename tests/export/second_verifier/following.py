"""Rule 5: the case follows from its entries."""

import re

from .bad import need
from .forms import instant, whole

STATES = {"went_live": "live", "resumed": "live", "reopened": "live", "paused": "paused", "closed": "closed"}
CODES = {
    "legal": "This post was withdrawn for legal reasons.",
    "error": "This post was withdrawn because it was wrong.",
    "care": "This post was withdrawn out of care for the people it concerned.",
    "source": "This post was withdrawn because its source withdrew it.",
}
WITHHELD = "This post is being checked and is not shown just now."
ERASED = "This post was erased."


def lasting(text):
    found = re.fullmatch(r"P(?:(\d{1,3})D)?(?:T(?:(\d{1,3})H)?(?:(\d{1,4})M)?(?:(\d{1,5})S)?)?", text, re.A)
    need(found, f"{text} is no duration")
    length = sum(int(part or 0) * unit for part, unit in zip(found.groups(), (86400, 3600, 60, 1), strict=True))
    need(length, f"{text} is no duration")
    return length


def time_of(header, body):
    return instant(body["source_at"]) if body["source"] else instant(header["at"])


def time_of_sitting(header, body):
    return instant(body["source_at"] or header["at"])


def comparable(notices):
    return [(one["kind"], instant(one["at"]), one["text"], one.get("old", "")) for one in notices]


def same(body, thing, names, where):
    for name in names.split():
        need(body[name] == thing[name], f"{where}: {name} is not what its entry says")


class Following:
    def __init__(self, case):
        self.case = case
        self.posts, self.sittings, self.people, self.hearings = (
            {one["id"]: one for one in case[name]} for name in ("posts", "sittings", "people", "hearings")
        )
        self.described = self.slugs = 0
        self.summary = self.state = None
        self.told, self.named, self.listed, self.began, self.rose = set(), set(), set(), set(), set()
        self.worded, self.withdrawn, self.key_event, self.pinned = set(), set(), {}, {}

    def follow(self, entries):
        for header, raw in entries:
            body, stream, kind = whole(header, raw), header["stream"], header["kind"].partition(".")[2]
            where = f"entry {header['position']} ({kind})"
            if stream == self.case["id"]:
                self.of_case(header, body, kind, where)
                continue
            need(body.get("case") == self.case["id"], f"{where} is of another case")
            post = self.posts.get(stream)
            if stream == "slugs":
                need(kind == "slug_taken" and body["slug"] == self.case["slug"], f"{where}: another address")
                self.slugs += 1
            elif stream in self.people:
                need(kind == "person_named", f"{where} is on the stream of a person")
                same(body, self.people[stream], "name role note", where)
                self.named.add(stream)
            elif stream in self.hearings:
                need(kind == "hearing_listed", f"{where} is on the stream of a hearing")
                same(body, self.hearings[stream], "title place", where)
                self.listed.add(stream)
            else:
                need(post, f"{where} is of nothing that is in this case")
                (self.of_published if post["status"] == "published" else self.of_withdrawn)(
                    header, body, kind, post, where
                )
        self.all_said()

    def of_case(self, header, body, kind, where):
        case = self.case
        if kind in ("opened", "described"):
            same(body, case, "title standfirst" if kind == "described" else "slug zone title standfirst", where)
            self.described += 1
        elif kind == "summary_written":
            self.summary = (body["markdown"], time_of(header, body))
        elif kind == "taken_over":
            self.state = (body["state"], instant(body["since_at"]), instant(body["due_at"]))
        else:
            need(kind in STATES, f"{where} is on the stream of the case")
            at, due = time_of(header, body), None
            if kind == "paused":
                length = lasting(body["lasting"]) if body["lasting"] else None
                if at is not None:
                    due = instant(body["until_at"]) if body["until_at"] else at + length if length else None
            self.state = (STATES[kind], at, due)
            if body["notice"]:
                post = self.posts.get(body["notice"])
                need(
                    post and post["status"] == "published" and post["kind"] == "state", f"{where}: nothing tells of it"
                )
                need(post["state"] == kind and instant(post["published_at"]) == at, f"{where}: told otherwise")
                need(post["elements"] == [{"type": "text", "markdown": body["words"]}], f"{where}: in other words")
                self.told.add(post["id"])

    def of_published(self, header, body, kind, post, where):
        id = post["id"]
        if kind == "sitting_began":
            need(
                post["state"] == "sitting" and id in self.sittings and id not in self.began, f"{where}: no such sitting"
            )
            self.began.add(id)
            same(body, self.sittings[id], "hearing title", where)
            since = instant(self.sittings[id]["began_at"])
            need(since == time_of_sitting(header, body) == instant(post["published_at"]), f"{where}: at another time")
            [words] = post["elements"]
            need(words["type"] == "text", f"{where}: in other words")
            need(
                re.sub(r"\\([\\`*_~\[\]<>&#+\-.)])", r"\1", words["markdown"]) == body["title"], f"{where}: other words"
            )
        elif kind == "sitting_rose":
            need(id in self.sittings, f"{where}: no such sitting")
            self.rose.add(id)
            shown = (instant(self.sittings[id]["rose_at"]), instant(self.sittings[id]["back_at"]))
            need(shown == (time_of_sitting(header, body), instant(body["back_at"])), f"{where}: at another time")
        elif kind in ("post_published", "post_taken_over"):
            same(body, post, "elements title byline section sitting", where)
            for said, shown in (("said_at",) * 2, ("written_at",) * 2, ("source_updated_at", "updated_at")):
                need(instant(body[said]) == instant(post[shown]), f"{where}: another {shown}")
            need(time_of(header, body) == instant(post["published_at"]), f"{where}: published at another time")
            need(post["state"] == body.get("state", ""), f"{where}: another state")
            need(body.get("status", "published") == "published", f"{where}: another status")
            there = comparable(post["notices"])
            need(all(one in there for one in comparable(body.get("notices", []))), f"{where}: a notice is missing")
            self.key_event.setdefault(id, body["key_event"])
            self.pinned.setdefault(id, body["pinned"])
            self.worded.add(id)
        elif kind in ("post_corrected", "post_clarified"):
            same(body, post, "elements title", where)
            notice = (kind[5:], instant(header["at"]), body["notice"], body.get("old_shown", ""))
            need(notice in comparable(post["notices"]), f"{where}: the notice is missing")
            self.worded.add(id)
        elif kind in ("key_event_marked", "key_event_unmarked"):
            self.key_event[id] = kind == "key_event_marked"
        elif kind in ("post_pinned", "post_unpinned"):
            self.pinned[id] = kind == "post_pinned"
        else:
            need(kind == "post_placed", f"{where} is on the stream of a published post")

    def of_withdrawn(self, header, body, kind, post, where):
        self.withdrawn.add(post["id"])
        if kind == "post_retracted":
            words = body["notice"] or CODES[body["code"]]
            need(post["status"] == "retracted" and post["notice"] == words, f"{where}: another notice")
            need(comparable(post["notices"]) == [("retracted", instant(header["at"]), words, "")], f"{where}: notices")
        else:
            need(kind == "post_taken_over", f"{where} is on the stream of a post that was withdrawn")
            need(body["status"] == post["status"] and not body["elements"], f"{where}: another status")
            need(comparable(body["notices"]) == comparable(post["notices"]), f"{where}: other notices")

    def all_said(self):
        case = self.case
        need(self.described, "no entry says what the case is called")
        need(self.slugs == 1, "there is not exactly one entry of the address")
        need(bool(self.summary) == bool(case["summary"]["markdown"]), "the summary and its entry are not both there")
        if self.summary:
            shown = (case["summary"]["markdown"], instant(case["summary"]["written_at"]))
            need(shown == self.summary, "the summary is not the last that was written")
        need(self.named == set(self.people), "a person has no entry")
        need(self.listed == set(self.hearings), "a hearing has no entry")
        if all(post["status"] == "published" for post in case["posts"] if post["kind"] == "state"):
            state, since, due = (case["coverage"][name] for name in ("state", "since", "due_at"))
            if self.state:
                need((state, instant(since), instant(due)) == self.state, "the coverage is not as its last entry says")
            else:
                need((state, due) == ("announced", None), "the coverage has no entry")
        sittings = {
            id for id, post in self.posts.items() if (post["status"], post["state"]) == ("published", "sitting")
        }
        need(sittings == set(self.sittings) == self.began and self.rose <= self.began, "a sitting has no post or entry")
        for id, post in self.posts.items():
            if post["status"] == "published":
                need(id in self.worded or id in self.told or id in sittings, f"the words of post {id} are not proved")
                need(self.key_event.get(id, post["key_event"]) == post["key_event"], f"post {id} is marked otherwise")
                need(self.pinned.get(id, True) or not post["pinned"], f"post {id} is pinned otherwise")
                need(post["notice"] == "", f"post {id} is published and has a notice in its place")
            else:
                self.replaced(post)

    def replaced(self, post):
        where, status, words = f"post {post['id']}", post["status"], post["notice"]
        for name in ("elements", "title", "byline", "text", "key_event", "pinned"):
            need(not post[name], f"{where} is not published and has {name}")
        notices = [(one["kind"], one["text"], one.get("old", "")) for one in post["notices"]]
        need(notices == ([] if status == "withheld" else [(status, words, "")]), f"{where} has other notices")
        if status == "withheld":
            need(words == WITHHELD, f"{where} has another notice")
        elif status == "erased":
            need(words in (ERASED, CODES["legal"]), f"{where} has another notice")
        else:
            need(post["id"] in self.withdrawn or words == CODES["legal"], f"{where} has a notice that nothing proves")
