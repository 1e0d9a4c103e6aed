"""Two who convert the same PAK at the same time: it is converted once."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest

from central.actions.conversions import convert_licences
from central.domain.conversions.errors import ConversionChangedError, NothingToConvertError, UnknownClassicSkuError
from central.domain.conversions.rules import SourceKind
from central.runtime import open_central
from serverkit.actor import OPERATOR
from tests.world import ACCOUNT, World


@pytest.mark.both_databases
@pytest.mark.row("C9.2")
def test_two_at_once_convert_a_pak_once(vendor: World) -> None:
    """One of them finds nothing left; the units enter once, and the ledger adds up."""
    skus = vendor.file("skus.csv", "sku,tag,contract_needed\nL-ESS,ESSENTIALS,no\n")
    vendor.central("convert", "skus", "import", skus)
    vendor.central("convert", "paks", "import", ACCOUNT, vendor.file("paks.csv", "pak,sku,quantity\nP-1,L-ESS,7\n"))
    revision = vendor.central("convert", "paks", "show", ACCOUNT, "P-1")["revision"]
    server = open_central(vendor.folder / "central")
    done: list[int] = []
    barrier = Barrier(2)

    def work() -> None:
        barrier.wait()
        try:
            found = server.database.run(
                OPERATOR,
                lambda unit: convert_licences(unit, ACCOUNT, SourceKind.PAK, "P-1", {"L-ESS": 7}, None, revision),
            )
            done.append(found["quantity"])
        except (ConversionChangedError, NothingToConvertError, UnknownClassicSkuError):
            done.append(0)

    threads = [Thread(target=work) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    server.database.dispose()

    assert sorted(done) == [0, 7]
    assert (
        sum(one["purchased"] for one in vendor.central("licences", ACCOUNT)["items"] if one["tag"] == "ESSENTIALS") == 7
    )
    assert vendor.central("ledger", "verify")["ok"]
