"""What a page may be made of, and nothing else: elements, attributes, and what stands in those that lead somewhere.

Written by hand and held against what a parser finds, here and in a real browser; both read this one table.
"""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from typing import Any

from icalendar import Calendar

#: Words, and what arranges them.
_PLAIN = (
    "html head body title header footer main nav section aside article div p span small b em strong s code br "
    "h1 h2 h3 h4 ul ol li dl dt dd blockquote figure figcaption details summary noscript time label form fieldset "
    "legend a button input textarea select option link meta script picture source img table thead tbody tr th td "
    "ins del kbd dialog datalist iframe optgroup"
).split()
#: Attributes that any element may have; their values are of our own making.
_ANYWHERE = {
    "id": r"[a-z][\w-]*",
    "class": r"[\w -]*",
    "hidden": r"",
    "tabindex": r"-1|0",
    "lang": r"en-GB|en",
    "role": r"status|alert|search|group|region|listbox|note",
    "aria-label": None,
    "aria-hidden": r"true",
    "aria-labelledby": r"[\w-]+",
}
_WEB = r"(https?://|mailto:|tel:116123|/|#|\?|\./).*|"
_MEDIA = r"(http://127\.0\.0\.1:\d+)?(/desk)?/[\w-]+/media/([a-z0-9]+/)?[0-9a-f]{64}-\d+\.(jpg|webp)"
#: A plan of the watch.
_PLAN = r"/watch/plans/[a-z0-9]+/picture"
_SET, _SIZES = rf"{_MEDIA} \d+w(, {_MEDIA} \d+w)*", r"[\w(): .,-]+"
_OWN = r"/(?![/\\]).*"
#: Of each element, the attributes that it may have besides, and what may stand in them; None is words of any kind.
ATTRIBUTES: dict[str, dict[str, str | None]] = {
    "a": {
        "href": _WEB,
        "rel": r"nofollow noopener ugc|nofollow noopener|noopener nofollow|next|prev",
        "data-post": r"\w+",
        "data-part": r"[0-9a-f]{12}",
        "data-frame": r"https?://.*",
    },
    "article": {"data-place": r"\d+", "data-gone": r"1", "data-post": r"\w+", "data-part": r"[0-9a-f]{12}"},
    "b": {"aria-current": r"true"},
    "body": {},
    "button": {
        "type": r"button|submit",
        "formaction": _OWN,
        "formnovalidate": r"",
        "aria-pressed": r"true|false",
        "data-part": r"[0-9a-f]{12}",
        "name": r"state|permission|needed|what",
        "value": r"[a-z ]+",
    },
    "details": {"open": r""},
    "div": {f"data-{name}": r"[\w./-]*" for name in "state at order live newest older focus part".split()},
    "form": {
        "method": r"post|get|dialog",
        "action": _OWN,
        "autocomplete": r"off",
        "enctype": r"multipart/form-data",
        "data-keep": r"",
        "data-account": r"\w*",
    },
    "section": {"data-case": r"[\w-]+", "data-zone": r"[\w/+-]+", "data-now": r"[\d:.TZ+-]+", "data-offline": r""},
    # The page of the case as anybody gets it, and nothing else.
    "iframe": {"src": r"/[\w-]+/", "loading": r"lazy", "title": r"The page as readers see it"},
    "input": {
        "type": r"hidden|checkbox|text|date|email|search|datetime-local|number|file|time|image|password",
        "src": _PLAN,
        "alt": r"[A-Za-z ]+",
        **dict.fromkeys(("width", "height"), r"\d+"),
        "accept": r"image/jpeg,image/png,image/webp,image/gif",
        "form": r"several",
        "data-anew": r"",
        "min": r"\d+",
        "max": r"\d+",
        "step": r"\d+",
        "name": r"[a-z_]+|post-\w+|in-\w+|at-\w+|care-[a-z ]+|after_\d",
        "inputmode": r"numeric|url|decimal",
        "minlength": r"\d+",
        "value": None,
        "required": r"",
        "checked": r"",
        "maxlength": r"\d+",
        "size": r"\d+",
        "pattern": None,
        "placeholder": None,
        "autocomplete": r"off|email|username|current-password|new-password|one-time-code",
    },
    "img": {
        "src": rf"{_MEDIA}|{_PLAN}",
        "srcset": _SET,
        "sizes": _SIZES,
        "loading": r"lazy",
        "decoding": r"async",
        "alt": None,
    }
    | dict.fromkeys(("width", "height"), r"\d+"),
    "source": {"type": r"image/webp", "srcset": _SET, "sizes": _SIZES},
    "label": {"for": r"[\w-]+"},
    "li": {},
    "link": {
        "rel": r"icon|stylesheet|canonical|alternate|manifest|modulepreload",
        "href": r"(http://127\.0\.0\.1:\d+)?/(?!/).*",
        "type": r"image/svg\+xml|application/(atom|feed)\+(xml|json)",
        "title": None,
    },
    "meta": {
        "charset": r"utf-8",
        "name": r"viewport|color-scheme|description|robots",
        "http-equiv": r"refresh",
        "property": r"og:\w+",
        "content": None,
    },
    "p": {"data-case": r"[\w-]+", "data-latest": r"\d+\.[0-9a-f]{12}"},
    "ol": {"start": r"\d+"},
    "optgroup": {"label": None},
    "option": {"value": None, "selected": r"", "data-name": None, "data-role": None},
    "script": {"type": r"module|application/ld\+json", "src": r"/static/[0-9a-f]{12}/\w+\.js"},
    "select": {"name": r"[a-z_]+|to_\d", "required": r"", "data-anew": r""},
    "main": {"data-changed": r"\d+", "data-kept-nowhere": r""},
    "span": {"data-cipher": r""},
    "td": {"data-name": r"[\w ’]+"},
    "textarea": {
        "name": r"[a-z_]+",
        "rows": r"\d+",
        "required": r"",
        "maxlength": r"\d+",
        "data-send": r"",
        "readonly": r"",
        "autocomplete": r"off",
        "spellcheck": r"false",
    },
    "th": {"scope": r"col|row", "data-name": r"[\w ’]+"},
    "time": {"datetime": r"[\d:TZ-]+"},
}
#: Pictures that are drawn here, of words and plain shapes.
_SHAPE = {"class": r"[a-z -]+", **dict.fromkeys("x y x1 x2 y1 y2 cx cy r width height".split(), r"[\d.-]+%?")}
SVG_TABLE: dict[str, dict[str, str | None]] = {
    **dict.fromkeys(("line", "circle", "rect"), _SHAPE),
    "text": {**_SHAPE, "text-anchor": r"end|middle"},
    # The mark of a station on a plan leads to its page.
    "a": {**_ANYWHERE, **ATTRIBUTES["a"]},
    "path": {"d": r"[MHVLZ\d .-]+"},
    "svg": {
        **_SHAPE,
        "role": r"img|group",
        "aria-hidden": r"true",
        "preserveaspectratio": r"none",
        "viewbox": r"[\d. -]+",
        "aria-label": None,
        "xmlns": r"http://www\.w3\.org/2000/svg",
    },
}
TABLE: dict[str, dict[str, str | None]] = {name: {**_ANYWHERE, **ATTRIBUTES.get(name, {})} for name in _PLAIN}
#: What Markdown may become, in feeds and frames of text.
TEXT_TABLE = {
    name: ATTRIBUTES.get(name, {}) for name in "p img br em strong s a ul ol li blockquote code h3 h4".split()
}


class _Walk(HTMLParser):
    def __init__(self, table: dict[str, dict[str, str | None]]) -> None:
        super().__init__(convert_charrefs=True)
        self.table, self.found = table, list[str]()
        self.scripts: list[str] = []
        self.words = ""
        self._in_data = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += outside(self.table, tag, {name: value or "" for name, value in attrs})
        self._in_data = tag == "script" and ("type", "application/ld+json") in attrs
        if self._in_data:
            self.scripts.append("")
        elif tag == "script" and not dict(attrs).get("src"):
            self.found.append("a script of its own")

    def handle_data(self, data: str) -> None:
        self.words += data
        if self._in_data:
            self.scripts[-1] += data

    def handle_endtag(self, tag: str) -> None:
        self._in_data = False

    def handle_comment(self, data: str) -> None:
        self.found.append("a comment")

    def handle_pi(self, data: str) -> None:
        self.found.append("an instruction")

    def unknown_decl(self, data: str) -> None:
        self.found.append("a declaration")


def outside(table: dict[str, dict[str, str | None]], tag: str, attributes: dict[str, str]) -> list[str]:
    """What of an element is not in the table."""
    if tag not in table:
        return [f"<{tag}>"]
    known, found = table[tag], []
    if "http-equiv" in attributes and not attributes.get("content", "").isdecimal():
        found.append("a page that goes elsewhere by itself")
    for name, value in attributes.items():
        if name not in known:
            found.append(f"<{tag} {name}>")
        elif (form := known[name]) is not None and not re.fullmatch(form, value, re.DOTALL):
            found.append(f"<{tag} {name}={value[:60]!r}>")
    return found


def in_page(html: str) -> list[str]:
    """What a whole page, or a fragment of one, has that is not in the table; JSON-LD that is none."""
    walk = _Walk({**TABLE, **SVG_TABLE})
    walk.feed(html)
    walk.close()
    for script in walk.scripts:
        if "<" in script or not isinstance(json.loads(script), dict):
            walk.found.append("JSON-LD that could end early")
    return walk.found


def words_of(html: str) -> str:
    """All that a page prints."""
    walk = _Walk(TABLE)
    walk.feed(html)
    walk.close()
    return walk.words


def in_text(html: str) -> list[str]:
    walk = _Walk(TEXT_TABLE)
    walk.feed(html)
    walk.close()
    return walk.found


_ATOM = "{http://www.w3.org/2005/Atom}"


def in_atom(feed: str) -> list[str]:
    """A feed is well-formed, and its words are text, or HTML of the few elements that Markdown becomes."""
    found = []
    for one in ElementTree.fromstring(feed.encode()).iter():
        if not one.tag.startswith(_ATOM):
            found.append(one.tag)
        if one.tag in (_ATOM + "summary", _ATOM + "content"):
            found += in_text(one.text or "")
        if one.tag == _ATOM + "link":
            found += outside({"a": {"href": r"https?://[^/]+/.*"}}, "a", {"href": one.attrib["href"]})
    return found


def in_json(text: str) -> list[str]:
    """JSON, and the HTML that stands in it under the names that clients take for HTML."""
    found: list[str] = []

    def look(made: Any) -> None:
        named = made.items() if isinstance(made, dict) else enumerate(made) if isinstance(made, list) else ()
        for name, value in named:
            if name == "html":
                found.extend(in_page(value))
            elif name == "content_html":
                found.extend(in_text(value))
            elif name in ("url", "href", "next") and value:
                found.extend(outside({"a": {"href": r"(https?://|/).*|\w+\.\d+"}}, "a", {"href": value}))
            else:
                look(value)

    look(json.loads(text))
    return found


#: What a spreadsheet takes for the beginning of a formula. An empty cell begins with nothing.
FORMULA = tuple("=+-@\t\r")


def offences(media_type: str, text: str) -> list[str]:
    """By its media type; one that has no reader here is an offence itself."""
    kind = media_type.partition(";")[0]
    if kind == "text/html":
        return in_page(text)
    if kind == "application/atom+xml":
        return in_atom(text)
    if kind in ("application/json", "application/problem+json", "application/feed+json"):
        return in_json(text)
    if kind == "text/csv":
        return [
            f"a formula: {cell[:40]}" for row in csv.reader(io.StringIO(text)) for cell in row if cell[:1] in FORMULA
        ]
    if kind == "text/calendar":
        return [one.name for one in Calendar.from_ical(text).walk() if one.name not in ("VCALENDAR", "VEVENT")]
    if kind == "image/svg+xml":
        return in_page(text)
    if kind == "a redirection":
        return outside({"a": {"href": _OWN}}, "a", {"href": text})
    return [] if kind == "text/plain" else [f"nobody reads {kind} here"]
