"""The contracts of `keys.x509.ports.CertificateStore` and `ListStore` at three strengths."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from typing import Any

from keys.x509.model import (
    CertificateQuery,
    CertificateRecord,
    CertificateStatus,
    ListHead,
    Origin,
    RevocationReason,
    StoredList,
)
from keys.x509.publication import PARTS
from tests.conformance.certificates_backends import CertificatesHarness
from tests.conformance.harness import at_once

NOW = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
LATER = NOW + HOUR
CA = "authority-key"
GOOD, HELD, REVOKED = CertificateStatus.GOOD, CertificateStatus.HELD, CertificateStatus.REVOKED


def certificate(number: int, **changes: Any) -> CertificateRecord:
    values: dict[str, Any] = {
        "sha256": hashlib.sha256(str(number).encode()).hexdigest(),
        "serial": f"{number:x}",
        "issuer": "seals",
        "issuer_key_id": CA,
        "profile": "seal",
        "purpose": f"seal/{number}",
        "subject_key_id": f"key-{number}",
        "edition": 1,
        "subject": f"C=CN, O=示范局, CN=印章{number}",
        "organisation": "11410100MB1234567X",
        "code": f"{number:013}",
        "der": b"der\x00" + str(number).encode(),
        "not_before": NOW,
        "not_after": NOW + 1000 * HOUR,
        "created_at": NOW,
    }
    return CertificateRecord(**(values | changes))


async def revoke(store: Any, record: CertificateRecord, **changes: Any) -> bool:
    step: dict[str, Any] = {
        "expected": (GOOD, HELD),
        "new": REVOKED,
        "at": LATER,
        "reason": RevocationReason.KEY_COMPROMISE,
    }
    done: bool = await store.change_status(record.sha256, **(step | changes))
    return done


async def hold(store: Any, record: CertificateRecord, at: dt.datetime = LATER) -> bool:
    return await revoke(store, record, expected=(GOOD,), new=HELD, reason=RevocationReason.CERTIFICATE_HOLD, at=at)


async def resume(store: Any, record: CertificateRecord) -> bool:
    return await revoke(store, record, expected=(HELD,), new=GOOD, reason=None)


def revocation_list(number: int, part: int | None = None, **changes: Any) -> StoredList:
    values: dict[str, Any] = {"this_update": NOW, "next_update": LATER, "entries": 3}
    values["der"] = b"list\x00" + str(number).encode()
    return StoredList(CA, part, number, **(values | {"changes": number} | changes))


class CertificateStoreBasic:
    """One caller at a time."""

    async def test_a_certificate_comes_back_as_it_went_in(self, harness: CertificatesHarness) -> None:
        plain = certificate(1)
        ended = {"status": REVOKED, "reason": RevocationReason.SUPERSEDED, "revoked_at": LATER, "invalidity_at": NOW}
        full = certificate(2**158 + 2, change=7, **ended)
        bare = certificate(3, organisation=None, code=None, purpose="", origin=Origin.EXTERNAL)
        for record in (plain, full, bare):
            assert await harness.store.add(record)
        for record in (plain, full, bare):
            assert await harness.stores[1].find(record.sha256) == record
            assert await harness.stores[1].of_serial(CA, record.serial) == record
        assert await harness.store.find("0" * 64) is None
        assert await harness.store.of_serial("another-authority", plain.serial) is None

    async def test_a_number_and_an_edition_are_given_once(self, harness: CertificatesHarness) -> None:
        store = harness.store
        assert await store.add(certificate(1))
        assert not await store.add(certificate(2, serial="1"))
        assert not await store.add(certificate(3, subject_key_id="key-1"))
        assert await store.add(certificate(2, serial="1", issuer_key_id="another-authority"))
        assert await store.add(certificate(3, subject_key_id="key-1", edition=2))
        assert len(await store.search(CertificateQuery())) == 3

    async def test_certificates_of_a_key_come_with_the_latest_edition_first(self, harness: CertificatesHarness) -> None:
        store = harness.store
        records = [certificate(n, subject_key_id="k", edition=n, purpose=f"p{n % 2}") for n in (1, 2, 3)]
        for record in (*records, certificate(4)):
            await store.add(record)
        assert list(await store.of_key("k")) == records[::-1]
        assert list(await store.of_key("k", "p1")) == [records[2], records[0]]
        assert list(await store.of_key("nobody")) == []

    async def test_authorities_are_told_from_others(self, harness: CertificatesHarness) -> None:
        store = harness.store
        own = certificate(1, purpose="ca.seals", profile="issuing")
        for record in (own, certificate(2), certificate(3, purpose="")):
            await store.add(record)
        assert list(await store.of_authorities()) == [own]

    async def test_each_condition_narrows_the_search(self, harness: CertificatesHarness) -> None:
        store = harness.store
        person = {"profile": "person", "issuer": "persons", "subject": "CN=王小明, O=A_b%"}
        wanted = certificate(10, organisation="O1", code="C1", not_after=LATER, **person)
        for record in (wanted, certificate(11), certificate(12)):
            await store.add(record)
        for query in (
            CertificateQuery(serial="a"),
            CertificateQuery(text="小明"),
            CertificateQuery(text="a_B%"),  # letters of either case; no wildcards
            CertificateQuery(organisation="O1"),
            CertificateQuery(code="C1"),
            CertificateQuery(key_id="key-10"),
            CertificateQuery(purpose="seal/10"),
            CertificateQuery(issuer="persons"),
            CertificateQuery(profile="person"),
            CertificateQuery(expires_before=LATER + HOUR),
        ):
            assert list(await store.search(query)) == [wanted], query
        assert list(await store.search(CertificateQuery(text="_"))) == [wanted]
        assert list(await store.search(CertificateQuery(text="A%b"))) == []
        assert await hold(store, wanted) is False  # its issuer is not there: nothing counts its changes
        assert list(await store.search(CertificateQuery(status=HELD))) == []

    async def test_pages_follow_one_another(self, harness: CertificatesHarness) -> None:
        store = harness.store
        for number in range(7):
            await store.add(certificate(number + 1, created_at=NOW + (number // 3) * HOUR))
        whole = [record.sha256 for record in await store.search(CertificateQuery())]
        assert len(whole) == 7
        walked: list[str] = []
        while True:
            after = walked[-1] if walked else None
            page = await store.search(CertificateQuery(after=after, limit=3))
            if not page:
                break
            walked += [record.sha256 for record in page]
        assert walked == whole
        newest = [record.created_at for record in await store.search(CertificateQuery())]
        assert newest == sorted(newest, reverse=True)

    async def test_an_authoritys_keys_have_names_of_their_own(self, harness: CertificatesHarness) -> None:
        store = harness.store
        first = await store.add_authority("k1", "seals", moment=NOW)
        second = await store.add_authority("k2", "seals", moment=LATER)
        other = await store.add_authority("k3", "persons", moment=LATER + HOUR)
        assert [(one.slug, one.generation) for one in (first, second, other)] == [
            ("seals", 1),
            ("seals-2", 2),
            ("persons", 1),
        ]
        assert await harness.stores[1].add_authority("k1", "seals", moment=LATER) == first
        assert list(await harness.stores[1].authorities()) == [first, second, other]


class CertificateStoreTransaction:
    """All of a change or nothing."""

    async def test_a_certificate_lives_along_its_states(self, harness: CertificatesHarness) -> None:
        store, record = harness.store, certificate(1)
        await store.add_authority(CA, "seals", moment=NOW)
        await store.add(record)
        assert not await resume(store, record)
        assert await hold(store, record, at=NOW)
        held = await store.find(record.sha256)
        assert held == dataclasses.replace(
            record, status=HELD, reason=RevocationReason.CERTIFICATE_HOLD, revoked_at=NOW, change=1
        )
        assert not await hold(store, record)
        assert await resume(store, record)
        assert await store.find(record.sha256) == dataclasses.replace(record, change=2)
        assert await hold(store, record, at=NOW)
        assert await revoke(store, record, invalidity_at=NOW - HOUR)  # it stays bad since it was held
        revoked = await store.find(record.sha256)
        assert revoked == dataclasses.replace(
            record,
            status=REVOKED,
            reason=RevocationReason.KEY_COMPROMISE,
            revoked_at=NOW,
            invalidity_at=NOW - HOUR,
            change=4,
        )
        for step in (resume, hold, revoke):
            assert not await step(store, record)
        assert await store.find(record.sha256) == revoked

    async def test_a_step_that_is_refused_counts_for_nothing(self, harness: CertificatesHarness) -> None:
        store, record = harness.store, certificate(1)
        await store.add_authority(CA, "seals", moment=NOW)
        await store.add(record)
        assert not await resume(store, record)
        assert not await revoke(store, certificate(99))
        assert [row.changes for row in await store.authorities()] == [0]

    async def test_changes_are_counted_for_the_issuer_alone(self, harness: CertificatesHarness) -> None:
        store = harness.store
        await store.add_authority(CA, "seals", moment=NOW)
        await store.add_authority("other", "persons", moment=LATER)
        for number in range(1, 5):
            await store.add(certificate(number))
        await revoke(store, certificate(2))
        await hold(store, certificate(3))
        await store.touch(CA)
        assert [row.changes for row in await harness.stores[1].authorities()] == [3, 0]
        assert await harness.stores[1].changed_since(CA, 0) == {"2": 1, "3": 2}
        assert await store.changed_since(CA, 1) == {"3": 2}
        assert await store.changed_since(CA, 2) == {}
        assert await store.changed_since("other", 0) == {}


class CertificateStoreContention:
    """Many callers at a time."""

    async def test_one_worker_certifies_a_key(self, harness: CertificatesHarness) -> None:
        calls = [harness.slow(n).add(certificate(n + 1, subject_key_id="same")) for n in range(12)]
        assert sum(await at_once(*calls)) == 1
        assert len(await harness.store.of_key("same")) == 1

    async def test_one_of_many_revocations_is_made(self, harness: CertificatesHarness) -> None:
        record = certificate(1)
        await harness.store.add_authority(CA, "seals", moment=NOW)
        await harness.store.add(record)
        calls = [revoke(harness.slow(n), record, at=NOW + n * HOUR) for n in range(12)]
        answers = await at_once(*calls)
        assert sum(answers) == 1
        found = await harness.store.find(record.sha256)
        assert found.revoked_at == NOW + answers.index(True) * HOUR
        assert [row.changes for row in await harness.store.authorities()] == [1]

    async def test_each_change_has_its_own_number(self, harness: CertificatesHarness) -> None:
        await harness.store.add_authority(CA, "seals", moment=NOW)
        records = [certificate(n + 1) for n in range(12)]
        for record in records:
            await harness.store.add(record)
        await at_once(*[revoke(harness.slow(n), record) for n, record in enumerate(records)])
        numbers = [(await harness.store.find(record.sha256)).change for record in records]
        assert sorted(numbers) == list(range(1, 13))

    async def test_one_key_has_one_name(self, harness: CertificatesHarness) -> None:
        calls = [harness.slow(n).add_authority(f"k{n % 3}", "seals", moment=NOW) for n in range(12)]
        rows = await at_once(*calls)
        assert sorted({row.slug for row in rows}) == ["seals", "seals-2", "seals-3"]
        assert len({(row.key_id, row.slug) for row in rows}) == 3


class ListStoreContract:
    """Revocations and their lists."""

    async def test_revocations_are_what_is_not_good(self, harness: CertificatesHarness) -> None:
        store, lists = harness.store, harness.list_store
        await store.add_authority(CA, "seals", moment=NOW)
        for number in range(1, 6):
            await store.add(certificate(number, not_after=NOW + number * HOUR))
        await store.add(certificate(6, issuer_key_id="another-authority"))
        await revoke(store, certificate(4), at=NOW, invalidity_at=NOW - HOUR)
        await hold(store, certificate(2))
        await revoke(store, certificate(1), reason=RevocationReason.SUPERSEDED)
        changes, found = await lists.revocations(CA, part=None, ended_after=None)
        assert changes == 3
        assert [(one.serial, one.at, one.reason, one.invalidity_at) for one in found] == [
            (4, NOW, RevocationReason.KEY_COMPROMISE, NOW - HOUR),
            (1, LATER, RevocationReason.SUPERSEDED, None),
            (2, LATER, RevocationReason.CERTIFICATE_HOLD, None),
        ]
        _, late = await lists.revocations(CA, part=None, ended_after=NOW + 2 * HOUR)
        assert [one.serial for one in late] == [4, 2]
        for part, serials in ((4, [4]), (3, []), (4 + PARTS, [])):
            assert [one.serial for one in (await lists.revocations(CA, part=part, ended_after=None))[1]] == serials

    async def test_a_number_is_given_once_and_never_again(self, harness: CertificatesHarness) -> None:
        await harness.store.add_authority(CA, "seals", moment=NOW)
        lists = harness.list_store
        assert await lists.claim(CA, moment=NOW, lease=HOUR) == 1
        assert await harness.lists[1].claim(CA, moment=NOW, lease=HOUR) is None
        await lists.release(CA)
        assert await harness.lists[1].claim(CA, moment=NOW, lease=HOUR) == 2
        assert await lists.claim(CA, moment=LATER, lease=HOUR) == 3  # whoever had it is late
        assert await lists.claim("nobody", moment=LATER, lease=HOUR) is None

    async def test_a_list_comes_back_as_it_went_in(self, harness: CertificatesHarness) -> None:
        lists = harness.list_store
        whole, part = revocation_list(3), revocation_list(4, part=0, changes=9)
        assert await lists.keep(whole)
        assert await lists.keep(part)
        assert await harness.lists[1].get(CA, None) == whole
        assert await harness.lists[1].get(CA, 0) == part
        assert await lists.get(CA, 1) is None
        assert await lists.get("another-authority", None) is None

    async def test_an_older_list_never_replaces_a_newer_one(self, harness: CertificatesHarness) -> None:
        lists = harness.list_store
        assert await lists.keep(revocation_list(5))
        assert not await lists.keep(revocation_list(4))
        assert not await lists.keep(revocation_list(5, der=b"another"))
        assert await lists.get(CA, None) == revocation_list(5)
        assert await lists.keep(revocation_list(6))
        assert await lists.get(CA, None) == revocation_list(6)

    async def test_heads_tell_of_every_list(self, harness: CertificatesHarness) -> None:
        lists = harness.list_store
        kept = [revocation_list(3), revocation_list(5, part=0, changes=9), revocation_list(4, part=7)]
        for one in reversed(kept):
            await lists.keep(one)
        heads = await harness.lists[1].heads(CA)
        names = ListHead.__dataclass_fields__
        assert [dataclasses.asdict(head) for head in heads] == [
            {name: getattr(one, name) for name in names} for one in kept
        ]
        assert list(await lists.heads("another-authority")) == []

    async def test_one_worker_makes_the_list(self, harness: CertificatesHarness) -> None:
        await harness.store.add_authority(CA, "seals", moment=NOW)
        calls = [harness.slow_lists(n).claim(CA, moment=NOW, lease=HOUR) for n in range(12)]
        assert [number for number in await at_once(*calls) if number is not None] == [1]

    async def test_of_lists_that_come_together_the_newest_stays(self, harness: CertificatesHarness) -> None:
        await at_once(*[harness.slow_lists(n).keep(revocation_list(n + 1)) for n in range(12)])
        assert await harness.list_store.get(CA, None) == revocation_list(12)
