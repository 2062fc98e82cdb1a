"""What every store promises, whatever it is made of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from heard.engine import chain, now
from heard.engine.errors import Conflict, Gone, HeardError, Refused
from heard.engine.stores import Append, Appended, Sealed, Store

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
FAR = 10**9


def draft(stream: str, words: bytes = b"words", seal: int = 1) -> Sealed:
    return Sealed(stream, "note.published", 1, words, bytes(32), seal, b"sealed " + words)


def append(
    *drafts: Sealed, seen: int = FAR, over: tuple[str, ...] = (), key: str | None = None, request: str | None = None
) -> Append:
    return Append(drafts, "someone", seen, over, key, request)


def one(store: Store, asked: Append) -> Appended | HeardError:
    [outcome] = store.append([asked])
    return outcome


def done(store: Store, asked: Append) -> Appended:
    outcome = one(store, asked)
    assert isinstance(outcome, Appended), outcome
    return outcome


def test_an_empty_store_is_at_position_nought_with_the_empty_tree(store: Store) -> None:
    assert store.position() == 0
    assert store.records(0, 10) == [] and store.record(1) is None and store.stream("x") == []
    assert store.leaves(0) == [] and store.frontier().root() == chain.EMPTY_ROOT


def test_positions_are_gapless_in_the_order_of_the_batch(store: Store) -> None:
    first = store.append([append(draft("a"), draft("b")), append(draft("c"))])
    second = done(store, append(draft("d")))
    assert [(outcome.first, outcome.last) for outcome in first if isinstance(outcome, Appended)] == [(1, 2), (3, 3)]
    assert (second.first, second.last, second.stream, second.repeated) == (4, 4, "d", False)
    assert [record.header.position for record in store.records(0, 10)] == [1, 2, 3, 4]


def test_a_refused_append_leaves_no_gap(store: Store) -> None:
    done(store, append(draft("a")))
    outcomes = store.append([append(draft("a"), seen=0, over=("a",)), append(draft("b"))])
    assert isinstance(outcomes[0], Conflict)
    assert isinstance(outcomes[1], Appended) and outcomes[1].first == 2
    assert store.position() == 2


def test_a_later_entry_on_a_guarded_stream_is_a_conflict_that_names_it(store: Store) -> None:
    done(store, append(draft("post"), draft("rules")))
    outcome = one(store, append(draft("post"), seen=1, over=("post", "rules")))
    assert isinstance(outcome, Conflict)
    assert outcome.details["stream"] == "rules" and outcome.details["position"] == 2
    assert store.position() == 2


def test_a_guard_lets_pass_what_was_seen_and_what_is_on_other_streams(store: Store) -> None:
    done(store, append(draft("post"), draft("other")))
    assert done(store, append(draft("post"), seen=1, over=("post", "never written"))).first == 3


def test_guards_in_one_batch_are_judged_in_order_against_earlier_ones(store: Store) -> None:
    outcomes = store.append(
        [
            append(draft("a"), seen=0, over=("a",)),
            append(draft("a"), seen=0, over=("a",)),
            append(draft("b"), seen=0, over=("b",)),
            append(draft("c"), seen=0, over=("b", "c")),
        ]
    )
    assert [type(outcome) for outcome in outcomes] == [Appended, Conflict, Appended, Conflict]
    assert [record.header.stream for record in store.records(0, 10)] == ["a", "b"]


def test_a_repeated_key_answers_the_first_outcome_and_writes_nothing(open_store: Callable[[], Store]) -> None:
    asked = append(draft("a"), draft("b"), key="k", request="r")
    first = done(open_store(), asked)
    done(open_store(), append(draft("c")))
    again = done(open_store(), asked)
    assert again.repeated and not first.repeated
    assert (again.first, again.last, again.stream, again.kind, again.at) == (
        first.first, first.last, first.stream, first.kind, first.at,
    )  # fmt: skip
    assert open_store().position() == 3


def test_a_repeated_key_is_answered_before_its_guards_are_judged(store: Store) -> None:
    asked = append(draft("a"), seen=0, over=("a",), key="k", request="r")
    done(store, asked)
    assert done(store, asked).repeated


def test_a_key_repeated_within_one_batch_is_written_once(store: Store) -> None:
    asked = append(draft("a"), key="k", request="r")
    outcomes = store.append([asked, asked, asked])
    assert [isinstance(outcome, Appended) and outcome.repeated for outcome in outcomes] == [False, True, True]
    assert store.position() == 1


def test_a_key_used_for_another_request_is_refused(open_store: Callable[[], Store]) -> None:
    done(open_store(), append(draft("a"), key="k", request="r"))
    outcome = one(open_store(), append(draft("a"), key="k", request="another"))
    assert isinstance(outcome, Refused) and outcome.details["key_reused"]
    assert open_store().position() == 1


def test_a_key_whose_entry_was_erased_is_gone_for_ever(open_store: Callable[[], Store]) -> None:
    asked = append(draft("a"), key="k", request="r")
    done(open_store(), asked)
    open_store().blank([1])
    assert isinstance(one(open_store(), asked), Gone)
    assert isinstance(open_store().outcome("k", "r"), Gone)
    assert open_store().position() == 1


def test_the_outcome_under_a_key_is_found_without_appending(store: Store) -> None:
    assert store.outcome("k", "r") is None
    done(store, append(draft("before")))
    first = done(store, append(draft("a"), draft("b"), draft("c"), key="k", request="r"))
    done(store, append(draft("d"), key="k2", request="r2"))
    found = store.outcome("k", "r")
    assert isinstance(found, Appended) and (found.first, found.last) == (first.first, first.last) == (2, 4)
    assert isinstance(store.outcome("k", "other"), Refused)


def test_many_appends_without_a_key_are_all_written(store: Store) -> None:
    store.append([append(draft("a")), append(draft("a"))])
    assert store.position() == 2


def test_time_never_goes_backwards_even_when_the_clock_does(open_store: Callable[[], Store]) -> None:
    with now.held_at(NOON):
        first = done(open_store(), append(draft("a")))
    with now.held_at(NOON - timedelta(hours=1)):
        second = done(open_store(), append(draft("b")))
    with now.held_at(NOON + timedelta(seconds=1)):
        third = done(open_store(), append(draft("c")))
    assert first.at == second.at == now.text(NOON)
    assert third.at == now.text(NOON + timedelta(seconds=1))


def test_the_header_says_what_was_appended(store: Store) -> None:
    with now.held_at(NOON):
        done(store, append(draft("a", seal=7), draft("b", seal=8), key="k", request="r"))
    a, b = store.records(0, 10)
    header = a.header
    assert (header.stream, header.kind, header.version, header.by) == ("a", "note.published", 1, "someone")
    assert (header.at, header.key, header.request) == (now.text(NOON), "k", "r")
    assert b.header.key is None, "only the first entry of an append bears its key"
    assert (a.seal, a.sealed, b.seal) == (7, b"sealed words", 8)


def test_a_leaf_commits_to_salt_header_and_body(store: Store) -> None:
    done(store, append(draft("a", b"what was said")))
    record = store.records(0, 1)[0]
    assert record.leaf == chain.leaf(bytes(32), record.header.encode(), b"what was said")


def test_the_frontier_is_the_tree_of_the_leaves(open_store: Callable[[], Store]) -> None:
    for size in range(1, 36):
        done(open_store(), append(draft("a", str(size).encode())))
        store = open_store()
        assert store.frontier().size == size == len(store.leaves(size))
        assert store.frontier().root() == chain.root(store.leaves(size))
    assert store.leaves(3) == store.leaves(35)[:3]


def test_reads_are_in_order_and_bounded(store: Store) -> None:
    store.append([append(draft("odd" if n % 2 else "even", str(n).encode())) for n in range(1, 11)])
    assert [record.header.position for record in store.records(4, 3)] == [5, 6, 7]
    assert store.records(10, 5) == [] and store.records(99, 5) == []
    assert [record.header.position for record in store.stream("odd")] == [1, 3, 5, 7, 9]
    assert [record.header.position for record in store.stream("odd", 3, 7)] == [5, 7], "after, and up to and with"
    assert store.stream("odd", 9) == [] == store.stream("odd", 0, 0)
    assert store.record(6) == store.records(5, 1)[0]
    assert store.record(0) is None and store.record(11) is None and store.record(-1) is None


def test_entries_are_found_by_kind(store: Store) -> None:
    other = Sealed("x", "note.withdrawn", 1, b"{}", bytes(32), 2, b"sealed")
    store.append([append(draft("a")), append(other), append(draft("b")), append(other)])
    assert [record.header.position for record in store.of_kinds(("note.withdrawn",), 0)] == [2, 4]
    assert [record.header.position for record in store.of_kinds(("note.withdrawn", "nothing"), 2)] == [4]
    assert store.of_kinds((), 0) == []


def test_blanking_overwrites_the_sealed_body_and_nothing_else(open_store: Callable[[], Store]) -> None:
    store = open_store()
    store.append([append(draft("a")), append(draft("a", b"x" * 20_000)), append(draft("a"))])
    before, root = store.records(0, 10), store.frontier().root()
    store.blank([2])
    after = open_store().records(0, 10)
    assert after[1].sealed == bytes(len(before[1].sealed))
    assert (after[1].header, after[1].leaf) == (before[1].header, before[1].leaf)
    assert [after[0], after[2]] == [before[0], before[2]]
    assert open_store().frontier().root() == root
    store.blank([2])
    store.blank([])


def test_an_epoch_stays_until_a_new_one_is_drawn(open_store: Callable[[], Store]) -> None:
    first = open_store().epoch
    assert len(first) == 16 and open_store().epoch == first
    second = open_store().begin_epoch()
    assert second != first and open_store().epoch == second
