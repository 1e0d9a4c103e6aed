"""Central's own backups in the browser: the pages are the satellite's, over central's use cases and permission."""

from __future__ import annotations

import re

import pytest

from central.actions.tasks import run_next_task
from tests.portal import central_portal, text_of
from tests.world import World

pytestmark = pytest.mark.one_database("pages ask actions, which the tests of each action prove on both")


@pytest.mark.row("B8")
def test_backups_are_made_copied_and_removed_in_the_browser_by_who_manages_the_vendor(vendor: World) -> None:
    """Another role gets none of it; without a passphrase nothing is made; the file that is sent is the one that is kept."""
    with central_portal(vendor) as portal:
        admin, reader = portal.admin, portal.enter("vera", "vendor_support")
        assert reader.get("/backups").status_code in {403, 404}
        assert reader.post("/backups/make").status_code in {403, 404}
        assert "Set a passphrase first" in text_of(admin.get("/backups"))
        assert admin.post("/backups/make").status_code == 409
        assert admin.post("/backups/passphrase", {"passphrase": ""}).status_code == 200
        task = admin.post("/backups/make").headers["Location"]
        run_next_task(portal.server)
        name = re.search(r"/backups/(central-[\w-]+\.pgb)/download", admin.get(task).get_data(as_text=True))
        assert name is not None
        kept = portal.server.home / "backups" / name[1]
        assert admin.get(f"/backups/{name[1]}/download").get_data() == kept.read_bytes()
        assert reader.get(f"/backups/{name[1]}/download").status_code in {403, 404}
        share = portal.server.home.parent / "share"
        share.mkdir()
        assert admin.post("/backups/target/folder", {"folder": str(share), "keep": "3"}).status_code == 303
        copying = admin.post("/backups/target/copy").headers["Location"]
        run_next_task(portal.server)
        assert "Done." in text_of(admin.get(copying))
        assert (share / name[1]).read_bytes() == kept.read_bytes()
        assert admin.post(f"/backups/{name[1]}/remove").status_code == 303
        assert not kept.exists()
        assert admin.get(f"/backups/{name[1]}/download").status_code == 404
