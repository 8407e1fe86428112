"""A city's national seal: an SM2 root, a maker of seals, a signer, and seals and stamps of every edition."""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import ClassVar

from asn1crypto import core, x509

from core.clock import Clock
from keys.der import OCTET_STRING, SEQUENCE, UTC_TIME, UTF8_STRING, integer, oid, tlv
from keys.ports import Signer
from keys.spec import SignatureAlgorithm
from keys.trust.judge import Judge
from keys.x509.certificate import CertificateRequest, build_certificate
from keys.x509.names import authority_name
from keys.x509.profiles import ROOT, SEAL, CertificateProfile
from signing.eseal.fields import bits, ia5
from signing.eseal.judge import SealStates, StampJudge
from signing.eseal.model import Picture, SealInfo, Signers
from signing.eseal.write import SM2_WITH_SM3, write_seal, write_stamp
from tests.support.clock import FakeClock
from tests.support.trust_pki import FixedAnchors, entry
from tests.unit.keys.rings import fixed_signer

NOW = FakeClock().now()
YEAR = dt.timedelta(days=365)
SUBJECT = "/Doc_0/Signs/Sign_0/Signature.xml"
DIGEST = bytes(range(32))


def sm2(name: str) -> Signer:
    return fixed_signer(SignatureAlgorithm.SM2_SM3, name)


@functools.cache
def certificate(name: str, profile: CertificateProfile = SEAL, *, issuer: str = "root") -> bytes:
    """A certificate for the key of this name, by the root of that name."""
    request = CertificateRequest(
        authority_name("示例市", name), sm2(name).public_key, NOW - 2 * YEAR, NOW + 8 * YEAR, profile
    )
    made = build_certificate(request, issuer=authority_name("示例市", issuer), signer=sm2(issuer))
    with ThreadPoolExecutor(1) as apart:  # a test may have a loop of its own
        return bytes(apart.submit(asyncio.run, made).result().dump())


@functools.cache
def root(name: str = "root") -> bytes:
    return certificate(name, ROOT, issuer=name)


INFO = SealInfo(
    version=4,
    vendor="Yizheng",
    seal_id="41010000000001",
    kind=1,
    name="示例市大数据管理局",
    signers=Signers(),
    created_at=NOW - YEAR,
    valid_from=NOW - YEAR,
    valid_to=NOW + 4 * YEAR,
    picture=Picture("SVG", b"<svg/>", 42, 42),
)


@dataclass(frozen=True)
class Making:
    """How a stamp is made; a test changes what it is about."""

    info: SealInfo = field(default_factory=lambda: replace(INFO, signers=Signers((certificate("signer"),))))
    maker: str = "maker"
    signer: str = "signer"
    at: dt.datetime = NOW - dt.timedelta(hours=1)
    digest: bytes = DIGEST
    subject: str = SUBJECT
    version: int | None = None
    user_id: bytes | None = None

    def seal(self) -> bytes:
        return write_seal(self.info, certificate(self.maker), self._sign(self.maker))

    def stamp(self, seal: bytes | None = None) -> bytes:
        return write_stamp(
            seal or self.seal(),
            version=self.version or self.info.version,
            at=self.at,
            digest=self.digest,
            subject=self.subject,
            signer=certificate(self.signer),
            sign=self._sign(self.signer),
        )

    def _sign(self, name: str) -> Callable[[bytes], bytes]:
        key = sm2(name)
        return key.sign if self.user_id is None else functools.partial(_as, key, self.user_id)


def _as(key: Signer, user_id: bytes, message: bytes) -> bytes:
    return key._sign(message, user_id)  # type: ignore[attr-defined]  # a signer of ours never takes another ID


def judge(*roots: bytes, states: SealStates | None = None, clock: Clock | None = None) -> StampJudge:
    anchors = FixedAnchors(*(entry(one) for one in roots or (root(),)))
    return StampJudge(Judge(anchors, None, clock or FakeClock()), states)


def old_stamp(making: Making) -> bytes:
    """GM/T 0031-2014, put together by hand: its seal signs with certificate and algorithm, times are UTCTime."""
    info = making.info
    moments = [
        tlv(UTC_TIME, f"{one:%y%m%d%H%M%SZ}".encode()) for one in (info.created_at, info.valid_from, info.valid_to)
    ]
    listed = tlv(SEQUENCE, *(tlv(OCTET_STRING, one) for one in info.signers.certificates))
    prop = tlv(SEQUENCE, integer(info.kind), tlv(UTF8_STRING, info.name.encode()), listed, *moments)
    header = tlv(SEQUENCE, ia5("ES"), integer(1), ia5(info.vendor))
    picture = tlv(SEQUENCE, ia5("PNG"), tlv(OCTET_STRING, b"png"), integer(42), integer(42))
    sealed = tlv(SEQUENCE, header, ia5(info.seal_id), prop, picture)
    maker, algorithm = tlv(OCTET_STRING, certificate(making.maker)), oid(SM2_WITH_SM3)
    by_maker = sm2(making.maker).sign(tlv(SEQUENCE, sealed, maker, algorithm))
    seal = tlv(SEQUENCE, sealed, tlv(SEQUENCE, maker, algorithm, bits(by_maker)))
    time = bits(tlv(UTC_TIME, f"{making.at:%y%m%d%H%M%SZ}".encode()))
    signer = tlv(OCTET_STRING, certificate(making.signer))
    signed = tlv(SEQUENCE, integer(1), seal, time, bits(making.digest), ia5(SUBJECT), signer, algorithm)
    return tlv(SEQUENCE, signed, bits(sm2(making.signer).sign(signed)))


# -- an independent reading ------------------------------------------------------------------------------------------


class Header(core.Sequence):
    _fields: ClassVar = [("id", core.IA5String), ("version", core.Integer), ("vid", core.IA5String)]


class Certificates(core.SequenceOf):
    _child_spec = core.OctetString


class Property(core.Sequence):
    _fields: ClassVar = [
        ("type", core.Integer),
        ("name", core.UTF8String),
        ("cert_list_type", core.Integer),
        ("cert_list", Certificates),
        ("create_date", core.GeneralizedTime),
        ("valid_start", core.GeneralizedTime),
        ("valid_end", core.GeneralizedTime),
    ]


class PictureInfo(core.Sequence):
    _fields: ClassVar = [
        ("type", core.IA5String),
        ("data", core.OctetString),
        ("width", core.Integer),
        ("height", core.Integer),
    ]


class SealInfoSpec(core.Sequence):
    _fields: ClassVar = [
        ("header", Header),
        ("es_id", core.IA5String),
        ("property", Property),
        ("picture", PictureInfo),
    ]


class SealSpec(core.Sequence):
    _fields: ClassVar = [
        ("info", SealInfoSpec),
        ("cert", core.OctetString),
        ("alg", core.ObjectIdentifier),
        ("value", core.OctetBitString),
    ]


class TbsSpec(core.Sequence):
    _fields: ClassVar = [
        ("version", core.Integer),
        ("eseal", SealSpec),
        ("time_info", core.GeneralizedTime),
        ("data_hash", core.OctetBitString),
        ("property_info", core.IA5String),
    ]


class StampSpec(core.Sequence):
    _fields: ClassVar = [
        ("to_sign", TbsSpec),
        ("cert", core.OctetString),
        ("alg", core.ObjectIdentifier),
        ("signature", core.OctetBitString),
    ]


def subject_key(der: bytes) -> bytes:
    """The public key of a certificate, read by asn1crypto."""
    return bytes(x509.Certificate.load(der)["tbs_certificate"]["subject_public_key_info"].dump())


def with_numbers(stamp: bytes, r: int, s: int) -> bytes:
    """The stamp with another signature value."""
    read = StampSpec.load(stamp)
    read["signature"] = tlv(SEQUENCE, integer(r), integer(s))
    return bytes(read.dump(force=True))
