"""Publishes our own list, signed: JSON of our own and XML by ETSI TS 119 612, the same from every worker."""

from __future__ import annotations

import asyncio
import datetime as dt

from core.clock import Clock
from keys.errors import KeyStateConflict
from keys.keyring import KeyRing
from keys.ports import Signer
from keys.spec import SignatureAlgorithm, Use
from keys.trust.certificate import read_certificate
from keys.trust.change import ChangeTrust
from keys.trust.etsi_names import TSL_SIGNING
from keys.trust.etsi_write import write_list
from keys.trust.model import TrustList
from keys.trust.ports import TrustStore
from keys.trust.signed_json import sign_list
from keys.trust.xml_signature import sign_xml
from keys.x509.certificate import CertificateRequest, build_certificate
from keys.x509.names import authority_name
from keys.x509.profiles import CertificateProfile

PURPOSE = "statement.trust"
_PROFILE = CertificateProfile(
    "trust-list",
    None,
    frozenset({"digital_signature"}),
    dt.timedelta(days=10 * 365),
    signs=frozenset({Use.STATEMENT}),
    extended_key_usage=(TSL_SIGNING,),  # TS 119 612 §5.7.1
)


class PublishTrust:
    """
    Args:
        operator: who publishes; the O of the signer's certificate.
        address: public base address of `/pki/…`.
    """

    def __init__(
        self, change: ChangeTrust, store: TrustStore, ring: KeyRing, clock: Clock, *, operator: str, address: str
    ) -> None:
        self._change = change
        self._store = store
        self._ring = ring
        self._clock = clock
        self._operator = operator
        self._address = address
        self._made: dict[str, tuple[object, bytes]] = {}
        self._lock = asyncio.Lock()

    async def json(self) -> bytes:
        """The list as signed JSON (`application/jose+json`).

        Raises:
            core.errors.Unavailable: the signing key's device does not answer.
        """
        return await self._signed("json")

    async def xml(self) -> bytes:
        """The list as signed XML (`application/vnd.etsi.tsl+xml`).

        Raises:
            core.errors.Unavailable: the signing key's device does not answer.
        """
        return await self._signed("xml")

    async def certificate(self) -> bytes:
        """The certificate that readers pin, DER: made by the signing key for itself (TS 119 612 §5.7.1)."""
        signer = await self._signer()
        kept = await self._store.signer_certificate(signer.key_id)
        return kept or await self._store.keep_signer_certificate(signer.key_id, await self._certify(signer))

    async def prepare(self) -> None:
        """Make the signing key and its certificate if they are not there; quick when they are."""
        await self.certificate()

    async def _signed(self, form: str) -> bytes:
        trust_list, signer = await self._change.own_list(), await self._signer()
        key = (trust_list, signer.key_id)
        async with self._lock:
            made = self._made.get(form)
            if made is None or made[0] != key:
                made = self._made[form] = (key, await self._sign(form, trust_list, signer))
            return made[1]

    async def _sign(self, form: str, trust_list: TrustList, signer: Signer) -> bytes:
        if form == "json":
            return await sign_list(trust_list, signer)
        root = write_list(trust_list, address=self._address)
        return await sign_xml(root, signer, await self.certificate(), self._clock.now())

    async def _certify(self, signer: Signer) -> bytes:
        subject = authority_name(self._operator, "Trust List Signing")
        now = self._clock.now().replace(microsecond=0)
        request = CertificateRequest(subject, signer.public_key, now, now + _PROFILE.life, _PROFILE)
        der: bytes = (await build_certificate(request, issuer=subject, signer=signer)).dump()
        read_certificate(der)
        return der

    async def _signer(self) -> Signer:
        if not self._ring.verification_keys(PURPOSE):
            try:
                return await self._ring.create(PURPOSE, SignatureAlgorithm.ES256)
            except KeyStateConflict:  # another worker was faster
                await self._ring.refresh()
        return self._ring.signer(PURPOSE)
