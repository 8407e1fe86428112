"""The algorithm table, enforced on use: which keys a ring makes, and until when it lets them sign."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import pytest

from keys.errors import AlgorithmEnded, KeyRefused, TokenRejected
from keys.jose.tokens import TokenSigner, TokenVerifier
from keys.spec import ALGORITHMS, SignatureAlgorithm, Use
from tests.support.clock import FakeClock
from tests.unit.keys.rings import CLIENT, ISSUER, FixedKeys, fixed_signer, id_token_claims, quick_size, software_ring

LAST_DAY = dt.datetime(2030, 12, 31, 23, 59, 59, tzinfo=dt.UTC)
AFTER = LAST_DAY + dt.timedelta(seconds=1)
RS256, ES256, EDDSA = SignatureAlgorithm.RS256, SignatureAlgorithm.ES256, SignatureAlgorithm.EDDSA
_USES = {
    "oidc.x": Use.TOKEN,
    "seal/s_1": Use.DOCUMENT,
    "ca.seals": Use.CERTIFICATE,
    "ocsp/seals": Use.REVOCATION,
    "tsa/1": Use.TIMESTAMP,
    "statement.trust": Use.STATEMENT,
    "tls/portal": Use.LOGIN,
}


@pytest.mark.parametrize("algorithm", list(SignatureAlgorithm))
@pytest.mark.parametrize("purpose", _USES)
async def test_a_ring_makes_the_keys_that_the_table_allows(
    purpose: str, algorithm: SignatureAlgorithm, tmp_path: Path, clock: FakeClock
) -> None:
    async with software_ring(tmp_path, clock) as (ring, _):
        if _USES[purpose] in ALGORITHMS[algorithm].uses:
            signer = await ring.create(purpose, algorithm, bits=quick_size(algorithm))
            assert ring.signer(purpose).key_id == signer.key_id
            assert signer.algorithm is algorithm
        else:
            with pytest.raises(KeyRefused):
                await ring.create(purpose, algorithm)
            assert not ring.records()


@pytest.mark.parametrize("bits", [1, 512, 1024, 2047, 8192])
async def test_a_size_that_the_table_does_not_have_is_refused(bits: int, tmp_path: Path, clock: FakeClock) -> None:
    async with software_ring(tmp_path, clock) as (ring, _):
        for algorithm in SignatureAlgorithm:
            with pytest.raises(KeyRefused):
                await ring.create("oidc.x", algorithm, bits=bits)
        assert not ring.records()


async def test_a_key_signs_until_its_algorithm_ends(tmp_path: Path, clock: FakeClock) -> None:
    async with software_ring(tmp_path, clock) as (ring, _):
        short = await ring.create("seal/s_1", RS256, bits=2048)
        await ring.create("seal/s_2", RS256)
        await ring.create("seal/s_3", ES256)
        clock.set(LAST_DAY)
        assert ring.signer("seal/s_1").key_id == short.key_id
        clock.set(AFTER)
        with pytest.raises(AlgorithmEnded) as ended:
            ring.signer("seal/s_1")
        assert ended.value.code == "algorithm-ended"
        assert ring.signer("seal/s_2").algorithm is RS256  # 3072 bits
        assert ring.signer("seal/s_3").algorithm is ES256
        assert ring.verification_keys("seal/s_1")  # what it signed in its time is still to be checked
        with pytest.raises(KeyRefused):
            await ring.create("seal/s_4", RS256, bits=2048)


async def test_a_restart_brings_an_ended_key_not_back(tmp_path: Path, clock: FakeClock) -> None:
    async with software_ring(tmp_path, clock) as (ring, _):
        await ring.create("seal/s_1", RS256, bits=2048)
    clock.set(AFTER)
    async with software_ring(tmp_path, clock) as (again, _):
        with pytest.raises(AlgorithmEnded):
            again.signer("seal/s_1")


async def test_a_key_that_may_no_longer_serve_its_purpose_is_not_handed_out(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later version of the program may take a use away from an algorithm for which keys exist."""
    async with software_ring(tmp_path, clock) as (ring, _):
        await ring.create("oidc.x", EDDSA)
        assert ring.signer("oidc.x")
    row = ALGORITHMS[EDDSA]
    monkeypatch.setitem(ALGORITHMS, EDDSA, dataclasses.replace(row, uses=row.uses - {Use.TOKEN}))
    async with software_ring(tmp_path, clock) as (again, _):
        with pytest.raises(AlgorithmEnded):
            again.signer("oidc.x")


def test_a_token_counts_until_its_algorithm_ends() -> None:
    keys = FixedKeys({"oidc.rs256": fixed_signer(RS256)})  # 2048 bits
    for moment, good in ((LAST_DAY, True), (AFTER, False)):
        clock = FakeClock(moment)
        token = TokenSigner(keys).sign(id_token_claims(clock), typ="JWT", algorithm=RS256)
        verifier = TokenVerifier(keys, clock)
        if good:
            assert verifier.verify(token, typ="JWT", issuer=ISSUER, audience=CLIENT)
        else:
            with pytest.raises(TokenRejected, match="ended"):
                verifier.verify(token, typ="JWT", issuer=ISSUER, audience=CLIENT)
