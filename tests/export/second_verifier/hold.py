"""The record of a case under a legal hold, by the numbers of docs/formats/hold.md."""

import hashlib
import re

from .bad import need
from .container import checkpoint, container, manifest, public_key
from .entries import entries_of, read
from .following import CODES
from .page import WORD, Page, stand

NEEDED = set(
    "README.txt checkpoint entries.ndjson leaves manifest public-key record.html record.json style.css".split()
)
RECORD = "case format lines missing names orders size slug taken title who wordings zone".split()
LINE = "at by kind of position stream why".split()
ORDER = (
    "basis cipher document entry from_at id kind lifted lifted_at lifted_by masked names recorded_at recorded_by scope "
    "until_at until_event"
).split()
WORDING = "by ended entry from_at of orders stopped_by until_at".split()
OF_STREAM = (
    "coverage.post_published coverage.post_corrected coverage.post_clarified coverage.post_retracted "
    "coverage.post_taken_over cases.sitting_began cases.person_named cases.hearing_listed"
).split()
STATES = [f"coverage.{state}" for state in "went_live paused resumed closed reopened".split()]
WORDLESS = [
    *(f"cases.{kind}" for kind in "slug_taken jury_sworn jury_sent_out jury_returned second_eyes_ruled".split()),
    *("cases.delay_fixed", "cases.care_taken"),
    *(f"coverage.{kind}" for kind in "pause_overran taken_over release_agreed change_let_out record_taken".split()),
    *(
        f"coverage.{kind}"
        for kind in "key_event_marked key_event_unmarked post_pinned post_unpinned post_placed alert_called "
        "alert_called_off alert_sent".split()
    ),
]
WORDED = [*OF_STREAM, *STATES, "cases.opened", "cases.described", "coverage.summary_written"]
ENDED = {
    "coverage.post_corrected": "corrected",
    "coverage.post_clarified": "clarified",
    "coverage.post_retracted": "withdrawn",
    "coverage.post_erased": "erased",
}
TAKEN, IMPOSED, LIFTED = "coverage.record_taken", "cases.restriction_imposed", "cases.restriction_lifted"


def verify_hold(raw, given="", earlier=""):
    files = container(raw)
    origin, key = public_key(files, NEEDED)
    need(given in ("", files["public-key"].decode()), "it is signed with another key than the publisher's")
    manifest(files, origin, key)
    size, root = checkpoint(files, origin, key)
    record = form(read(files["record.json"].decode()))
    need(record["size"] == size, "the record has another size than the checkpoint")
    hashes = leaves(files["leaves"].decode(), size, root)
    if earlier:
        before, its = checkpoint({"earlier": earlier.encode()}, origin, key, "earlier")
        need(before <= size and tree(hashes[:before]) == its, "the journal does not begin as the earlier checkpoint")
    entries = {header["position"]: (header, body) for header, body in entries_of(files["entries.ndjson"], size, root)}
    lines(record, entries)
    taken(record, hashes, entries)
    orders(record, entries)
    wordings(record)
    pictures(record, files, entries)
    shown(files["record.html"].decode(), record, entries)
    return record


def form(record):
    def exactly(thing, fields):
        need(list(thing) == fields, f"an object of the record has other fields than {fields}")

    exactly(record, RECORD)
    need(record["format"] == "heard hold 1", "the record is of another format")
    for name, fields in (("lines", LINE), ("orders", ORDER), ("wordings", WORDING)):
        for one in record[name]:
            exactly(one, fields)
    return record


def tree(hashes):
    """RFC 6962 section 2.1."""
    if len(hashes) < 2:
        return hashes[0] if hashes else hashlib.sha256(b"").digest()
    half = 1
    while half * 2 < len(hashes):
        half *= 2
    return hashlib.sha256(b"\1" + tree(hashes[:half]) + tree(hashes[half:])).digest()


def leaves(text, size, root):
    need(re.fullmatch("([0-9a-f]{64}\n)*", text), "leaves is no list of hashes")
    hashes = [bytes.fromhex(line) for line in text.split()]
    need(len(hashes) == size and tree(hashes) == root, "leaves are not those of the checkpoint")
    return hashes


def lines(record, entries):
    last, time, worded = 0, "", set()
    erased = {one["stream"] for one in record["lines"] if one["kind"] == "coverage.post_erased"}
    for line in record["lines"]:
        at, why, kind, where = line["position"], line["why"], line["kind"], f"the line of entry {line['position']}"
        need(last < at <= record["size"], f"{where} is out of order")
        last = at
        need(why in ("", "erased", "name", "desk"), f"{where} says another why")
        need((why == "") == (at in entries), f"{where} says that its entry is here, and it is not, or the other way")
        said = [bool(line[name]) for name in ("stream", "kind", "at", "by")]
        need(all(said) or (not any(said) and why == "desk" and not line["of"]), f"{where} leaves something out")
        if line["at"]:
            need(line["at"] >= time, f"{where} goes back in time")
            time = line["at"]
        if why == "":
            carried(record, line, *entries[at], where)
        else:
            may = kind in WORDED or kind == "coverage.post_erased"
            need(may or not line["of"], f"{where} is of something that gives no words")
            need(why != "desk" or kind not in WORDED + WORDLESS, f"{where} is the desk's, and of a kind that is not")
            need(why != "name" or not record["names"], f"{where} is left out for a name, in a record with names")
            need(why != "erased" or {line["stream"], line["of"]} & erased, f"{where}: nothing erased it")
        if kind in ("coverage.post_corrected", "coverage.post_clarified", "coverage.post_erased") and line["of"]:
            need(line["of"] in worded, f"{where} changes words of which there is no line")
        worded.add(line["of"])
    need(set(record["who"]) <= {one["by"] for one in record["lines"]}, "somebody is named who did nothing")


def carried(record, line, header, body, where):
    for name in ("stream", "kind", "at", "by"):
        need(line[name] == header[name], f"{where} says another {name} than its header")
    kind, stream, of = header["kind"], header["stream"], ""
    if kind in OF_STREAM:
        of = stream
        if kind == "coverage.post_taken_over" and body.get("status", "published") != "published":
            of = stream if body.get("notices") else ""
    elif kind in STATES:
        of = body.get("notice", "") if body.get("words") else ""
    elif kind in ("cases.opened", "cases.described"):
        of = "title"
    elif kind == "coverage.summary_written":
        of = "summary"
    elif kind == "cases.sitting_rose":
        need(not body.get("words"), f"{where}: what was said at rising is carried")
    elif kind == IMPOSED:
        need(record["names"], f"{where}: an order is carried in a record without names")
    else:
        need(kind in WORDLESS, f"{where} is of a kind that is not carried")
    need(line["of"] == of, f"{where} says that it gave words to something else")
    case = stream if kind in (*STATES, "cases.opened", "cases.described") else body.get("case", record["case"])
    need(case == record["case"], f"{where} is of another case")


def taken(record, hashes, entries):
    known = {at: body for at, (header, body) in entries.items() if header["kind"] == TAKEN}
    listed = {one["position"] for one in record["lines"] if one["kind"] == TAKEN}
    need(known and known.keys() == listed, "an entry by which the record was taken is missing")
    need(record["taken"] == max(known), "the record was taken by another entry")
    need(known[record["taken"]].get("names", False) is record["names"], "the record was taken otherwise: names")
    for at, body in known.items():
        before = [one["position"] for one in record["lines"] if one["position"] <= body["upto"]]
        text = "".join(f"{one} {hashes[one - 1].hex()}\n" for one in before)
        need(body["upto"] < at and len(before) == body["entries"], f"entry {at} counted other entries")
        need(hashlib.sha256(text.encode()).hexdigest() == body["digest"], f"entry {at} fixed other entries")


def orders(record, entries):
    lines = {one["position"]: one for one in record["lines"]}
    need(
        [one["entry"] for one in record["orders"]] == [at for at, one in lines.items() if one["kind"] == IMPOSED],
        "orders",
    )
    ends = sorted(one["lifted"] for one in record["orders"] if one["lifted"])
    need(ends == [at for at, one in lines.items() if one["kind"] == LIFTED], "an end of an order is no order's")
    for one in record["orders"]:
        began = lines[one["entry"]]
        need((one["recorded_at"], one["recorded_by"]) == (began["at"], began["by"]), "an order was recorded otherwise")
        end = {"at": "", "by": ""}
        if one["lifted"]:
            end = lines.get(one["lifted"], {"kind": ""})
            need(end["kind"] == LIFTED, "an order was not lifted there")
        need((one["lifted_at"], one["lifted_by"]) == (end["at"], end["by"]), "an order was lifted otherwise")
        need(record["names"] or not one["names"], "a record without names has names")
        if one["entry"] in entries:
            body = entries[one["entry"]][1]
            need(one["id"] == body["restriction"] and one["names"] == body["names"], "an order is another")
            for term in ("basis", "scope", "document", "cipher", "until_event"):
                need(one[term] == body.get(term, ""), f"an order has another {term}")


def wordings(record):
    found, standing = [], {}
    for line in record["lines"]:
        if not line["of"]:
            continue
        if before := standing.pop(line["of"], None):
            before.update(until_at=line["at"], ended=ENDED.get(line["kind"], "replaced"))
        if line["kind"] == "coverage.post_erased":
            continue
        known = [
            one["id"]
            for one in record["orders"]
            if one["entry"] < line["position"] and not 0 < one["lifted"] < line["position"]
        ]
        found.append({"of": line["of"], "entry": line["position"], "from_at": line["at"], "until_at": "", "ended": ""})
        found[-1].update(by=line["by"], orders=known)
        standing[line["of"]] = found[-1]
    told = [{name: value for name, value in one.items() if name != "stopped_by"} for one in record["wordings"]]
    need(told == found, "the wordings do not follow from the lines")
    ids = {one["id"] for one in record["orders"]}
    need(all(set(one["stopped_by"]) <= ids for one in record["wordings"]), "a wording is stopped by no order")


def pictures(record, files, entries):
    elements = [one for _, body in entries.values() for one in body.get("elements", ()) if one.get("media")]
    shown = {one["media"] for one in elements}
    shown |= {other["media"] for one in elements for other in one.get("renditions", ())}
    need(set(record["missing"]) <= shown, "a picture is missing that no words have")
    need({f"media/{name}" for name in shown - set(record["missing"])} == set(files) - NEEDED, "other pictures")
    for name in shown - set(record["missing"]):
        need(hashlib.sha256(files[f"media/{name}"]).hexdigest() == name, "a picture has another hash than its name")


FIELDS = {
    "text": ["markdown"],
    "quote": ["speaker", "role", "words"],
    "heading": ["text"],
    "image": ["alt", "caption", "credit"],
    "link": ["title", "text", "url"],
    "embed": ["provider", "title", "text", "url"],
}


def said(kind, body):
    """What an entry says to readers, in the order of the table."""
    if kind == "coverage.post_retracted":
        return [body.get("notice") or CODES[body.get("code", "error")]]
    names = {"cases.person_named": "name role note", "cases.hearing_listed": "title place"}
    names |= {"coverage.summary_written": "markdown", "cases.sitting_began": "title"}
    names |= dict.fromkeys(STATES, "words") | dict.fromkeys(("cases.opened", "cases.described"), "title standfirst")
    if kind in names:
        return [body.get(name, "") for name in names[kind].split()]
    parts = [one.get(name, "") for one in body.get("elements", ()) for name in FIELDS[one["type"]]]
    notices = [one.get(name, "") for one in body.get("notices", ()) for name in ("text", "old")]
    rest = [body.get(name, "") for name in ("notice", "old_shown", "byline")]
    return [body.get("title", ""), *parts, *notices, *rest]


def shown(source, record, entries):
    seen = Page()
    seen.feed(source)
    seen.close()
    articles = dict(zip(seen.ids, seen.articles, strict=True))
    groups = {}
    for one in record["wordings"]:
        groups.setdefault(one["of"], []).append(f"entry-{one['entry']}")
    need(seen.ids == [id for group in groups.values() for id in group], "record.html shows other wordings")
    for one in record["wordings"]:
        header, body = entries.get(one["entry"], ({"kind": "cases.sitting_began"}, {}))
        words = WORD.findall("".join(articles[f"entry-{one['entry']}"]))
        times = WORD.findall(f"{one['from_at']} {one['until_at']}")
        need(words[: len(times)] == times, f"record.html does not begin entry {one['entry']} with its times")
        rest = " ".join(words[len(times) :])
        need(stand(said(header["kind"], body), rest), f"record.html does not say entry {one['entry']}")
    need(stand([record["title"]], seen.around), "record.html does not say the title")
