"""The repository's stores with the transactions and the clock that all use cases share."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from certstore.look_log import LookLog
from certstore.ports import AccessStore, CatalogueStore, ConsentStore, FileStore, LicenceStore, UseRuleStore
from certstore.quota import UseQuota
from core.clock import Clock, calendar_day
from core.db.database import Database


@dataclass(frozen=True, slots=True)
class Repository:
    """What a use case needs to read and write."""

    database: Database
    clock: Clock
    catalogue: CatalogueStore
    licences: LicenceStore
    files: FileStore
    consents: ConsentStore
    access: AccessStore
    quota: UseQuota
    rules: UseRuleStore
    looks: LookLog

    def now(self) -> dt.datetime:
        return self.clock.now()

    def today(self) -> dt.date:
        """The calendar day in Asia/Shanghai."""
        return calendar_day(self.clock.now())
