"""Taking back what one submitted, before somebody lets it out: it is no post then, and its words are a draft again."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from heard.cases import projection as cases
from heard.cases.model import Case
from heard.coverage import drafts, kept, model, projection
from heard.coverage.elements import Embed, Heading, Image, Link, Quote, Text
from heard.coverage.entries import Content, PostDropped
from heard.engine.entry import Draft
from heard.engine.errors import Refused
from heard.engine.journal import Journal
from heard.engine.node import Command, Decision
from heard.engine.projection import Tables

NOT_YOURS = (
    "What is submitted is taken back by who wrote it, as long as nobody has let it out. Nothing was changed; ask an "
    "editor of this case."
)

#: What the box has room for.
ONE_OF_EACH = ((Text, Quote, Heading), (Image,), (Link, Embed))
TOO_MUCH = (
    "A draft has room for one text, one picture and one link, and this has more. It waits still, and nothing was "
    "changed; ask an editor of this case not to publish it, and write it anew."
)


def take_back(journal: Journal, post: str, by: str) -> Command:
    """Have no post made of what the account `by` wrote and submitted; taking it back twice is taking it back once."""

    def judge(tables: Tables) -> Decision:
        known = projection.by_id(tables, post)
        if known.status == "dropped" and _took_back(journal, post, by):
            return Decision((), (post,))
        if known.status != "submitted" or by not in kept.writers(journal, post):
            raise Refused(NOT_YOURS)
        model.POST_MOVES.after(known.status, "dropped")
        return Decision((Draft(post, PostDropped(known.case)),), (post,))

    return judge


def _took_back(journal: Journal, post: str, by: str) -> bool:
    return any(isinstance(entry.body, PostDropped) and entry.by == by for entry in journal.stream(post))


def as_draft(
    journal: Journal, tables: Tables, case: Case, post: str, by: str, byline: str
) -> drafts.WorkingCopy | None:
    """Its words as a draft of `by`, once however often; None where somebody else's, or none that waits.

    Raises NotFound; Refused for what the box has no room for, so that none of it is lost.
    """
    if projection.by_id(tables, post).status != "submitted" or by not in (wrote := kept.writers(journal, post)):
        return None
    content = kept.kept_words(journal, post)
    if any(sum(isinstance(one, sort) for one in content.elements) > 1 for sort in ONE_OF_EACH):
        raise Refused(TOO_MUCH)
    typed = typed_of(tables, case, content)
    once = f"taken back {post}"
    return drafts.keep(journal, tables, case.id, typed, by=by, byline=byline, once=once, also=wrote)


def typed_of(tables: Tables, case: Case, content: Content) -> dict[str, str]:
    """What somebody would type to write it."""
    typed = {"title": content.title, "not_before": _there(content.not_before, case.zone)}
    typed |= {name: "on" for name in ("key_event", "pinned") if getattr(content, name)}
    for one in reversed(content.elements):  # so that the first stands in the end
        match one:
            case Text(markdown):
                typed["text"] = markdown
            case Quote(words, speaker, role, as_said, setting):
                typed["text"] = words
                who = next((one.id for one in cases.people(tables, case.id) if one.name == speaker), "")
                if who:
                    typed |= {"speaker": who, "as_said": as_said, "setting": setting}
                else:  # of nobody whom the box can name: who it was stays with the words
                    typed["text"] = f"{words}\n\n({', '.join(filter(None, (speaker, role)))})"
            case Link(url, title, text) | Embed(_, url, title, text):
                typed |= {"link": url, "link_title": title, "link_text": text}
            case Image():
                typed |= {"picture": one.media, "alt": one.alt, "credit": one.credit, "caption": one.caption}
            case _:
                pass
    return {name: said for name, said in typed.items() if said}


def _there(at: datetime | None, zone: str) -> str:
    """As the court's clock has it, and the box takes it."""
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M") if at else ""
