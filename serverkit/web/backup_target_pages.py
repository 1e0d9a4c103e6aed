"""Pages of copies off the machine, alike in both consoles: where they go, a test, copying (row B8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, cast

from pydantic import AfterValidator, BaseModel, Field

from serverkit.backup.acts import BackupActs
from serverkit.backup.targets import HOST, PATH, USER, fits, is_absolute, read_host_keys
from serverkit.http.operations import Needed
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.forms import Form, NoFields, Ui
from serverkit.web.page import Page
from serverkit.web.texts import Words, _
from serverkit.web.urls import Grade, Url

ROW, HELP = "B8", "backup-and-restore#copies-off-the-machine"
TITLE = _("Copies off the machine")


class FolderForm(BaseModel):
    """A folder of this machine."""

    folder: Annotated[str, AfterValidator(is_absolute)] = Field(min_length=1, max_length=1000)
    other_disk: bool = False
    keep: int = Field(default=30, ge=1, le=365)


class SftpForm(BaseModel):
    """A machine with SFTP."""

    host: Annotated[str, AfterValidator(fits(HOST, "host name or address"))] = Field(min_length=1, max_length=253)
    port: int = Field(default=22, ge=1, le=65535)
    user: Annotated[str, AfterValidator(fits(USER, "name of a user"))] = Field(min_length=1, max_length=64)
    path: Annotated[str, AfterValidator(fits(PATH, "path of plain letters"))] = Field(min_length=1, max_length=200)
    host_keys: Annotated[str, AfterValidator(read_host_keys)] = Field(min_length=1, max_length=8192)
    keep: int = Field(default=30, ge=1, le=365)


_KEEP = Ui(_("Copies to keep"), _("1 to 365."), width="narrow")
FOLDER = Form(
    FolderForm,
    _("Copy to this folder"),
    {
        "folder": Ui(_("Folder"), _("An absolute path, such as that of a mounted share."), kind="text", mono=True),
        "other_disk": Ui(
            _("Must be mounted"),
            _("Copies are refused while the folder is on the disk of this server."),
            kind="checkbox",
        ),
        "keep": _KEEP,
    },
)
SFTP = Form(
    SftpForm,
    _("Copy to this machine"),
    {
        "host": Ui(_("Machine"), _("Host name or address."), mono=True),
        "port": Ui(_("Port"), width="narrow"),
        "user": Ui(_("User"), mono=True),
        "path": Ui(_("Folder there"), mono=True),
        "host_keys": Ui(
            _("Host keys"),
            _("From that machine, not from the network: the content of /etc/ssh/ssh_host_ed25519_key.pub."),
            kind="textarea",
            mono=True,
        ),
        "keep": _KEEP,
    },
)


@dataclass(frozen=True)
class TargetPages:
    """The pages of one console: its use cases, the address of the backups, and what stands around its pages."""

    acts: BackupActs[Any]
    root: str
    manage: Needed
    nav: str
    crumbs: tuple[tuple[Words, str], ...]

    @property
    def path(self) -> str:
        """The address of the target."""
        return f"{self.root}/target"

    @property
    def urls(self) -> tuple[Url, ...]:
        """The addresses."""
        path, need, show = self.path, self.manage, self._show
        return (
            Url("GET", path, show, need, ROW),
            Url("POST", f"{path}/folder", self._set_folder, need, ROW, form=FolderForm, again=show),
            Url("POST", f"{path}/sftp", self._set_sftp, need, ROW, form=SftpForm, again=show),
            Url("POST", f"{path}/test", self._test, need, ROW, again=show),
            Url("POST", f"{path}/copy", self._copy, need, ROW, again=show),
            Url("GET", f"{path}/remove", self._ask_remove, need, ROW, fresh=True),
            Url("POST", f"{path}/remove", self._remove, need, ROW, fresh=True, grade=Grade.DIALOG),
        )

    def _show(self, page: Page) -> Answer:
        found = self.acts.show_target(page.server, page.unit)
        tried = page.path if page.typed is not None else ""
        program = self.acts.program
        context = {
            "found": found,
            "path": self.path,
            "newest": self.acts.newest_name(page.server, page.unit),
            "folder": FOLDER.view(
                page, f"{self.path}/folder", values=found, quiet=True, fresh=not tried.endswith("/folder")
            ),
            "sftp": SFTP.view(page, f"{self.path}/sftp", values=found, quiet=True, fresh=not tried.endswith("/sftp")),
            "command": "\n".join(
                f"{program} backup {words}"
                for words in (
                    "target set --folder /mnt/backups --keep 30",
                    "target set --sftp perigee@vault.example --path perigee --host-key-file FILE",
                    "target show",
                    "target test",
                    "copy",
                )
            ),
        }
        return Shown("backups-target", TITLE, "backup_target.html", context, **self._around())

    def _set_folder(self, page: Page) -> Answer:
        read = cast("FolderForm", page.read)
        self.acts.set_target(page.server, page.unit, {"kind": "folder", **read.model_dump()})
        return Moved(self.path, _("Saved. Test the target now."))

    def _set_sftp(self, page: Page) -> Answer:
        read = cast("SftpForm", page.read)
        self.acts.set_target(page.server, page.unit, {"kind": "sftp", **read.model_dump()})
        return Moved(self.path, _("Saved. Add the public key to that machine, then test the target."))

    def _test(self, page: Page) -> Answer:
        return Moved(f"{self.root}/task/{self.acts.start_test(page.unit)}")

    def _copy(self, page: Page) -> Answer:
        name = self.acts.newest_name(page.server, page.unit)
        return Moved(f"{self.root}/task/{self.acts.start_copy(page.server, page.unit, name)}")

    def _ask_remove(self, page: Page) -> Answer:
        view = Form(NoFields, _("Remove target")).view(
            page, f"{self.path}/remove", cancel=self.path, cancel_words=_("Keep it"), danger=True
        )
        effect = _("Backups are copied no more. The copies stay where they are; the key of this server is forgotten.")
        context = {"view": view, "effect": effect, "effects": (), "about": ()}
        return Shown("backups-target-remove", _("Remove target"), "confirm.html", context, **self._around())

    def _remove(self, page: Page) -> Answer:
        self.acts.remove_target(page.server, page.unit)
        return Moved(self.path, _("Target removed."))

    def _around(self) -> dict[str, Any]:
        return {"help": HELP, "crumbs": self.crumbs, "nav": self.nav}
