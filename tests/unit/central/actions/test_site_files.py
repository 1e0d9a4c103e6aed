"""Files of both ways that are fetched again, and whose tasks of files a person sees."""

from __future__ import annotations

import io
from typing import Any, cast

import pytest
from sqlalchemy import select

from central.actions import site_files as actions
from central.actions import tasks
from central.domain.access.errors import NotPermittedError
from central.domain.accounts.errors import UnknownAccountError
from central.domain.operations.models import Task, UploadPart
from central.domain.satellites.errors import FileNotKeptError, UnknownSatelliteError
from central.domain.satellites.history import KEPT_REQUESTS, PART_BYTES, keep_request
from central.domain.satellites.models import AnsweredRequest, Satellite
from serverkit.db.unit import Unit
from serverkit.db.windows import Part
from serverkit.tasks import service
from serverkit.tasks.errors import UnknownTaskError
from tests.unit.central.factories import DOMAIN, NOBODY, NOW, add_satellite, unit_of


def answer(unit: Unit, satellite: Satellite, seq: int, content: bytes = b"request") -> None:
    """A request that was answered, as it is kept."""
    row: dict[str, Any] = {"account_id": satellite.account_id, "satellite_id": satellite.id, "epoch": 1, "seq": seq}
    digests = {"digest": "d" * 64, "response_digest": "e" * 64, "rseq": seq, "response": f"response {seq}".encode()}
    unit.session.add(
        AnsweredRequest(**row, **digests, change_upto=0, catalogue_upto=0, counts={"grant": seq}, received_at=NOW)
    )
    unit.session.flush()
    keep_request(unit, satellite, 1, seq, io.BytesIO(content))


@pytest.mark.row("C11.3")
def test_both_files_of_each_number_are_fetched_again() -> None:
    """Byte for byte, in parts; the newest requests are kept, all responses are; pages go forth by number."""
    with unit_of() as unit:
        satellite = add_satellite(unit, "North")
        large = b"x" * PART_BYTES + b"end"
        for seq in range(1, KEPT_REQUESTS + 3):
            answer(unit, satellite, seq, large if seq == 5 else b"request")
        first = actions.list_history(unit, DOMAIN, satellite.id, Part(most=3))
        assert [(one["sequence"], one["request_kept"]) for one in first.items] == [(22, True), (21, True), (20, True)]
        last = actions.list_history(unit, DOMAIN, satellite.id, Part(most=30, after=first.next))
        assert [(one["sequence"], one["request_kept"]) for one in last.items][-3:] == [
            (3, True),
            (2, False),
            (1, False),
        ]
        assert actions.list_named_history(unit, DOMAIN, "North", Part(most=1)).items == first.items[:1]

        assert b"".join(actions.fetch_request(unit, DOMAIN, satellite.id, 1, 5)) == large
        assert actions.fetch_named_file(unit, DOMAIN, "North", 1, 5, request=True) == large
        assert actions.fetch_response(unit, DOMAIN, satellite.id, 1, 2) == b"response 2"
        assert actions.fetch_named_file(unit, DOMAIN, "North", 1, 22) == b"response 22"
        for refused in (actions.fetch_response, actions.fetch_request):
            with pytest.raises(FileNotKeptError):
                refused(unit, DOMAIN, satellite.id, 1, 99)
            with pytest.raises(UnknownSatelliteError):
                refused(unit, DOMAIN, "none", 1, 1)
        for text in ("x", "-1", "", "9" * 20):
            with pytest.raises(FileNotKeptError):
                actions.number_of(text)
        unit.actor = NOBODY
        with pytest.raises((NotPermittedError, UnknownAccountError)):
            actions.list_history(unit, DOMAIN, satellite.id)


@pytest.mark.row("C11.2")
def test_a_task_of_a_file_is_shown_in_its_account_to_who_asked_for_it() -> None:
    """Under another account it is unknown; while it waits its satellite is known to be under way; it is stopped once."""
    with unit_of() as unit:
        satellite = add_satellite(unit, "North")
        wanted = {"domain": DOMAIN, "upload": "u" * 32, "satellite": satellite.id}
        task = service.ask(unit, Task, actions.FILE, wanted, own=True).id
        assert actions.files_under_way(unit, DOMAIN) == {satellite.id: task}
        assert actions.show_file_task(unit, DOMAIN, task)["stages"] == list(actions.STAGES)
        with pytest.raises(UnknownTaskError):
            actions.show_file_task(unit, "other.example", task)
        unit.actor = NOBODY
        with pytest.raises(UnknownTaskError):
            actions.stop_file_task(unit, DOMAIN, task)


@pytest.mark.row("C11.2")
def test_the_file_of_a_task_that_is_stopped_before_it_runs_is_deleted() -> None:
    """Also where the task is stopped among all tasks, and not on the page of the satellite."""
    with unit_of() as unit:
        uploads = ["a" * 32, "b" * 32]
        for upload in uploads:
            unit.session.add(UploadPart(upload_id=upload, part=0, at=NOW, content=b"x"))
        wanted = {"domain": DOMAIN, "upload": uploads[0], "satellite": "", "title": ""}
        task = service.ask(unit, Task, actions.FILE, wanted, own=True).id
        assert tasks.stop_task(cast("Any", None), unit, task)["state"] == "stopped"
        assert list(unit.session.scalars(select(UploadPart.upload_id))) == uploads[1:]
