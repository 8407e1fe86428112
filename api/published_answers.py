"""What our own authorities publish about their certificates, taken where it is made: no network between us."""

from __future__ import annotations

from core.errors import AppError
from keys.trust.certificate import read_certificate
from keys.trust.ocsp import build_request
from keys.x509.authorities import Authorities, Authority
from keys.x509.lists import RevocationLists
from keys.x509.ocsp.responder import OcspResponder
from signing.longlife.ports import OwnAnswers
from signing.pades.security_store import ValidationData


class PublishedAnswers:
    """Implements `signing.longlife.ports.OwnAnswers`: from the responder, or the list of an offline authority."""

    def __init__(self, authorities: Authorities, responder: OcspResponder, lists: RevocationLists) -> None:
        self._authorities = authorities
        self._responder = responder
        self._lists = lists

    async def about(self, certificate: bytes, issuer: bytes) -> ValidationData:
        authority = self._of(issuer)
        if authority is None:
            return ValidationData()
        if authority.kind.answers:
            request = build_request(read_certificate(certificate), read_certificate(issuer), None)
            return ValidationData(answers=((await self._responder.answer(authority.slug, request)).der,))
        try:
            return ValidationData(lists=((await self._lists.get(authority.slug)).der,))
        except AppError:  # an offline authority whose list nobody has installed
            return ValidationData()

    def _of(self, issuer: bytes) -> Authority | None:
        """Ours, by its key."""
        key = read_certificate(issuer).public_key
        return next((one for one in self._authorities.all() if one.public_key == key), None)


_: type[OwnAnswers] = PublishedAnswers
