"""Has a file read in a cell, and checks outside what can be: the one way to findings about a stranger's file."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.files.scratch import FileBytes
from signing.isolation.port import CellEnded, Isolation
from signing.verification.facts import ATTACHMENTS, FACTS, findings_of
from signing.verification.findings import FileFindings
from signing.verification.report import RevisionReport
from signing.verification.traits import Trait
from signing.work_pool import WorkPool

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Seen:
    """A file's findings.

    Attributes:
        attached: files that it carries; None if its last revision is not a signed one.
        revisions: what follows its first signature.
        traits: what to mind about it.
    """

    found: FileFindings
    attached: Mapping[str, bytes] | None = field(default=None, repr=False)
    revisions: tuple[RevisionReport, ...] = ()
    traits: tuple[Trait, ...] = ()


class LookAtFile:
    """Reads one file."""

    def __init__(self, pool: WorkPool, isolation: Isolation) -> None:
        self._pool = pool
        self._isolation = isolation

    async def __call__(self, content: FileBytes) -> Seen | None:
        """None if the file is too much to read.

        Raises:
            core.errors.LimitExceeded: `busy`.
            core.errors.Unavailable: `isolation-failed`.
        """
        return await self._pool.lane(len(content)).run(self._look, content)

    def attachments(self, revision: FileBytes) -> Mapping[str, bytes]:
        """The files that a signed revision carries; for a thread of the pool.

        Raises:
            core.errors.Unavailable: `isolation-failed`.
        """
        try:
            return self._isolation.ask(ATTACHMENTS, revision)
        except CellEnded:
            return {}

    def _look(self, content: FileBytes) -> Seen | None:
        try:
            facts = self._isolation.ask(FACTS, content)
        except CellEnded:
            return None
        try:
            return Seen(findings_of(content, facts), facts.attached, facts.later, facts.traits)
        except Exception as e:  # whoever answered so has been taken over: nothing is said about the file
            _log.error("what was read of a file is not true of it: %s", type(e).__name__)
            return None
