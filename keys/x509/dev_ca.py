"""The development authority: a root and an issuing authority, made at the first start. Never in production, where
the city's licensed certification authority (电子签名法 第十六条) issues what citizens rely on.
"""

from __future__ import annotations

import datetime as dt

from asn1crypto import x509

from core.clock import Clock
from keys.errors import DevelopmentOnly, KeyMissing, KeyStateConflict
from keys.keyring import KeyRing
from keys.ports import KeyStore, Signer
from keys.spec import SignatureAlgorithm
from keys.x509.authority import ISSUING_PURPOSE, PROFILES, ROOT_PURPOSE, CertificateAuthority, record_of
from keys.x509.certificate import CertificateRequest, build_certificate
from keys.x509.chain import check_chain
from keys.x509.names import authority_name

_ROOT_LIFE = dt.timedelta(days=20 * 365)
_ISSUING_LIFE = dt.timedelta(days=10 * 365)


async def ensure_development_ca(
    ring: KeyRing, store: KeyStore, clock: Clock, city_name: str, *, production: bool
) -> CertificateAuthority:
    """The development authority, made if it is not there; safe when several workers start at once.

    Args:
        city_name: the O of both certificates, e.g. 示范市.

    Raises:
        DevelopmentOnly: in production.
    """
    if production:
        raise DevelopmentOnly("the development certification authority")
    authority = CertificateAuthority(ring, store, clock)
    if await authority.load():
        return authority
    root_key = await _key(ring, ROOT_PURPOSE)
    issuing_key = await _key(ring, ISSUING_PURPOSE)
    root_name = authority_name(city_name, "Yizheng Development Root")
    root = await _certify(store, clock, ROOT_PURPOSE, root_name, root_key, _ROOT_LIFE, issuer=root_name, by=root_key)
    await _certify(
        store,
        clock,
        ISSUING_PURPOSE,
        authority_name(city_name, "Yizheng Development Seal Authority"),
        issuing_key,
        _ISSUING_LIFE,
        issuer=root.subject,
        by=root_key,
    )
    await authority.load()
    check_chain(authority.issuing_chain(), moment=clock.now())
    return authority


async def _key(ring: KeyRing, purpose: str) -> Signer:
    try:
        return ring.signer(purpose)
    except KeyMissing:
        pass
    try:
        return await ring.create(purpose, SignatureAlgorithm.ES256)
    except KeyStateConflict:  # another worker was faster
        await ring.refresh()
        return ring.signer(purpose)


async def _certify(
    store: KeyStore,
    clock: Clock,
    purpose: str,
    subject: x509.Name,
    key: Signer,
    life: dt.timedelta,
    *,
    issuer: x509.Name,
    by: Signer,
) -> x509.Certificate:
    """Make and store the certificate; of several workers' attempts the store keeps one, and that is the answer."""
    now = clock.now().replace(microsecond=0)
    request = CertificateRequest(subject, key.public_key, now, now + life, PROFILES[purpose])
    certificate = await build_certificate(request, issuer=issuer, signer=by)
    await store.add_certificate(record_of(certificate, purpose, key.key_id, now))
    kept = await store.certificates(purpose, key.key_id)
    return x509.Certificate.load(kept[0].der)
