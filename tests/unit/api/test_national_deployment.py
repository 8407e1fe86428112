"""A whole deployment that turns to both forms, by its own commands: sealed, stamped, judged, revoked, judged again."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from api.cli.composed import composed
from api.cli.prepare import prepare
from api.cli.seal_commands import department, found, give_national_form, write_esl
from api.cli.seal_source import SealSource
from api.settings import Settings
from core.clock import SystemClock
from core.principal import SYSTEM
from core.text import Text
from signing.errors import SealFormMissing, SealFormUnavailable
from signing.eseal.judge import StampJudge
from signing.eseal.read import read_seal
from signing.eseal.write import write_stamp
from signing.model import SealStatus
from signing.seals.order import SealOrder
from tests.support.signing_world import OFFICE, ORGANISATION, SEAL_CODE

DIGEST = bytes(32)
ORDER = SealOrder(ORGANISATION, Text(OFFICE, "Housing Office"), SEAL_CODE)


async def test_from_one_form_to_both_and_to_the_end_of_the_seal(tmp_path: Path) -> None:
    before = Settings(data=tmp_path, demo=False)
    await prepare(before)
    seal_id = (await found(before, ORDER, None, SealSource()))[-1]
    with pytest.raises(SealFormUnavailable):
        await give_national_form(before, seal_id, None)
    with pytest.raises(SealFormMissing):
        await write_esl(before, seal_id, tmp_path / "none.esl")

    both = Settings(data=tmp_path, demo=False, profile="both")
    await prepare(both)
    assert await department(both, ORGANISATION, None) == [
        f"{ORGANISATION}: nothing of its own; new seals are made as both"
    ]
    (line,) = await give_national_form(both, None, None)
    assert line.startswith(seal_id)
    assert await give_national_form(both, None, None) == ["every seal in use has a national form"]
    await write_esl(both, seal_id, tmp_path / "seal.esl")
    assert read_seal((tmp_path / "seal.esl").read_bytes()).info.seal_id == SEAL_CODE

    clock = SystemClock()
    async with composed(both) as service:
        await service.trust.refresh()
        seal = await service.signing.seals.get(seal_id)
        signer = await service.signing.national.signers.of(seal)
        stamp = write_stamp(
            signer.seal,
            version=signer.version,
            at=clock.now(),
            digest=DIGEST,
            subject="/Doc_0/Signs/Sign_0/Signature.xml",
            signer=signer.certificates[0],
            sign=signer.sign,
        )
        judge, stamped = StampJudge(service.trust.judge, service.signing.national.register), clock.now()
        assert (await judge.judge(stamp, digest=DIGEST, now=stamped)).good
        await service.signing.change_seal_status(seal_id, SealStatus.REVOKED, actor=SYSTEM)
        after = await judge.judge(stamp, digest=DIGEST, now=clock.now())
        assert {step.reason for step in after.steps if step.outcome == "bad"} == {"seal-revoked"}
        assert (await judge.judge(stamp, digest=DIGEST, now=clock.now(), proven=stamped)).good
        late = await judge.judge(stamp, digest=DIGEST, now=clock.now(), proven=clock.now() + dt.timedelta(seconds=1))
        assert late.bad
