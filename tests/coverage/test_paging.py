"""Which posts stand on which page."""

from __future__ import annotations

import pytest

from heard.coverage import commands, paging, projection
from tests.desk import Desk
from tests.hybrid.test_changes_equal_rebuild import Story

#: With one page, with just two, with several, with the newest of the smallest and of the greatest size.
LENGTHS = (2, 74, 75, 124, 125, 260)


@pytest.mark.parametrize("length", LENGTHS)
def test_the_pages_of_a_case_hold_every_post_once_in_order_of_place(desk: Desk, length: int) -> None:
    posts = [desk.publish(f"Words {number}") for number in range(length)]
    desk.do(commands.move(posts[-1], posts[0]))
    block = paging.oldest(desk.tables, desk.case)
    blocks = [block]
    while not block.is_newest:
        block = paging.after(desk.tables, desk.case, block.posts[-1])
        blocks.append(block)
    held = [post for block in blocks for post in block.posts]
    assert held == [post.id for post in projection.shown(desk.tables, desk.case)] == [posts[-1], *posts[:-1]]
    assert [len(one.posts) for one in blocks[:-1]] == [paging.BLOCK] * block.last
    assert blocks[-1] == paging.newest(desk.tables, desk.case) and len(block.posts) < paging.BLOCK + 25


@pytest.mark.parametrize("length", LENGTHS)
def test_a_post_is_on_the_page_around_it_and_not_on_those_beside(desk: Desk, length: int) -> None:
    posts = [desk.publish(f"Words {number}") for number in range(length)]
    for post in (posts[0], posts[length // 2], posts[-1]):
        around = paging.around(desk.tables, desk.case, post)
        assert post in around.posts
        if not around.is_newest:
            newer = paging.after(desk.tables, desk.case, around.posts[-1])
            assert newer.posts[0] == posts[posts.index(around.posts[-1]) + 1]
        if around.number:
            older = paging.before(desk.tables, desk.case, around.posts[0])
            assert older.posts[-1] == posts[posts.index(around.posts[0]) - 1]


def test_a_case_without_a_post_has_one_empty_page(desk: Desk) -> None:
    assert paging.newest(desk.tables, desk.case) == paging.Block((), 0, 0)


def test_the_length_of_a_case_is_the_number_of_posts_on_its_pages_whatever_is_done(desk: Desk) -> None:
    story = Story(desk, 5)
    for _ in range(400):
        story.step()
        length = projection.of_case(desk.tables, desk.case).length
        assert length == len(projection.shown(desk.tables, desk.case)), story.done
    assert length > 10
