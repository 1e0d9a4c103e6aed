"""Use case of the figures that lists of licences are made of (row C3.1)."""

from __future__ import annotations

from central.domain.ledger.kept import FEW, keep_some
from central.runtime import Central
from serverkit.actor import Actor, ActorKind
from serverkit.licence_texts import quantity

MOST_PARTS = 100
"""A run adds up no more parts than this; the next one goes on."""


def keep_figures(server: Central) -> str:
    """Add up what changed since, a part in each unit of work; the result of the job."""
    actor, count = Actor(ActorKind.JOB, "figures", "job figures"), 0
    for _ in range(MOST_PARTS):
        done = server.database.run(actor, keep_some)
        count += done
        if done < FEW:
            break
    return f"{quantity(count, 'licence')} added up"
