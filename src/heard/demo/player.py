"""Plays the fictional inquest: each step of the script is the same command that a reporter's box would send.

Each step has an idempotency key, so a demonstration that was stopped goes on where it was, and nothing comes twice.
When a run has ended, the next start plays it again at an address of its own, beside whatever was typed meanwhile.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from heard.cases import commands as case_commands
from heard.cases import projection as cases
from heard.coverage import commands, projection
from heard.coverage.elements import Element, Embed, Link, Quote, Text
from heard.coverage.entries import PostPublished
from heard.engine.errors import NotFound
from heard.engine.node import Command, Written
from heard.live.lifeline import end_with
from heard.opening import House, open_house

#: Whose steps these are in the journal; the byline is the reporter of the story.
PLAYER = "demo"
BYLINE = "Heard’s fictional reporter"


def script() -> dict[str, Any]:
    return tomllib.loads((resources.files("heard.demo") / "inquest.toml").read_text("utf-8"))


class Play:
    """One run of the script, into one case."""

    def __init__(self, house: House, story: dict[str, Any], slug: str, wait: Callable[[float], None]) -> None:
        self.house, self.story, self.slug, self.wait = house, story, slug, wait
        self.people = {person["key"]: person for person in story["people"]}
        self.posts: dict[str, str] = {}
        self.sittings: dict[str, tuple[str, str]] = {}
        self.case = ""

    def run(self) -> None:
        self.set_the_scene()
        for step in self.story["steps"]:
            self.posts[step["key"]] = self.do(step["key"], self.command(step), step["wait"]).stream

    def set_the_scene(self) -> None:
        """The case, its people, hearings and restrictions, and the summary that stands before anything happens."""
        told = self.story["case"]
        self.case = self.do("case", case_commands.open_case(self.slug, told["title"], told["standfirst"])).stream
        for person in self.story["people"]:
            named = case_commands.name_person(self.case, person["name"], person["role"], person.get("note", ""))
            self.do(f"person/{person['key']}", named)
        for hearing in self.story["hearings"]:
            listed = case_commands.list_hearing(self.case, hearing["title"], hearing.get("place", ""))
            id = self.do(f"hearing/{hearing['key']}", listed).stream
            self.sittings |= {sitting["key"]: (id, sitting["title"]) for sitting in hearing["sittings"]}
        for order in self.story["restrictions"]:
            imposed = case_commands.impose_restriction(
                self.case, order["basis"], order["names"], cipher=order["cipher"], scope=order["scope"]
            )
            self.do(f"restriction/{order['key']}", imposed)
        self.do("summary", commands.summarise(self.house.doors, self.case, told["summary"]))

    def do(self, key: str, command: Command, wait: float = 0) -> Written:
        """The step's outcome; a step that was done before is not waited for."""
        asked = self.house.node.ask(command, by=PLAYER, scope=self.slug, key=key)
        if wait and self.house.journal.store.by_key(asked.key or "") is None:
            self.wait(wait)
        return self.house.node.do(command, by=PLAYER, scope=self.slug, key=key)

    def command(self, step: dict[str, Any]) -> Command:
        doors, case = self.house.doors, self.case
        post = self.posts.get(step.get("post", ""), "")
        match step["do"]:
            case "publish":
                return commands.publish(doors, self.content(step))
            case "correct":
                return commands.correct(doors, post, (Text(step["text"]),), step["reason"], notice=step["notice"])
            case "clarify":
                new = (Text(step["text"]),) if "text" in step else None
                return commands.clarify(doors, post, new, step["reason"], notice=step["notice"])
            case "retract":
                return commands.retract(doors, post, step["reason"], step["notice_code"])
            case "key":
                return commands.mark_key_event(post)
            case "pin":
                return commands.pin(post)
            case "summary":
                return commands.summarise(doors, case, step["text"])
            case "sitting":
                return case_commands.begin_sitting(case, *self.sittings[step["sitting"]])
            case "pause":
                return commands.set_state(doors, case, "paused", step["text"], lasting=step.get("for", ""))
            case state:
                moved = {"live": "live", "resume": "resumed", "close": "closed"}[state]
                return commands.set_state(doors, case, moved, step.get("text", ""))

    def content(self, step: dict[str, Any]) -> PostPublished:
        parts: list[Element] = [self.spoken(step, step["text"]) if "speaker" in step else Text(step["text"])]
        parts += [self.spoken(quote, quote["words"]) for quote in step.get("quotes", ())]
        if "link" in step:
            parts.append(Link(**step["link"]))
        if "embed" in step:
            parts.append(Embed(**step["embed"]))
        return PostPublished(
            self.case,
            tuple(parts),
            title=step.get("title", ""),
            byline=BYLINE,
            key_event=step.get("key_event", False),
            pinned=step.get("pinned", False),
        )

    def spoken(self, said: dict[str, Any], words: str) -> Quote:
        person = self.people[said["speaker"]]
        told = {"type": "quote", "words": words, "speaker": person["name"], "role": person["role"]}
        as_said = said["as"] if "as" in said else said["words"]
        return msgspec.convert({**told, "as_said": as_said, "setting": said["setting"]}, Quote)


def free_slug(house: House, slug: str) -> str:
    """The address of the run that is under way, or of the next one."""
    house.node.catch_up()
    run, candidate = 1, slug
    while True:
        try:
            case = cases.by_slug(house.tables, candidate)
        except NotFound:
            return candidate
        if projection.of_case(house.tables, case.id).state != "closed":
            return candidate
        run += 1
        candidate = f"{slug}-{run}"


def main(data: Annotated[Path, typer.Option()], speed: Annotated[float, typer.Option()] = 1.0) -> None:
    end_with(0)  # the supervisor holds the other end: a player must not go on when the server is gone
    house, story = open_house(data), script()
    Play(house, story, free_slug(house, story["case"]["slug"]), lambda seconds: time.sleep(seconds / speed)).run()


if __name__ == "__main__":
    typer.run(main)
