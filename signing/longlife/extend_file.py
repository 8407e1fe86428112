"""Makes a file last that somebody brings: an older one of ours, or a stranger's that can be proven genuine today.

The file is not kept and its signatures are not touched; what is added is validation data and time-stamps. That it was
done is on record with the digests of both files.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.audit.event import AuditEvent
from core.db.database import Database
from core.errors import AppError
from core.files.reading import hashed
from core.files.scratch import FileBytes
from core.principal import Principal
from signing.errors import not_extendable, too_large
from signing.levels import Level, LevelPolicy
from signing.longlife.extend import Extended, ExtendSignature
from signing.settings import SigningSettings
from signing.verify_pdf import VerifyPdf

_ACTION = "seal.file.extend"


@dataclass(frozen=True, slots=True)
class ExtendFileCommand:
    """A sealed file, and how long it is to last.

    Attributes:
        policy: what happens when the level cannot be had now.
    """

    content: FileBytes
    target: Level
    policy: LevelPolicy
    actor: Principal


class ExtendFile:
    """The use case."""

    def __init__(
        self, database: Database, verify: VerifyPdf, extend: ExtendSignature, settings: SigningSettings
    ) -> None:
        self._database = database
        self._verify = verify
        self._extend = extend
        self._settings = settings

    async def __call__(self, command: ExtendFileCommand) -> Extended:
        """The file at the level, or as near to it as can be had where the policy lets it; the level told is the one
        that is there. A file that has the level already comes back as it is.

        Raises:
            PdfRefused: `pdf-not-extendable`: not sealed, not whole, or sealed by somebody nobody vouches for.
            LevelNotReached, EvidenceMissing, keys.tsa.errors.TimestampUnavailable: and the policy wants all of it.
            core.errors.LimitExceeded: `too-large` or `busy`.
            core.errors.Unavailable: the lists cannot be read.
        """
        try:
            if len(command.content) > self._settings.max_pdf_bytes:
                raise too_large(self._settings.max_pdf_bytes)
            report = await self._verify(command.content)
            if report.conclusion != "genuine":  # what was altered after sealing is not given a longer life
                raise not_extendable(report.sub_indication or report.conclusion)
            made = await self._extend(command.content, command.target)
            if made.missing is not None and command.policy is LevelPolicy.EXACTLY:
                raise made.missing
        except AppError as refusal:
            detail: dict[str, str | int | bool | None] = {"code": refusal.code, "level": command.target.value}
            await self._database.record(AuditEvent(_ACTION, "refused", command.actor, detail=detail))
            raise
        detail = {
            "before": hashed(command.content).hexdigest(),
            "after": hashed(made.content).hexdigest(),
            "level": made.level.value,
        }
        await self._database.record(AuditEvent(_ACTION, "done", command.actor, detail=detail))
        return made
