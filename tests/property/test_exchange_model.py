"""Random walks through the exchange (rows S2.5, S2.6, C8.2)."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.property.exchange_model import Walk
from tests.property.small_world import SmallWorld

THOROUGH = os.environ.get("PERIGEE_PROFILE") == "thorough"
FIRST_SEED = int(os.environ.get("PERIGEE_SEED", "1000"))
STEPS = 50
WALKS_A_BLOCK = 400 if THOROUGH else 1


def walk(template: Path, folder: Path, seed: int, *, wild: bool, central_back: bool = False) -> None:
    """One walk in a folder of its own."""
    place = folder / f"{'wild' if wild else 'central' if central_back else 'honest'}-{seed}"
    place.mkdir()
    world = SmallWorld(template, place)
    try:
        Walk(world, seed, wild, central_back).run(STEPS)
    finally:
        world.close()
        shutil.rmtree(place)


@pytest.mark.long
@pytest.mark.row("S2.5", "C8.2", "S2.3", "B3")
@pytest.mark.parametrize("block", range(2))
def test_loss_repetition_and_disorder_converge_without_a_false_alarm(template: Path, memory: Path, block: int) -> None:
    """With an unkind courier and honest machines both sides agree after one good round trip, and nothing is ever refused but what is superseded."""
    for number in range(WALKS_A_BLOCK):
        walk(template, memory, FIRST_SEED + block * WALKS_A_BLOCK + number, wild=False)


@pytest.mark.long
@pytest.mark.row("S2.6", "S2.5", "C8.1", "C8.2", "C8.3", "S4.4")
@pytest.mark.parametrize("block", range(4))
def test_copies_restores_and_power_cuts_never_multiply_a_restricted_unit(
    template: Path, memory: Path, block: int
) -> None:
    """Whatever is restored, cloned or cut, no unit is granted twice, no record lost or doubled, and one resynchronization heals all."""
    for number in range(WALKS_A_BLOCK):
        walk(template, memory, FIRST_SEED + block * WALKS_A_BLOCK + number, wild=True)


@pytest.mark.long
@pytest.mark.row("S2.6", "C11.2", "C8.2")
@pytest.mark.parametrize("block", range(2))
def test_a_central_restored_many_times_multiplies_no_right_and_learns_it_all(
    template: Path, memory: Path, block: int
) -> None:
    """With its anchor or without, however old the copy: no two devices use one unit, and the site's word heals central."""
    for number in range(WALKS_A_BLOCK):
        walk(template, memory, FIRST_SEED + block * WALKS_A_BLOCK + number, wild=False, central_back=True)
