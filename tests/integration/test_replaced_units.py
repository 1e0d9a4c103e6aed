"""A person names the machine that replaces a unit: the instance stays, the replaced unit leaves (row S4.1)."""

from __future__ import annotations

import pytest

from tests.integration.test_detached import events, in_use, refused, row_of, server, world
from tests.world import ACCOUNT, World

__all__ = ["server", "world"]


@pytest.mark.row("S4.1", "C7.6")
def test_the_machine_that_replaces_a_unit_is_the_same_instance(world: World, server: str) -> None:
    """What is known, detached or no unit is refused; then the old key is not answered, and its licences are free."""
    old = world.device("SN1", server)
    old.use("ADVANTAGE", 2)
    of = str(row_of(world, server)["id"])
    run = world.central if server == "central" else world.satellite
    words = ("instance", "replace", *((ACCOUNT, of) if server == "central" else (of,)), "--pid", "SW-48", "--serial")

    def code(*more: str) -> str:
        return str(run(*words, *more, code=1)["error"]["code"])

    old.detach(3)
    codes = [code("SN2")]
    old.reattach()
    codes += [code("sn1"), code("SN2", "--unit", "SN9"), code("SN 2")]
    run(*words, "SN2")
    world.close()

    assert codes == ["instance_detached", "unit_known", "unknown_unit", "malformed"]
    assert (row_of(world, server)["serial"], in_use(world, server)) == ("SN2", 0)
    assert "PID:SW-48 SN:SN1" in events(world, server)["instance:unit_replaced"]
    assert refused(old.renew_authorization) == "unknown_issuer"
    new = world.device("SN2", server)
    new.use("ADVANTAGE", 1)
    assert (row_of(world, server)["id"], in_use(world, server)) == (of, 1)
    if server == "satellite":
        world.synchronize("replaced")
        assert (row_of(world, "central")["serial"], in_use(world, "central")) == ("SN2", 1)
