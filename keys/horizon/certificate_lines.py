"""Life lines of certificates: authorities, seals, responders, time-stamping units; people and machines together."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from asn1crypto import x509

from core.text import Text
from keys.horizon.model import Kind, Lifeline, Renewal, Span, SpanState
from keys.x509.model import CertificateQuery, CertificateRecord, CertificateStatus, Origin
from keys.x509.names import organisation_name_of

_DAY = dt.timedelta(days=1)
_NOTICE = 30 * _DAY
_PART = 200
_AUTHORITIES: Mapping[str, Text] = {
    "root": Text("根证书", "Root"),
    "root-sm2": Text("国密根证书", "SM2 root"),
    "seals": Text("印章签发机构", "Seal authority"),
    "seals-sm2": Text("国密印章签发机构", "SM2 seal authority"),
    "persons": Text("人员签发机构", "Person authority"),
    "persons-sm2": Text("国密人员签发机构", "SM2 person authority"),
    "timestamps": Text("时间戳签发机构", "Time-stamp authority"),
    "machines": Text("设备签发机构", "Machine authority"),
}
_HOLDERS: Mapping[str, Text] = {
    "person": Text("个人证书", "Certificates of persons"),
    "agent": Text("经办人证书", "Certificates of agents"),
    "person-sm2": Text("个人签名证书（SM2）", "Signing certificates of persons, SM2"),
    "person-sm2-enc": Text("个人加密证书（SM2）", "Encryption certificates of persons, SM2"),
    "agent-sm2": Text("经办人签名证书（SM2）", "Signing certificates of agents, SM2"),
    "agent-sm2-enc": Text("经办人加密证书（SM2）", "Encryption certificates of agents, SM2"),
    "tls-client": Text("系统接入证书", "Certificates of machines"),
}
_MARGIN: Mapping[Kind, dt.timedelta] = {
    Kind.AUTHORITY: 365 * _DAY,  # what it issues must not outlive it, so it is renewed early
    Kind.SEAL: _NOTICE,
    Kind.RESPONDER: 3 * _DAY,
    Kind.TIMESTAMP: _NOTICE,
    Kind.HOLDER: _NOTICE,
}
_PROFILES = (
    (Kind.SEAL, "seal"),
    (Kind.SEAL, "eseal"),
    (Kind.SEAL, "eseal-maker"),
    (Kind.RESPONDER, "ocsp"),
    (Kind.TIMESTAMP, "timestamp"),
)
_STAKES: Mapping[Kind, Text] = {
    Kind.AUTHORITY: Text(
        "它签发不了新证书，已发的也会陆续失效。", "it issues nothing more, and what it issued ends with it."
    ),
    Kind.SEAL: Text(
        "这枚印章盖不了章，用它签发的证照会停。", "this seal cannot seal, and what is issued under it stops."
    ),
    Kind.RESPONDER: Text("外面的人查不到证书是否有效。", "outsiders can no longer ask whether a certificate is good."),
    Kind.TIMESTAMP: Text(
        "发不出时间戳，盖章会停在较低的等级。", "no time-stamps are issued, and seals stay at a lower level."
    ),
    Kind.HOLDER: Text("持有人用证书登录不了。", "their holders cannot log in with them."),
}


class CertificateSearch(Protocol):
    """The part of the register that is asked."""

    async def search(self, query: CertificateQuery) -> Sequence[CertificateRecord]: ...

    async def of_authorities(self) -> Sequence[CertificateRecord]: ...


class CertificateLines:
    """Implements `keys.horizon.survey.LifelineSource`."""

    def __init__(self, register: CertificateSearch) -> None:
        self._register = register

    async def lines(self, now: dt.datetime) -> Sequence[Lifeline]:
        authorities = [one for one in await self._register.of_authorities() if one.status is CertificateStatus.GOOD]
        found = [_line(Kind.AUTHORITY, records) for records in _by_purpose(authorities)]
        for kind, profile in _PROFILES:
            records = await self._all(CertificateQuery(profile=profile, status=CertificateStatus.GOOD, limit=_PART))
            found += [_line(kind, same) for same in _by_purpose(records)]
        external = await self._all(CertificateQuery(profile="", status=CertificateStatus.GOOD, limit=_PART))
        found += [_line(Kind.SEAL, same) for same in _by_purpose(external) if same[0].purpose.startswith("seal/")]
        for profile in _HOLDERS:
            found += await self._holders(profile, now)
        return _one_each(found)

    async def _all(self, query: CertificateQuery) -> Sequence[CertificateRecord]:
        found: list[CertificateRecord] = []
        while True:
            part = await self._register.search(query)
            found += part
            if len(part) < query.limit:
                return found
            query = replace(query, after=part[-1].sha256)

    async def _holders(self, profile: str, now: dt.datetime) -> Sequence[Lifeline]:
        """Those that end soon, as one line: there may be very many, and each has a holder who is told."""
        query = CertificateQuery(
            profile=profile, status=CertificateStatus.GOOD, expires_before=now + _NOTICE, limit=_PART
        )
        soon = [one for one in await self._register.search(query) if one.not_after > now]
        if not soon:
            return []
        first = min(soon, key=lambda one: one.not_after)
        many = f"{len(soon)}+" if len(soon) >= _PART else str(len(soon))
        name = _HOLDERS[profile]
        detail = Text(f"30 天内到期 {many} 张", f"{many} end within 30 days")
        span = Span(SpanState.ACTIVE, first.not_before, first.not_after)
        return [
            Lifeline(
                f"holders/{profile}",
                Kind.HOLDER,
                name,
                detail,
                (span,),
                first.not_after,
                first.not_after - 7 * _DAY,
                Renewal.OUTSIDE,
                _STAKES[Kind.HOLDER],
            )
        ]


def authority_name(name: str) -> Text:
    """What people call an authority of ours."""
    return _AUTHORITIES.get(name, Text(name, name))


def _by_purpose(records: Iterable[CertificateRecord]) -> Sequence[list[CertificateRecord]]:
    """Certificates of one thing together, the one that ends last first."""
    grouped: dict[str, list[CertificateRecord]] = defaultdict(list)
    for record in records:
        grouped[record.purpose].append(record)
    return [sorted(same, key=lambda one: one.not_after, reverse=True) for same in grouped.values()]


def _one_each(lines: Sequence[Lifeline]) -> Sequence[Lifeline]:
    """A seal with a certificate of ours and one from outside has one line: the one that ends last."""
    kept: dict[str, Lifeline] = {}
    for line in lines:
        other = kept.get(line.id)
        if other is None or (line.ends and other.ends and line.ends > other.ends):
            kept[line.id] = line
    return list(kept.values())


def _line(kind: Kind, records: Sequence[CertificateRecord]) -> Lifeline:
    current = records[0]
    spans = [
        Span(SpanState.FORMER, one.not_before, min(one.not_after, current.not_before)) for one in reversed(records[1:])
    ]
    life = current.not_after - current.not_before
    return Lifeline(
        id=f"certificate/{current.purpose}",
        kind=kind,
        name=_name(kind, current),
        detail=_detail(kind, current),
        spans=(*spans, Span(SpanState.ACTIVE, current.not_before, current.not_after)),
        ends=current.not_after,
        act_by=current.not_after - min(_MARGIN[kind], life / 3),
        renewal=_renewal(kind, current),
        stake=_STAKES[kind],
    )


def _renewal(kind: Kind, record: CertificateRecord) -> Renewal:
    if record.origin is Origin.EXTERNAL:
        return Renewal.OUTSIDE
    if kind is Kind.SEAL and record.profile != "eseal-maker":
        return Renewal.TWO_PEOPLE
    return Renewal.CEREMONY if kind is Kind.AUTHORITY else Renewal.AUTOMATIC


def _name(kind: Kind, record: CertificateRecord) -> Text:
    if kind is Kind.AUTHORITY:
        return authority_name(record.purpose.removeprefix("ca."))
    if kind is Kind.RESPONDER:
        of = authority_name(record.issuer)
        return Text(f"OCSP 应答证书（{of.zh}）", f"OCSP responder, {of.en.lower()}")
    if kind is Kind.TIMESTAMP:
        return Text("时间戳签名证书", "Time-stamp certificate")
    if record.profile == "eseal-maker":
        return Text("制章者证书", "Certificate of the maker of seals")
    owner = organisation_name_of(x509.Certificate.load(record.der).subject) or record.subject
    national = record.profile == "eseal"
    kind_of = Text("国密印章证书", "SM2 seal certificate") if national else Text("印章证书", "Seal certificate")
    return Text(f"{owner}{kind_of.zh}", f"{kind_of.en} of {owner}")


def _detail(kind: Kind, record: CertificateRecord) -> Text:
    if kind is Kind.SEAL and record.code:
        return Text(f"印章 {record.code}", f"seal {record.code}")
    if record.origin is Origin.EXTERNAL:
        return Text("外部机构签发", "issued by another authority")
    return Text(record.purpose, record.purpose)
