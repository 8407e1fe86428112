"""A licensed authority by SM2 and the people whom it certifies; its revocation lists."""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
from concurrent.futures import ThreadPoolExecutor

from asn1crypto import x509

from core.kv.port import KeyValueStore
from keys.ports import Signer
from keys.spec import SignatureAlgorithm
from keys.trust.judge import Judge
from keys.trust.model import Assurance, Service
from keys.trust.revocation import Revocations
from keys.x509.certificate import CertificateRequest, build_certificate
from keys.x509.crl import ListContent, build_list
from keys.x509.model import Revocation, RevocationReason
from keys.x509.names import authority_name
from keys.x509.profiles import PAIRS, ROOT, CertificateProfile
from keys.x509.publication import Publication
from tests.support.clock import START, FakeClock
from tests.support.trust_pki import FixedAnchors, entry
from tests.support.trust_revocation import CRL_URL, Web
from tests.unit.keys.rings import fixed_signer

YEAR = dt.timedelta(days=365)
SIGNING, ENCRYPTION = PAIRS["person"].signing, PAIRS["person"].encryption


def sm2(name: str) -> Signer:
    return fixed_signer(SignatureAlgorithm.SM2_SM3, name)


def authority(name: str) -> x509.Name:
    return authority_name("某省", name)


def person(number: str) -> x509.Name:
    """As licensed authorities name people: with the number that our own certificates never carry."""
    parts = {"country_name": "CN", "common_name": "林知远", "serial_number": number}
    return x509.Name("", x509.RDNSequence([x509.Name.build({kind: text}).chosen[0] for kind, text in parts.items()]))


def certified(
    subject: x509.Name,
    key: Signer,
    profile: CertificateProfile,
    *,
    issuer: str = "SM2 CA",
    by: Signer | None = None,
    starts: dt.datetime = START - YEAR,
    ends: dt.datetime = START + YEAR,
    serial: int | None = None,
) -> bytes:
    published = Publication(crl=CRL_URL) if profile is not ROOT else Publication()
    request = CertificateRequest(subject, key.public_key, starts, ends, profile, published, serial)
    made = build_certificate(request, issuer=authority(issuer), signer=by or sm2(issuer))
    with ThreadPoolExecutor(1) as apart:  # a test may have a loop of its own
        return bytes(apart.submit(asyncio.run, made).result().dump())


@functools.cache
def root(name: str = "SM2 CA") -> bytes:
    return certified(authority(name), sm2(name), ROOT, issuer=name, ends=START + 5 * YEAR, starts=START - 5 * YEAR)


def revocation_list(*serials: int, by: Signer | None = None, issuer: str = "SM2 CA") -> bytes:
    gone = [Revocation(one, START - YEAR / 12, RevocationReason.KEY_COMPROMISE, None) for one in serials]
    day = dt.timedelta(days=1)
    content = ListContent(authority(issuer).dump(), 7, START - day, START + 7 * day, gone)
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(asyncio.run, build_list(content, by or sm2(issuer))).result()


def judge(clock: FakeClock, kv: KeyValueStore, *gone: int) -> Judge:
    """Under a list on which the authority stands for log-in, with its revocation list at hand."""
    anchors = FixedAnchors(entry(root(), Service.LOGIN, assurance=Assurance.HIGH))
    return Judge(anchors, Revocations([], Web({CRL_URL: revocation_list(*gone)}), kv), clock)
