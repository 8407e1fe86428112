"""`yizheng ca …`: each change is an audit event of the service itself."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

from api.cli.prepare import check_current, with_database
from api.settings import Settings
from api.wiring.container import build_container
from api.wiring.keys import build_keys
from api.wiring.pki import PkiServices, build_pki
from core.audit.event import AuditEvent
from core.clock import SystemClock
from core.principal import SYSTEM
from keys.spec import SignatureAlgorithm
from keys.x509.csr import read_request
from keys.x509.errors import CertificateNotFound
from keys.x509.files import certificates_in, to_pem
from keys.x509.issue import Wanted
from keys.x509.model import CertificateQuery, CertificateRecord, CertificateStatus, RevocationReason
from keys.x509.names import SubjectWords, subject_for
from keys.x509.profiles import PROFILES

Result = TypeVar("Result")
_SHA256 = 64  # hexadecimal digits


async def with_pki(settings: Settings, work: Callable[[PkiServices], Awaitable[Result]]) -> Result:
    """Open the key store and the certificate authority for `work` alone."""
    await check_current(settings)
    clock = SystemClock()
    keys = await build_keys(settings.keys, clock)
    try:
        return await work(await build_pki(keys, clock, settings.pki))
    finally:
        await keys.close()


async def audited(
    settings: Settings, action: str, subject: str, work: Callable[[PkiServices], Awaitable[Result]]
) -> Result:
    """The register is a database of its own, so the event says `attempted` before and `done` after the change."""
    await check_current(settings)
    await with_database(settings, lambda db: db.record(AuditEvent(action, "attempted", SYSTEM, subject)))
    result = await with_pki(settings, work)
    await with_database(settings, lambda db: db.record(AuditEvent(action, "done", SYSTEM, subject)))
    return result


async def list_authorities(settings: Settings) -> list[str]:
    """A line for each key of each authority, and one for each that is missing."""

    async def work(pki: PkiServices) -> list[str]:
        lines = [
            f"{one.slug:14} {one.record.not_after:%Y-%m-%d}  {one.record.subject}  sha256:{one.record.sha256}"
            for one in pki.authorities.all()
        ]
        missing = pki.authorities.missing(national=settings.pki.national)
        return lines + [f"{name:14} missing: yizheng ca request {name}" for name in missing]

    return await with_pki(settings, work)


async def request_authority(
    settings: Settings,
    name: str,
    target: Path,
    new_key: bool,
    algorithm: SignatureAlgorithm | None,
    *,
    bits: int | None,
    backend: str | None,
) -> str:
    """Write the request to `target`; what to compare when it is certified.

    Raises:
        core.errors.AppError: no authority of this name, or the key cannot be made.
    """

    async def work(pki: PkiServices) -> str:
        made = await pki.install.request_authority(
            name, new_key=new_key, algorithm=algorithm, bits=bits, backend=backend
        )
        await asyncio.to_thread(target.write_bytes, made.der)
        return f"{target}: sha256 {hashlib.sha256(made.der).hexdigest()}, key {made.key_id}"

    return await audited(settings, "authority.request", f"ca.{name}", work)


async def install_authority(settings: Settings, name: str, certificate: Path, issuers: Sequence[Path]) -> str:
    """
    Raises:
        core.errors.AppError: the certificate is not for our key, or its path does not hold.
    """
    files = [await asyncio.to_thread(file.read_bytes) for file in (certificate, *issuers)]
    path = [der for content in files for der in certificates_in(content)]

    async def work(pki: PkiServices) -> str:
        record = await pki.install.install_authority(name, path[0], path[1:])
        return f"{name}: {record.subject} issues until {record.not_after:%Y-%m-%d}"

    return await audited(settings, "authority.install", f"ca.{name}", work)


async def issue(settings: Settings, profile: str, request: Path, words: SubjectWords, days: int | None) -> str:
    """Issue a certificate; answers PEM.

    Raises:
        core.errors.AppError: the request, a name or the key is refused, or there is no authority.
    """
    asked = read_request(await asyncio.to_thread(request.read_bytes), at=SystemClock().now())
    life = None if days is None else dt.timedelta(days=days)
    wanted = Wanted(PROFILES[profile], subject_for(profile, words), asked.public_key, life=life)

    async def work(pki: PkiServices) -> str:
        return to_pem((await pki.issue(wanted)).der)

    return await audited(settings, "certificate.issue", profile, work)


async def issue_pair(
    settings: Settings, subject: str, request: Path, words: SubjectWords, days: int | None, folder: Path
) -> list[str]:
    """Issue a national pair and write it into `folder`; a line for each file.

    Raises:
        core.errors.AppError: the request, a name or the key is refused, or there is no national authority.
    """
    asked = await asyncio.to_thread(request.read_bytes)
    life = None if days is None else dt.timedelta(days=days)

    async def work(pki: PkiServices) -> list[str]:
        made = await pki.issue_pair(subject, asked, words, life=life)
        files = {
            "signing.pem": to_pem(made.signing.der).encode(),
            "encryption.pem": to_pem(made.encryption.der).encode(),
            "encryption.key": made.enveloped,
        }
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        for name, content in files.items():
            await asyncio.to_thread((folder / name).write_bytes, content)
        return [
            f"{folder / 'signing.pem'}: {made.signing.serial}",
            f"{folder / 'encryption.pem'}: {made.encryption.serial}",
            f"{folder / 'encryption.key'}: SM2EnvelopedKey for the signing key; there is no other copy",
        ]

    return await audited(settings, "certificate.issue", f"{subject}-pair", work)


async def renew(settings: Settings, certificate: str, request: Path | None) -> str:
    """
    Raises:
        core.errors.AppError: no such certificate, it is not good, or the request is refused.
    """
    key = None
    if request is not None:
        key = read_request(await asyncio.to_thread(request.read_bytes), at=SystemClock().now()).public_key

    async def work(pki: PkiServices) -> str:
        former = await _find(pki, certificate)
        return to_pem((await pki.issue.renew(former.sha256, public_key=key)).der)

    return await audited(settings, "certificate.renew", certificate[:64], work)


async def change(
    settings: Settings,
    step: Literal["suspend", "resume", "revoke"],
    certificate: str,
    reason: str,
    since: dt.datetime | None,
) -> str:
    """
    Raises:
        core.errors.AppError: no such certificate, or its state does not allow the step.
    """

    async def work(pki: PkiServices) -> str:
        found = await _find(pki, certificate)
        if step == "suspend":
            after = await pki.change.suspend(found.sha256)
        elif step == "resume":
            after = await pki.change.resume(found.sha256)
        else:
            after = await pki.change.revoke(found.sha256, RevocationReason(reason), invalidity_at=since)
        return f"{after.serial}: {after.status}; lists and answers of every worker follow within seconds"

    return await audited(settings, f"certificate.{step}", certificate[:64], work)


async def search(settings: Settings, status: str | None, **wanted: Any) -> list[str]:
    """A line for each certificate: status, end, profile, serial number, subject.

    Args:
        wanted: fields of `CertificateQuery`.
    """
    query = CertificateQuery(status=CertificateStatus(status) if status else None, **wanted)

    async def work(pki: PkiServices) -> list[str]:
        return [
            f"{one.status:8} {one.not_after:%Y-%m-%d}  {one.profile or 'external':10} {one.serial}  {one.subject}"
            for one in await pki.certificates.search(query)
        ]

    return await with_pki(settings, work)


async def show(settings: Settings, certificate: str) -> list[str]:
    """A line for each fact.

    Raises:
        core.errors.AppError: no such certificate.
    """

    async def work(pki: PkiServices) -> list[str]:
        one = await _find(pki, certificate)
        facts = {
            "subject": one.subject,
            "issuer": one.issuer or "external",
            "profile": one.profile,
            "serial": one.serial,
            "sha256": one.sha256,
            "key": one.subject_key_id,
            "purpose": one.purpose,
            "valid": f"{one.not_before:%Y-%m-%d %H:%M:%S} to {one.not_after:%Y-%m-%d %H:%M:%S} UTC",
            "status": one.status.value,
            "reason": one.reason.value if one.reason else "",
            "since": f"{one.revoked_at:%Y-%m-%d %H:%M:%S} UTC" if one.revoked_at else "",
            "invalid since": f"{one.invalidity_at:%Y-%m-%d %H:%M:%S} UTC" if one.invalidity_at else "",
        }
        return [f"{name + ':':15}{value}" for name, value in facts.items() if value]

    return await with_pki(settings, work)


async def export(settings: Settings, certificate: str) -> str:
    """PEM: the certificate and, where it is ours, the path above it.

    Raises:
        core.errors.AppError: no such certificate.
    """

    async def work(pki: PkiServices) -> str:
        found = await _find(pki, certificate)
        issuer = pki.authorities.of_key(found.issuer_key_id)
        above = () if issuer is None or issuer.der == found.der else issuer.chain
        return "".join(map(to_pem, (found.der, *above)))

    return await with_pki(settings, work)


async def revocation_list(settings: Settings, name: str, target: Path) -> str:
    """
    Raises:
        core.errors.AppError: no such authority, or an offline one whose list is not installed.
    """

    async def work(pki: PkiServices) -> str:
        found = await pki.lists.get(name)
        await asyncio.to_thread(target.write_bytes, found.der)
        return f"{target}: number {found.number}, {found.entries} entries, until {found.next_update:%Y-%m-%d %H:%M} UTC"

    return await with_pki(settings, work)


async def import_certificate(settings: Settings, seal: str, files: Sequence[Path]) -> str:
    """
    Raises:
        core.errors.AppError: no such seal, or the certificate is not for its key or cannot be of use.
    """
    contents = [await asyncio.to_thread(file.read_bytes) for file in files]
    chain = [der for content in contents for der in certificates_in(content)]
    await check_current(settings)
    container = await build_container(settings)
    try:
        after = await container.signing.take_over_certificate(seal, chain, actor=SYSTEM)
    finally:
        await container.close()
    return f"{after.id}: signs under sha256 {hashlib.sha256(after.certificate).hexdigest()}"


async def _find(pki: PkiServices, certificate: str) -> CertificateRecord:
    wanted = certificate.lower().replace(":", "")
    if len(wanted) == _SHA256:
        found = await pki.certificates.find(wanted)
        return _one([found] if found else [])
    return _one(await pki.certificates.search(CertificateQuery(serial=wanted.lstrip("0"), limit=2)))


def _one(found: Sequence[CertificateRecord]) -> CertificateRecord:
    if len(found) != 1:  # two issuers may have given the same number: then its SHA-256 tells which
        raise CertificateNotFound
    return found[0]
