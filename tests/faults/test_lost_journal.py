"""A node whose PostgreSQL server is away serves what it has and says that it may be old; it comes back by itself."""

from __future__ import annotations

from pathlib import Path

from tests.live.clients import wait_until
from tests.postgres import cluster
from tests.server import running

PATIENCE_S = 60


def test_a_node_without_its_journal_serves_marked_pages_and_refuses_the_signed_in(tmp_path: Path) -> None:
    with cluster() as database, running(tmp_path / "data", journal=database.fresh()) as server:
        slug = server.open_case("lost", "A case whose journal is lost")
        server.publish(slug, "Said before.")
        page = server.reader.get(f"/{slug}/")
        assert "Said before." in page.text and "heard-stale" not in page.headers
        database.stop("immediate")
        wait_until(lambda: "heard-stale" in server.reader.get(f"/{slug}/").headers, PATIENCE_S)
        marked = server.reader.get(f"/{slug}/", headers={"If-None-Match": page.headers["etag"]})
        assert marked.status_code == 200 and "Said before." in marked.text
        assert "This page may be out of date" in marked.text
        refused = server.post(f"/cases/{slug}/posts", {"text": "Said meanwhile."})
        assert refused.status_code == 503 and refused.headers["retry-after"]
        assert server.reader.get(f"/live/{slug}/after/0").status_code == 200
        assert server.reader.get("/healthz").status_code < 600
        database.start()
        wait_until(lambda: "heard-stale" not in server.reader.get(f"/{slug}/").headers, PATIENCE_S)
        wait_until(lambda: server.post(f"/cases/{slug}/posts", {"text": "Said after."}).is_success, PATIENCE_S)
        wait_until(lambda: "Said after." in server.page(f"/{slug}/"), PATIENCE_S)
        assert sum("child_started child=app" in line for line in server.said) == 1
