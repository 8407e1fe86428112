"""The work of `yizheng signature-log …`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from api.cli.composed import composed
from api.settings import Settings
from api.wiring.public_log import signature_log_origin
from core.clock import SystemClock
from core.errors import NotFound
from keys.notes import read_note_key
from signing.public_log.receipt import CheckedReceipt, check_receipt
from signing.public_log.unseen import signature_names
from signing.public_log.verify import PublicLogVerdict


async def key_lines(settings: Settings) -> Sequence[str]:
    """The keys to pin, today's first."""
    async with composed(settings) as container:
        log = container.public_log
        if not log.key_lines():  # the key is made with the first checkpoint
            await log.keep()
        return log.key_lines()


async def receipt(settings: Settings, file: bytes) -> object:
    """The receipt of a sealed file; a checkpoint is signed first, so that it covers the file.

    Raises:
        core.errors.NotFound: `signature-not-logged`.
    """
    async with composed(settings) as container:
        log, whole = container.public_log, hashlib.sha256(file).hexdigest()
        names = (whole, *signature_names(file))  # by its signature where it was sealed by its digest
        await log.keep()
        for name in names:
            try:
                return (await log.prove.receipt(name)).document()
            except NotFound:
                continue
        return (await log.prove.receipt(whole)).document()


def check(settings: Settings, document: bytes, pinned: Sequence[str], file: bytes | None) -> CheckedReceipt:
    """Check a receipt with pinned keys alone: no database, no key store."""
    keys = [read_note_key(one) for one in pinned]
    return check_receipt(document, signature_log_origin(settings.issuer), keys, SystemClock(), file=file)


async def verify(settings: Settings, pinned: Sequence[str], outside: Sequence[str]) -> PublicLogVerdict:
    """The whole log, with the service's own keys where none are pinned."""
    async with composed(settings) as container:
        log = container.public_log
        keys = [read_note_key(one) for one in pinned] if pinned else log.signer.keys(log.origin)
        return await log.verify(keys, outside=outside)
