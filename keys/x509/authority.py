"""The certification authority as the e-seal service sees it: certificates for seals, and whom to trust."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence

from keys.errors import KeyMissing
from keys.x509.authorities import Authorities
from keys.x509.issue import IssueCertificate, Wanted
from keys.x509.names import seal_name as seal_subject
from keys.x509.profiles import SEAL, issuer_of


class CertificateAuthority:
    """Issues seal certificates; over authorities that are loaded."""

    def __init__(self, authorities: Authorities, issue: IssueCertificate) -> None:
        self._authorities = authorities
        self._issue = issue

    def issuing_chain(self) -> list[bytes]:
        """DER: the authority that issues for seals, then those above it, the root last.

        Raises:
            KeyMissing: there is no authority yet.
        """
        return list(self._authorities.issuing(issuer_of(SEAL).name).chain)

    def trust_anchors(self) -> Sequence[bytes]:
        """DER of the roots that our own verification trusts.

        Raises:
            KeyMissing: there is no authority yet.
        """
        roots = self._authorities.roots()
        if not roots:
            raise KeyMissing("ca.root")
        return roots

    async def renew_seal_certificate(self, certificate: bytes) -> bytes:
        """A new certificate, in DER, for the key and with the names of one that we issued.

        Raises:
            CertificateNotFound: it is not in the register.
            CertificateConflict: it is held, revoked or not ours.
            core.errors.Unavailable: `key-missing` without an authority; `key-unavailable`.
        """
        return (await self._issue.renew(hashlib.sha256(certificate).hexdigest())).der

    async def issue_seal_certificate(
        self,
        *,
        organisation_name: str,
        organisation_code: str,
        seal_name: str,
        seal_code: str,
        public_key: bytes,
        purpose: str = "",
        life: dt.timedelta | None = None,
    ) -> bytes:
        """A certificate in DER for one electronic seal (RFC 5280; RFC 9336 documentSigning), kept in the register.

        Args:
            organisation_code: 统一社会信用代码 of the organisation that owns the seal.
            seal_code: 印章编码.
            public_key: SubjectPublicKeyInfo of the seal's key: of any algorithm that may sign documents.
            purpose: ring purpose of that key.
            life: how long it is valid; never longer than the issuing authority.

        Raises:
            CertificateRefused: a name or the key cannot be certified.
            CertificateConflict: the key is certified for somebody else.
            core.errors.Unavailable: `key-missing` without an authority; `key-unavailable`.
        """
        subject = seal_subject(
            organisation_name=organisation_name,
            organisation_code=organisation_code,
            seal_name=seal_name,
            seal_code=seal_code,
        )
        return (await self._issue(Wanted(SEAL, subject, public_key, purpose, life))).der
