"""A case that is heard while the stories read it."""

from __future__ import annotations

import httpx2

from tests.server import Server


class Hearing:
    """A case with a few posts, and the desk to act from."""

    def __init__(self, server: Server, desk: httpx2.Client, slug: str) -> None:
        self.server, self.desk, self.slug = server, desk, server.open_case(slug, "The case that is followed")
        self.posts = [self.publishes(f"Post number {n}. " + "The evidence goes on. " * 12) for n in range(1, 9)]

    def publishes(self, text: str, **more: object) -> str:
        return self.server.publish(self.slug, text, **more)

    def does(self, path: str, body: object) -> None:
        answer = self.server.post(path, body)
        assert answer.status_code == 201, answer.text

    def retracts(self, post: str) -> None:
        self.does(f"/posts/{post}/retraction", {"reason": "it names a child"})

    def state(self, state: str, **more: object) -> None:
        self.does(f"/cases/{self.slug}/state", {"state": state, **more})

    def moves(self, post: str, before: str) -> None:
        """By the form of the desk."""
        answer = self.desk.post(f"/desk/{self.slug}/move", data={"post": post, "before": before})
        assert answer.status_code == 303, answer.text
