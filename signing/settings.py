"""Settings of the e-seal service."""

from __future__ import annotations

from core.settings import Section


class SigningSettings(Section):
    """Bounds on what one file may cost.

    Attributes:
        max_pdf_bytes: largest file to seal or to verify.
        threads: files worked on at the same time.
        waiting: files that may wait for a thread before callers are turned away.
        seconds_per_file: time after which reading one file is given up.
    """

    max_pdf_bytes: int = 100_000_000
    threads: int = 2
    waiting: int = 64
    seconds_per_file: float = 8.0
