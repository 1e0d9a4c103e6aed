"""What was set about each subject."""

from __future__ import annotations

from satellite.core.base import Base
from serverkit.stored_settings import StoredSettingMixin


class StoredSetting(StoredSettingMixin, Base):
    """What pages and commands set about one subject."""

    __tablename__ = "stored_settings"
