"""S-14: time-stamps that prove nothing, each beside the one that does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from core.errors import Unavailable
from core.text import Text
from keys.errors import ChainRefused
from keys.spec import SignatureAlgorithm
from keys.tsa.errors import Fault, TimestampRefused
from keys.tsa.imprint import imprint_of
from keys.tsa.request import write_request
from keys.tsa.response import read_response
from keys.tsa.token import read_token
from keys.tsa.trust import root_trust
from keys.tsa.verify import ProvenTime, verify_token
from keys.x509.identifiers import TIMESTAMP_POLICY
from tests.support import timestamp_forgeries as forged
from tests.support.clock import START, FakeClock
from tests.support.tally import forged_is_accepted, genuine_is_refused
from tests.support.timestamp_pki import DAY, StampingAuthority, StampingCertificate
from tests.support.timestamp_world import stamping_world

CONTENT = b"the value of a signature"
AUTHORITY = StampingAuthority()
TRUST = root_trust([AUTHORITY.anchor], FakeClock())


async def judged(der: bytes, content: bytes = CONTENT, **options: Any) -> ProvenTime:
    """What a good token proves."""
    try:
        proven = await verified(der, content, **options)
    except TimestampRefused:
        genuine_is_refused("S-14", True)
        raise
    genuine_is_refused("S-14", False)
    return proven


async def verified(der: bytes, content: bytes = CONTENT, **options: Any) -> ProvenTime:
    return await verify_token(read_token(der), content, **{"trust": TRUST, "at": START} | options)


async def fault(der: bytes, content: bytes = CONTENT, **options: Any) -> Fault:
    try:
        await verified(der, content, **options)
    except TimestampRefused as refused:
        forged_is_accepted("S-14", False)
        return refused.fault
    forged_is_accepted("S-14", True)
    pytest.fail("a forged time-stamp was accepted")


@pytest.fixture(scope="module")
def unit() -> StampingCertificate:
    return AUTHORITY.unit()


def good(unit: StampingCertificate, **changes: Any) -> bytes:
    return forged.token(unit, forged.tst_info(CONTENT, **changes))


# -- what does prove a time ----------------------------------------------------------------------------------------


async def test_a_good_token_proves_a_time(unit: StampingCertificate) -> None:
    proven = await judged(good(unit), nonce=99, policies={forged.POLICY})
    assert (proven.time, proven.accuracy) == (START, dt.timedelta(seconds=1))
    assert (proven.earliest, proven.latest) == (START - dt.timedelta(seconds=1), START + dt.timedelta(seconds=1))
    assert proven.policy == forged.POLICY
    assert proven.serial == 4711
    assert "Example Time-stamping Unit" in proven.authority
    assert proven.path == (*unit.chain, AUTHORITY.anchor)
    assert proven.certificate_ends == unit.certificate.not_valid_after_utc


async def test_our_own_tokens_prove_a_time(clock: FakeClock) -> None:
    for algorithm in (SignatureAlgorithm.ES256, SignatureAlgorithm.ES384, SignatureAlgorithm.RS512):
        own = AUTHORITY.unit(algorithm, common_name=f"own {algorithm}")
        world = stamping_world(clock, {"tsa/1": own})
        asked = write_request(imprint_of(CONTENT, "sha512"), nonce=5, certificates=False)
        token = read_response(await world.authority.answer(asked))
        proven = await judged(token, nonce=5, policies={TIMESTAMP_POLICY}, certificates=own.chain)
        assert proven.time == clock.now()


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
async def test_other_digests_are_accepted(unit: StampingCertificate, digest: str) -> None:
    assert (await judged(forged.token(unit, forged.tst_info(CONTENT, digest)))).imprint.digest == digest


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("named", [True, False])
async def test_both_forms_of_the_binding_are_accepted(unit: StampingCertificate, version: int, named: bool) -> None:
    bound = forged.binding(unit, version, named=named)
    assert await judged(forged.token(unit, forged.tst_info(CONTENT), bindings=[bound]))


async def test_a_signer_may_be_named_by_its_key() -> None:
    key = x509.SubjectKeyIdentifier(b"key identifier")
    named = AUTHORITY.unit(common_name="by key", more=(key,))
    assert await judged(forged.token(named, forged.tst_info(CONTENT), key_identifier=True))


async def test_rsa_and_tokens_without_certificates_are_accepted() -> None:
    rsa = AUTHORITY.unit(SignatureAlgorithm.RS256, common_name="rsa")
    bare = forged.token(rsa, forged.tst_info(CONTENT), certificates=())
    assert await judged(bare, certificates=rsa.chain)
    assert await fault(bare) is Fault.TRUST


async def test_unsigned_attributes_of_a_later_archive_do_no_harm(unit: StampingCertificate) -> None:
    assert await judged(forged.token(unit, forged.tst_info(CONTENT), unsigned=True))


# -- what does not -------------------------------------------------------------------------------------------------


async def test_a_token_of_another_document(unit: StampingCertificate) -> None:
    assert await fault(good(unit), b"another document") is Fault.IMPRINT


async def test_a_token_of_an_authority_that_nobody_knows() -> None:
    stranger = StampingAuthority("Stranger")
    token = good(stranger.unit(common_name="stranger"))
    assert await fault(token) is Fault.TRUST
    assert await judged(token, trust=root_trust([stranger.anchor], FakeClock()))


async def test_a_stranger_with_our_authority_s_names() -> None:
    """The same names all along the path, other keys, and our root put beside it."""
    imitation = StampingAuthority("Example", keys="imitation")
    assert imitation.root.subject == AUTHORITY.root.subject
    unit = imitation.unit(common_name="imitation")
    token = forged.token(unit, forged.tst_info(CONTENT), certificates=(*unit.chain, AUTHORITY.anchor))
    assert await fault(token) is Fault.TRUST


@pytest.mark.parametrize(
    "certificate",
    [
        {"usage": None},
        {"critical": False},
        {"usage": x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])},
        {"usage": x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING])},
        {"usage": x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])},
        {"key_usage": ("key_encipherment",)},
        {"key_usage": ("digital_signature", "key_encipherment")},
        {"key_usage": ()},
    ],
    ids=[
        "no usage",
        "not critical",
        "another usage",
        "one usage more",
        "any usage",
        "key must not sign",
        "key may do more",
        "key may do anything",
    ],
)
async def test_a_certificate_that_is_not_for_time_stamping_alone(certificate: dict[str, Any]) -> None:
    assert await fault(good(AUTHORITY.unit(common_name="usage", **certificate))) is Fault.USAGE


async def test_a_certificate_that_had_ended_or_not_begun() -> None:
    ended = AUTHORITY.unit(common_name="ended", not_after=START - DAY)
    assert await fault(good(ended)) is Fault.TIME
    later = AUTHORITY.unit(common_name="later", not_before=START + DAY)
    assert await fault(good(later)) is Fault.TIME


async def test_a_certificate_that_has_ended_since() -> None:
    """Its key may be anybody's by now; only a newer time-stamp can vouch for the token."""
    token = good(AUTHORITY.unit(common_name="since", not_after=START + DAY))
    assert await fault(token, at=START + 2 * DAY) is Fault.EXPIRED
    assert await judged(token, at=START + DAY)


async def test_a_time_in_the_future(unit: StampingCertificate) -> None:
    assert await judged(good(unit, gen_time=forged.at(60)))
    assert await fault(good(unit, gen_time=forged.at(62))) is Fault.TIME
    assert await fault(good(unit, gen_time=forged.at(3)), tolerance=dt.timedelta(seconds=1)) is Fault.TIME


async def test_a_wrong_or_missing_nonce(unit: StampingCertificate) -> None:
    assert await fault(good(unit), nonce=98) is Fault.NONCE
    assert await fault(good(unit, nonce=None), nonce=99) is Fault.NONCE


async def test_a_policy_that_was_not_asked_for(unit: StampingCertificate) -> None:
    assert await fault(good(unit), policies={"1.2.3"}) is Fault.POLICY


@pytest.mark.parametrize("digest", ["sha1", "md5", "sha224"])
async def test_an_imprint_by_a_weak_digest(unit: StampingCertificate, digest: str) -> None:
    assert await fault(forged.token(unit, forged.tst_info(CONTENT, digest))) is Fault.ALGORITHM


async def test_a_signature_by_a_weak_digest(unit: StampingCertificate) -> None:
    assert await fault(forged.token(unit, forged.tst_info(CONTENT), claimed_digest="sha1")) is Fault.ALGORITHM
    assert await fault(forged.token(unit, forged.tst_info(CONTENT), claimed_digest="sha512")) is Fault.ALGORITHM


async def test_a_key_that_is_too_short() -> None:
    short = AUTHORITY.unit(SignatureAlgorithm.RS256, common_name="short", bits=1024)
    assert await fault(good(short)) in (Fault.SIGNATURE, Fault.ALGORITHM)


async def test_two_signers_or_none(unit: StampingCertificate) -> None:
    for signers in (0, 2):
        assert await fault(forged.token(unit, forged.tst_info(CONTENT), signers=signers)) is Fault.MALFORMED


async def test_a_token_that_does_not_say_who_signed_it(unit: StampingCertificate) -> None:
    assert await fault(forged.token(unit, forged.tst_info(CONTENT), bindings=())) is Fault.BINDING


@pytest.mark.parametrize("version", [1, 2])
async def test_a_token_bound_to_another_certificate(version: int) -> None:
    """Two certificates for one key, name and serial apart: the one that was not signed for does not count."""
    first, second = (AUTHORITY.unit(common_name="twice") for _ in range(2))
    assert first.certificate.public_key() == second.certificate.public_key()
    token = forged.token(first, forged.tst_info(CONTENT), bindings=[forged.binding(second, version)])
    assert await fault(token) is Fault.BINDING


async def test_if_both_bindings_are_there_both_must_hold(unit: StampingCertificate) -> None:
    other = AUTHORITY.unit(common_name="other")
    for bound in ((unit, other), (other, unit)):
        pair = [forged.binding(one, version) for one, version in zip(bound, (1, 2), strict=True)]
        assert await fault(forged.token(unit, forged.tst_info(CONTENT), bindings=pair)) is Fault.BINDING
    both = [forged.binding(unit, version) for version in (1, 2)]
    assert await judged(forged.token(unit, forged.tst_info(CONTENT), bindings=both))


async def test_a_token_that_names_another_authority(unit: StampingCertificate) -> None:
    name = asn1_x509.Name.build({"common_name": "Ministry of Time"})
    claimed = asn1_x509.GeneralName("directory_name", name)
    assert await fault(good(unit, tsa=claimed)) is Fault.BINDING
    own = asn1_x509.Certificate.load(unit.chain[0]).subject
    assert await judged(good(unit, tsa=asn1_x509.GeneralName("directory_name", own)))


async def test_content_that_was_changed_after_signing(unit: StampingCertificate) -> None:
    token = good(unit)
    for before, after in ((b"20261123010000Z", b"20251123010000Z"), (b"\x02\x02\x12\x67", b"\x02\x02\x12\x68")):
        assert before in token
        assert await fault(token.replace(before, after)) is Fault.SIGNATURE


async def test_a_signature_of_another_key(unit: StampingCertificate) -> None:
    other = AUTHORITY.unit(common_name="other key")
    mixed = StampingCertificate(unit.key, unit.certificate, other.signer, unit.issuer)
    assert await fault(good(mixed)) is Fault.SIGNATURE


@pytest.mark.parametrize("change", [{"version": "v1"}, {"content_type": "data"}])
async def test_a_container_of_another_kind(unit: StampingCertificate, change: dict[str, Any]) -> None:
    assert await fault(forged.token(unit, forged.tst_info(CONTENT), **change)) is Fault.MALFORMED


async def test_a_critical_extension_that_nobody_knows(unit: StampingCertificate) -> None:
    for critical in (True, False):
        extension = {"extn_id": "1.2.3.4", "critical": critical, "extn_value": b"\x05\x00"}
        token = good(unit, extensions=[extension])
        if critical:
            assert await fault(token) is Fault.MALFORMED
        else:
            assert await judged(token)


class _Trust:
    """A `TimestampTrust` that says what it is told to."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def judge(self, certificate: bytes, others: Sequence[bytes], *, at: dt.datetime) -> tuple[bytes, ...]:
        raise self._error


async def test_a_revoked_certificate(unit: StampingCertificate) -> None:
    assert await fault(good(unit), trust=_Trust(ChainRefused("0: revoked"))) is Fault.TRUST


async def test_what_cannot_be_told_now_is_not_called_false(unit: StampingCertificate) -> None:
    away = Unavailable("revocation-unavailable", Text("暂不可用", "away"))
    with pytest.raises(Unavailable):
        await judged(good(unit), trust=_Trust(away))


async def test_a_search_for_a_path_ends() -> None:
    """Eighteen authorities that all go by one name would make a million paths."""
    maze = StampingAuthority("Maze", issued_by_itself=True)
    unit = maze.unit(common_name="maze")
    others = [StampingAuthority("Maze", keys=f"maze {number}", issued_by_itself=True) for number in range(18)]
    carried = (unit.chain[0], *(other.chain_certificate for other in others))
    token = forged.token(unit, forged.tst_info(CONTENT), certificates=carried)
    assert await fault(token) is Fault.TRUST
    assert await judged(token, trust=root_trust([maze.chain_certificate], FakeClock()))
