"""Revocation data that were kept with a document, judged as of the time at which they certainly existed.

Anybody can put anything beside a document, so each value is read as strictly as one that comes from an address: signed
by the authority or its responder, about this certificate, in force at the moment asked for or made later.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from keys.trust.certificate import Certificate
from keys.trust.crl import SKEW, RevocationRefused, read_list
from keys.trust.judgement import Evidence
from keys.trust.ocsp import LARGEST, read_answer
from keys.trust.ports import KeptRevocation


class KeptEvidence:
    """Implements `keys.trust.ports.KeptRevocation`.

    Args:
        answers, lists: OCSP responses and revocation lists (DER), each with the time at which it certainly existed: one
            that a time-stamp over it proves, or now. An authority's key is not believed beyond what it was good for
            then, so a forger who comes by it later gains nothing.
    """

    def __init__(self, answers: Mapping[bytes, dt.datetime], lists: Mapping[bytes, dt.datetime]) -> None:
        self._answers = answers
        self._lists = lists

    def existed_by(self, value: bytes) -> dt.datetime | None:
        """When a response or a list certainly existed; None if it is not among these."""
        return self._answers.get(value) or self._lists.get(value)

    def look_up(self, certificate: Certificate, issuer: Certificate, *, moment: dt.datetime) -> Evidence | None:
        return self.look_among(None, certificate, issuer, moment=moment)

    def look_among(
        self,
        values: Collection[bytes] | None,
        certificate: Certificate,
        issuer: Certificate,
        *,
        moment: dt.datetime,
    ) -> Evidence | None:
        """As `look_up`, but going by these values alone; None for all. The newest counts; a revocation before all."""
        found = [*self._said(values, certificate, issuer, moment), *self._listed(values, certificate, issuer, moment)]
        revoked = [one for one in found if one.revoked_at is not None]
        return max(revoked or found, key=lambda one: one.produced_at, default=None)

    def _said(
        self, values: Collection[bytes] | None, certificate: Certificate, issuer: Certificate, moment: dt.datetime
    ) -> Iterator[Evidence]:
        for der, existed in self._answers.items():
            if len(der) > LARGEST or (values is not None and der not in values):
                continue
            begins = _answer_for(der, certificate.serial)
            if begins is None or begins > existed + SKEW:
                continue
            try:
                answer = read_answer(
                    der, certificate, issuer, nonce=None, now=max(moment, begins), existed=max(existed, begins)
                )
            except RevocationRefused:
                continue
            yield Evidence(certificate.fingerprint, "ocsp", begins, answer.revoked_at, answer.reason, der)

    def _listed(
        self, values: Collection[bytes] | None, certificate: Certificate, issuer: Certificate, moment: dt.datetime
    ) -> Iterator[Evidence]:
        for der, existed in self._lists.items():
            if values is not None and der not in values:
                continue
            begins = _list_of(der, issuer)
            if begins is None or begins > existed + SKEW:
                continue
            try:
                found = read_list(der, issuer, now=max(moment, begins), existed=max(existed, begins))
                entry = found.entry_of(certificate)
            except RevocationRefused:
                continue
            revoked_at, reason = entry or (None, None)
            yield Evidence(certificate.fingerprint, "crl", begins, revoked_at, reason, der)


def _answer_for(der: bytes, serial: int) -> dt.datetime | None:
    """As of when a response speaks, if it is one about this number."""
    try:
        response = ocsp.load_der_ocsp_response(der)
        return response.this_update_utc if response.serial_number == serial else None
    except (ValueError, TypeError):
        return None


def _list_of(der: bytes, issuer: Certificate) -> dt.datetime | None:
    """As of when a list speaks, if it goes by the issuer's name."""
    try:
        parsed = x509.load_der_x509_crl(der)
        if parsed.issuer != issuer.parsed.subject or parsed.public_bytes(Encoding.DER) != der:
            return None
        return parsed.last_update_utc
    except (ValueError, TypeError, x509.InvalidVersion):
        return None


_: type[KeptRevocation] = KeptEvidence
