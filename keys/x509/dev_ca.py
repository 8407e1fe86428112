"""The development authorities: a root and the authorities below it, made at the first start. Never in production, where
the city's licensed certification authority (电子签名法 第十六条) issues what citizens rely on.
"""

from __future__ import annotations

from core.clock import Clock
from keys.errors import DevelopmentOnly, KeyMissing, KeyStateConflict
from keys.ports import Signer
from keys.x509.authorities import Authorities, Authority
from keys.x509.certificate import CertificateRequest, build_certificate
from keys.x509.chain import check_chain
from keys.x509.model import record_of
from keys.x509.names import authority_name
from keys.x509.ports import AuthorityKeys, CertificateStore
from keys.x509.profiles import AUTHORITIES, NATIONAL_AUTHORITIES, AuthorityKind
from keys.x509.publication import PkiAddresses, Publication

_NOWHERE = Publication()


class DevelopmentAuthorities:
    """Makes what is missing; safe when several workers start at once, for the register keeps one certificate of each.

    Args:
        city: the O of the certificates, e.g. 示范市.
        addresses: None for certificates that say nothing about where to ask.
        national: the authorities with national algorithms too.
        national_backend: where their keys are made; None for where all are.
    """

    def __init__(
        self,
        keys: AuthorityKeys,
        store: CertificateStore,
        authorities: Authorities,
        clock: Clock,
        *,
        city: str,
        addresses: PkiAddresses | None,
        national: bool = False,
        national_backend: str | None = None,
    ) -> None:
        self._keys = keys
        self._store = store
        self._authorities = authorities
        self._clock = clock
        self._city = city
        self._addresses = addresses
        self._national_backend = national_backend
        self._kinds = [*AUTHORITIES.values(), *(NATIONAL_AUTHORITIES.values() if national else ())]

    async def ensure(self, *, production: bool) -> None:
        """
        Raises:
            DevelopmentOnly: in production.
            LibraryMissing: this machine has no national algorithms, and they are asked for.
        """
        if production:
            raise DevelopmentOnly("the development certification authority")
        roots = {kind.name: await self._authority(kind, None) for kind in self._kinds if kind.is_root}
        for kind in self._kinds:
            if not kind.is_root:
                made = await self._authority(kind, roots[kind.root])
                check_chain(made.chain, moment=self._clock.now())

    async def _authority(self, kind: AuthorityKind, root: Authority | None) -> Authority:
        try:
            return self._authorities.issuing(kind.name)
        except KeyMissing:
            pass
        key = await self._key(kind)
        row = await self._store.add_authority(key.key_id, kind.name, moment=self._clock.now())
        await self._certify(kind, key, root)
        await self._authorities.load()
        assert row.key_id == key.key_id
        return self._authorities.issuing(kind.name)

    async def _key(self, kind: AuthorityKind) -> Signer:
        purpose = kind.purpose
        try:
            return self._keys.signer(purpose)
        except KeyMissing:
            pass
        try:
            backend = self._national_backend if kind.name in NATIONAL_AUTHORITIES else None
            return await self._keys.create(purpose, kind.algorithm, backend=backend)
        except KeyStateConflict:  # another worker was faster
            await self._keys.refresh()
            return self._keys.signer(purpose)

    async def _certify(self, kind: AuthorityKind, key: Signer, root: Authority | None) -> None:
        now = self._clock.now().replace(microsecond=0)
        name = authority_name(self._city, f"Yizheng Development {kind.common_name}")
        issuer, signer, published, end = name, key, _NOWHERE, now + kind.profile.life
        if root is not None:
            issuer, signer = root.certificate.subject, self._authorities.signer(root)
            end = min(end, root.certificate.not_valid_after)
            if self._addresses is not None:
                published = self._addresses.below_root(root.slug)
        certificate = await build_certificate(
            CertificateRequest(name, key.public_key, now, end, kind.profile, published), issuer=issuer, signer=signer
        )
        await self._store.add(
            record_of(
                certificate,
                issuer=kind.root,
                issuer_key_id=key.key_id if root is None else root.key_id,
                profile=kind.profile.name,
                purpose=kind.purpose,
                subject_key_id=key.key_id,
                created_at=now,
            )
        )
