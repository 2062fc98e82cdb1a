"""A verifier of exports written from docs/formats/export.md alone: it shares no line with Heard.

`python second_verifier.py FILE.zip`; `verify(raw)` raises ValueError with what does not hold.
"""

import base64
import hashlib
import json
import re
import struct
import sys
import zlib
from datetime import datetime, timedelta
from html.parser import HTMLParser

NEEDED = {
    "README.txt",
    "case.json",
    "checkpoint",
    "entries.ndjson",
    "index.html",
    "manifest",
    "public-key",
    "style.css",
}


def need(so, what):
    if not so:
        raise ValueError(what)


def unbase64(text):
    raw = base64.b64decode(text, validate=True)
    need(base64.b64encode(raw).decode() == text, "base64 with stray bits")
    return raw


def verify(raw):
    files = container(raw)
    key, origin = manifest(files)
    case = json.loads(files["case.json"])
    pictures(files, case)
    size, root = checkpoint(files["checkpoint"].decode(), key, origin)
    case_follows(case, entries(files["entries.ndjson"], size, root))
    page(files["index.html"].decode(), case)
    return case


# Rule 1 --------------------------------------------------------------------------------------------------------------


def container(raw):
    files, at = {}, 0
    while raw[at : at + 4] == b"PK\x03\x04":
        need(len(raw) >= at + 30, "a local header is cut short")
        size, length = struct.unpack_from("<I", raw, at + 22)[0], struct.unpack_from("<H", raw, at + 26)[0]
        name = raw[at + 30 : at + 30 + length].decode("ascii")
        need(name not in files, f"{name} is there twice")
        files[name] = raw[at + 30 + length : at + 30 + length + size]
        need(len(files[name]) == size, f"{name} is cut short")
        at += 30 + length + size
    need(files and written(files) == raw, "the container is not written as it must be")
    return files


def written(files):
    body, directory = b"", b""
    for name in sorted(files, key=str.encode):
        content, plain = files[name], name.encode("ascii")
        sizes = struct.pack("<III", zlib.crc32(content), len(content), len(content))
        directory += b"PK\x01\x02" + struct.pack("<HHHHHH", 788, 20, 0, 0, 0, 33) + sizes
        directory += struct.pack("<HHHHHII", len(plain), 0, 0, 0, 0, 2175008768, len(body)) + plain
        body += b"PK\x03\x04" + struct.pack("<HHHHH", 20, 0, 0, 0, 33) + sizes
        body += struct.pack("<HH", len(plain), 0) + plain + content
    end = struct.pack("<HHHHIIH", 0, 0, len(files), len(files), len(directory), len(body), 0)
    return body + directory + b"PK\x05\x06" + end


# Rule 2 --------------------------------------------------------------------------------------------------------------


def manifest(files):
    need(files.keys() >= NEEDED, "a file is missing")
    found = re.fullmatch(r"(heard/[a-z2-7]{16})\+([0-9a-f]{8})\+(\S+)\n", files["public-key"].decode())
    need(found, "public-key is not one line of its form")
    origin, raw = found[1], unbase64(found[3])
    need(len(raw) == 33 and raw[0] == 1, "the key is no Ed25519 key")
    need(found[2] == key_id(origin, raw[1:]).hex(), "the key's id is another")
    text = signed_text(files["manifest"].decode(), raw[1:], origin)
    lines = text.split("\n")
    need(lines[:2] == ["heard export 1", origin] and lines[-1] == "", "the manifest does not begin as it must")
    need(re.fullmatch("made by [0-9a-f]{12}", lines[2]), "the manifest does not say what made the page")
    others = sorted((name for name in files if name != "manifest"), key=str.encode)
    expected = [f"{hashlib.sha256(files[name]).hexdigest()} {len(files[name])} {name}" for name in others]
    need(lines[3:-1] == expected, "the manifest does not list these files")
    return raw[1:], origin


def key_id(origin, key):
    return hashlib.sha256(origin.encode() + b"\n\x01" + key).digest()[:4]


def signed_text(note, key, origin):
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    (text, empty, rest), start = note.partition("\n\n"), f"\u2014 {origin} "
    need(empty and rest.startswith(start) and rest.endswith("\n") and rest.count("\n") == 1, "not a signed note")
    signature = unbase64(rest[len(start) : -1])
    need(signature[:4] == key_id(origin, key), "signed with another key")
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature[4:], (text + "\n").encode())
    except InvalidSignature:
        raise ValueError("a signature does not hold") from None
    return text + "\n"


def checkpoint(note, key, origin):
    lines = signed_text(note, key, origin).split("\n")
    need(len(lines) == 4 and lines[0] == origin and re.fullmatch("0|[1-9][0-9]*", lines[1]), "not a checkpoint")
    return int(lines[1]), unbase64(lines[2])


# Rule 3 --------------------------------------------------------------------------------------------------------------


def pictures(files, case):
    elements = [element for post in case["posts"] for element in post["elements"]]
    shown = {e["media"] for e in elements if e["type"] == "image" and e.get("media")}
    need({f"media/{name}" for name in shown} == files.keys() - NEEDED, "the pictures are not those of the posts")
    for name in shown:
        need(hashlib.sha256(files[f"media/{name}"]).hexdigest() == name, "a picture has another hash than its name")


# Rule 4 --------------------------------------------------------------------------------------------------------------


def entries(raw, size, root):
    found, last = [], 0
    need(raw == b"" or raw.endswith(b"\n"), "the last entry is cut short")
    for line in raw.split(b"\n")[:-1]:
        entry = json.loads(line)
        need(set(entry) == {"header", "body", "salt", "proof"}, "an entry with other fields")
        header, body = entry["header"].encode(), entry["body"].encode()
        fields = json.loads(header)
        need(list(fields) == "at by key kind position request stream version".split(), "a header with other fields")
        need(json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode() == header, "a header with spaces")
        parts = (unbase64(entry["salt"]), header, body)
        leaf = hashlib.sha256(b"\0" + b"".join(len(p).to_bytes(8, "big") + p for p in parts)).digest()
        proof = [unbase64(node) for node in entry["proof"]]
        need(
            included(leaf, fields["position"] - 1, size, proof, root), f"entry {fields['position']} is not in the tree"
        )
        need(fields["position"] > last, "entries out of order")
        last = fields["position"]
        found.append((fields, json.loads(body)))
    return found


def included(leaf, index, size, proof, root):
    """RFC 9162 section 2.1.3.2."""
    if not 0 <= index < size:
        return False
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            return False
        if fn % 2 == 1 or fn == sn:
            r = hashlib.sha256(b"\x01" + p + r).digest()
            while fn % 2 == 0 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = hashlib.sha256(b"\x01" + r + p).digest()
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


# Rule 5 --------------------------------------------------------------------------------------------------------------

STATES = {"went_live": "live", "resumed": "live", "reopened": "live", "paused": "paused", "closed": "closed"}
WORDED = {"coverage.post_published", "coverage.post_taken_over", "coverage.post_corrected", "coverage.post_clarified"}
CODES = {
    "legal": "This post was withdrawn for legal reasons.",
    "error": "This post was withdrawn because it was wrong.",
    "care": "This post was withdrawn out of care for the people it concerned.",
    "source": "This post was withdrawn because its source withdrew it.",
}


def instant(text):
    return None if text is None else datetime.fromisoformat(text)


def time_of(header, body):
    return instant(body.get("source_at")) if body.get("source") else instant(header["at"])


def lasting(text):
    found = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", text)
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def notices_of(things):
    return [(one["kind"], instant(one["at"]), one["text"], one.get("old", "")) for one in things]


def case_follows(case, found):
    need(case["format"] == "heard case 1", "another format")
    streams = {}
    for header, body in found:
        streams.setdefault(header["stream"], []).append((header, body))
    own, slugs = streams.pop(case["id"], []), streams.pop("slugs", [])
    need(
        [(h["kind"], b["slug"], b["case"]) for h, b in slugs] == [("cases.slug_taken", case["slug"], case["id"])],
        "slug",
    )
    posts = {post["id"]: post for post in case["posts"]}
    need(len(posts) == len(case["posts"]), "a post twice")
    told = own_stream(case, own, posts)
    for what, kind, fields in (
        ("people", "person_named", "name role note"),
        ("hearings", "hearing_listed", "title place"),
    ):
        for one in case[what]:
            mine = streams.pop(one["id"], [])
            need(mine, f"{one['id']} has no entry")
            for header, body in mine:
                need(header["kind"] == f"cases.{kind}" and body["case"] == case["id"], f"{one['id']}: another entry")
                need(all(body.get(field, "") == one[field] for field in fields.split()), f"{one['id']} says otherwise")
    for post in case["posts"]:
        mine = streams.pop(post["id"], [])
        for header, body in mine:
            need(body.get("case") == case["id"], f"entry {header['position']} is of another case")
        (published if post["status"] == "published" else withdrawn)(case, post, mine, told)
    need(not streams, f"entries that nothing follows from: {list(streams)}")


def own_stream(case, own, posts):
    described, summaries, states, told = [], [], [], set()
    for header, body in own:
        kind = header["kind"].removeprefix("coverage.")
        if kind in ("cases.opened", "cases.described"):
            described.append(body)
            said = (body["title"], body.get("standfirst", ""))
            need(said == (case["title"], case["standfirst"]), "title or standfirst")
            if kind == "cases.opened":
                need((body["slug"], body.get("zone", "Europe/London")) == (case["slug"], case["zone"]), "slug or zone")
        elif kind == "summary_written":
            summaries.append((header, body))
        elif kind == "taken_over":
            states.append((body["state"], instant(body.get("since_at")), instant(body.get("due_at"))))
        else:
            need(kind in STATES, f"entry {header['position']} may not be here")
            at, due = time_of(header, body), None
            if kind == "paused" and at is not None:
                due = instant(body.get("until_at")) or (at + lasting(body["lasting"]) if body.get("lasting") else None)
            states.append((STATES[kind], at, due))
            if body.get("notice"):
                post = posts.get(body["notice"])
                need(post and post["status"] == "published" and post["kind"] == "state", "a notice that is not shown")
                need((post["state"], instant(post["published_at"])) == (kind, at), "a notice of another state or time")
                need(
                    post["elements"] == [{"type": "text", "markdown": body.get("words", "")}], "a notice in other words"
                )
                told.add(post["id"])
    need(described, "nothing says the title")
    need(bool(summaries) == bool(case["summary"]["markdown"]), "the summary has no entry, or an entry no summary")
    for header, body in summaries[-1:]:
        shown = (case["summary"]["markdown"], instant(case["summary"]["written_at"]))
        need(shown == (body["markdown"], time_of(header, body)), "the summary is another")
    if all(post["status"] == "published" for post in case["posts"] if post["kind"] == "state"):
        shown = tuple(case["coverage"][name] for name in ("state", "since", "due_at"))
        shown = (shown[0], instant(shown[1]), instant(shown[2]))
        need(shown == states[-1] if states else shown[::2] == ("announced", None), "the state is another")
    return told


def published(case, post, mine, told):
    worded, key_event, pinned, began = 0, None, None, 0
    for header, body in mine:
        kind, at = header["kind"], instant(header["at"])
        if kind == "cases.sitting_began":
            began += 1
            sitting = next((one for one in case["sittings"] if one["id"] == post["id"]), None)
            need(sitting and post["state"] == "sitting", "a sitting that is none")
            since = instant(body.get("source_at")) or at
            need((sitting["hearing"], sitting["title"]) == (body["hearing"], body["title"]), "another sitting")
            need(since == instant(sitting["began_at"]) == instant(post["published_at"]), "a sitting at another time")
            need(post["elements"] == [{"type": "text", "markdown": body["title"]}], "a sitting in other words")
        elif kind == "cases.sitting_rose":
            sitting = next(one for one in case["sittings"] if one["id"] == post["id"])
            rose = (instant(body.get("source_at")) or at, instant(body.get("back_at")))
            need(rose == (instant(sitting["rose_at"]), instant(sitting["back_at"])), "it did not rise so")
        elif kind in WORDED:
            worded += 1
            need(post["elements"] == body["elements"] and post["title"] == body.get("title", ""), "other words")
            if kind in ("coverage.post_published", "coverage.post_taken_over"):
                for field, empty in (("byline", ""), ("section", "live"), ("sitting", "")):
                    need(post[field] == body.get(field, empty), f"another {field}")
                for field, source in (("said_at",) * 2, ("written_at",) * 2, ("updated_at", "source_updated_at")):
                    need(instant(post[field]) == instant(body.get(source)), f"another {field}")
                need(instant(post["published_at"]) == time_of(header, body), "published at another time")
                need(post["state"] == body.get("state", ""), "another state")
                need(
                    set(notices_of(body.get("notices", []))) <= set(notices_of(post["notices"])), "a notice is missing"
                )
                key_event, pinned = body.get("key_event", False), body.get("pinned", False)
            else:
                notice = (kind.removeprefix("coverage.post_"), at, body["notice"], body.get("old_shown", ""))
                need(notice in notices_of(post["notices"]), "the notice is missing")
        else:
            need(
                re.fullmatch(r"coverage\.(key_event_(un)?marked|post_(un)?pinned|post_placed)", kind), f"{kind} is here"
            )
    for header, _ in mine:
        kind = header["kind"]
        key_event = kind.endswith("event_marked") if "key_event" in kind else key_event
        pinned = kind.endswith("post_pinned") if kind.endswith("pinned") else pinned
    need(key_event in (None, post["key_event"]), "marked otherwise")
    need(not (pinned is False and post["pinned"]), "pinned otherwise")
    need(began == (post["state"] == "sitting"), "a sitting without its entry")
    need(worded or began or post["id"] in told, f"the words of {post['id']} are not proved")


def withdrawn(case, post, mine, told):
    need(not (post["elements"] or post["title"] or post["byline"] or post["text"]), "withdrawn, and has words")
    for header, body in mine:
        if header["kind"] == "coverage.post_retracted":
            words = body.get("notice") or CODES[body.get("code", "error")]
            need(post["status"] == "retracted" and post["notice"] == words, "another notice")
            need(notices_of(post["notices"]) == [("retracted", instant(header["at"]), words, "")], "another notice")
        else:
            need(header["kind"] == "coverage.post_taken_over", f"{header['kind']} is here")
            need(body["status"] == post["status"] and not body["elements"], "taken over otherwise")
            need(notices_of(body.get("notices", [])) == notices_of(post["notices"]), "another notice")
    fixed = {
        "withheld": ["This post is being checked and is not shown just now."],
        "erased": ["This post was erased.", CODES["legal"]],
        "retracted": [] if mine else [CODES["legal"]],
    }[post["status"]]
    need(not fixed or post["notice"] in fixed, "a notice that nothing proves")


# Rule 6 --------------------------------------------------------------------------------------------------------------


class Reading(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.ids, self.articles, self.rest, self.inside = [], {}, "", None

    def handle_starttag(self, tag, attrs):
        if tag == "article":
            self.inside = dict(attrs).get("id", "")
            self.ids.append(self.inside)
            self.articles[self.inside] = ""
        self.tag(tag)

    def handle_endtag(self, tag):
        self.tag(tag)
        if tag == "article":
            self.inside = None

    def tag(self, tag):
        if tag not in "a b code del em i s small span strong sub sup time".split():
            self.handle_data(" ")

    def handle_data(self, data):
        if self.inside in self.articles:
            self.articles[self.inside] += data
        else:
            self.rest += data


def words_stand(said, shown):
    place = iter(re.findall(r"[^\W_]+", shown))
    return all(any(word == other for other in place) for word in re.findall(r"[^\W_]+", " ".join(said)))


def page(html, case):
    reading = Reading()
    reading.feed(html)
    reading.close()
    need(reading.ids == [f"post-{post['id']}" for post in case["posts"]], "the page shows other posts")
    for post in case["posts"]:
        said = [post["title"], post["text"]]
        said += [text for notice in post["notices"] for text in (notice["text"], notice.get("old", ""))]
        said.append(post["byline"])
        shown = reading.articles[f"post-{post['id']}"]
        need(words_stand(said if post["status"] == "published" else [post["notice"]], shown), "the page says otherwise")
    need(words_stand([case["title"], case["standfirst"]], reading.rest), "the page has another title")


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as file:
        verified = verify(file.read())
    print(f"It holds: {verified['title']}, {len(verified['posts'])} posts.")
