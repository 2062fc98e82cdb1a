"""Pages of judiciary.uk as its WordPress gives them: `GET /wp-json/wp/v2/pfd`, a list of posts as JSON.

Each post has `link`, `title.rendered` and `content.rendered`; the content is a heading of lines ("Ref: 2031-0001"),
with older reports a table of the form's boxes after it, and links to files, the report first and responses after it.
"""

from __future__ import annotations

import re
from datetime import date

import msgspec

from heard.engine.errors import Refused
from heard.ingest.report_tables import Table
from heard.reports import form
from heard.reports.commands import Row
from heard.text.paragraphs import paragraphs_of

_LABELS = {
    "date of report": "dated",
    "ref": "ref",
    "deceased name": "deceased",
    "coroner name": "coroner",
    "coroners name": "coroner",
    "coroner area": "area",
    "coroners area": "area",
    "category": "categories",
    "this report is being sent to": "sent_to",
}
_LINE = re.compile(rf"^\s*({'|'.join(_LABELS)})\s*:?\s*[:–-]\s*(.*)$", re.IGNORECASE)


class _Rendered(msgspec.Struct, frozen=True):
    rendered: str = ""


class _Post(msgspec.Struct):
    link: str
    title: _Rendered = _Rendered()
    content: _Rendered = _Rendered()
    date: str = ""


def read_posts(raw: bytes, name: str) -> Table:
    """Raises Refused where it is no such list."""
    try:
        posts = msgspec.json.decode(raw, type=list[_Post])
    except msgspec.MsgspecError as wrong:
        raise Refused(
            f"{name} is no list of posts as judiciary.uk gives them: {wrong}. Nothing was imported."
        ) from wrong
    return Table("judiciary", None, tuple(Row(post.link, _facts(post)) for post in posts))


def _facts(post: _Post) -> dict[str, str]:
    paragraphs = paragraphs_of(post.content.rendered)
    lines = [line.replace("’", "").strip() for one in paragraphs for line in one.text.split("\n")]
    facts: dict[str, str] = {}
    for line, whole in zip(lines, (line for one in paragraphs for line in one.text.split("\n")), strict=True):
        if found := _LINE.match(line):
            facts.setdefault(_LABELS[found[1].lower()], re.split(r"[:–-]", whole, maxsplit=1)[1].strip(" \xa0"))
    if facts:
        facts["added"] = str(date.fromisoformat(post.date[:10])) if re.match(r"\d{4}-\d\d-\d\d", post.date) else ""
    files = [run.href for one in paragraphs for run in one.runs if run.href and run.href.lower().endswith(".pdf")]
    files = list(dict.fromkeys(files))
    if files:
        facts["pdf"] = files[0]
        facts["replies"] = " | ".join(files[1:])
    boxes = form.boxes("\n".join(one.text for one in paragraphs))
    for number, field in (
        (3, "investigation"),
        (4, "circumstances"),
        (5, "concerns"),
        (6, "action"),
        (7, "deadline"),
        (8, "copies"),
    ):
        facts[field] = boxes.get(number, "")
    return {field: words for field, words in facts.items() if words}
