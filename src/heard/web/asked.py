"""The bodies that programs send to the API. Nothing is coerced, and a field we do not know is refused."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from heard.coverage.elements import AsSaid, Setting
from heard.coverage.entries import NoticeCode


class Asked(BaseModel):
    """A body as it is sent: nothing is coerced, and a field we do not know is refused."""

    model_config = ConfigDict(strict=True, extra="forbid")


class NewCase(Asked):
    slug: str = Field(max_length=200)
    title: str = Field(max_length=1000)
    standfirst: str = Field("", max_length=4000)
    zone: str = Field("Europe/London", max_length=100)


class NewPost(Asked):
    text: str = Field(max_length=100_000, description="Markdown; with a speaker, the words said.")
    title: str = Field("", max_length=2000)
    speaker: str = Field("", max_length=1000)
    role: str = Field("", max_length=1000)
    as_said: AsSaid = "reported"
    setting: Setting = "not recorded"
    key_event: bool = False
    pinned: bool = False
    said_at: Annotated[AwareDatetime | None, Field(strict=False)] = None
    written_at: Annotated[AwareDatetime | None, Field(strict=False)] = None


class Reworded(Asked):
    text: str = Field(max_length=100_000)
    title: str | None = Field(None, max_length=2000)
    notice: str = Field("", max_length=4000, description="What readers are told. Public.")
    reason: str = Field(max_length=20_000, description="Why. It never leaves the desk.")
    old_shown: bool = Field(False, description="Let readers see the words before.")
    based_on: int | None = Field(None, description="The position of the version that was corrected.")


class Clarified(Asked):
    text: str | None = Field(None, max_length=100_000)
    title: str | None = Field(None, max_length=2000)
    notice: str = Field("", max_length=4000)
    reason: str = Field("", max_length=20_000)
    based_on: int | None = None


class Retracted(Asked):
    notice: str = Field("", max_length=4000)
    code: NoticeCode = "error"
    reason: str = Field("", max_length=20_000)


class Marked(Asked):
    on: bool = True


class Summary(Asked):
    text: str = Field(max_length=100_000)


class NewState(Asked):
    state: Literal["live", "paused", "resumed", "closed", "reopened"]
    words: str = Field("", max_length=4000)
    until: str | None = Field(
        None, max_length=40, description="An instant, or a clock time in the court such as 14:00."
    )
    lasting: str | None = Field(None, alias="for", max_length=20, description="ISO 8601, such as PT1H.")


class NewPerson(Asked):
    name: str = Field(max_length=1000)
    role: str = Field("", max_length=1000)
    note: str = Field("", max_length=4000)


class NewRestriction(Asked):
    basis: str = Field(max_length=4000)
    names: list[str] = Field(max_length=1000)
    cipher: str = Field("", max_length=1000)
    scope: str = Field("", max_length=4000)
