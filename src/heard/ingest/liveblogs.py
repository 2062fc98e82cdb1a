"""Live blogs from elsewhere: reading a file whatever its format, and telling the rooms what it says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import msgspec

from heard.cases import commands as case_commands
from heard.cases import projection as cases
from heard.cases.release import Doors
from heard.coverage import commands, projection
from heard.coverage.elements import Text
from heard.coverage.entries import PostHeld, PostPublished, PostSealed
from heard.engine.errors import Gone, Refused
from heard.engine.node import Asked, Command, Node, Written, answer
from heard.ingest import guardian, plain_text
from heard.ingest.blog import Blog, Post, State
from heard.text.markdown import escape

#: A long day of coverage is under a megabyte.
FILE_MAX_BYTES = 32 * 1024 * 1024
#: Posts in one commit. Sixteen take well under 50 ms with their sync, so that a reporter who publishes meanwhile waits
#: no longer than that.
SLICE = 16

# "[Live] Harbour inquest" is a headline, "[1, 2]" is JSON.
_JSON = re.compile(rb"\s*(?:\{|\[(?!\s*[A-Za-z][^\]\n\"]*\][ \t]*\S))")


def read(raw: bytes, filename: str = "the file") -> Blog:
    """A live blog, its format told by its content.

    Raises Refused in plain words, with the line where there is one.
    """
    if len(raw) > FILE_MAX_BYTES:
        raise Refused(
            f"{filename} is larger than {FILE_MAX_BYTES // 1024**2} MiB; no live blog is. Nothing was imported."
        )
    try:
        bare = raw.removeprefix(b"\xef\xbb\xbf")
        return guardian.read(bare) if _JSON.match(bare) else plain_text.read(raw)
    except Refused as refusal:
        raise Refused(f"{filename}: {refusal}", **refusal.details) from None


class Imported(msgspec.Struct, frozen=True):
    """What became of a blog: how many things are now in the case, of these how many came with this import, how many
    wait on the desk because the door stopped them, and how many were erased since an earlier import."""

    case: str
    kept: int
    new: int
    held: int
    erased: int


def import_blog(
    node: Node, blog: Blog, slug: str, title: str, by: str, progress: Callable[[int, int], None] | None = None
) -> Imported:
    """Take a blog over into the case at `slug`, opening it if there is none. Doing it again changes nothing.

    Into a case that has coverage of its own only posts are taken: the pauses of another day do not stop it.
    Raises Refused when the case cannot be opened; what was taken over before any other error stays, and importing again
    goes on from there.
    """
    return _Import(node, blog, slug, by).run(title, progress or (lambda done, total: None))


class _Import:
    def __init__(self, node: Node, blog: Blog, slug: str, by: str) -> None:
        self.node, self.blog, self.slug, self.by = node, blog, slug, by
        self.doors = Doors(node.journal)
        self.case = ""
        self._opened = True
        self._report = {post.id for post in blog.report}

    def run(self, title: str, progress: Callable[[int, int], None]) -> Imported:
        title = title or self.blog.title.words
        own = self._open(title)
        outcomes: list[Written | Gone] = []
        head = self._head(title)
        total = bool(head) + len(self.blog.report) + len(self.blog.live)
        if head:
            outcomes.append(self._summarise(head, own))
        for group in _groups([*self.blog.report, *self.blog.live], states_apart=own):
            if isinstance(group, State):
                outcomes.append(self._tell(group))
            else:
                outcomes += self._publish(group)
            progress(len(outcomes), total)
        if own and self._is_over():
            # Refused only where somebody closed it meanwhile, and then it is as it should be.
            closing = commands.set_state(self.doors, self.case, "closed", source=self._source("title"))
            self.node.do_all([self._ask("closed", closing)])
        kept = [outcome for outcome in outcomes if isinstance(outcome, Written)]
        return Imported(
            self.case,
            kept=len(kept),
            new=sum(not outcome.repeated for outcome in kept),
            held=sum(outcome.kind in (PostHeld.kind, PostSealed.kind) for outcome in kept),
            erased=len(outcomes) - len(kept),
        )

    def _open(self, title: str) -> bool:
        """Find or open the case; whether its coverage is this blog's own."""
        standfirst = self.blog.standfirst.words if self.blog.standfirst else ""
        opening = case_commands.open_case(self.slug, title, standfirst)
        try:
            self.case = answer(self.node.do_all([self._ask("case", opening)])[0]).stream
            return True
        except Refused as refusal:
            if not refusal.details.get("slug_taken"):
                raise
        self.case = cases.by_slug(self.node.tables, self.slug).id
        self._opened = False
        return projection.of_case(self.node.tables, self.case).state == "announced"

    def _head(self, title: str) -> str:
        """The summary in Markdown, and before it whatever of the blog's own head the case does not show."""
        blog, lines = self.blog, [escape(line.words) for line in self.blog.summary]
        if blog.standfirst and not self._opened:
            lines.insert(0, escape(blog.standfirst.words))
        if blog.title.words != title or not self._opened:
            lines.insert(0, f"### {escape(blog.title.words)}")
        return "\n\n".join(lines)

    def _summarise(self, words: str, own: bool) -> Written | Gone:
        source = self._source("head")
        post = self._publishing(PostPublished(self.case, (Text(words),), source=source))
        if not own:
            return self._alone("summary", post)
        # What the door stops goes to the desk, where a post can be held and a summary cannot.
        return self._alone("summary", commands.summarise(self.doors, self.case, words, source=source), post)

    def _tell(self, state: State) -> Written | Gone:
        words, source = escape(state.words), self._source(state.id)
        telling = commands.set_state(self.doors, self.case, state.verb, words, lasting=state.duration, source=source)
        # A notice that does not follow from the one before (back, without having risen) is kept as a post.
        return self._alone(state.id, telling, self._publishing(self._content(state)))

    def _alone(self, id: str, command: Command, instead: Command | None = None) -> Written | Gone:
        """One command in a commit of its own; if it is refused the other, under the same key."""
        [asked] = self.node.do_all([self._ask(id, command)])
        if instead and isinstance(asked.outcome, Refused) and not isinstance(asked.outcome, Gone):
            [asked] = self.node.do_all([self._ask(id, instead)])
        return _outcome(asked)

    def _publish(self, group: Sequence[Post | State]) -> list[Written | Gone]:
        asked = [self._ask(one.id, self._publishing(self._content(one))) for one in group]
        return [_outcome(one) for one in self.node.do_all(asked)]

    def _publishing(self, content: PostPublished) -> Command:
        return commands.publish(self.doors, content)

    def _content(self, one: Post | State) -> PostPublished:
        source = self._source(one.id)
        if isinstance(one, State):
            return PostPublished(self.case, (Text(escape(one.words)),), source=source)
        return PostPublished(
            self.case,
            one.elements,
            one.title,
            one.byline,
            section="report" if one.id in self._report else "live",
            key_event=one.key_event,
            pinned=one.pinned,
            source=source,
            source_at=one.published_at,
            source_updated_at=one.updated_at,
        )

    def _source(self, id: str) -> str:
        return f"{self.blog.source}: {id}"

    def _is_over(self) -> bool:
        states = [one.verb for one in self.blog.live if isinstance(one, State)]
        return self.blog.suffix is not None and states[-1:] != ["closed"]

    def _ask(self, id: str, command: Command) -> Asked:
        # The key is the file's own words and the place in it, so that the same file finds what it wrote.
        return self.node.ask(command, by=self.by, scope=self.slug, key=f"import {self.blog.digest} {id}")


def _groups(things: Sequence[Post | State], *, states_apart: bool) -> Iterator[State | list[Post | State]]:
    """Posts in slices; each state by itself, since it is judged on what the posts before it made of the case."""
    group: list[Post | State] = []
    for thing in things:
        if states_apart and isinstance(thing, State):
            if group:
                yield group
            yield thing
            group = []
        else:
            group.append(thing)
            if len(group) == SLICE:
                yield group
                group = []
    if group:
        yield group


def _outcome(asked: Asked) -> Written | Gone:
    """What was written now or before; or that it was erased since and does not come back."""
    return asked.outcome if isinstance(asked.outcome, Gone) else answer(asked)
