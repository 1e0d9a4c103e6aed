"""Steps in an order: which are done is read from the state, so that a wizard can be left, repeated, or taken by command."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from serverkit.web.texts import Words

if TYPE_CHECKING:
    from serverkit.web.page import Page


@dataclass(frozen=True, slots=True)
class Step:
    """A step: where it stands, and whether the state says that it is done."""

    name: str
    title: Words
    path: str
    done: Callable[[Page], bool]


@dataclass(frozen=True, slots=True)
class StepView:
    """A step as it is shown: without an address where it cannot be taken yet."""

    name: str
    title: Words
    path: str
    done: bool


@dataclass(frozen=True, slots=True)
class Wizard:
    """Steps; each can be taken when all before it are done, and again after that."""

    steps: Sequence[Step]

    def view(self, page: Page) -> list[StepView]:
        """The steps for `steps()` of the templates."""
        found, open_still = [], True
        for step in self.steps:
            done = step.done(page)
            found.append(StepView(step.name, step.title, step.path if open_still else "", done))
            open_still = open_still and done
        return found

    def first_open(self, page: Page) -> Step:
        """The first step that is not done; the last where all are."""
        return next((step for step in self.steps if not step.done(page)), self.steps[-1])

    def is_open(self, page: Page, name: str) -> bool:
        """Whether a step can be taken now."""
        return any(one.name == name and one.path for one in self.view(page))

    def after(self, name: str) -> Step:
        """The step that follows; the last follows itself."""
        names = [step.name for step in self.steps]
        return self.steps[min(names.index(name) + 1, len(names) - 1)]
