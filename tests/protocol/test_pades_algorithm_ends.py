"""ETSI EN 319 102-1 §5.2.8: an algorithm counts at the time for which there is proof, not at the time claimed."""

from __future__ import annotations

import datetime as dt

import pytest

from core.db.database import Database
from keys.spec import SignatureAlgorithm
from signing.model import SealPdfCommand
from tests.support.clock import FakeClock
from tests.support.signing_fakes import PlainAuthority, pdf
from tests.support.signing_world import CLIENT, PLACE, FileJudge, SealOffice, press

AUTHORITY = PlainAuthority.make()
LAST_DAY = dt.datetime(2030, 12, 31, 23, 59, 59, tzinfo=dt.UTC)
AFTER = LAST_DAY + dt.timedelta(seconds=1)


@pytest.mark.parametrize(
    ("algorithm", "moment", "indication"),
    [
        (SignatureAlgorithm.RS256, LAST_DAY, "TOTAL-PASSED"),
        (SignatureAlgorithm.RS256, AFTER, "INDETERMINATE"),
        (SignatureAlgorithm.PS256, AFTER, "INDETERMINATE"),
        (SignatureAlgorithm.ES256, AFTER, "TOTAL-PASSED"),
    ],
)
async def test_rsa_of_2048_bits_ends_with_2030(
    algorithm: SignatureAlgorithm, moment: dt.datetime, indication: str
) -> None:
    sealed = press(AUTHORITY, algorithm).seal(pdf())  # the signer claims 2026, which proves nothing
    report = await FileJudge(AUTHORITY, FakeClock(moment))(sealed)
    assert report.indication == indication
    ended = indication != "TOTAL-PASSED"
    assert (report.sub_indication == "CRYPTO_CONSTRAINTS_FAILURE_NO_POE") is ended


async def test_what_is_on_record_from_better_days_still_counts(sqlite_database: Database, clock: FakeClock) -> None:
    office = SealOffice(sqlite_database, clock)
    seal = await office.make_seal(algorithm=SignatureAlgorithm.RS256)
    await office.grant(seal)
    sealed = await office.seal_pdf(SealPdfCommand(pdf(), seal.id, CLIENT, "document", PLACE))
    clock.set(AFTER)
    assert (await office.verify_pdf(sealed.content)).conclusion == "genuine"
