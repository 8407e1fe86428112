"""Seals one file in the form that is wanted (`signing.profiles`): with PAdES, with SM2, or with both.

In a file with both the SM2 stamp comes first, with the picture and the locks, and the PAdES signature is the outermost
revision and shows nothing. A viewer that knows PAdES alone finds its signature over the whole file; one that knows the
national seal finds that on the page.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field, replace
from functools import partial

from core.errors import InvalidInput
from core.files.scratch import FileBytes
from core.text import Text
from keys.ports import KeyProvider
from signing.isolation.port import Isolation
from signing.levels import Level, LevelPolicy
from signing.locks import NO_LOCKS, Certification
from signing.longlife.seal_at import SealAtLevel, Wanted
from signing.model import Seal, SealPdfCommand
from signing.national_writers import ContainerWriter, national_writer
from signing.pades.append import SignatureText
from signing.pades.update import Prepared
from signing.placing.prepare import prepare
from signing.ports import NationalSigners
from signing.profiles import INNER, LEVEL_NAMES, PADES_HANDLER, Handler, PdfProfile, national_handler
from signing.settings import SigningSettings
from signing.work_pool import WorkPool
from signing.writers import SealWriters


@dataclass(frozen=True, slots=True)
class Made:
    """A sealed file.

    Attributes:
        revision: where the outermost signature's own revision ends, in octets.
        certificate: SHA-256 of the certificate under which the outermost signature was made, hexadecimal.
        level: PAdES level; None in a form that has none.
        told: the level, or the name of the form, as it is told and entered in the ledger.
        renew_by: when its outermost time-stamp stops counting.
    """

    content: FileBytes = field(repr=False)
    revision: int
    certificate: str
    level: Level | None
    told: str
    renew_by: dt.datetime | None = None


class SealInProfile:
    """Turns a file into a sealed one; enters nothing anywhere."""

    def __init__(
        self,
        keys: KeyProvider,
        national: NationalSigners,
        seal_at: SealAtLevel,
        pool: WorkPool,
        isolation: Isolation,
        settings: SigningSettings,
    ) -> None:
        self._writers = SealWriters(keys)
        self._national = national
        self._seal_at = seal_at
        self._pool = pool
        self._isolation = isolation
        self._settings = settings

    async def __call__(
        self, seal: Seal, command: SealPdfCommand, words: SignatureText, profile: PdfProfile, wanted: Wanted
    ) -> Made:
        """
        Args:
            words: name the signature's field.

        Raises:
            PdfRefused, PlacementInvalid: the file or the place is not acceptable.
            core.errors.InvalidInput: `level-needs-pades`, `lock-not-with-dual`.
            core.errors.Conflict: `seal-form-missing`.
            core.errors.LimitExceeded: `busy`.
            core.errors.Unavailable: the key does not answer, or the level cannot be had.
        """
        check_profile(command, profile, wanted)
        if profile is PdfProfile.PADES:
            return await self._pades(seal, command, words, wanted)
        if profile is not PdfProfile.DUAL:
            return await self._nationally(seal, command, words, profile)
        self._writers.of(seal)  # a key that is missing is found before the other is used
        inner = replace(words, field_name=words.field_name + INNER)
        first = await self._nationally(seal, command, inner, profile)
        outer = replace(command, pdf=first.content, placement=None, locks=NO_LOCKS)
        return await self._pades(seal, outer, words, wanted)

    async def _pades(self, seal: Seal, command: SealPdfCommand, words: SignatureText, wanted: Wanted) -> Made:
        made = await self._seal_at(
            partial(self._prepare, seal, command, words, PADES_HANDLER),
            self._writers.of(seal),
            words.field_name,
            wanted,
            octets=len(command.pdf),
        )
        certificate = hashlib.sha256(seal.certificate).hexdigest()
        return Made(made.content, made.revision, certificate, made.level, made.level.value, made.renew_by)

    async def _nationally(self, seal: Seal, command: SealPdfCommand, words: SignatureText, profile: PdfProfile) -> Made:
        signer = await self._national.of(seal)
        writer = national_writer(profile, signer, at=words.signed_at, field_name=words.field_name)
        handler = national_handler(profile, self._settings.national_filter)
        prepared = partial(self._prepare, seal, command, words, handler)
        content = await self._pool.lane(len(command.pdf)).run(_sign, prepared, writer)
        certificate = hashlib.sha256(signer.certificates[0]).hexdigest()
        return Made(content, len(content), certificate, None, LEVEL_NAMES[handler.sub_filter])

    def _prepare(
        self, seal: Seal, command: SealPdfCommand, words: SignatureText, handler: Handler, octets: int
    ) -> Prepared:
        limit = self._settings.max_pdf_bytes
        return prepare(self._isolation, command, words, octets=octets, image=seal.image, limit=limit, handler=handler)


def _sign(prepare_for: partial[Prepared], writer: ContainerWriter) -> FileBytes:
    prepared = prepare_for(writer.size)
    return prepared.finished(writer.sign(prepared.digest(writer.digest)))


def check_profile(command: SealPdfCommand, profile: PdfProfile, wanted: Wanted) -> None:
    """What was asked for by name must go with the form.

    Raises:
        core.errors.InvalidInput: `level-needs-pades`, `lock-not-with-dual`.
    """
    longer = command.level not in (None, Level.B_B) and wanted.policy is LevelPolicy.EXACTLY
    if longer and not profile.has_levels:
        raise InvalidInput(
            "level-needs-pades",
            Text(
                "国密格式没有这个签名等级，没有盖章。要长期保存请选“两种都盖”，或不写等级。",
                "The national form has no such level; nothing was sealed. Choose both forms to make it last, "
                "or name no level.",
            ),
            field="level",
        )
    if profile is PdfProfile.DUAL and command.locks.certify is Certification.NOTHING:
        raise InvalidInput(
            "lock-not-with-dual",
            Text(
                "两种都盖时，第一个签名不能禁止一切改动，没有盖章。请选允许签名的锁定方式。",
                "With both forms the first signature cannot forbid every change; nothing was sealed. Choose a lock "
                "that lets others sign.",
            ),
            field="certify",
        )
