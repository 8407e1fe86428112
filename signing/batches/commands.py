"""From a file of a batch to the command that seals it."""

from __future__ import annotations

from core.principal import Principal
from signing.batches.model import Batch
from signing.model import SealPdfCommand


def command_for(batch: Batch, content: bytes, actor: Principal) -> SealPdfCommand:
    wishes = batch.wishes
    return SealPdfCommand(
        pdf=content,
        seal_id=batch.seal_id,
        actor=actor,
        document_class=wishes.document_class,
        placement=wishes.places,
        reason=wishes.reason,
        level=wishes.level,
        level_policy=wishes.level_policy,
        location=wishes.location,
        contact=wishes.contact,
        locks=wishes.locks,
        profile=wishes.profile,
    )
