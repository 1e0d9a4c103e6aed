"""What was set about each subject."""

from __future__ import annotations

from central.domain.base import Base
from serverkit.stored_settings import StoredSettingMixin


class StoredSetting(StoredSettingMixin, Base):
    """What pages and commands of the vendor set about one subject."""

    __tablename__ = "stored_settings"
