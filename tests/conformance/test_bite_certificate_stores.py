"""Registers and list stores that are wrong on purpose: the contract must catch each of them."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

from keys.stores.certificate_tables import authorities, register, revocation_lists
from keys.stores.certificates import SqlCertificateStore
from keys.stores.revocation_lists import SqlListStore
from keys.stores.transactions import writing
from keys.x509.model import (
    AuthorityRow,
    CertificateQuery,
    CertificateRecord,
    CertificateStatus,
    ListHead,
    Revocation,
    StoredList,
)
from tests.conformance.certificates import (
    CertificateStoreBasic,
    CertificateStoreContention,
    CertificateStoreTransaction,
    ListStoreContract,
)
from tests.conformance.certificates_backends import CertificatesHarness, at
from tests.conformance.harness import failing

_CONTRACTS = (CertificateStoreBasic, CertificateStoreTransaction, CertificateStoreContention, ListStoreContract)
_PAUSE = 0.05  # longer than it takes to open the others' connections, on a busy machine too


class _LooksThenAdds(SqlCertificateStore):
    """Looks whether the key is free, and has no unique index that decides."""

    async def add(self, record: CertificateRecord) -> bool:
        async with writing(self.engine) as connection:
            await connection.execute(text("DROP INDEX IF EXISTS uq_certificate_register_edition"))
        if any(one.edition == record.edition for one in await self.of_key(record.subject_key_id)):
            return False
        await asyncio.sleep(_PAUSE)
        return await super().add(record)


class _NumbersTwice(SqlCertificateStore):
    """Lets an issuer give a number to two certificates."""

    async def add(self, record: CertificateRecord) -> bool:
        async with writing(self.engine) as connection:
            await connection.execute(text("DROP INDEX IF EXISTS uq_certificate_register_number"))
        return await super().add(record)


class _ReadsThenChanges(SqlCertificateStore):
    """Reads the state in one transaction and changes it in the next."""

    async def change_status(self, sha256: str, **step: Any) -> bool:
        found = await self.find(sha256)
        if found is None or found.status not in step["expected"]:
            return False
        await asyncio.sleep(_PAUSE)
        await super().change_status(sha256, **(step | {"expected": tuple(CertificateStatus)}))
        return True


class _RaisesTheDead(SqlCertificateStore):
    """Makes a revoked certificate good again."""

    async def change_status(self, sha256: str, **step: Any) -> bool:
        return await super().change_status(sha256, **(step | {"expected": tuple(CertificateStatus)}))


class _RevokesFromNow(SqlCertificateStore):
    """Forgets since when a certificate was held."""

    async def change_status(self, sha256: str, *, at: dt.datetime, **step: Any) -> bool:
        done = await super().change_status(sha256, at=at, **step)
        async with writing(self.engine) as connection:
            bad = register.c.sha256 == sha256, register.c.status != "good"
            await connection.execute(update(register).where(*bad).values(revoked_at=at))
        return done


class _CountsNothing(SqlCertificateStore):
    """Changes certificates in silence, so other workers go on saying what they said."""

    async def authorities(self) -> Sequence[AuthorityRow]:
        return [dataclasses.replace(row, changes=0) for row in await super().authorities()]


class _CountsRefusals(SqlCertificateStore):
    """Counts a step that was refused."""

    async def change_status(self, sha256: str, **step: Any) -> bool:
        done = await super().change_status(sha256, **step)
        if not done:
            async with writing(self.engine) as connection:
                await connection.execute(update(authorities).values(changes=authorities.c.changes + 1))
        return done


class _TellsAllChanges(SqlCertificateStore):
    """Answers with changes that were told before."""

    async def changed_since(self, issuer_key_id: str, change: int) -> Mapping[str, int]:
        return await super().changed_since(issuer_key_id, -1)


class _OneNameForAll(SqlCertificateStore):
    """Gives every key of an authority the same name."""

    async def add_authority(self, key_id: str, name: str, *, moment: dt.datetime) -> AuthorityRow:
        return dataclasses.replace(await super().add_authority(key_id, name, moment=moment), slug=name)


class _SearchesWildcards(SqlCertificateStore):
    """Takes what is searched for as a pattern."""

    async def search(self, query: CertificateQuery) -> Sequence[CertificateRecord]:
        if not query.text:
            return await super().search(query)
        where = register.c.subject.ilike(f"%{query.text}%")
        async with self.engine.connect() as connection:
            found = set((await connection.execute(select(register.c.sha256).where(where))).scalars())
        rest = await super().search(dataclasses.replace(query, text=""))
        return [one for one in rest if one.sha256 in found]


class _StartsOver(SqlCertificateStore):
    """Ignores after which certificate the page begins."""

    async def search(self, query: CertificateQuery) -> Sequence[CertificateRecord]:
        found = await super().search(dataclasses.replace(query, after=None))
        return found if query.after is None else found[1:2]


class _AllPurposes(SqlCertificateStore):
    """Takes every certificate for an authority's."""

    async def of_authorities(self) -> Sequence[CertificateRecord]:
        return await self.search(CertificateQuery())


class _ReadsThenCounts(SqlListStore):
    """Reads the last number in one transaction and counts on in the next."""

    async def claim(self, key_id: str, *, moment: dt.datetime, lease: dt.timedelta) -> int | None:
        async with self.engine.connect() as connection:
            query = select(authorities).where(authorities.c.key_id == key_id)
            row = (await connection.execute(query)).one_or_none()
        if row is None or (row.making_until is not None and row.making_until > moment):
            return None
        await asyncio.sleep(_PAUSE)
        values = {"list_number": row.list_number + 1, "making_until": moment + lease}
        async with writing(self.engine) as connection:
            await connection.execute(update(authorities).where(authorities.c.key_id == key_id).values(values))
        return int(row.list_number) + 1


class _ForEver(SqlListStore):
    """A worker that crashed keeps the right to make lists for ever."""

    async def claim(self, key_id: str, *, moment: dt.datetime, lease: dt.timedelta) -> int | None:
        return await super().claim(key_id, moment=moment, lease=lease * 1000)


class _LastOneWins(SqlListStore):
    """Publishes an older list over a newer one."""

    async def keep(self, made: StoredList) -> bool:
        async with writing(self.engine) as connection:
            await connection.execute(revocation_lists.delete())
        return await super().keep(made)


class _WithoutHolds(SqlListStore):
    """Leaves held certificates out."""

    async def revocations(self, *arguments: Any, **named: Any) -> tuple[int, Sequence[Revocation]]:
        changes, found = await super().revocations(*arguments, **named)
        return changes, [one for one in found if one.reason.value != "certificateHold"]


class _WholeForPart(SqlListStore):
    """Answers with everything whichever part is asked for."""

    async def revocations(
        self, issuer_key_id: str, *, part: int | None, ended_after: dt.datetime | None
    ) -> tuple[int, Sequence[Revocation]]:
        return await super().revocations(issuer_key_id, part=None, ended_after=ended_after)


class _NoHeads(SqlListStore):
    """Tells of the whole list only."""

    async def heads(self, key_id: str) -> Sequence[ListHead]:
        return (await super().heads(key_id))[:1]


_BROKEN: list[tuple[type[Any], str]] = [
    (_LooksThenAdds, "test_one_worker_certifies_a_key"),
    (_NumbersTwice, "test_a_number_and_an_edition_are_given_once"),
    (_ReadsThenChanges, "test_one_of_many_revocations_is_made"),
    (_RaisesTheDead, "test_a_certificate_lives_along_its_states"),
    (_RevokesFromNow, "test_a_certificate_lives_along_its_states"),
    (_CountsNothing, "test_changes_are_counted_for_the_issuer_alone"),
    (_CountsRefusals, "test_a_step_that_is_refused_counts_for_nothing"),
    (_TellsAllChanges, "test_changes_are_counted_for_the_issuer_alone"),
    (_OneNameForAll, "test_an_authoritys_keys_have_names_of_their_own"),
    (_SearchesWildcards, "test_each_condition_narrows_the_search"),
    (_StartsOver, "test_pages_follow_one_another"),
    (_AllPurposes, "test_authorities_are_told_from_others"),
    (_ReadsThenCounts, "test_one_worker_makes_the_list"),
    (_ForEver, "test_a_number_is_given_once_and_never_again"),
    (_LastOneWins, "test_an_older_list_never_replaces_a_newer_one"),
    (_WithoutHolds, "test_revocations_are_what_is_not_good"),
    (_WholeForPart, "test_revocations_are_what_is_not_good"),
    (_NoHeads, "test_heads_tell_of_every_list"),
]


def _opened(folder: Path, store: type[Any], lists: type[Any]) -> Any:
    count = iter(range(1000))

    @asynccontextmanager
    async def opened() -> AsyncIterator[CertificatesHarness]:
        async with at(f"sqlite:///{folder}/{next(count)}.db", store, lists) as harness:
            yield harness

    return opened


@pytest.mark.parametrize(("broken", "caught_by"), _BROKEN, ids=lambda value: getattr(value, "__name__", ""))
async def test_a_broken_store_fails_the_contract(broken: type[Any], caught_by: str, tmp_path: Path) -> None:
    of_lists = issubclass(broken, SqlListStore)
    stores = (SqlCertificateStore, broken) if of_lists else (broken, SqlListStore)
    contracts = [contract for contract in _CONTRACTS if hasattr(contract, caught_by)]
    assert await failing(contracts, _opened(tmp_path, *stores), only=caught_by) == {caught_by}


async def test_right_stores_pass(tmp_path: Path) -> None:
    assert await failing(_CONTRACTS, _opened(tmp_path, SqlCertificateStore, SqlListStore)) == set()
