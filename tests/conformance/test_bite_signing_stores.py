"""Seal stores that are broken in one way each: the contract must catch every one of them."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import inspect
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import insert, update

from core.db.database import Database, ReadTx, WriteTx
from signing.model import GranteeKind, GrantForm, Seal, SealGrant, SealStatus, SignatureRecord
from signing.ports import UseQuery
from signing.stores.sql import SqlSealStore
from signing.stores.tables import seal as seal_table
from signing.stores.tables import seal_grant, seal_signature
from tests.conformance.signing_stores import CONTRACTS
from tests.support.clock import FakeClock
from tests.support.databases import postgres_database, sqlite_database
from tests.support.servers import PostgresServer


class ForgetsState(SqlSealStore):
    """Records uses whatever the seal's state."""

    async def add_signature(self, tx: WriteTx, record: SignatureRecord) -> bool:
        values = {name: getattr(record, name) for name in seal_signature.c.keys()}  # noqa: SIM118 - columns, no dict
        await tx.connection.execute(insert(seal_signature).values(values))
        return True


class ChecksThenWrites(SqlSealStore):
    """Looks at the state first and writes later, without holding the row."""

    async def add_signature(self, tx: WriteTx, record: SignatureRecord) -> bool:
        seal = await self.seal(tx, record.seal_id)
        if seal is None or seal.status is not SealStatus.ACTIVE:
            return False
        return await ForgetsState().add_signature(tx, record)


class TellsOfDocumentsOnly(SqlSealStore):
    """Enters every use as one of a document that was seen."""

    async def add_signature(self, tx: WriteTx, record: SignatureRecord) -> bool:
        return await super().add_signature(tx, replace(record, form=GrantForm.DOCUMENT))


class FindsByNameAlone(SqlSealStore):
    """Takes an account for a role of the same name."""

    async def granted_to(self, tx: ReadTx, grantees: Sequence[tuple[GranteeKind, str]]) -> list[SealGrant]:
        every = [(kind, who) for _, who in grantees for kind in GranteeKind]
        return await super().granted_to(tx, every)


class MovesFromAnywhere(SqlSealStore):
    """Changes the state without asking for the expected one."""

    async def set_status(
        self, tx: WriteTx, seal_id: str, *, expected: Sequence[SealStatus], new: SealStatus, at: dt.datetime
    ) -> bool:
        await tx.connection.execute(
            update(seal_table).where(seal_table.c.id == seal_id).values(status=new.value, revoked_at=at)
        )
        return True


class ForgetsWhenRevoked(SqlSealStore):
    """Loses the moment of revocation."""

    async def seal(self, tx: ReadTx, seal_id: str) -> Seal | None:
        found = await super().seal(tx, seal_id)
        return replace(found, revoked_at=None) if found else None


class ForgetsFormerCertificates(SqlSealStore):
    """Knows a seal by its present certificate only."""

    async def seal_of_certificate(self, tx: ReadTx, digest: str) -> Seal | None:
        return await self._one_seal(tx, seal_table.c.certificate_digest == digest)


class ReplacesWhateverIsThere(SqlSealStore):
    """Gives a seal new certificates without asking which ones it has."""

    async def set_certificates(self, tx: WriteTx, seal_id: str, *, expected: bytes, **others: Any) -> bool:
        found = await self.seal(tx, seal_id)
        present = found.certificate if found else expected
        return await super().set_certificates(tx, seal_id, expected=present, **others)


class FindsByIssuer(SqlSealStore):
    """Takes any certificate of the chain for the seal's own."""

    async def seal_of_certificate(self, tx: ReadTx, digest: str) -> Seal | None:
        for seal in await self.seals_of(tx, None):
            if digest in {hashlib.sha256(one).hexdigest() for one in seal.certificates}:
                return seal
        return None


class ListsEverything(SqlSealStore):
    """Ignores what a list was asked for."""

    async def seals_of(self, tx: ReadTx, organisation: str | None, **_: Any) -> list[Seal]:
        return await super().seals_of(tx, None)


class MixesGrants(SqlSealStore):
    """Answers with the grants of all seals."""

    async def grants_of(self, tx: ReadTx, seal_id: str) -> list[SealGrant]:
        return [grant for number in (1, 2) for grant in await super().grants_of(tx, f"seal_{number:02}")]


class FindsFilesBefore(SqlSealStore):
    """Takes the digest of the unsealed file for that of the sealed one."""

    async def signature_of_file(self, tx: ReadTx, digest_after: str) -> SignatureRecord | None:
        found = await super().signature(tx, "sig_01")
        return found if found and digest_after in (found.digest_before, found.digest_after) else None


class OverwritesCodes(SqlSealStore):
    """Lets a second seal take a code, by giving the first another."""

    async def add_seal(self, tx: WriteTx, seal: Seal) -> None:
        await tx.connection.execute(update(seal_table).where(seal_table.c.code == seal.code).values(code=seal.id[-13:]))
        await super().add_seal(tx, seal)


class CommitsByItself(SqlSealStore):
    """Commits in the middle of somebody else's unit of work."""

    async def add_seal(self, tx: WriteTx, seal: Seal) -> None:
        await super().add_seal(tx, seal)
        await tx.connection.commit()


class DropsChain(SqlSealStore):
    """Keeps the seal's own certificate only."""

    async def add_seal(self, tx: WriteTx, seal: Seal) -> None:
        await super().add_seal(tx, replace(seal, certificates=seal.certificates[:1]))


class CountsPastTheCeiling(SqlSealStore):
    """Counts uses whatever the ceiling."""

    async def count_use(self, tx: WriteTx, grant_id: str) -> bool:
        changed = await tx.connection.execute(
            update(seal_grant)
            .where(seal_grant.c.id == grant_id, seal_grant.c.ended_at.is_(None))
            .values(uses=seal_grant.c.uses + 1)
        )
        return changed.rowcount == 1


class LooksThenCounts(SqlSealStore):
    """Looks how many uses are left first, and counts later."""

    async def count_use(self, tx: WriteTx, grant_id: str) -> bool:
        grant = await self.grant(tx, grant_id)
        if grant is None or grant.spent:
            return False  # and forgets that it may have been taken back
        await tx.connection.execute(update(seal_grant).where(seal_grant.c.id == grant_id).values(uses=grant.uses + 1))
        return True


class ForgetsApproval(SqlSealStore):
    """Loses that a grant wants a second person."""

    async def grant(self, tx: ReadTx, grant_id: str) -> SealGrant | None:
        found = await super().grant(tx, grant_id)
        return replace(found, approval=False) if found else None


class ShowsEverybodysUses(SqlSealStore):
    """Tells uses of other organisations' seals too."""

    async def uses(self, tx: ReadTx, query: UseQuery, *, before: str | None, limit: int) -> list[SignatureRecord]:
        own = await super().uses(tx, query, before=before, limit=limit)
        others = await super().uses(tx, replace(query, organisation="11410199DEMA000331"), before=before, limit=limit)
        return [*others, *own]


BROKEN = [
    CountsPastTheCeiling,
    LooksThenCounts,
    ForgetsApproval,
    ShowsEverybodysUses,
    ForgetsState,
    TellsOfDocumentsOnly,
    FindsByNameAlone,
    MovesFromAnywhere,
    ForgetsWhenRevoked,
    ForgetsFormerCertificates,
    ReplacesWhateverIsThere,
    FindsByIssuer,
    ListsEverything,
    MixesGrants,
    FindsFilesBefore,
    OverwritesCodes,
    CommitsByItself,
    DropsChain,
]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
async def test_contract_catches_it(broken: type[SqlSealStore], tmp_path_factory: pytest.TempPathFactory) -> None:
    assert await _caught(broken(), tmp_path_factory), f"{broken.__name__} passed the whole contract"


async def test_contract_passes_what_is_whole(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert not await _caught(SqlSealStore(), tmp_path_factory)


@pytest.fixture
async def postgres(postgres_server: PostgresServer, clock: FakeClock) -> AsyncIterator[Database]:
    async with postgres_database(postgres_server, clock) as made:
        yield made


async def test_contract_catches_checking_before_writing_where_rows_are_locked(postgres: Database) -> None:
    """SQLite serialises writers and hides this fault; PostgreSQL shows it."""
    contract = CONTRACTS[1]()
    with pytest.raises(AssertionError):
        await contract.test_revocation_waits_for_the_use_that_came_first(postgres, ChecksThenWrites())
    await _end_what_was_left_running()


async def _end_what_was_left_running() -> None:
    """A check that failed half-way leaves tasks with open connections behind."""
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


async def _caught(store: SqlSealStore, folders: pytest.TempPathFactory) -> bool:
    for contract in CONTRACTS:
        for check, arguments in _checks(contract()):
            async with sqlite_database(folders.mktemp("bite"), FakeClock()) as database:
                try:
                    await check(database, store, **arguments)
                except BaseException:  # an assertion, pytest's own failure, or whatever the fault leads to
                    return True
                finally:
                    await _end_what_was_left_running()
    return False


def _checks(contract: object) -> list[tuple[Callable[..., Any], dict[str, Any]]]:
    out = []
    for name, check in inspect.getmembers(contract, inspect.iscoroutinefunction):
        if name.startswith("test_"):
            states = (
                [SealStatus.SUSPENDED, SealStatus.REVOKED] if "state" in inspect.signature(check).parameters else []
            )
            out += [(check, {"state": state}) for state in states] or [(check, {})]
    return out
