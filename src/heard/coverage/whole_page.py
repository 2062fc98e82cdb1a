"""A whole page of a case, put together from tables at one moment: those of now, or those of a moment that is past."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from heard import templates
from heard.cases import projection as cases
from heard.cases.model import Case
from heard.cases.release import Door, Released
from heard.coverage import linked_data, paging, projection
from heard.coverage.frames import Page
from heard.coverage.model import Coverage
from heard.coverage.paging import Block
from heard.coverage.shown import Shown, show
from heard.engine.errors import NotFound
from heard.engine.projection import Tables

#: What is on the page beside its posts.
AREAS = ("state", "summary", "pinned", "key")


class View(msgspec.Struct, frozen=True):
    """Which page of a case an address asks for; `before`, `after` and `post` are ids of posts."""

    order: str = ""
    before: str = ""
    after: str = ""
    post: str = ""


class Sources(msgspec.Struct, frozen=True):
    """What a page is made of: tables, the position that the stream goes on from, the address of the server.

    `kept(case, things)` answers the fragments as they were rendered for the stream, of those things that have one;
    `embeds` says whether a card may open something.
    """

    tables: Any
    at: str
    base: str
    kept: Callable[[str, Sequence[str]], Mapping[str, str]] = lambda case, things: {}
    embeds: bool = False


def whole_page(sources: Sources, case: Case, door: Door, view: View) -> Released:
    """The page as this door lets it out.

    Raises NotFound, Withheld.
    """
    tables = sources.tables
    coverage = projection.of_case(tables, case.id)
    order, focus = _order(view, coverage), shown_at(tables, case, door, view.post) if view.post else None
    block = block_of(tables, case, view, order)
    shown = [one for post in projection.by_ids(tables, block.posts) if (one := show(door, post))]
    report, page = _report(tables, case, door), Page(case, tables, door)
    kept = sources.kept(
        case.id, [*AREAS, *(f"post:{one.id}" for one in (*shown, *report, *([focus] if focus else [])))]
    )
    html = [_fragment(kept, page, one) for one in shown]
    older, newer = _beside(case, block, order)
    made = templates.render(
        "coverage/page.html",
        case=case,
        embeds=sources.embeds,
        coverage=coverage,
        **{area: _area(kept, page, area) for area in AREAS},
        report=[_fragment(kept, page, one) for one in report],
        posts=html if order == "oldest" else html[::-1],
        order=order,
        older=older,
        newer=newer,
        live=f"/live/{case.slug}",
        at=sources.at,
        is_newest=block.is_newest,
        focus=focus.id if focus else None,
        focus_post=_fragment(kept, page, focus) if focus else None,
        json_ld=linked_data.live_blog(door, case, coverage, shown, sources.base),
        og=linked_data.card(door, case, sources.base, focus, shown),
        people_count=len(cases.people(tables, case.id)),
    )
    return door.let("page", made)


def shown_at(tables: Tables, case: Case, door: Door, post: str) -> Shown:
    """A post of this case as it is shown.

    Raises NotFound.
    """
    known = projection.by_id(tables, post)
    shown = show(door, known)
    if known.case != case.id or shown is None:
        raise NotFound("There is no such post here.")
    return shown


def _order(view: View, coverage: Coverage) -> str:
    order = (view.order if not view.post else "") or ("oldest" if coverage.state == "closed" else "newest")
    if order not in ("oldest", "newest"):
        raise NotFound("A page is read newest or oldest first.")
    return order


def block_of(tables: Tables, case: Case, view: View, order: str) -> Block:
    """The posts that the address asks for.

    Raises NotFound.
    """
    if view.post:
        return paging.around(tables, case.id, view.post)
    if view.before:
        return paging.before(tables, case.id, view.before)
    if view.after:
        return paging.after(tables, case.id, view.after)
    return (paging.oldest if order == "oldest" else paging.newest)(tables, case.id)


def posts_on(tables: Tables, case: Case, view: View) -> list[str]:
    """The ids of the posts that stand on a page, in order of place."""
    order = _order(view, projection.of_case(tables, case.id))
    report = [post.id for post in projection.shown(tables, case.id, "report")]
    return [*report, *block_of(tables, case, view, order).posts]


def _beside(case: Case, block: Block, order: str) -> tuple[str | None, str | None]:
    """The addresses of the older and the newer page."""
    older = f"/{case.slug}/?order={order}&before={block.posts[0]}" if block.number and block.posts else None
    newer = f"/{case.slug}/?order={order}&after={block.posts[-1]}" if not block.is_newest else None
    return older, newer


def _fragment(kept: Mapping[str, str], page: Page, shown: Shown) -> Released:
    """The post as it was rendered for the stream, or rendered now if it was not yet."""
    made = kept.get(f"post:{shown.id}")
    return page.door.let("page", made) if made else page.html(shown)


def _area(kept: Mapping[str, str], page: Page, area: str) -> Released:
    made = kept.get(area)
    return page.door.let("page", made) if made else page.area_html(area)


def _report(tables: Tables, case: Case, door: Door) -> list[Shown]:
    posts = projection.shown(tables, case.id, "report")
    return [one for post in posts if (one := show(door, post))]
