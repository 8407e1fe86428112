"""Who hears of what is odd."""

from __future__ import annotations

from typing import Protocol

from certstore.alerts.rules import Oddity, Seen


class AlertSink(Protocol):
    """Tells those who watch over the service."""

    def tell(self, oddity: Oddity, event: Seen) -> None:
        """Does not wait and never fails.

        Args:
            event: the one that made it odd.
        """
