"""The contract of the stores behind people's lives: documents, wishes to leave, changes that two people decide."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from typing import Any

from idp.model import AccountStatus, HeldDocument
from idp.persons.model import ChangeKind, Departure, PersonProposal, ProposalState
from tests.conformance.idp_stores import account, indexes, written
from tests.conformance.idp_stores_backends import IdpStoresHarness
from tests.support.clock import START

DAY = dt.timedelta(days=1)
KEYS = [b"1.passport", b"2.passport"]
MANY = 8


def document(name: str = "doc_1", **changes: Any) -> HeldDocument:
    made = HeldDocument(name, "acc_1", "passport", b"sealed", START, START)
    return dataclasses.replace(made, **changes)


def proposal(name: str = "pch_1", **changes: Any) -> PersonProposal:
    made = PersonProposal(
        name,
        "acc_1",
        ChangeKind.MERGE,
        b"sealed",
        "the same person",
        ProposalState.OPEN,
        "acc_9",
        START,
        START + 14 * DAY,
    )
    return dataclasses.replace(made, **changes)


async def two_people(harness: IdpStoresHarness) -> None:
    for name in ("acc_1", "acc_2"):
        await written(harness, lambda tx, name=name: harness.stores.accounts.add(tx, account(name), indexes(name)))


class PersonStoresBasic:
    """One caller at a time."""

    async def test_a_proved_document_is_one_persons_under_every_key(self, harness: IdpStoresHarness) -> None:
        await two_people(harness)
        store = harness.stores.documents
        assert await written(harness, lambda tx: store.add(tx, document(), KEYS))
        other = document("doc_2", account_id="acc_2")
        assert not await written(harness, lambda tx: store.add(tx, other, [KEYS[1], b"3.passport"]))
        async with harness.database.read() as tx:
            assert await store.owner(tx, KEYS) == await store.owner(tx, [b"0.passport", KEYS[0]]) == "acc_1"
            assert await store.owner(tx, [b"3.passport"]) is None
            assert (await store.of_account(tx, "acc_1"), await store.of_account(tx, "acc_2")) == ([document()], [])

    async def test_a_stated_document_is_nobodys_until_it_is_proved(self, harness: IdpStoresHarness) -> None:
        await two_people(harness)
        store = harness.stores.documents
        for one in (document(proved_at=None), document("doc_2", account_id="acc_2", proved_at=None)):
            assert await written(harness, lambda tx, one=one: store.add(tx, one, ()))
        async with harness.database.read() as tx:
            assert await store.owner(tx, KEYS) is None
        assert await written(harness, lambda tx: store.prove(tx, "doc_2", KEYS, START + DAY))
        assert not await written(harness, lambda tx: store.prove(tx, "doc_2", KEYS, START + DAY))
        assert not await written(harness, lambda tx: store.prove(tx, "doc_1", KEYS, START + DAY))
        async with harness.database.read() as tx:
            assert await store.owner(tx, KEYS) == "acc_2"
            assert (await store.of_account(tx, "acc_1"))[0].proved_at is None

    async def test_only_its_person_removes_a_document_and_frees_it(self, harness: IdpStoresHarness) -> None:
        await two_people(harness)
        store = harness.stores.documents
        await written(harness, lambda tx: store.add(tx, document(), KEYS))
        assert not await written(harness, lambda tx: store.remove(tx, "doc_1", account_id="acc_2"))
        assert await written(harness, lambda tx: store.remove(tx, "doc_1", account_id="acc_1"))
        other = document("doc_2", account_id="acc_2")
        assert await written(harness, lambda tx: store.add(tx, other, KEYS))

    async def test_a_wish_to_leave_is_kept_once_and_due_in_its_time(self, harness: IdpStoresHarness) -> None:
        await two_people(harness)
        store = harness.stores.persons.departures
        wish = Departure("acc_1", START, START + 7 * DAY)
        assert await written(harness, lambda tx: store.add(tx, wish))
        assert not await written(harness, lambda tx: store.add(tx, dataclasses.replace(wish, due_at=START)))
        await written(harness, lambda tx: store.add(tx, Departure("acc_2", START, START + DAY)))
        frozen = AccountStatus.FROZEN
        await written(harness, lambda tx: harness.stores.accounts.change_status(tx, "acc_2", frozen))
        async with harness.database.read() as tx:
            assert await store.get(tx, "acc_1") == wish
            assert await store.due(tx, START + 6 * DAY, 10) == []
            assert await store.due(tx, START + 7 * DAY, 10) == ["acc_1"], "who is frozen waits"

    async def test_a_proposal_comes_back_and_runs_out(self, harness: IdpStoresHarness) -> None:
        await two_people(harness)
        store = harness.stores.persons.proposals
        for one in (proposal(), proposal("pch_2", expires_at=START + DAY), proposal("pch_3", kind=ChangeKind.NUMBER)):
            await written(harness, lambda tx, one=one: store.add(tx, one))
        late = START + 2 * DAY
        async with harness.database.read() as tx:
            assert await store.get(tx, "pch_1") == proposal()
            assert [one.id for one in await store.open(tx, late, after=None, limit=10)] == ["pch_1", "pch_3"]
            assert [one.id for one in await store.open(tx, late, after="pch_1", limit=10)] == ["pch_3"]
        done = ProposalState.DONE
        assert not await written(harness, lambda tx: store.decide(tx, "pch_2", done, by="acc_8", at=late))
        assert await written(harness, lambda tx: store.delete_before(tx, START + 3 * DAY)) == 1

    async def test_an_identifier_moves_only_where_nobody_has_it(self, harness: IdpStoresHarness) -> None:
        await two_people(harness)
        persons, accounts = harness.stores.persons.persons, harness.stores.accounts
        taken = indexes("acc_2")["citizen-id"]
        assert not await written(harness, lambda tx: persons.change_number(tx, "acc_1", b"other", taken))
        assert await written(harness, lambda tx: persons.change_number(tx, "acc_1", b"new", [b"1.new"]))
        async with harness.database.read() as tx:
            found = await accounts.by_identifier(tx, [b"1.new"])
            assert found is not None
            assert (found.id, found.number) == ("acc_1", b"new")
            assert await accounts.by_identifier(tx, indexes("acc_1")["citizen-id"]) is None

    async def test_what_led_to_a_merged_account_leads_to_the_other(self, harness: IdpStoresHarness) -> None:
        await two_people(harness)
        persons, accounts = harness.stores.persons.persons, harness.stores.accounts
        await written(harness, lambda tx: accounts.add(tx, account("acc_3"), indexes("acc_3")))
        await written(harness, lambda tx: persons.merge(tx, "acc_1", into="acc_2"))
        await written(harness, lambda tx: persons.merge(tx, "acc_2", into="acc_3"))
        async with harness.database.read() as tx:
            for name in ("acc_1", "acc_2"):
                found = await accounts.by_identifier(tx, indexes(name)["citizen-id"])
                assert found is not None
                assert found.id == "acc_3"
            assert await persons.merged_into(tx, "acc_3") == ["acc_1", "acc_2"]


class PersonStoresContention:
    """Many at once."""

    async def test_one_of_many_proves_decides_and_leaves(self, harness: IdpStoresHarness) -> None:
        await two_people(harness)
        stores = harness.stores
        for name in ("acc_1", "acc_2"):
            one = document(f"doc_{name}", account_id=name, proved_at=None)
            await written(harness, lambda tx, one=one: stores.documents.add(tx, one, ()))
        await written(harness, lambda tx: stores.persons.proposals.add(tx, proposal()))
        await written(harness, lambda tx: stores.persons.departures.add(tx, Departure("acc_1", START, START)))

        def proves(number: int) -> Any:
            name = f"doc_acc_{1 + number % 2}"
            return written(harness, lambda tx: stores.documents.prove(tx, name, KEYS, START))

        def decides(number: int) -> Any:
            state = ProposalState.DONE if number % 2 else ProposalState.REFUSED
            return written(
                harness, lambda tx: stores.persons.proposals.decide(tx, "pch_1", state, by=f"acc_{number}", at=START)
            )

        def leaves(_: int) -> Any:
            return written(harness, lambda tx: stores.persons.departures.remove(tx, "acc_1"))

        for act in (proves, decides, leaves):
            answers = await asyncio.gather(*(act(number) for number in range(MANY)))
            assert answers.count(True) == 1, act.__name__
