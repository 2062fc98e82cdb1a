"""A node whose PostgreSQL server is away serves what it has and says that it may be old; it comes back by itself."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest

from heard.engine.errors import Corrupt
from heard.opening import open_house
from tests.desk import Desk
from tests.postgres import Cluster, cluster
from tests.server import running
from tests.waiting import wait_until

PATIENCE_S = 60
GUIDE = Path(__file__).parents[2] / "docs" / "operating" / "postgres.md"


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


def test_a_journal_that_lost_entries_goes_on_under_a_new_epoch_and_on_empty_folders_only(
    postgres: Cluster, tmp_path: Path
) -> None:
    journal = postgres.fresh()
    house = open_house(tmp_path / "before", journal=journal)
    Desk(house)
    epoch = house.store.epoch
    house.close()
    [told] = re.findall(r'psql heard -c "(.*)"', GUIDE.read_text())
    with psycopg.connect(journal, autocommit=True) as db:
        db.execute(told)
    with pytest.raises(Corrupt, match="Name an empty folder"):
        open_house(tmp_path / "before", journal=journal)
    anew = open_house(tmp_path / "after", journal=journal)
    assert anew.node.catch_up() > 0 and anew.store.epoch != epoch
    assert re.fullmatch("[a-z2-7]{16}", anew.store.epoch)
    anew.close()
