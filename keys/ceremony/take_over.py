"""What a ceremony hands to the online service: the root, its revocation list, the issuing authorities' certificates.

The service believes a root because people compared its fingerprint with the signed paper, and all else because of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography import x509

from core.text import Text
from keys.ceremony.authority import AUTHORITIES
from keys.ceremony.canonical import digest
from keys.ceremony.errors import CeremonyRefused
from keys.errors import ChainRefused, SignatureRefused
from keys.spec import Use
from keys.x509.chain import check_chain
from keys.x509.model import RevocationReason
from keys.x509.signed_by import check_signed

ROOT_FILE, LIST_FILE = "root.cer", "root.crl"


@dataclass(frozen=True, slots=True)
class RootList:
    """The root's revocation list.

    Attributes:
        number: RFC 5280 §5.2.3; higher than that of every list before.
        revoked: since when and why, by serial number in lower-case hexadecimal.
    """

    der: bytes
    number: int
    this_update: dt.datetime
    next_update: dt.datetime
    revoked: Mapping[str, tuple[dt.datetime, RevocationReason]]


@dataclass(frozen=True, slots=True)
class TakeOver:
    """Everything, checked. `authorities` are certificates in DER by name; those that the list revokes are left out."""

    root: bytes
    revocations: RootList
    authorities: Mapping[str, bytes]


def read_take_over(files: Mapping[str, bytes], *, fingerprint: str, at: dt.datetime) -> TakeOver:
    """What to install, from the files that were carried over; others (protocols) are left alone.

    Args:
        fingerprint: SHA-256 of the root's certificate, typed from the signed paper; colons, spaces and case are free.

    Raises:
        CeremonyRefused: another root, or something that this root has not signed, or that is over.
    """
    root = _file(files, ROOT_FILE)
    if digest(root) != "".join(letter for letter in fingerprint.lower() if letter.isalnum()):
        raise CeremonyRefused(
            Text(
                f"根证书的指纹是 {digest(root)}，与所给的不一致。",
                f"The fingerprint of the root is {digest(root)}, not the one that was given.",
            )
        )
    _check_path([root], ROOT_FILE, at)
    revocations = read_root_list(_file(files, LIST_FILE), root, at=at)
    found = {name: files[f"{name}.cer"] for name in AUTHORITIES if f"{name}.cer" in files}
    for name, certificate in found.items():
        _check_path([certificate, root], f"{name}.cer", at)
    return TakeOver(
        root, revocations, {name: der for name, der in found.items() if _serial(der) not in revocations.revoked}
    )


def read_root_list(der: bytes, root: bytes, *, at: dt.datetime, after: int | None = None) -> RootList:
    """The root's list, if it may be published.

    Args:
        after: number of the list that is published now; the new one must be higher, or the same list again.

    Raises:
        CeremonyRefused: signed by somebody else, without a number, out of date, or older than the published one.
    """
    try:
        found = x509.load_der_x509_crl(der)
        issuer = x509.load_der_x509_certificate(root)
        check_signed(der, issuer, use=Use.REVOCATION, at=at)
        good = found.issuer == issuer.subject
        number = found.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        revoked = {f"{entry.serial_number:x}": (entry.revocation_date_utc, _reason(entry)) for entry in found}
        known = not any(extension.critical for extension in found.extensions)  # RFC 5280 §5.2: ours has none
    except (SignatureRefused, ValueError, TypeError, x509.ExtensionNotFound):
        good, known = False, False
    if not (good and known):
        raise _refused("不是该根证书签发的有效列表", "is no valid list of this root")
    end = found.next_update_utc
    if end is None or not found.last_update_utc <= at <= end:
        raise _refused("不在有效期内", "is not of this time: the holders must make a new one")
    if after is not None and number < after:
        raise _refused(
            f"编号 {number} 早于已公布的 {after}", f"has the number {number}, and {after} is published already"
        )
    return RootList(der, number, found.last_update_utc, end, revoked)


def _reason(entry: x509.RevokedCertificate) -> RevocationReason:
    try:
        found = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        return RevocationReason.UNSPECIFIED
    return RevocationReason(found.value)


def _check_path(path: list[bytes], name: str, at: dt.datetime) -> None:
    try:
        check_chain(path, moment=at)
    except ChainRefused as refused:
        raise CeremonyRefused(
            Text(f"{name} 不能使用（{refused.private}）。", f"{name} cannot be used ({refused.private}).")
        ) from None


def _serial(der: bytes) -> str:
    return f"{x509.load_der_x509_certificate(der).serial_number:x}"


def _file(files: Mapping[str, bytes], name: str) -> bytes:
    if name not in files:
        raise CeremonyRefused(Text(f"缺少文件 {name}。", f"The file {name} is missing."))
    return files[name]


def _refused(zh: str, en: str) -> CeremonyRefused:
    return CeremonyRefused(Text(f"{LIST_FILE} {zh}。", f"{LIST_FILE} {en}."))
