"""The pages as people read them: one Jinja environment, and the scripts and styles that go with it.

A fragment (a post, the state, the summary, what is pinned, the key events) is rendered by one template for the page and
for the stream, and is one element with an id, so that a reader's script can put it in place of the one before.
"""

from __future__ import annotations

import functools
import hashlib
import re
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from heard.text.markdown import to_html

STATIC = Path(__file__).parent.parent / "static"
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
#: Two times of one post that differ by less are one time.
WORTH_TELLING = timedelta(minutes=1)


def render(name: str, /, **context: Any) -> str:
    """The page or fragment `name` with this context. A name in the template that the context lacks is an error."""
    return _environment().get_template(name).render(context).strip()


def make_ready(folder: str) -> None:
    """Compile the templates of a folder, so that whoever asks for one first does not wait for that."""
    for name in _environment().list_templates(extensions=["html"]):
        if name.startswith(folder):
            _environment().get_template(name)


def offer_mail(sends: bool) -> None:
    """Whether the pages of this process offer to be told by e-mail; they do not until it is said that it is sent."""
    _environment().globals["sends_mail"] = sends


def sources() -> str:
    """The text of every template, attributes included: all that a page says before a word of a case is in it."""
    made = "\n".join(path.read_text("utf-8") for path in sorted(Path(__file__).parent.rglob("*.html")))
    return re.sub(r"[^\w]+", " ", made)


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {
        "clock": clock,
        "to_second": to_second,
        "day": day,
        "short_day": short_day,
        "moment": moment,
        "civil": civil,
        "iso": iso,
        "apart": apart,
        "markdown": markdown,
        "paragraphs": paragraphs,
        "released": Markup,
        "unanchored": unanchored,
        "digest": digest,
    }
    environment.globals |= {"static": static, "sends_mail": False}
    # Known to every template: to import it costs a fragment more than some of its words do.
    environment.globals["parts"] = environment.get_template("coverage/parts.html").module
    return environment


# Times, in the zone of the hearing ------------------------------------------------------------------------------------


def clock(at: datetime, zone: str) -> str:
    """ "14:05"."""
    here = at.astimezone(ZoneInfo(zone))
    return f"{here.hour:02}:{here.minute:02}"


def to_second(at: datetime, zone: str) -> str:
    """ "14:05:09"."""
    return f"{clock(at, zone)}:{at.second:02}"


def day(at: datetime, zone: str) -> str:
    """ "Monday 3 March 2031"."""
    here = at.astimezone(ZoneInfo(zone))
    return f"{here:%A} {here.day} {here:%B %Y}"


def short_day(at: datetime, zone: str) -> str:
    """ "3 Mar 2031"."""
    here = at.astimezone(ZoneInfo(zone))
    return f"{here.day} {here:%b %Y}"


def civil(on: date) -> str:
    """ "3 March 2031", of a day that is no instant."""
    return f"{on.day} {on:%B %Y}"


def moment(at: datetime, zone: str) -> str:
    """ "14:05 on Monday 3 March 2031"."""
    return f"{clock(at, zone)} on {day(at, zone)}"


def iso(at: datetime) -> str:
    """The instant for machines (RFC 3339, UTC)."""
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def apart(one: datetime | None, other: datetime | None) -> bool:
    """Whether both times are known and a reader should be told both."""
    return one is not None and other is not None and abs(one - other) > WORTH_TELLING


# Words ----------------------------------------------------------------------------------------------------------------


def markdown(text: str) -> Markup:
    """Markdown as safe HTML."""
    return Markup(to_html(text))


def paragraphs(text: str) -> list[str]:
    """A plain text cut at its blank lines."""
    return [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]


def unanchored(html: str) -> Markup:
    """A fragment without its own id, where it stands on the page a second time."""
    return Markup(re.sub(r' id="[^"]*"', "", html, count=1))


def digest(html: str) -> str:
    """What a part of a page is known by: the same for the same part, though each form in it has a new key."""
    return hashlib.blake2b(_ONCE.sub("", html).encode(), digest_size=6).hexdigest()


_ONCE = re.compile(r'name="once" value="[^"]*"')


@functools.cache
def edition() -> str:
    """What changes when a template does."""
    return hashlib.sha256(sources().encode()).hexdigest()


# Scripts, styles, pictures --------------------------------------------------------------------------------------------


def static(name: str) -> str:
    """The address of a file of the pages, which changes when the file does."""
    return f"/static/{_addresses()[name]}"


def static_files() -> dict[str, tuple[bytes, str, bool]]:
    """What is under /static/: path to content, media type, and whether it never changes."""
    return _files()


@functools.cache
def _addresses() -> dict[str, str]:
    return {path.partition("/")[2]: path for path in _files()}


def worker(page: str) -> str:
    """The script of the desk's worker. It says which shell it keeps: browsers take a new one for a new `page`."""
    content, _, _ = _files()[_addresses()["worker.js"]]
    return f"{content.decode()}// {hashlib.sha256(page.encode()).hexdigest()}\n"


def script(name: str) -> bytes:
    """A script that is served at an address of its own, and not under that of its content."""
    return _files()[_addresses()[name]][0]


@functools.cache
def _files() -> dict[str, tuple[bytes, str, bool]]:
    files: dict[str, tuple[bytes, str, bool]] = {}
    at: dict[str, str] = {}
    for file in sorted(STATIC.iterdir()):
        if file.suffix in MEDIA_TYPES:
            _put(file, files, at)
    return files


def _put(file: Path, files: dict[str, tuple[bytes, str, bool]], at: dict[str, str]) -> str:
    """Put a file at the address that its content gives it, after those that it imports: their addresses are in it."""
    if file.name not in at:
        text = _LEANER.get(file.suffix, str)(file.read_text("utf-8"))
        if file.suffix == ".js":
            text = _IMPORTED.sub(lambda one: f"'/static/{_put(STATIC / one[1], files, at)}'", text)
        content = text.encode()
        at[file.name] = f"{hashlib.sha256(content).hexdigest()[:12]}/{file.name}"
        files[at[file.name]] = (content, MEDIA_TYPES[file.suffix], True)
    return at[file.name]


_IMPORTED = re.compile(r"'\./([a-z_]+\.js)'")


def lean(source: str) -> str:
    """A script or style without its comments and indentation; the lines stay as they were written.

    Comments stand on lines of their own: `//` to the end of the line, or `/*` to the line that ends with `*/`.
    """
    source = re.sub(r"^[ \t]*/\*.*?\*/[ \t]*$", "", source, flags=re.DOTALL | re.MULTILINE)
    lines = (line.strip() for line in source.split("\n"))
    return "\n".join(line for line in lines if line and not line.startswith("//")) + "\n"


def lean_style(style: str) -> str:
    """A style without the spaces that only people need: beside braces and semicolons, after colons and commas."""
    return _outside_strings(r" ?([{};]) ?|([:,]) ", r"\1\2", lean(style))


def lean_script(script: str) -> str:
    """A script without the spaces that only people need: beside brackets, commas and most signs.

    Plus and minus keep their distance, and lines end where they ended.
    """
    return _outside_strings(r" ?([=(){}\[\],:;?<>|&!*]) ?", r"\1", lean(script))


def _outside_strings(pattern: str, instead: str, source: str) -> str:
    parts = re.split(r"""('[^'\n]*'|"[^"\n]*"|`[^`]*`)""", source)
    parts[::2] = [re.sub(pattern, instead, part) for part in parts[::2]]
    return "".join(parts)


_LEANER = {".css": lean_style, ".js": lean_script}
