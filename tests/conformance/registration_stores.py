"""The contract of the stores in `idp.clients.ports`, at three strengths."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from typing import Any

from core.text import Text
from idp.client_metadata import ClientMetadata, SecurityProfile
from idp.clients.description import ClientDescription
from idp.clients.policy import RegistrationPolicy
from idp.clients.ports import ClientSearch
from idp.clients.records import (
    ClientError,
    ClientProposal,
    Origin,
    Permit,
    PermitKind,
    ProposalKind,
    ProposalState,
    Registration,
)
from idp.model import ClientStatus, Organisation
from tests.conformance.idp_stores import HOUR, LATER, MANY, USCC, client, delivery, written
from tests.conformance.idp_stores_backends import IdpStoresHarness
from tests.support.clock import START


def record(client_id: str = "portal", **changes: Any) -> Registration:
    made = Registration(
        client_id,
        Origin.DYNAMIC,
        "prm_1",
        1,
        START,
        policy=RegistrationPolicy(redirect_hosts=(".a.test",)),
        access_digest="digest-1",
        statement="a.b.c",
    )
    return dataclasses.replace(made, **changes)


def permit(permit_id: str = "prm_1", **changes: Any) -> Permit:
    made = Permit(
        id=permit_id,
        kind=PermitKind.TOKEN,
        note="for tests",
        policy=RegistrationPolicy(),
        created_by="acc_1",
        created_at=START,
        most_clients=3,
        digest=f"digest-{permit_id}",
        most_uses=5,
        expires_at=LATER,
    )
    return dataclasses.replace(made, **changes)


def proposal(proposal_id: str = "cpr_1", client_id: str = "portal", **changes: Any) -> ClientProposal:
    description = ClientDescription(
        Text("门户", "Portal"),
        redirect_uris=("https://a.test/cb",),
        metadata=ClientMetadata(profile=SecurityProfile.FAPI2, jwks={"keys": []}, request_uris=("https://a.test/r",)),
    )
    made = ClientProposal(
        proposal_id, client_id, ProposalKind.CHANGE, description, ("jwks", "scope"), 4, USCC, "acc_1", START
    )
    return dataclasses.replace(made, **changes)


def error(error_id: str = "cer_1", client_id: str = "portal", **changes: Any) -> ClientError:
    made = ClientError(error_id, client_id, START, "token", "invalid_grant", "the code is spent", "second use", "r", 2)
    return dataclasses.replace(made, **changes)


async def seeded(harness: IdpStoresHarness) -> None:
    """Two clients with their records, one of an organisation; a permit."""
    stores = harness.stores

    async def work(tx: Any) -> None:
        await stores.organisations.add(tx, Organisation(USCC, Text("局", "Bureau"), "government"), START)
        await stores.permits.add(tx, permit())
        named = dataclasses.replace(client(organisation=USCC), name=Text("税务门户", "Tax portal"))
        await stores.clients.add(tx, named)
        await stores.clients.add(tx, client("quiet", backchannel_logout_uri=None))
        await stores.registrations.add(tx, record(permit="prm_1"))
        await stores.registrations.add(tx, record("quiet", access_digest=None, policy=None, statement=None))

    await written(harness, work)


class RegistrationStoresBasic:
    """One caller at a time."""

    async def test_a_record_comes_back_and_moves_on_step_by_step(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        records = harness.stores.registrations
        async with harness.database.read() as tx:
            assert await records.get(tx, "portal") == record(permit="prm_1")
            assert await records.get(tx, "nobody") is None
        steps = [
            await written(harness, lambda tx, r=revision: records.advance(tx, "portal", revision=r, at=LATER))
            for revision in (2, 1, 1, 2)
        ]
        assert steps == [False, True, False, True]
        async with harness.database.read() as tx:
            found = await records.get(tx, "portal")
        assert found is not None
        assert (found.revision, found.changed_at) == (3, LATER)

    async def test_an_access_token_gives_way_to_the_next_once(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        records = harness.stores.registrations

        async def exchange(old: str, new: str | None) -> Any:
            return await written(harness, lambda tx: records.exchange_token(tx, "portal", old=old, new=new))

        pairs = [("wrong", "x"), ("digest-1", "digest-2"), ("digest-1", "x"), ("digest-2", None), ("digest-2", "x")]
        assert [await exchange(old, new) for old, new in pairs] == [False, True, False, True, False]

    async def test_a_description_is_written_and_spares_status_and_secrets(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        clients = harness.stores.clients
        changed = client(
            redirect_uris=("https://b.test/cb",),
            secret_digest="x" * 64,
            status=ClientStatus.DISABLED,
            metadata=ClientMetadata(tos_uri="https://b.test/tos"),
            created_at=LATER,
        )
        assert await written(harness, lambda tx: clients.redescribe(tx, changed))
        assert not await written(harness, lambda tx: clients.redescribe(tx, client("nobody")))
        async with harness.database.read() as tx:
            found = await clients.get(tx, "portal")
        assert found == dataclasses.replace(
            changed, secret_digest="d" * 64, status=ClientStatus.ACTIVE, created_at=START
        )

    async def test_secrets_are_written_over_the_known_ones_only(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        clients = harness.stores.clients
        first = client()
        second = client(
            secret_digest="e" * 64,
            secret_sealed=b"sealed",
            earlier_secret_digest="d" * 64,
            earlier_secret_ends_at=LATER,
            redirect_uris=(),
        )
        third = client(secret_digest=None)
        for new, known, done in ((second, second, False), (second, first, True), (third, first, False)):
            assert await written(harness, lambda tx, n=new, k=known: clients.write_secrets(tx, n, known=k)) is done
        async with harness.database.read() as tx:
            found = await clients.get(tx, "portal")
        assert found is not None
        assert (found.secret_digest, found.secret_sealed) == ("e" * 64, b"sealed")
        assert (found.earlier_secret_digest, found.earlier_secret_ends_at) == ("d" * 64, LATER)
        assert found.redirect_uris == first.redirect_uris
        assert await written(harness, lambda tx: clients.write_secrets(tx, third, known=second))

    async def test_a_client_moves_from_where_it_is_expected(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        clients = harness.stores.clients
        pending, active, removed = ClientStatus.PENDING, ClientStatus.ACTIVE, ClientStatus.REMOVED

        async def move(expected: ClientStatus, new: ClientStatus) -> Any:
            return await written(harness, lambda tx: clients.move(tx, "portal", expected=[expected], new=new))

        moves = [(pending, removed), (active, removed), (active, removed), (removed, removed)]
        assert [await move(*step) for step in moves] == [False, True, False, True]
        assert not await written(harness, lambda tx: clients.change_status(tx, "portal", active)), "gone for good"

    async def test_clients_are_found_page_by_page(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        clients = harness.stores.clients

        async def ids(search: ClientSearch, after: str | None = None, limit: int = 10) -> list[str]:
            async with harness.database.read() as tx:
                return [one.id for one in await clients.page(tx, search, after=after, limit=limit)]

        assert await ids(ClientSearch()) == ["portal", "quiet"]
        assert await ids(ClientSearch(), limit=1) == ["portal"]
        assert await ids(ClientSearch(), after="portal") == ["quiet"]
        assert await ids(ClientSearch(text="税务")) == ["portal"]
        assert await ids(ClientSearch(text="TAX")) == ["portal"]
        assert await ids(ClientSearch(text="uie")) == ["quiet"]
        assert await ids(ClientSearch(text="%")) == []
        assert await ids(ClientSearch(organisation=USCC)) == ["portal"]
        assert await ids(ClientSearch(status=ClientStatus.PENDING)) == []

    async def test_removed_clients_go_when_nothing_refers_to_them(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        stores = harness.stores

        async def more(tx: Any) -> None:
            for name in ("portal", "quiet"):
                await stores.clients.move(tx, name, expected=[ClientStatus.ACTIVE], new=ClientStatus.REMOVED)
            await stores.deliveries.add(tx, [delivery()])
            await stores.client_proposals.add(tx, proposal(client_id="quiet"))
            await stores.client_errors.add(tx, [error(client_id="quiet")], keep=10)

        await written(harness, more)
        assert await written(harness, lambda tx: stores.clients.delete_removed(tx, START, 10)) == 0
        assert await written(harness, lambda tx: stores.clients.delete_removed(tx, LATER, 10)) == 1
        async with harness.database.read() as tx:
            assert await stores.clients.get(tx, "quiet") is None
            assert await stores.registrations.get(tx, "quiet") is None
            assert await stores.client_proposals.get(tx, "cpr_1") is None
            assert await stores.clients.get(tx, "portal") is not None, "a message of it is under way"

    async def test_a_proposal_comes_back_and_is_decided_once(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        proposals, one = harness.stores.client_proposals, proposal()
        assert await written(harness, lambda tx: proposals.add(tx, one))
        assert not await written(harness, lambda tx: proposals.add(tx, proposal("cpr_2"))), "one at a time"
        async with harness.database.read() as tx:
            assert await proposals.get(tx, "cpr_1") == one
            assert await proposals.get(tx, "cpr_2") is None
        for state, done in ((ProposalState.APPROVED, True), (ProposalState.REFUSED, False)):
            assert (
                await written(
                    harness,
                    lambda tx, s=state: proposals.decide(tx, "cpr_1", s, by="acc_2", at=LATER, note="good"),
                )
                is done
            )
        async with harness.database.read() as tx:
            found = await proposals.get(tx, "cpr_1")
        assert found == dataclasses.replace(
            one, state=ProposalState.APPROVED, decided_by="acc_2", decided_at=LATER, note="good"
        )
        assert await written(harness, lambda tx: proposals.add(tx, proposal("cpr_2"))), "decided: the next may come"

    async def test_open_proposals_are_listed_for_whom_they_concern(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        proposals = harness.stores.client_proposals

        async def more(tx: Any) -> None:
            await proposals.add(tx, proposal("cpr_1"))
            await proposals.add(tx, proposal("cpr_2", "quiet", organisation=None))

        await written(harness, more)

        async def open_ids(organisation: str | None, after: str | None = None) -> list[str]:
            async with harness.database.read() as tx:
                found = await proposals.open(tx, organisation=organisation, after=after, limit=10)
            return [one.id for one in found]

        assert await open_ids(None) == ["cpr_1", "cpr_2"]
        assert await open_ids(None, "cpr_1") == ["cpr_2"]
        assert await open_ids(USCC) == ["cpr_1"]
        await written(
            harness,
            lambda tx: proposals.decide_of_client(tx, "portal", ProposalState.WITHDRAWN, by="acc_1", at=START),
        )
        assert await open_ids(None) == ["cpr_2"]
        async with harness.database.read() as tx:
            assert [one.state for one in await proposals.of_client(tx, "portal", 5)] == [ProposalState.WITHDRAWN]
        assert await written(harness, lambda tx: proposals.delete_decided(tx, LATER)) == 1

    async def test_a_permit_comes_back_and_counts(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        permits, one = harness.stores.permits, permit()
        async with harness.database.read() as tx:
            assert await permits.get(tx, "prm_1") == one
            assert await permits.by_token(tx, ["x", "digest-prm_1"]) == one
            assert await permits.by_token(tx, ["x"]) is None
        assert not await written(harness, lambda tx: permits.add(tx, one))

        async def use(now: dt.datetime = START) -> Any:
            return await written(harness, lambda tx: permits.use(tx, "prm_1", now))

        assert [await use(LATER), *[await use() for _ in range(4)]] == [False, True, True, True, False]
        for expected in (True, True, False):  # two clients went, then all uses are spent
            await written(harness, lambda tx: permits.release(tx, "prm_1"))
            assert await use() is expected
        async with harness.database.read() as tx:
            found = await permits.get(tx, "prm_1")
        assert found is not None
        assert (found.uses, found.clients) == (5, 2)

    async def test_a_permit_ends_once_and_then_opens_nothing(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        permits = harness.stores.permits
        keys = {"keys": [{"kty": "EC"}]}
        trusted = permit("prm_2", kind=PermitKind.STATEMENTS, digest=None, issuer="https://i.test", jwks=keys)
        again = dataclasses.replace(trusted, id="prm_3")
        assert await written(harness, lambda tx: permits.add(tx, trusted))
        assert not await written(harness, lambda tx: permits.add(tx, again)), "one for an issuer"
        async with harness.database.read() as tx:
            assert await permits.by_issuer(tx, "https://i.test") == trusted
        for done in (True, False):
            assert await written(harness, lambda tx: permits.end(tx, "prm_2", START)) is done
        assert not await written(harness, lambda tx: permits.use(tx, "prm_2", START))
        async with harness.database.read() as tx:
            assert await permits.by_issuer(tx, "https://i.test") is None
            assert [one.id for one in await permits.page(tx, PermitKind.STATEMENTS, after=None, limit=5)] == ["prm_2"]
            assert [one.id for one in await permits.page(tx, PermitKind.TOKEN, after="prm_1", limit=5)] == []
        assert await written(harness, lambda tx: permits.add(tx, again))
        assert await written(harness, lambda tx: permits.delete_over(tx, LATER + HOUR)) == 2, "prm_1 has a client"
        async with harness.database.read() as tx:
            assert await permits.get(tx, "prm_1") is not None

    async def test_errors_are_kept_for_clients_that_exist_and_only_so_many(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        errors = harness.stores.client_errors
        made = [error(f"cer_{number:02d}", request_id=None if number else "r") for number in range(12)]
        await written(harness, lambda tx: errors.add(tx, [*made, error("cer_99", "nobody")], keep=10))
        async with harness.database.read() as tx:
            found = await errors.of_client(tx, "portal", before=None, limit=50)
            behind = await errors.of_client(tx, "portal", before="cer_05", limit=2)
            assert not await errors.of_client(tx, "nobody", before=None, limit=50)
        assert list(found) == made[:1:-1]
        assert [one.id for one in behind] == ["cer_04", "cer_03"]
        await written(harness, lambda tx: errors.add(tx, [], keep=10))
        assert await written(harness, lambda tx: errors.delete_before(tx, START)) == 0
        assert await written(harness, lambda tx: errors.delete_before(tx, LATER)) == 10


class RegistrationStoresTransaction:
    """What is not committed never was."""

    async def test_a_use_that_is_not_committed_was_none(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        permits = harness.stores.permits
        async with harness.database.write() as tx:
            assert await permits.use(tx, "prm_1", START)
        async with harness.database.read() as tx:
            found = await permits.get(tx, "prm_1")
        assert found is not None
        assert found.uses == 0

    async def test_a_second_proposal_leaves_the_unit_of_work_whole(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        proposals = harness.stores.client_proposals

        async def work(tx: Any) -> None:
            assert await proposals.add(tx, proposal())
            assert not await proposals.add(tx, proposal("cpr_2"))
            assert await proposals.add(tx, proposal("cpr_3", "quiet"))

        await written(harness, work)
        async with harness.database.read() as tx:
            found = await proposals.open(tx, organisation=None, after=None, limit=5)
        assert [one.id for one in found] == ["cpr_1", "cpr_3"]


class RegistrationStoresContention:
    """Many at once; each step of a store takes a few milliseconds."""

    async def test_a_permit_lets_in_as_many_as_it_has_room_for(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        slow = harness.slow

        async def use() -> bool:
            return bool(await written(harness, lambda tx: slow.permits.use(tx, "prm_1", START)))

        assert sum(await asyncio.gather(*(use() for _ in range(MANY)))) == 3

    async def test_one_proposes_about_a_client(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        slow = harness.slow

        async def propose(number: int) -> bool:
            return bool(await written(harness, lambda tx: slow.client_proposals.add(tx, proposal(f"cpr_{number:02d}"))))

        assert sum(await asyncio.gather(*(propose(number) for number in range(MANY)))) == 1

    async def test_one_decides(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        await written(harness, lambda tx: harness.stores.client_proposals.add(tx, proposal()))
        slow = harness.slow

        async def decide(number: int) -> bool:
            state = (ProposalState.APPROVED, ProposalState.REFUSED)[number % 2]
            return bool(
                await written(
                    harness,
                    lambda tx: slow.client_proposals.decide(tx, "cpr_1", state, by="acc_2", at=START, note=None),
                )
            )

        assert sum(await asyncio.gather(*(decide(number) for number in range(MANY)))) == 1

    async def test_one_steps_on(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        slow = harness.slow

        async def advance() -> bool:
            return bool(
                await written(harness, lambda tx: slow.registrations.advance(tx, "portal", revision=1, at=START))
            )

        assert sum(await asyncio.gather(*(advance() for _ in range(MANY)))) == 1

    async def test_one_writes_a_secret(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        slow = harness.slow

        async def write(number: int) -> bool:
            made = client(secret_digest=f"{number:064d}")
            return bool(await written(harness, lambda tx: slow.clients.write_secrets(tx, made, known=client())))

        assert sum(await asyncio.gather(*(write(number) for number in range(MANY)))) == 1
