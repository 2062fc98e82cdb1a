"""A case in which everything happened that can happen to a post, and the words that must never leave."""

from __future__ import annotations

from heard.cases import commands as case_commands
from heard.cases.release import Doors
from heard.coverage import commands, kept, problems
from heard.coverage.elements import Embed, Heading, Image, Link, Quote, Rendition, Text
from heard.opening import House
from tests.desk import Desk

#: The smallest picture there is: one grey pixel.
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
    "3a7e9b550000000a49444154789c6368000000820081"
    "dd436af40000000049454e44ae426082"
)

#: Another file of it; what it shows is nobody's business here.
SMALLER = b"RIFF\x04\0\0\0WEBP"

#: None of these may be found in an export, in whatever form.
PRIVATE = (
    "unsayable reason one",
    "unsayable reason two",
    "wrong word before",
    "muddled word before",
    "withdrawn word",
    "erased word",
    "held word",
    "dropped word",
    "Perdita Nameless",
    "statute of silence",
    "withdrawn pause",
    "first summary",
    "first title",
    "first role",
    "said on rising",
    "a basis for erasing",
    "reader says it is wrong",
    "settled like this",
    "the second wording",
    "withheld word",
    "lifted name",
)


class Full:
    """The case and the ids of its posts by what happened to them."""

    def __init__(self, house: House) -> None:
        self.house, self.desk = house, Desk(house)
        self.case, self.do, self.publish = self.desk.case, self.desk.do, self.desk.publish
        self.posts: dict[str, str] = {}
        self.tell()

    @property
    def doors(self) -> Doors:
        return self.house.doors

    def tell(self) -> None:
        case, doors, do, publish = self.case, self.doors, self.do, self.publish
        do(case_commands.describe_case(case, "first title", "What it is about"))
        do(case_commands.describe_case(case, "The case of the “funicular” – Möwe", "What it’s about <now>"))
        person = do(case_commands.name_person(case, "Corin Vessel", "first role")).stream
        do(case_commands.name_person(case, "Corin Vessel", "brakesman", "since 2019", person))
        do(case_commands.name_person(case, "Ida Rook", "coroner"))
        hearing = do(case_commands.list_hearing(case, "Inquest", "Court 2")).stream
        do(commands.summarise(doors, case, "first summary"))

        sitting = do(case_commands.begin_sitting(case, hearing, "Day one")).stream
        self.posts["plain"] = publish(
            "A **bo**ld word &amp; a [link](https://example.org/a).\n\n- one\n- two", byline="Us"
        )
        keep = self.house.media.keep
        self.posts["rich"] = publish(
            "Everything at once:",
            Quote("“We never looked.”", "Corin Vessel", "brakesman", "verbatim", "evidence"),
            Quote("Nobody had asked."),
            Heading("In the afternoon"),
            Image("A brake", "Ida Rook", keep(PICTURE), 1, 1),
            Image(
                "A gate", "Ida Rook", keep(PICTURE), 1, 1, "The gate at noon", (Rendition(keep(SMALLER), "webp", 1),)
            ),
            Image("A drawing that stayed where it was"),
            Link("https://example.org/report?a=1&b=2", "The report", "Forty pages"),
            Embed("Elsewhere", "https://elsewhere.example/1", "A film", "An hour", "https://elsewhere.example/f"),
            title="Many things",
            key_event=True,
        )
        self.posts["written-up"] = publish("What it was about.", section="report")
        self.posts["corrected"] = publish("The wrong word before.")
        self.correct("corrected", "The right word.", "unsayable reason one")
        self.posts["old-shown"] = publish("It was at nine, an error that is shown.")
        self.correct("old-shown", "It was at ten.", "unsayable reason two", old_shown=True)
        self.posts["twice"] = publish("A muddled word before.")
        self.correct("twice", "This was the second wording.", "")
        do(commands.clarify(doors, self.posts["twice"], (Text("A clear word."),), "", notice="Made clear."))
        self.posts["noticed"] = publish("True, and clear to some.")
        do(commands.clarify(doors, self.posts["noticed"], None, "", notice="It happened in the morning."))
        self.posts["retracted"] = publish("A withdrawn word.", title="withdrawn word above", byline="withdrawn word")
        do(commands.retract(doors, self.posts["retracted"], "unsayable reason one", "care"))
        self.posts["retracted-in-own-words"] = publish("Another withdrawn word.", key_event=True, pinned=True)
        do(commands.retract(doors, self.posts["retracted-in-own-words"], notice="We should not have said this."))
        self.posts["erased"] = publish("An erased word.")
        do(commands.erase(self.house.journal, self.posts["erased"], "a basis for erasing"))
        do(commands.set_state(doors, case, "paused", "The court rose for ten minutes.", lasting="PT10M"))
        do(commands.set_state(doors, case, "paused", "A withdrawn pause."))
        self.withdraw_the_pause()
        do(commands.set_state(doors, case, "resumed"))
        do(case_commands.rise(case, sitting, "said on rising"))
        do(case_commands.begin_sitting(case, hearing, "Day two"))
        self.posts["pinned-before"] = publish("Pinned for a while.", pinned=True)
        self.posts["pinned"] = publish("Pinned now.")
        do(commands.pin(self.posts["pinned"]))
        do(commands.mark_key_event(self.posts["plain"]))
        do(commands.mark_key_event(self.posts["rich"], False))
        do(commands.mark_key_event(self.posts["rich"]))
        do(commands.move(self.posts["pinned"], self.posts["plain"]))
        self.hold()
        do(commands.summarise(doors, case, "What is known **so far**.\n\nNot much."))
        problem = do(problems.report_problem(case, self.posts["plain"], "reader says it is wrong")).stream
        do(problems.settle_problem(problem, "settled like this"))
        do(commands.set_state(doors, case, "closed", "That is all from us."))

    def correct(self, post: str, words: str, reason: str, old_shown: bool = False) -> None:
        self.do(commands.correct(self.doors, self.posts[post], (Text(words),), reason, old_shown=old_shown))

    def withdraw_the_pause(self) -> None:
        told = [entry.body for entry in self.house.journal.stream(self.case) if entry.kind == "coverage.paused"]
        self.do(commands.retract(self.doors, told[-1].notice))  # type: ignore[union-attr]

    def hold(self) -> None:
        """A name under restriction: it holds posts, one of them published before, and drops one."""
        self.posts["withheld"] = self.publish("A withheld word about Perdita Nameless.")
        imposed = self.desk.restrict("Perdita Nameless")
        self.posts["held"] = self.publish("A held word about Perdita Nameless.")
        self.posts["dropped"] = self.publish("A dropped word about Perdita Nameless.")
        self.do(kept.drop(self.posts["dropped"]))
        basis = "statute of silence"
        lifted = self.do(case_commands.impose_restriction(self.case, basis, ["lifted name"]))
        body = self.house.journal.entry(lifted.position)
        self.do(case_commands.lift_restriction(self.case, body.body.restriction, "no longer"))  # type: ignore
        assert imposed.position < lifted.position
