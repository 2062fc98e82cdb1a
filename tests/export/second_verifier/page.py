"""Rule 6: the page says what the case says, and `text` what its elements say."""

import html
import re
from html.parser import HTMLParser

from .bad import need

WORD = re.compile(r"[^\W_]+")
REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def letters(text):
    return "".join(WORD.findall(text))


def texts(case):
    for post in case["posts"]:
        text, at = letters(post["text"]), {0}
        for element in post["elements"]:
            at = said(element, text, at)
        need(len(text) in at, f"the text of post {post['id']} is not that of its elements")


def said(element, text, at):
    """How far into `text` one may be after this element, having been at one of the places `at` before it."""
    match element["type"]:
        case "text":
            return said_in_markdown(element["markdown"], text, at)
        case "quote":
            words = element.get("speaker", "") + element["words"]
        case "heading":
            words = element["text"]
        case "image":
            words = (f"Picture {element['alt']}" if element["alt"] else "") + " " + element.get("caption", "")
        case "link":
            words = element["title"] + element["url"]
        case "embed":
            words = element["provider"] + (element.get("title") or element["url"])
    return step(letters(words), text, at)


def step(words, text, at):
    return {place + len(words) for place in at if text.startswith(words, place)}


def said_in_markdown(source, text, at):
    """A walk through the Markdown in which what may be missing is taken or skipped, all ways at once."""
    ways = {0: at}  # a place in the source, and the places in the text that may belong to it
    numbers = set()
    for found in re.finditer(r"\d{1,9}(?=[.)])", source, re.A):
        line = source[source.rfind("\n", 0, found.start()) + 1 : found.start()]
        if re.fullmatch(r"(?:[\s>*+-]|\d{1,9}[.)])*", line, re.A):
            numbers.add(found.span())
    skips = {}
    for start, end in numbers:
        skips.setdefault(start, set()).add((end, ""))
    for found in re.finditer(r"]\(", source):
        skips.setdefault(found.start(), set()).update(
            (end.end(), "") for end in re.finditer(r"\)", source[: found.start() + 4000]) if end.start() > found.start()
        )
    for found in REFERENCE.finditer(source):
        skips.setdefault(found.start(), set()).add((found.end(), letters(html.unescape(found[0]))))
    for place in range(len(source)):
        here = ways.pop(place, None)
        if not here:
            continue
        ways.setdefault(place + 1, set()).update(step(letters(source[place]), text, here))
        for end, words in skips.get(place, ()):
            ways.setdefault(end, set()).update(step(words, text, here))
    return ways.get(len(source), set())


INLINE = set("a b code del em i s small span strong sub sup time".split())


class Page(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.ids, self.articles, self.around, self.inside, self.mute = [], [], [], False, False

    def put(self, text):
        (self.articles[-1] if self.inside else self.around).append(text)

    def handle_starttag(self, tag, attrs):
        if tag == "article":
            need(not self.inside, "index.html has an article inside another")
            self.inside = True
            self.ids.append(dict(attrs).get("id"))
            self.articles.append([])
        self.mute = self.mute or tag in ("script", "style")
        self.put("" if tag in INLINE else "\n")

    def handle_endtag(self, tag):
        self.put("" if tag in INLINE else "\n")
        if tag == "article":
            self.inside = False
        if tag in ("script", "style"):
            self.mute = False

    def handle_data(self, text):
        if not self.mute:
            self.put(text)


def stand(wanted, shown):
    """Whether the words stand in what is shown, in this order."""
    rest = iter(WORD.findall("".join(shown)))
    return all(any(word == other for other in rest) for text in wanted for word in WORD.findall(text))


def page(source, case):
    read_page = Page()
    read_page.feed(source)
    read_page.close()
    need(read_page.ids == [f"post-{post['id']}" for post in case["posts"]], "index.html shows other posts")
    for post, shown in zip(case["posts"], read_page.articles, strict=True):
        wanted = [post["title"], post["text"]]
        wanted += [text for one in post["notices"] for text in (one["text"], one.get("old", ""))]
        wanted = [*wanted, post["byline"]] if post["status"] == "published" else [post["notice"]]
        need(stand(wanted, shown), f"index.html does not say post {post['id']}")
    need(stand([case["title"], case["standfirst"]], read_page.around), "index.html does not say the title")
