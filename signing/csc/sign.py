"""What signing software does with a credential: authorise it for hashes, and sign them (CSC API v2 §11.6 to §11.10)."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from core.audit.event import AuditEvent
from core.db.database import Database
from core.errors import AppError, InvalidInput
from core.files.reading import whole
from core.principal import Principal
from signing.csc.activation import MOST_HASHES, Activation, Activations, actor_name
from signing.csc.credentials import DOCUMENT_CLASS, Credential, Credentials
from signing.csc.names import bad_parameter, check_sign_algorithm
from signing.digests.hashes import SignHashes, SignHashesCommand
from signing.digests.model import Digest, SignDigestCommand
from signing.digests.sign import SignDigest
from signing.errors import SealNotActive, SealNotGranted
from signing.levels import Level
from signing.locks import NO_LOCKS, Certification, Locks
from signing.model import GrantForm, SealPdfCommand
from signing.profiles import PdfProfile
from signing.seal_pdf import SealPdf

_ACTION = "seal.activation"
_UNNAMED = "—"
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class TokenPermission:
    """A permission that an access token carries: its content, and the name of the decision that it rests on."""

    name: str
    activation: Activation


Permission = str | TokenPermission
"""A SAD, or what the access token allows."""


@dataclass(frozen=True, slots=True)
class ToSign:
    """Who signs with which credential, by which permission, in which algorithm (as the request names it)."""

    actor: Principal
    code: str
    permission: Permission = field(repr=False)
    sign_algorithm: str
    parameters: str | None = None


@dataclass(frozen=True, slots=True)
class DigestToSign:
    """A document's digest, to be answered with a container."""

    digest: Digest
    level: Level


@dataclass(frozen=True, slots=True)
class DocumentToSign:
    """A PDF, to be answered with the sealed file; `certify`: as the first signature, which allows forms alone later."""

    content: bytes = field(repr=False)
    level: Level
    certify: bool = False


class CscSigning:
    """The use cases."""

    def __init__(
        self,
        database: Database,
        credentials: Credentials,
        activations: Activations,
        sign_hashes: SignHashes,
        sign_digest: SignDigest,
        seal_pdf: SealPdf,
    ) -> None:
        self._database = database
        self._credentials = credentials
        self._activations = activations
        self._sign_hashes = sign_hashes
        self._sign_digest = sign_digest
        self._seal_pdf = seal_pdf

    async def authorize(
        self, actor: Principal, code: str, hashes: Sequence[Digest], description: str | None
    ) -> tuple[str, int]:
        """SAD for these hashes, and how many seconds it lives.

        Raises:
            core.errors.InvalidInput: `csc-parameter`; also for a credential that its holder authorises by OAuth.
            SealNotActive
        """
        async with self._on_record(actor):
            credential = await self._usable(code, actor)
            _check_wish(credential, hashes, description)
        end = self._activations.new_end
        named: Mapping[bytes, str | None] = {one.value: None for one in hashes}
        sad = await self._activations.give(
            Activation(actor_name(actor), code, credential.digest, named, end, description)
        )
        detail: dict[str, str | int | bool | None] = {"hashes": len(hashes)}
        await self._database.record(AuditEvent(_ACTION, "done", actor, credential.seal.id, detail=detail))
        return sad, self._activations.seconds_left(end)

    async def extend(self, actor: Principal, code: str, sad: str, hashes: Sequence[Digest]) -> tuple[str, int]:
        """Another SAD for what this one allowed and did not sign.

        Raises:
            core.errors.InvalidInput: `csc-parameter`.
        """
        wanted = {one.value: one.algorithm for one in hashes}
        async with self._on_record(actor):
            return await self._activations.extend(sad, actor, code, wanted)

    async def sign_hashes(self, order: ToSign, hashes: Sequence[Digest]) -> Sequence[bytes]:
        """Signature values, in the order of the hashes.

        Raises:
            core.errors.InvalidInput: `csc-parameter`.
            SealNotGranted: the caller has no grant for hashes.
            core.errors.AppError: as `SignHashes`.
        """
        credential = await self._checked(order, GrantForm.HASH)
        allowed = await self._take(order, {one.value: one.algorithm for one in _at_most(hashes)})
        signed = await self._sign_hashes(
            SignHashesCommand(
                hashes=tuple(hashes),
                seal_id=credential.seal.id,
                actor=order.actor,
                document_class=DOCUMENT_CLASS,
                reason=allowed.description,
                names=tuple(allowed.hashes[one.value] for one in hashes),
            )
        )
        return [one.value for one in signed]

    async def sign_digests(self, order: ToSign, digests: Sequence[DigestToSign]) -> Sequence[bytes]:
        """Containers with our own signed attributes, in the order of the digests.

        Raises:
            core.errors.InvalidInput: `csc-parameter`.
            SealNotGranted: the caller has no grant for digests.
            core.errors.AppError: as `SignDigest`; what was signed before stays in the ledger.
        """
        credential = await self._checked(order, GrantForm.DIGEST)
        values = _at_most([one.digest for one in digests])
        allowed = await self._take(order, {one.value: one.algorithm for one in values})
        made = []
        for one in digests:
            command = SignDigestCommand(
                digest=one.digest,
                seal_id=credential.seal.id,
                actor=order.actor,
                document_class=DOCUMENT_CLASS,
                document_name=allowed.hashes[one.digest.value] or _UNNAMED,
                reason=allowed.description or _UNNAMED,
                level=one.level,
            )
            made.append((await self._sign_digest(command)).container)
        return made

    async def sign_documents(self, order: ToSign, documents: Sequence[DocumentToSign]) -> Sequence[bytes]:
        """Sealed files, without a picture, in the order of the documents; the permission names their digests.

        Raises:
            core.errors.InvalidInput: `csc-parameter`.
            SealNotGranted: the caller has no grant for documents.
            core.errors.AppError: as `SealPdf`; what was sealed before stays in the ledger.
        """
        credential = await self._checked(order, GrantForm.DOCUMENT)
        digests = [_digest_of(credential, one.content) for one in documents]
        allowed = await self._take(order, {one.value: one.algorithm for one in _at_most(digests)})
        made = []
        for one in documents:
            command = SealPdfCommand(
                pdf=one.content,
                seal_id=credential.seal.id,
                actor=order.actor,
                document_class=DOCUMENT_CLASS,
                placement=None,
                reason=allowed.description,
                level=one.level,
                locks=Locks(Certification.FORMS) if one.certify else NO_LOCKS,
                profile=PdfProfile.PADES,  # the API's conformance levels are those of PAdES
            )
            made.append(whole((await self._seal_pdf(command)).content))
        return made

    async def _usable(self, code: str, actor: Principal) -> Credential:
        credential = await self._credentials.get(code, actor)
        if not credential.usable:
            raise SealNotActive
        return credential

    async def _checked(self, order: ToSign, form: GrantForm) -> Credential:
        """Everything that can be said before the permission is used up."""
        async with self._on_record(order.actor):
            credential = await self._usable(order.code, order.actor)
            if form not in credential.forms:
                raise SealNotGranted
            assert credential.algorithm is not None
            check_sign_algorithm(credential.algorithm, order.sign_algorithm, order.parameters)
        return credential

    async def _take(self, order: ToSign, wanted: Mapping[bytes, str]) -> Activation:
        permission = order.permission
        async with self._on_record(order.actor):
            if isinstance(permission, TokenPermission):
                return await self._activations.take_token(
                    permission.name, permission.activation, order.actor, order.code, wanted
                )
            return await self._activations.take(permission, order.actor, order.code, wanted)

    @asynccontextmanager
    async def _on_record(self, actor: Principal) -> AsyncIterator[None]:
        """Write a `refused` event for whatever is refused inside, a parameter by its name."""
        try:
            yield
        except AppError as refusal:
            detail: dict[str, str | int | bool | None] = {"error": refusal.code}
            if isinstance(refusal, InvalidInput):
                detail["parameter"] = refusal.field
            await self._database.record(AuditEvent(_ACTION, "refused", actor, detail=detail))
            raise


def _check_wish(credential: Credential, hashes: Sequence[Digest], description: str | None) -> None:
    if not credential.implicit:
        raise bad_parameter("credentialID")
    if not 1 <= len(hashes) <= credential.most or len({one.value for one in hashes}) != len(hashes):
        raise bad_parameter("hashes")
    if {one.algorithm for one in hashes} != {credential.digest}:
        raise bad_parameter("hashAlgorithmOID")
    if description is not None and (len(description) > _LONGEST or not description.isprintable()):
        raise bad_parameter("description")


def _digest_of(credential: Credential, content: bytes) -> Digest:
    return Digest(credential.digest, hashlib.new(credential.digest, content).digest())


def _at_most(hashes: Sequence[Digest]) -> Sequence[Digest]:
    if not 1 <= len(hashes) <= MOST_HASHES or len({one.value for one in hashes}) != len(hashes):
        raise bad_parameter("hashes")
    return hashes
