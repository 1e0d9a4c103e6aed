"""Pages of the backups that a server makes itself, alike in both consoles: the list, one more, schedule, passphrase (row S3.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from pydantic import BaseModel

from serverkit.backup.acts import BackupActs
from serverkit.backup.kit import facts, kit_text, steps
from serverkit.backup.ports import LOOK, MAKE, REHEARSE
from serverkit.db.unit import Unit
from serverkit.errors import NotFoundError
from serverkit.http.operations import Needed
from serverkit.web.answers import Answer, Moved, Sent, Shown
from serverkit.web.backup_forms import (
    KIT,
    KIT_WITH_KEY,
    LABELS,
    NAMES,
    PASSPHRASE,
    PLAN,
    STAGES,
    STATES,
    KitForm,
    PassphraseForm,
    PlanForm,
    done_words,
)
from serverkit.web.backup_target_pages import TargetPages
from serverkit.web.formats import distance
from serverkit.web.forms import Form
from serverkit.web.page import Page
from serverkit.web.schedule_words import WEEKDAYS, zones
from serverkit.web.task_pages import task_view, work_page
from serverkit.web.texts import Words, _, in_words
from serverkit.web.urls import Grade, Url

ROW, HELP = "S3.4", "backup-and-restore"
TITLE = _("Backup")
MEDIA = "application/octet-stream"


@dataclass(frozen=True)
class BackupPages:
    """The pages of one console: its use cases and tasks, the address of the list, and what stands around its pages.

    `after` says what a restore asks for afterwards.
    """

    acts: BackupActs[Any]
    root: str
    manage: Needed
    nav: str
    after: Words
    zone_of: Callable[[Page], str]
    is_scheduled: Callable[[Unit], bool]
    show_task: Callable[[Any, Unit, str], dict[str, Any]]
    stop_task: Callable[[Any, Unit, str], dict[str, Any]]
    crumbs: tuple[tuple[Words, str], ...] = ()

    @property
    def urls(self) -> tuple[Url, ...]:
        """The addresses."""
        root, one, need = self.root, f"{self.root}/{{name}}", self.manage
        task = f"{root}/task/{{id}}"
        return (
            Url("GET", root, self._list, need, ROW),
            Url("POST", f"{root}/plan", self._save_plan, need, ROW, form=PlanForm, again=self._list, current=self._present),
            Url("GET", f"{root}/passphrase", self._passphrase, need, ROW, fresh=True),
            Url("POST", f"{root}/passphrase", self._set_passphrase, need, ROW, form=PassphraseForm, fresh=True),
            Url("POST", f"{root}/make", self._make, need, ROW, again=self._list),
            *self._target.urls,
            Url("GET", task, self._watch, need, ROW, load=self._find_task),
            Url("POST", f"{task}/stop", self._stop, need, ROW, load=self._find_task, again=self._watch),
            Url("GET", f"{one}/download", self._download, need, ROW, load=self._find, fresh=True),
            Url("POST", f"{one}/verify", self._verify, need, ROW, load=self._find, again=self._list),
            Url("POST", f"{one}/preview", self._preview, need, "B8", load=self._find, again=self._list),
            Url("POST", f"{one}/rehearse", self._rehearse, need, "B8", load=self._find, again=self._list),
            Url("GET", f"{root}/kit", self._kit, need, "B8"),
            Url("POST", f"{root}/kit", self._download_kit, need, "B8", form=KitForm, again=self._kit),
            Url("GET", f"{one}/remove", self._ask_remove, need, ROW, load=self._find, fresh=True),
            Url("POST", f"{one}/remove", self._remove, need, ROW, load=self._find, fresh=True, grade=Grade.DIALOG),
        )  # fmt: skip

    @property
    def _target(self) -> TargetPages:
        return TargetPages(self.acts, self.root, self.manage, self.nav, (*self.crumbs, (TITLE, self.root)))

    def _around(self, *, below: bool = True) -> dict[str, Any]:
        crumbs = (*self.crumbs, (TITLE, self.root)) if below else self.crumbs
        return {"help": HELP, "crumbs": crumbs, "nav": self.nav}

    def _page(self, name: str, title: Words, template: str, context: Mapping[str, Any]) -> Shown:
        return Shown(f"backups-{name}", title, template, context, **self._around())

    def _task_path(self, task_id: str) -> str:
        return f"{self.root}/task/{task_id}"

    def _present(self, page: Page) -> dict[str, Any]:
        """The schedule, which someone else may have changed meanwhile; the zone of the page is proposed where there is none."""
        found = self.acts.plan(page.unit)
        return {
            "every": found.every,
            "at": found.at,
            "keep": found.keep,
            "weekday": WEEKDAYS[found.weekday],
            "zone": found.zone if found.every != "off" else self.zone_of(page),
        }

    def _list(self, page: Page) -> Answer:
        found = self.acts.show(page.server, page.unit)
        typed = page.typed if page.typed is not None else {}
        plan = PLAN.view(
            page,
            f"{self.root}/plan",
            current=self._present(page),
            choices={"zone": zones()},
            fresh="keep" not in typed,
            theirs=self.root,
            quiet=True,
        )
        newest, program = found["newest_verified"], self.acts.program
        context = {
            "found": found,
            "root": self.root,
            "rows": [(one, *STATES[one["state"]], distance(one["created"], page.now)) for one in found["items"]],
            "plan": plan,
            "age": distance(newest, page.now) if newest else "",
            "scheduled": self.is_scheduled(page.unit),
            "after": self.after,
            "target": self.acts.show_target(page.server, page.unit),
            "rehearsed": self.acts.last_rehearsal(page.unit),
            "command": "\n".join(
                f"{program} {words}"
                for words in (
                    "backup list",
                    "backup now",
                    "backup plan --every daily --at 02:00 --keep 7",
                    "backup passphrase --passphrase-file FILE",
                    "restore FILE --passphrase-file FILE --replace",
                )
            ),
        }
        return Shown("backups", TITLE, "backups.html", context, **self._around(below=False))

    def _save_plan(self, page: Page) -> Answer:
        read = cast("PlanForm", page.read)
        changes = {**read.model_dump(exclude={"weekday"}), "weekday": WEEKDAYS.index(read.weekday)}
        self.acts.change_plan(page.server, page.unit, changes)
        return Moved(self.root, _("Saved."))

    def _passphrase(self, page: Page) -> Answer:
        view = PASSPHRASE.view(page, f"{self.root}/passphrase", cancel=self.root)
        intro = _(
            "Backups are encrypted with this passphrase and cannot be opened without it. Store it outside this machine: a restore asks for it. Existing backups keep the passphrase that they were made with."
        )
        return self._page("passphrase", _("Backup passphrase"), "form_page.html", {"view": view, "intro": intro})

    def _set_passphrase(self, page: Page) -> Answer:
        given = cast("PassphraseForm", page.read).passphrase
        text = given.get_secret_value() if given is not None else None
        made = self.acts.set_passphrase(page.server, page.unit, text)
        if made is None:
            return Moved(self.root, _("Passphrase set."))
        context = {"made": made, "back": self.root}
        return self._page("passphrase-made", _("Passphrase made"), "backup_passphrase.html", context)

    def _make(self, page: Page) -> Answer:
        return Moved(self._task_path(self.acts.start_make(page.unit)))

    def _find(self, page: Page) -> dict[str, Any]:
        """The backup of the address; UnknownBackupError."""
        return self.acts.find(page.server, page.unit, page.parts["name"])

    def _verify(self, page: Page) -> Answer:
        return Moved(self._task_path(self.acts.start_verify(page.server, page.unit, page.thing["name"])))

    def _preview(self, page: Page) -> Answer:
        return Moved(self._task_path(self.acts.start_trial(page.server, page.unit, LOOK, page.thing["name"])))

    def _rehearse(self, page: Page) -> Answer:
        return Moved(self._task_path(self.acts.start_trial(page.server, page.unit, REHEARSE, page.thing["name"])))

    def _kit(self, page: Page) -> Answer:
        """The emergency kit as a sheet, and as a file."""
        found = self.acts.kit(page.server, page.unit)
        has_key = found["target"]["kind"] == "sftp"
        context = {
            "facts_of_kit": [(LABELS.get(label, label), value) for label, value in facts(found)],
            "steps": [(in_words(sentence), command) for sentence, command in steps(found)],
            "view": (KIT_WITH_KEY if has_key else KIT).view(page, f"{self.root}/kit", quiet=True),
            "command": f"{self.acts.program} backup kit --output kit.txt",
        }
        return self._page("kit", _("Emergency kit"), "backup_kit.html", context)

    def _download_kit(self, page: Page) -> Answer:
        found = self.acts.kit(page.server, page.unit, with_key=cast("KitForm", page.read).with_key)
        return Sent(f"{self.acts.program}-emergency-kit.txt", "text/plain; charset=utf-8", [kit_text(found).encode()])

    def _download(self, page: Page) -> Answer:
        return Sent(page.thing["name"], MEDIA, self.acts.read(page.server, page.unit, page.thing["name"]))

    def _ask_remove(self, page: Page) -> Answer:
        one = page.thing
        view = Form(BaseModel, _("Remove backup")).view(
            page, f"{self.root}/{one['name']}/remove", cancel=self.root, cancel_words=_("Keep it"), danger=True
        )
        effect = _("{name} is removed from this machine and cannot be restored.", name=one["name"])
        context = {"view": view, "effect": effect, "effects": (), "about": ()}
        return self._page("remove", _("Remove backup"), "confirm.html", context)

    def _remove(self, page: Page) -> Answer:
        self.acts.remove(page.server, page.unit, page.thing["name"])
        return Moved(self.root, _("Backup removed."))

    def _find_task(self, page: Page) -> dict[str, Any]:
        """The task of the address, if it is about backups; NotFoundError."""
        found = self.show_task(page.server, page.unit, page.parts["id"])
        if found["kind"] not in NAMES:
            raise NotFoundError
        return found

    def _watch(self, page: Page) -> Answer:
        """How far a task is."""
        task = page.thing
        kind, done = task["kind"], task["state"] == "done"
        said = done_words(kind, task["result"] or {}) if done else ""
        view = task_view(task, self._task_path(task["id"]), NAMES[kind], STAGES, result=said)
        more = None
        if done and kind == MAKE:
            more = (_("Download it"), f"{self.root}/{task['result']['name']}/download")
        return work_page(
            page, "backups-task", view, back=(_("Backups"), self.root), more=more, template="backup_task.html",
            context={"result": task["result"] if done and kind in {LOOK, REHEARSE} else None}, **self._around(),
        )  # fmt: skip

    def _stop(self, page: Page) -> Answer:
        """Stop before the next stage."""
        self.stop_task(page.server, page.unit, page.thing["id"])
        return Moved(self._task_path(page.thing["id"]))
