"""The validation objects of an ETSI TS 119 102-2 report (§4.5): everything that a verdict rests on, each once.

Certificates, revocation lists, OCSP responses and time-stamps stand there in full, with the time at which they
certainly existed where that is known; the signatures' reports refer to them.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from signing.verification.etsi_xml import ETSI, add, digest, moment
from signing.verification.report import RevocationReport, SignatureReport, TimestampReport, VerificationReport

DOCUMENT = "document"
_KINDS = {"ocsp": "OCSPResponse", "crl": "CRL"}


@dataclass(slots=True)
class _Object:
    name: str
    kind: str
    content: bytes
    existed_by: dt.datetime | None = None
    stamp: TimestampReport | None = None


class ValidationObjects:
    """Gathers what a report rests on, and names it."""

    def __init__(self, report: VerificationReport) -> None:
        self._report = report
        self._objects: dict[bytes, _Object] = {}
        self._counts: dict[str, int] = {}
        for signature in report.signatures:
            self._of_signature(signature)
        for stamp in report.timestamps:
            self._of_stamp(stamp)

    def name_of(self, content: bytes) -> str | None:
        """By which the report refers to it."""
        found = self._objects.get(hashlib.sha256(content).digest())
        return found.name if found else None

    def names_of(self, contents: Sequence[bytes]) -> list[str]:
        return [name for one in contents if (name := self.name_of(one)) is not None]

    def write(self, root: etree._Element) -> None:
        """The last part of the report."""
        part = add(root, "SignatureValidationObjects")
        document = add(part, "ValidationObject", id=DOCUMENT)
        add(document, "ObjectType", ETSI.format("validationObject", "signedData"))
        digest(add(add(document, "ValidationObjectRepresentation"), "DigestAlgAndValue"), self._report.digest)
        for one in self._objects.values():
            self._write(part, one)

    def _of_signature(self, signature: SignatureReport) -> None:
        own = (signature.certificate,) if signature.certificate else ()
        for certificate in (*own, *signature.path):
            self._keep("certificate", certificate)
        for one in signature.revocation:
            if one.evidence.encoded:  # what our own register says has no form of its own
                self._keep(_KINDS[one.evidence.source], one.evidence.encoded, one.existed_by)
        for stamp in signature.timestamps:
            self._of_stamp(stamp)

    def _of_stamp(self, stamp: TimestampReport) -> None:
        for certificate in stamp.path:
            self._keep("certificate", certificate)
        if stamp.token:
            self._keep("timestamp", stamp.token).stamp = stamp

    def _keep(self, kind: str, content: bytes, existed_by: dt.datetime | None = None) -> _Object:
        key = hashlib.sha256(content).digest()
        if key not in self._objects:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._objects[key] = _Object(f"{kind}-{self._counts[kind]}", kind, content)
        one = self._objects[key]
        if existed_by is not None:
            one.existed_by = min(existed_by, one.existed_by or existed_by)
        return one

    def _write(self, part: etree._Element, one: _Object) -> None:
        written = add(part, "ValidationObject", id=one.name)
        add(written, "ObjectType", ETSI.format("validationObject", one.kind))
        # the schema names this element in lower case
        add(add(written, "ValidationObjectRepresentation"), "base64", base64.b64encode(one.content).decode())
        if one.existed_by is not None:
            existed = add(written, "POE")
            add(existed, "POETime", moment(one.existed_by))
            add(existed, "TypeOfProof", ETSI.format("poetype", "validation"))
        if one.stamp is not None:
            self._write_stamp(written, one.stamp)

    def _write_stamp(self, written: etree._Element, stamp: TimestampReport) -> None:
        """What a time-stamp proves (§4.5.7), and the verdict on itself."""
        if stamp.good and stamp.time is not None:
            proves = add(written, "POEProvisioning")
            add(proves, "POETime", moment(stamp.time))
            if stamp.kind == "document":
                add(proves, "ValidationObject", VOReference=DOCUMENT)
            else:
                add(add(proves, "SignatureReference"), "PAdESFieldName", stamp.field)
        status = add(add(written, "ValidationReport"), "SignatureValidationStatus")
        add(status, "MainIndication", ETSI.format("mainindication", "passed" if stamp.good else "indeterminate"))
        if stamp.path:
            write_chain(add(status, "AssociatedValidationReportData"), self, stamp.path)


def write_chain(part: etree._Element, objects: ValidationObjects, path: Sequence[bytes]) -> None:
    """TrustAnchor and CertificateChain (§4.4.4, §4.4.5): the path, its own certificate first, the anchor last."""
    first, *others = objects.names_of(path)
    add(part, "TrustAnchor", VOReference=(others or [first])[-1])
    chain = add(part, "CertificateChain")
    add(chain, "SigningCertificate", VOReference=first)
    for name in others[:-1]:
        add(chain, "IntermediateCertificate", VOReference=name)
    if others:
        add(chain, "TrustAnchor", VOReference=others[-1])


def write_revocation(
    part: etree._Element, objects: ValidationObjects, path: Sequence[bytes], found: Sequence[RevocationReport]
) -> None:
    """RelatedValidationObject and, for the first certificate that was revoked, RevocationStatusInformation (§4.4.6)."""
    for name in objects.names_of([one.evidence.encoded for one in found if one.evidence.encoded]):
        add(part, "RelatedValidationObject", VOReference=name)
    by_fingerprint = {hashlib.sha256(one).hexdigest(): one for one in path}
    for one in found:
        certificate = by_fingerprint.get(one.evidence.certificate)
        about = objects.name_of(certificate) if certificate else None
        if one.evidence.revoked_at is None or about is None:
            continue
        told = add(part, "RevocationStatusInformation")
        add(told, "ValidationObjectId", VOReference=about)
        add(told, "RevocationTime", moment(one.evidence.revoked_at))
        if one.evidence.reason:
            add(told, "RevocationReason", ETSI.format("revocationReason", one.evidence.reason))
        by = objects.name_of(one.evidence.encoded) if one.evidence.encoded else None
        if by is not None:
            add(told, "RevocationObject", VOReference=by)
        return  # the schema has room for one
