"""The contract of `core.idempotency`: a repeated write does nothing again and answers as the first did."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import insert

from core.db.database import Database
from core.errors import Conflict, InvalidInput
from core.idempotency import AlreadyDone, find_result, fingerprint_of
from tests.conformance.database import Trouble
from tests.conformance.database_backends import DatabaseHarness, thing
from tests.conformance.harness import DELAY, at_once

SCOPE = "client:portal licence.issue"


async def issue(
    harness: DatabaseHarness,
    database: Database,
    name: str,
    *,
    key: str = "k1",
    content: str = "same",
    scope: str = SCOPE,
) -> str:
    """A use case as the domains write it: look, remember, write, commit; answers the id of what was made."""
    mark = fingerprint_of(content)
    async with database.read() as tx:
        earlier = await find_result(tx, scope=scope, key=key, fingerprints=(mark,))
    if earlier is not None:
        return earlier
    try:
        async with database.write() as writing:
            await harness.remember(writing, harness.clock, scope=scope, key=key, fingerprints=(mark,), result=name)
            await asyncio.sleep(DELAY)
            await writing.connection.execute(insert(thing).values(id=name, state="issued"))
            if content == "fails":
                raise Trouble
            await writing.commit()
    except AlreadyDone as done:
        return done.result
    return name


class IdempotencyBasic:
    """One caller at a time."""

    async def test_the_second_time_answers_as_the_first_and_makes_nothing(self, harness: DatabaseHarness) -> None:
        assert await issue(harness, harness.database, "lic_1") == "lic_1"
        assert await issue(harness, harness.other, "lic_2") == "lic_1"
        assert await harness.things() == {"lic_1": "issued"}

    async def test_another_content_under_the_same_key_is_a_conflict(self, harness: DatabaseHarness) -> None:
        await issue(harness, harness.database, "lic_1")
        with pytest.raises(Conflict) as refused:
            await issue(harness, harness.database, "lic_2", content="different")
        assert refused.value.code == "idempotency-key-reused"
        assert await harness.things() == {"lic_1": "issued"}

    async def test_another_key_or_another_scope_is_another_write(self, harness: DatabaseHarness) -> None:
        await issue(harness, harness.database, "lic_1")
        assert await issue(harness, harness.database, "lic_2", key="k2") == "lic_2"
        assert await issue(harness, harness.database, "lic_3", scope="client:other licence.issue") == "lic_3"

    async def test_odd_keys_are_refused(self, harness: DatabaseHarness) -> None:
        for key in ("", "x" * 129, "a\nb", "钥匙", "a\x00b"):
            with pytest.raises(InvalidInput) as refused:
                await issue(harness, harness.database, "lic_1", key=key)
            assert refused.value.code == "idempotency-key-invalid"

    async def test_parts_of_a_fingerprint_do_not_run_together(self, harness: DatabaseHarness) -> None:
        marks = {fingerprint_of("ab", "c"), fingerprint_of("a", "bc"), fingerprint_of("abc"), fingerprint_of("abc", "")}
        assert len(marks) == 4


class IdempotencyTransaction:
    """The key and the write stand or fall together."""

    async def test_a_failed_write_leaves_its_key_free(self, harness: DatabaseHarness) -> None:
        with pytest.raises(Trouble):
            await issue(harness, harness.database, "lic_1", content="fails")
        assert await issue(harness, harness.database, "lic_2", content="good") == "lic_2"
        assert await harness.things() == {"lic_2": "issued"}


class IdempotencyContention:
    """The same request many times at once."""

    async def test_of_twenty_equal_requests_one_makes_something_and_all_get_it(self, harness: DatabaseHarness) -> None:
        workers = (harness.database, harness.other)
        answers = await at_once(*(issue(harness, workers[i % 2], f"lic_{i}") for i in range(20)))
        assert len(set(answers)) == 1
        assert await harness.things() == {answers[0]: "issued"}

    async def test_of_two_contents_under_one_key_one_wins(self, harness: DatabaseHarness) -> None:
        workers = (harness.database, harness.other)
        calls = (issue(harness, workers[i % 2], f"lic_{i}", content=f"content {i % 2}") for i in range(10))
        answers = await asyncio.gather(*calls, return_exceptions=True)
        made = {answer for answer in answers if isinstance(answer, str)}
        assert len(made) == 1
        assert sum(isinstance(answer, Conflict) for answer in answers) == 5
        assert list(await harness.things()) == list(made)
