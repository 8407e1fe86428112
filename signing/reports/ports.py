"""What making reports asks of others: somebody who sets them on paper."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Protocol


class ReportSetter(Protocol):
    """Sets a report as PDF/A-3b."""

    def set(self, told: Mapping[str, Any], etsi: bytes, *, sealed: bool, made_at: dt.datetime) -> bytes:
        """The report with the one for machines attached (ISO 19005-3 §6.8); busy for some tenths of a second.

        Args:
            told: as `signing.reports.describe` makes it.
            sealed: whether a seal will stand on it; one without says so where the seal would be.

        Raises:
            core.errors.Unavailable: it could not be set.
        """
