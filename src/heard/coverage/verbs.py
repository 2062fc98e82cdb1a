"""The verbs of a case's desk: what each needs, and the command that its form asks for."""

from __future__ import annotations

from typing import Any, get_args

import msgspec

from heard.accounts.model import Caller
from heard.cases import commands as case_commands
from heard.cases import projection as cases
from heard.cases.exits import Serving
from heard.cases.follow_pages import follows_of
from heard.cases.model import Case
from heard.coverage import (
    alerts,
    cards,
    commands,
    court,
    drafting,
    leave,
    orders,
    pictures,
    problems,
    projection,
    repicturing,
    waiting,
)
from heard.coverage.cautions import asked_first
from heard.coverage.court import Form, Make
from heard.coverage.elements import Element, Quote, Text, reworded
from heard.coverage.entries import Content, NoticeCode, PostPublished
from heard.coverage.going_out import texts_of
from heard.engine.errors import NotFound, Refused
from heard.engine.node import Command

_post = waiting.named


def no_such_verb(serving: Serving, case: Case, form: Form, caller: Caller) -> Command:
    raise NotFound("The desk has no such verb.")


def _publish(serving: Serving, case: Case, form: Form, caller: Caller) -> Command:
    content = PostPublished(
        case.id,
        (*_elements(serving, case, form), *cards.of_form(form, serving.embeds_from)),
        title=form.get("title", ""),
        byline=caller.account.name,
        key_event="key_event" in form,
        pinned="pinned" in form,
        not_before=court.until_time(form["not_before"], case.zone) if form.get("not_before") else None,
    )
    doubtful = False
    if form.get("picture"):
        found = pictures.taken(serving, case, form["picture"])
        doubtful = found.doubtful
        picture = pictures.told(found, *(form.get(name, "") for name in ("alt", "credit", "caption")))
        content = msgspec.structs.replace(content, elements=(*content.elements, picture))
    submit = not caller.may("publish")

    def publishing(said: Content, post: str | None) -> Command:
        return commands.publish(serving.doors, said, post, doubtful=doubtful, submit=submit)

    command = publishing(content, None)
    if form.get("draft"):
        command = drafting.publish(serving, case, form["draft"], caller, content, drafting.stood(form), publishing)
    return _asked_first(command, serving, case, form, caller, texts_of(content))


def _asked_first(
    command: Command, serving: Serving, case: Case, form: Form, caller: Caller, texts: list[str]
) -> Command:
    near = orders.nearing(serving, case, caller, form.get("post", ""))
    return asked_first(command, case.id, texts, title=form.get("title", ""), sure="sure" in form, near=near)


def _elements(serving: Serving, case: Case, form: Form) -> tuple[Element, ...]:
    """Words of a speaker are a quote; words without one are text."""
    words = form.get("text", "")
    speaker = next((one for one in cases.people(serving.tables, case.id) if one.id == form.get("speaker")), None)
    if speaker is None:
        return (Text(words),)
    quote = {"words": words, "speaker": speaker.name, "role": speaker.role, "type": "quote"}
    chosen = {name: form[name] for name in ("setting", "as_said") if form.get(name)}
    try:
        return (msgspec.convert({**quote, **chosen}, Quote),)
    except msgspec.ValidationError as wrong:
        raise Refused("The setting of the quotation is not one of the list. Nothing was published.") from wrong


def based_on(form: Form) -> int | None:
    return court.number(form, "based_on")


def _correct(serving: Serving, case: Case, form: Form, caller: Caller) -> Command:
    post = repicturing.by_form(serving, case, _reworded(serving, case, form), form)
    command = commands.correct(
        serving.doors,
        _post(serving, case, form),
        post.elements,
        form.get("reason", ""),
        title=form.get("title"),
        notice=form.get("notice", ""),
        old_shown="old_shown" in form,
        wrong=form.get("wrong", ""),
        based_on=based_on(form),
        doubtful=post.doubtful,
    )
    texts = [form.get("text", ""), form.get("notice", ""), *post.texts]
    return _asked_first(command, serving, case, form, caller, texts)


def _reworded(serving: Serving, case: Case, form: Form) -> tuple[Element, ...]:
    """The first words of the post put in new words; its other parts stay as they are."""
    return reworded(projection.by_id(serving.tables, _post(serving, case, form)).elements, form.get("text", ""))


def _clarify(serving: Serving, case: Case, form: Form, caller: Caller) -> Command:
    command = commands.clarify(
        serving.doors,
        _post(serving, case, form),
        _reworded(serving, case, form),
        form.get("reason", ""),
        title=form.get("title"),
        notice=form.get("notice", ""),
        based_on=based_on(form),
    )
    return _asked_first(command, serving, case, form, caller, [form.get("text", ""), form.get("notice", "")])


def _summary(serving: Serving, case: Case, form: Form, caller: Caller) -> Command:
    words = form.get("text", "")
    command = commands.summarise(serving.doors, case.id, words, based_on=based_on(form))
    return _asked_first(command, serving, case, form, caller, [words])


def _retract(serving: Serving, case: Case, form: Form, caller: Caller) -> Command:
    code: Any = form.get("code", "error")
    if code not in get_args(NoticeCode):
        raise Refused("Choose why it is withdrawn from the list. Nothing was changed.")
    reason, notice = form.get("reason", ""), form.get("notice", "")
    return commands.retract(serving.doors, _post(serving, case, form), reason, code, notice, caller.account.id)


def _alert(serving: Serving, case: Case, form: Form, caller: Caller) -> Command:
    follows_of(serving)
    post = _post(serving, case, form)
    if form.get("on") == "no":
        return alerts.call_off(post)
    return alerts.call(serving.doors, serving.node.journal, post, caller.account.id)


def _settle(serving: Serving, case: Case, form: Form, caller: Caller) -> Command:
    if form.get("problem") not in [problem.id for problem in projection.problems(serving.tables, case.id)]:
        raise NotFound(problems.SETTLED)
    return problems.settle_problem(form["problem"], form.get("note", ""))


def _state(serving: Serving, case: Case, form: Form, caller: Caller) -> Command:
    until = court.until_time(form.get("until", ""), case.zone) if form.get("until") else None
    words = form.get("words", "")
    return commands.set_state(serving.doors, case.id, form.get("state", ""), words, until, form.get("for", ""))


#: What puts words before readers, whose writer is asked first.
PUTS_WORDS = frozenset({"publish", "correct", "clarify", "summary"})
VERBS: dict[str, tuple[str, Make]] = {
    "publish": ("write", _publish),
    "correct": ("correct", _correct),
    "clarify": ("correct", _clarify),
    "retract": ("retract", _retract),
    "key": (
        "correct",
        lambda s, case, form, by: commands.mark_key_event(_post(s, case, form), form.get("key_event") != "no"),
    ),
    "alert": ("alert", _alert),
    "pin": ("correct", lambda s, case, form, by: commands.pin(_post(s, case, form), form.get("pinned") != "no")),
    "move": ("correct", lambda s, case, form, by: commands.move(_post(s, case, form), form.get("before", ""))),
    "state": ("publish", _state),
    "summary": ("publish", _summary),
    "settle": ("correct", _settle),
    **court.VERBS,
    **waiting.VERBS,
    **leave.VERBS,
    "let-go": ("release_held", lambda s, case, form, by: case_commands.let_case_go(case.id, form.get("ground", ""))),
}
