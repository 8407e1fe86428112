"""Certificates and revocation lists on the time line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from keys.horizon.certificate_lines import CertificateLines
from keys.horizon.list_lines import ListLines
from keys.horizon.model import Kind, Level, Lifeline, Renewal, SpanState
from keys.horizon.survey import Survey
from keys.x509.model import (
    AuthorityRow,
    CertificateQuery,
    CertificateRecord,
    CertificateStatus,
    Origin,
    StoredList,
)
from tests.support.clock import FakeClock

NOW = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
_DAY = dt.timedelta(days=1)


def _seal_certificate() -> bytes:
    """A certificate that names the organisation."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "示例市住房保障局")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW, NOW + _DAY)
    return builder.sign(key, SHA256()).public_bytes(Encoding.DER)


SEAL_DER = _seal_certificate()


def record(name: str, profile: str, purpose: str, start: int, end: int, **changes: object) -> CertificateRecord:
    """A certificate from `start` to `end` days from now."""
    made = CertificateRecord(
        sha256=name,
        serial="1",
        issuer="seals",
        issuer_key_id="k",
        profile=profile,
        purpose=purpose,
        subject_key_id=name,
        edition=1,
        subject="CN=x",
        organisation=None,
        code=None,
        der=SEAL_DER,
        not_before=NOW + start * _DAY,
        not_after=NOW + end * _DAY,
        created_at=NOW,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # names of fields


class Register:
    """A register over a list, with pages as small as they can be."""

    def __init__(self, *records: CertificateRecord) -> None:
        self._records = list(records)
        self.asked: list[CertificateQuery] = []

    async def search(self, query: CertificateQuery) -> Sequence[CertificateRecord]:
        self.asked.append(query)
        fitting = [
            one
            for one in self._records
            if one.profile == query.profile
            and (query.status is None or one.status is query.status)
            and (query.expires_before is None or one.not_after < query.expires_before)
        ]
        start = next((n + 1 for n, one in enumerate(fitting) if one.sha256 == query.after), 0)
        return fitting[start : start + query.limit]

    async def of_authorities(self) -> Sequence[CertificateRecord]:
        return [one for one in self._records if one.profile in ("root", "issuing")]


async def lines_of(*records: CertificateRecord) -> dict[str, Lifeline]:
    return {line.id: line for line in await CertificateLines(Register(*records)).lines(NOW)}


async def test_a_seal_is_told_by_the_certificate_that_ends_last() -> None:
    lines = await lines_of(
        record("old", "seal", "seal/s1", -400, 20), record("new", "seal", "seal/s1", -10, 355, code="4101990000017")
    )
    (line,) = lines.values()
    assert line.ends == NOW + 355 * _DAY
    assert [span.state for span in line.spans] == [SpanState.FORMER, SpanState.ACTIVE]
    assert line.spans[0].end == line.spans[1].start
    assert (line.renewal, line.level(NOW)) == (Renewal.TWO_PEOPLE, Level.FINE)
    assert line.name.zh == "示例市住房保障局印章证书"
    assert line.detail.zh == "印章 4101990000017"


async def test_thirty_days_before_its_end_a_seal_is_an_alarm() -> None:
    (line,) = (await lines_of(record("a", "seal", "seal/s1", -300, 29))).values()
    assert line.level(NOW) is Level.SOON
    (line,) = (await lines_of(record("a", "seal", "seal/s1", -300, 31))).values()
    assert line.level(NOW) is Level.FINE


async def test_what_is_revoked_or_held_is_not_waited_for() -> None:
    assert not await lines_of(
        record("a", "seal", "seal/s1", -300, 29, status=CertificateStatus.REVOKED),
        record("b", "seal", "seal/s2", -300, 29, status=CertificateStatus.HELD),
    )


async def test_a_certificate_from_outside_is_renewed_outside() -> None:
    outside = record("x", "", "seal/s1", -10, 100, origin=Origin.EXTERNAL)
    (line,) = (await lines_of(record("a", "seal", "seal/s1", -300, 29), outside)).values()
    assert line.renewal is Renewal.OUTSIDE
    assert line.ends == outside.not_after


async def test_authorities_are_renewed_early_and_by_ceremony() -> None:
    (line,) = (await lines_of(record("r", "issuing", "ca.seals", -3000, 300))).values()
    assert (line.kind, line.renewal, line.level(NOW)) == (Kind.AUTHORITY, Renewal.CEREMONY, Level.SOON)


async def test_people_are_one_line_and_only_when_some_end_soon() -> None:
    many = [record(f"p{n}", "person", "", -100, 10 + n) for n in range(5)]
    far = record("far", "person", "", -100, 500)
    lines = await lines_of(*many, far)
    assert list(lines) == ["holders/person"]
    assert "5 张" in lines["holders/person"].detail.zh
    assert lines["holders/person"].ends == NOW + 10 * _DAY
    assert not await lines_of(far)


async def test_every_page_of_the_register_is_read() -> None:
    seals = [record(f"s{n}", "seal", f"seal/s{n}", -100, 400 + n) for n in range(450)]
    assert len(await lines_of(*seals)) == 450


class Lists:
    def __init__(self, *lists: StoredList) -> None:
        self._lists = {one.authority_key_id: one for one in lists}

    async def authorities(self) -> Sequence[AuthorityRow]:
        return [AuthorityRow(key, key, key, 1, 0, 1, NOW) for key in ("root", "seals", "persons")]

    async def get(self, key_id: str, part: int | None) -> StoredList | None:
        assert part is None
        return self._lists.get(key_id)


def crl(name: str, start: float, end: float) -> StoredList:
    return StoredList(name, None, 7, NOW + start * _DAY, NOW + end * _DAY, 0, 0, b"")


async def test_lists_that_are_not_made_anew_in_time_are_an_alarm() -> None:
    lists = Lists(crl("seals", -0.8, 0.2), crl("root", -300, 90))
    lines = {line.id: line for line in await ListLines(lists, lists).lines(NOW)}
    assert lines["crl/seals"].level(NOW) is Level.SOON
    assert lines["crl/root"].level(NOW) is Level.FINE
    assert lines["crl/root"].renewal is Renewal.CEREMONY
    on_time = Lists(crl("seals", -0.4, 0.6))
    (line,) = await ListLines(on_time, on_time).lines(NOW)
    assert line.level(NOW) is Level.FINE


async def test_the_survey_puts_all_sources_in_one_order() -> None:
    clock = FakeClock(NOW)
    lists = Lists(crl("seals", -0.8, 0.2))
    register = Register(record("a", "seal", "seal/s1", -300, 100), record("b", "seal", "seal/s2", -300, 29))
    found = await Survey([CertificateLines(register), ListLines(lists, lists)], clock)()
    assert [line.id for line in found.lines] == ["crl/seals", "certificate/seal/s2", "certificate/seal/s1"]
