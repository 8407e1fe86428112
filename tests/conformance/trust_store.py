"""The contract of `keys.trust.ports.TrustStore`: nothing is overwritten, and of changes at once one is made."""

from __future__ import annotations

import datetime as dt

from core.text import Text
from keys.trust.change import ChangeTrust
from keys.trust.errors import TrustListChanged
from keys.trust.model import Service
from keys.trust.ports import ListRevision
from tests.conformance.harness import at_once
from tests.conformance.trust_store_backends import TrustHarness
from tests.support.clock import START, FakeClock
from tests.support.trust_pki import entry, root

_SECOND = dt.timedelta(seconds=1)


def change(revision: int, source: str = "own", document: bytes | None = b"{}", *, sequence: int = 1) -> ListRevision:
    return ListRevision(revision, source, sequence, START, b"", document, "system", START + revision * _SECOND)


class TrustStoreBasic:
    async def test_an_empty_store_has_no_lists(self, harness: TrustHarness) -> None:
        store = harness.stores[0]
        assert (await store.revision(), list(await store.latest()), list(await store.history("own"))) == (0, [], [])

    async def test_the_last_change_of_each_list_is_told_to_every_worker(self, harness: TrustHarness) -> None:
        changes = [change(1), change(2, "gd"), change(3, sequence=2), change(4, "gd", None)]
        for number, one in enumerate(changes):
            assert await harness.stores[number % 3].append(one)
        for store in harness.stores:
            assert await store.revision() == 4
            assert list(await store.latest()) == [changes[3], changes[2]]
            assert list(await store.history("own")) == [changes[0], changes[2]]

    async def test_a_change_of_an_older_state_is_refused(self, harness: TrustHarness) -> None:
        store = harness.stores[0]
        assert await store.append(change(1))
        for number in (0, 1, 3):
            assert not await store.append(change(number, "gd"))
        assert await store.append(change(2, "gd"))
        assert await store.revision() == 2

    async def test_the_first_signer_certificate_of_a_key_stays(self, harness: TrustHarness) -> None:
        first, second = harness.stores[:2]
        assert await first.signer_certificate("key") is None
        assert await first.keep_signer_certificate("key", b"one") == b"one"
        assert await second.keep_signer_certificate("key", b"two") == b"one"
        assert await second.signer_certificate("key") == b"one"


class TrustStoreContention:
    async def test_of_changes_at_once_one_is_made(self, harness: TrustHarness) -> None:
        answers = await at_once(*(harness.slow(number).append(change(1, f"list-{number}")) for number in range(9)))
        assert sorted(answers) == [False] * 8 + [True]
        assert await harness.stores[0].revision() == 1

    async def test_no_authority_that_somebody_added_is_lost(self, harness: TrustHarness) -> None:
        clock = FakeClock()
        added = [entry(root(f"根{number}"), Service.DOCUMENTS) for number in range(6)]
        workers = [
            ChangeTrust(harness.slow(n), clock, publisher=Text("市", "City"), territory="CN", life=dt.timedelta(days=7))
            for n in range(6)
        ]

        async def add(number: int) -> bool:
            try:
                await workers[number].add(added[number], by="system")
            except TrustListChanged:
                return False
            return True

        answers = await at_once(*(add(number) for number in range(6)))
        kept = {one.id for one in (await workers[0].own_list()).entries}
        assert kept == {one.id for one, done in zip(added, answers, strict=True) if done}
        assert any(answers)
