"""The register of surfaces: every address at which the public can come to see words of a post, as data.

A retraction is proven at each of them (`probing`), and the leak tests ask each. A new address that answers GET stands
here, either as a surface or among those that are none and why; else `tests/leaks/test_surfaces.py` fails.
"""

from __future__ import annotations

from collections.abc import Iterable
from string import Formatter
from typing import Literal

import msgspec

from heard.cases.model import Case
from heard.coverage import paging, projection
from heard.coverage.elements import picture_names
from heard.coverage.entries import PostErased
from heard.coverage.frames import case_of
from heard.engine.journal import Journal
from heard.engine.projection import Tables

#: How an answer is read: whole, as the news of a poll, from a line that stays open, or as a picture that must be gone.
Sort = Literal["answer", "poll", "stream", "picture"]
#: So far back in the journal the frame before a post's own is looked for.
LOOKED_BACK = 200
#: A stream is resumed from here at most, so that it is not told to begin anew (see live/limits.py).
RESUMED_FROM = 400


class Surface(msgspec.Struct, frozen=True):
    """A route that can carry words of a post, and at which addresses they have to be looked for.

    `asked` are filled in for one post by `addresses`; one of which a part is not known is left out.
    """

    route: str
    carries: str
    asked: tuple[str, ...]
    sort: Sort = "answer"


#: What the public can ask for. `{about}` is the post, `{newer}` and `{older}` the posts beside its page, `{picture}`
#: each file of its pictures that no other post shows.
SURFACES = (
    Surface("/", "titles of cases", ("/",)),
    Surface(
        "/{slug}/",
        "posts, the pinned one, key events, summary; in the head JSON-LD and Open Graph",
        (
            "/{slug}/",
            "/{slug}/?order=newest",
            "/{slug}/?order=oldest",
            "/{slug}/?order=newest&before={newer}",
            "/{slug}/?order=oldest&before={newer}",
            "/{slug}/?order=newest&after={older}",
            "/{slug}/?order=oldest&after={older}",
        ),
    ),
    Surface("/{slug}/posts/{post}/", "the post, and the page around it", ("/{slug}/posts/{about}/",)),
    Surface("/{slug}/posts/{post}/fragment/", "the post alone", ("/{slug}/posts/{about}/fragment/",)),
    Surface("/{slug}/corrections/", "notices and the right words", ("/{slug}/corrections/",)),
    Surface("/corrections/", "the same of all cases", ("/corrections/",)),
    Surface("/{slug}/people/", "names, roles and notes", ("/{slug}/people/",)),
    Surface("/{slug}/follow/", "the title of the case", ("/{slug}/follow/",)),
    Surface("/{slug}/problem/", "the post that a reader writes about", ("/{slug}/problem/?post={about}",)),
    Surface("/{slug}/media/{picture}", "pictures of posts", ("/{slug}/media/{picture}",), "picture"),
    Surface("/{slug}/feed.atom", "the newest posts", ("/{slug}/feed.atom",)),
    Surface("/{slug}/feed.json", "the newest posts", ("/{slug}/feed.json",)),
    Surface("/live/{slug}", "every change, as it is made", ("/live/{slug}?after={epoch}.{resumed}",), "stream"),
    Surface(
        "/live/{slug}/after/{position}",
        "the changes since a position",
        (
            "/live/{slug}/after/0",
            "/live/{slug}/after/{epoch}.{before_post}",
            "/live/{slug}/after/{epoch}.{before_withdrawal}",
        ),
        "poll",
    ),
)

#: What the public can ask for and has words on it, but never a post's. What is withdrawn there has no receipt yet.
WORDS_OF_REPORTS = (
    "/robots.txt",
    "/reports/",
    "/reports.csv",
    "/reports.json",
    "/reports.xlsx",
    "/reports/axes.csv",
    "/reports/follow/",
    "/reports/figures/",
    "/reports/figures/{name}.csv",
    "/reports/figures/{name}.svg",
    "/reports/figures/{name}.png",
    "/reports/bodies/{key}/over-time.csv",
    "/reports/bodies/{key}/over-time.svg",
    "/reports/bodies/{key}/over-time.png",
    "/reports/areas/{key}/over-time.csv",
    "/reports/areas/{key}/over-time.svg",
    "/reports/areas/{key}/over-time.png",
    "/reports/{slug}/timeline.csv",
    "/reports/{slug}/timeline.svg",
    "/reports/{slug}/timeline.png",
    "/reports/feed.atom",
    "/reports/calendar.ics",
    "/reports/similar/",
    "/reports/bodies/{key}/",
    "/reports/areas/{key}/",
    "/reports/{slug}/",
    "/reports/{slug}/report.json",
    "/reports/{slug}/axes.csv",
    "/reports/{slug}/feed.atom",
    "/reports/{slug}/calendar.ics",
    "/reports/{slug}/similar/",
    "/reports/{slug}/problem/",
    "/reports/problem/",
    "/{slug}/reports/",
)

#: Addresses that answer GET and are no surface, and why. One that ends in `*` stands for all that begin so.
NO_SURFACES = {
    "/api/v1/openapi.json": "what the verbs are, never what was said",
    "/api/v1/*": "for the desk's programs, by token; never kept by a cache (no-store), and asked by the leak tests",
    "/desk/*": "signed in; never kept by a cache (no-store)",
    "/account/*": "signed in, and not a word of a case; never kept by a cache (no-store)",
    "/watch/*": "signed in; never kept by a cache (no-store); its words are on no public page (tests/watch)",
    "/watch/read/{secret}/": "a standing order, for who was sent the link to it; never kept by a cache (no-store)",
    "/ping/{secret}": "answers OK",
    "/reports/follow/{token}/": "our own words alone; never kept by a cache (no-store)",
    "/reports/leave/{token}/": "our own words alone; never kept by a cache (no-store)",
    "/{slug}/follow/{token}/": "our own words alone; never kept by a cache (no-store)",
    "/{slug}/leave/{token}/": "our own words alone; never kept by a cache (no-store)",
    "/ping/{secret}/{said}": "answers OK",
    "/fixes": "takes positions in, and answers how many",
    "/fixes/{secret}": "takes positions in, and answers how many",
    "/static/{path:path}": "files of the pages themselves, under an address that names their content",
    "/log/checkpoint": "a size and a hash",
    "/healthz": "a number",
    "/metrics": "numbers, for this machine",
    "/{slug}": "leads to the page",
}


class Withdrawn(msgspec.Struct, frozen=True):
    """Where words may still be looked for: an address, and how its answer is read."""

    address: str
    sort: Sort


def addresses(
    tables: Tables, journal: Journal, case: Case, posts: Iterable[str], withdrawal: int, *, stand: bool = False
) -> tuple[Withdrawn, ...]:
    """Every public address that could carry words of these posts before the entry at `withdrawal`, each once.

    Where the posts `stand`, the pictures that they show still need not be gone.
    """
    found: dict[str, Withdrawn] = {}
    known: dict[str, str] = {
        "slug": case.slug,
        "epoch": journal.store.epoch,
        "before_withdrawal": str(withdrawal - 1),
        "resumed": str(max(withdrawal - RESUMED_FROM, 0)),
    }
    posts = tuple(posts)
    shown = [known | {"picture": name} for post in posts for name in _pictures(tables, journal, case, post, stand)]
    for facts in (known, *(known | _of_post(tables, journal, case, post) for post in posts), *shown):
        for surface in SURFACES:
            for pattern in surface.asked:
                if all(name in facts for name in _parts(pattern)):
                    address = pattern.format_map(facts)
                    found.setdefault(address, Withdrawn(address, surface.sort))
    return tuple(found.values())


def _parts(pattern: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(pattern) if name]


def _of_post(tables: Tables, journal: Journal, case: Case, post: str) -> dict[str, str]:
    known = projection.by_id(tables, post)
    facts = {"about": post, "before_post": str(_frame_before(journal, case, known.published_position))}
    block = paging.around(tables, case.id, post)
    if known.section == "live" and block.posts:
        if not block.is_newest and (newer := paging.after(tables, case.id, block.posts[-1]).posts):
            facts["newer"] = newer[0]
        if block.number and (older := paging.before(tables, case.id, block.posts[0]).posts):
            facts["older"] = older[-1]
    return facts


def _pictures(tables: Tables, journal: Journal, case: Case, post: str, stands: bool) -> list[str]:
    """The files of all pictures that readers of the post ever saw, but for those that another post shows, or itself if
    it stands.
    """
    bodies = [entry.body for entry in journal.stream(post)]
    names = picture_names(getattr(body, "elements", ()) for body in bodies)
    names += next((body.pictures for body in bodies if isinstance(body, PostErased)), ())
    return [
        name
        for name in names
        if not any(
            other.case == case.id and (stands or other.id != post) for other in projection.pictured_in(tables, name)
        )
    ]


def _frame_before(journal: Journal, case: Case, position: int) -> int:
    """Where those waited who were told of the post by a poll: at the last frame of its case before it."""
    start = max(position - 1 - LOOKED_BACK, 0)
    before = journal.read(start, position - 1 - start) if position > 1 else []
    return next((entry.position for entry in reversed(before) if case_of(entry) == case.id), start)
