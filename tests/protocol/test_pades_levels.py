"""ETSI EN 319 142-1 §6.3, B-T, B-LT, B-LTA: what each level is made of, and what others say of it."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from signing.levels import Level
from tests.support.lasting_world import LastingWorld
from tests.support.signing_fakes import pdf, rsa_key

KEYS = {
    "rsa2048": lambda: rsa_key(),
    "rsa3072": lambda: rsa_key(9, 3072),
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
}


@pytest.fixture(scope="module")
def world() -> LastingWorld:
    return LastingWorld()


@pytest.mark.parametrize("level", list(Level), ids=str)
@pytest.mark.parametrize("streams", [False, True], ids=["tables", "streams"])
async def test_the_level_asked_for_is_the_one_found_in_the_file(
    world: LastingWorld, level: Level, streams: bool
) -> None:
    made = await world.seal(pdf(streams=streams), level)
    assert (made.level, made.missing) == (level, None)
    report = await world.verifier()(made.content)
    assert (report.conclusion, report.indication) == ("genuine", "TOTAL-PASSED")
    (signature,) = report.signatures
    assert signature.level == level.value
    assert (signature.proven_at is not None) is (level is not Level.B_B)
