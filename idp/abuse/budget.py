"""One budget of tries for all ways in: guessing is bounded, and nobody can lock somebody else out.

What counts is who is tried (the subject) and from where (the source). For each pair of them some tries are free, and
some more cost computing; the same holds for a subject over all sources, and for a source over all subjects. A browser
from which the person logged in before stands outside all of that and has a budget of its own. Every try is counted by
one atomic increment before anything is compared, so a parallel burst gains nothing; and what is refused adds to no
budget but its own source's, so an attacker cannot use up what they do not pay for (attacks F-08, O-53, O-54).

The figures are in `docs/abuse.md`.
"""

from __future__ import annotations

from core.errors import LimitExceeded
from core.kv.port import KeyValueStore
from idp.abuse.attempt import Admitted, Attempt, PuzzleNeeded, too_many
from idp.abuse.patterns import Patterns
from idp.abuse.puzzle import Puzzle, Puzzles
from idp.security_events.model import SecurityEventKind
from idp.security_events.ports import SecurityEvents
from idp.settings import IdpSettings
from idp.source import hashed, source_of

_HOT = 2  # bits more for a source, or a password, that is under suspicion


class Budget:
    """Admits or refuses tries."""

    def __init__(
        self,
        kv: KeyValueStore,
        puzzles: Puzzles,
        patterns: Patterns,
        events: SecurityEvents,
        settings: IdpSettings,
    ) -> None:
        self._kv = kv
        self._puzzles = puzzles
        self._patterns = patterns
        self._events = events
        self._settings = settings

    async def admit(self, attempt: Attempt) -> Admitted:
        """Count a try, before anything is compared.

        Raises:
            PuzzleNeeded: the browser must compute first.
            LimitExceeded: `too-many-tries`.
        """
        if attempt.device is not None:
            used = await self._count("device", hashed(attempt.subject, attempt.device))
            if used <= self._settings.tries_per_device:
                return Admitted(self._settings.tries_per_device - used)
        try:
            return await (self._paid(attempt) if attempt.answer.token else self._free(attempt))
        except LimitExceeded:
            self._refused(attempt)
            raise

    async def failed(self, attempt: Attempt) -> None:
        """The try was wrong: look whether it is one of a pattern."""
        if attempt.device is None:
            await self._patterns.failed(attempt)

    async def succeeded(self, attempt: Attempt) -> None:
        """The try was right: forget the wrong ones of this pair or browser, and the free ones of this subject.

        What was paid for stays counted, and so does the source, whose other tries somebody's success must not hide.
        """
        if attempt.device is not None:
            await self._kv.delete(f"idp:try:device:{hashed(attempt.subject, attempt.device)}")
            return
        pair = _pair(attempt)
        await self._kv.delete(f"idp:try:pair:{pair}")
        await self._kv.delete(f"idp:try:pair-paid:{pair}")
        await self._kv.delete(f"idp:try:subject:{hashed(attempt.subject)}")

    async def _free(self, attempt: Attempt) -> Admitted:
        settings, place = self._settings, source_of(attempt.source)
        if await self._patterns.suspects(attempt):
            raise await self._needed(attempt, _HOT)
        if await self._count("source", place, settings.try_window_wide) > settings.tries_per_source_wide:
            raise await self._needed(attempt, _HOT)
        used = await self._count("pair", _pair(attempt))
        if used > settings.tries_per_source:
            raise await self._needed(attempt)
        everywhere = await self._count("subject", hashed(attempt.subject))
        if everywhere > settings.tries_per_identifier:
            raise await self._needed(attempt)
        left = max(0, min(settings.tries_per_source - used, settings.tries_per_identifier - everywhere))
        return Admitted(left, await self._puzzle(attempt) if left == 0 else None)

    async def _paid(self, attempt: Attempt) -> Admitted:
        settings, pair = self._settings, _pair(attempt)
        if not await self._puzzles.solved(pair, attempt.answer.token, attempt.answer.number):
            raise await self._needed(attempt)
        place = source_of(attempt.source)
        if await self._count("source-paid", place, settings.try_window_wide) > settings.paid_tries_per_source_wide:
            raise too_many(settings.try_window_wide)
        if await self._count("pair-paid", pair) > settings.paid_tries_per_source:
            raise too_many(settings.try_window)
        everywhere = await self._count("subject-paid", hashed(attempt.subject))
        if everywhere > settings.paid_tries_per_identifier:
            self._events.note(SecurityEventKind.ACCOUNT_UNDER_ATTACK, account_id=attempt.account_id)
            raise too_many(settings.try_window)
        return Admitted(0, await self._puzzle(attempt))

    async def _needed(self, attempt: Attempt, more: int = 0) -> PuzzleNeeded:
        return PuzzleNeeded(await self._puzzle(attempt, more), self._settings.try_window)

    async def _puzzle(self, attempt: Attempt, more: int = 0) -> Puzzle:
        """The more was paid for this subject already, the dearer the next try."""
        paid = int(await self._kv.get(f"idp:try:subject-paid:{hashed(attempt.subject)}") or b"0")
        bits = self._settings.puzzle_bits + paid // 2 + more
        return self._puzzles.make(_pair(attempt), min(bits, self._settings.puzzle_bits_most))

    async def _count(self, kind: str, name: str, ttl: int | None = None) -> int:
        return await self._kv.incr(f"idp:try:{kind}:{name}", ttl or self._settings.try_window)

    def _refused(self, attempt: Attempt) -> None:
        self._events.note(
            SecurityEventKind.TRIES_REFUSED,
            account_id=attempt.account_id,
            source=attempt.source,
            detail={"way": attempt.way.value},
        )


def _pair(attempt: Attempt) -> str:
    return hashed(attempt.subject, source_of(attempt.source))
