"""ETSI EN 319 142-1 §6.3, B-T, B-LT, B-LTA: what each level is made of, and what others say of it."""

from __future__ import annotations

import asyncio
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation.ades import simulate_future_ades_lta_validation
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.policy_decl import (
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator.authority import CertTrustAnchor
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager

from core.errors import AppError
from core.files.reading import whole
from core.files.scratch import ScratchFile
from keys.spec import SignatureAlgorithm
from keys.tsa.client import Stamped
from keys.tsa.imprint import Content
from keys.tsa.token import read_token
from signing.levels import Level
from signing.longlife.rooms import StampRoom
from signing.pades.revision import TimestampField, append_timestamp, append_validation_data
from signing.pades.security_store import read_store
from tests.attacks.test_pdf_later_revisions import signed_by_pyhanko
from tests.protocol.test_pades_baseline import container
from tests.support.clock import START
from tests.support.large_files import laid_out
from tests.support.lasting_world import YEAR, LastingWorld
from tests.support.signing_fakes import PlainSigner, pdf, rsa_key
from tests.support.trust_pki import DAY

KEYS = {
    "rsa2048": lambda: PlainSigner(rsa_key()),
    "rsa3072": lambda: PlainSigner(rsa_key(9, 3072)),
    "p256": lambda: PlainSigner(ec.generate_private_key(ec.SECP256R1())),
    "p384": lambda: PlainSigner(ec.generate_private_key(ec.SECP384R1()), SignatureAlgorithm.ES384),
}
BEYOND = [level for level in Level if level is not Level.B_B]


@cache
def world_of(name: str) -> LastingWorld:
    return LastingWorld(KEYS[name]())


@cache
def _sealed(name: str, level: Level) -> bytes:
    async def make() -> bytes:
        made = await world_of(name).seal(pdf(), level)
        assert (made.level, made.missing) == (level, None)
        return made.content

    return asyncio.run(make())


async def sealed(name: str, level: Level) -> bytes:
    """One file for each key and level, made once."""
    return await asyncio.to_thread(_sealed, name, level)


@pytest.fixture
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


@pytest.mark.parametrize("name", list(KEYS))
async def test_pyhanko_agrees_with_the_archive_level(name: str) -> None:
    """A second opinion by ETSI EN 319 102-1 §5.6.3, thirty years on, offline, given renewals: all that it takes is
    there at the archive level, and at no level below it."""
    world = world_of(name)
    roots = [CertTrustAnchor(asn1_x509.Certificate.load(one.der)) for one in (world.root, world.stamp_root)]
    spec = PdfSignatureValidationSpec(
        SignatureValidationSpec(
            CertValidationPolicySpec(SimpleTrustManager.build(trust_roots=roots), CertRevTrustPolicy(REQUIRE_REVINFO)),
            revinfo_gathering_policy=RevocationInfoGatheringSpec(RevinfoOnlineFetchingRule.LOCAL_ONLY),
            key_usage_settings=KeyUsageConstraints(key_usage={"non_repudiation"}),
        )
    )
    for level in Level:
        (signature,) = PdfFileReader(BytesIO(await sealed(name, level))).embedded_regular_signatures
        found = await simulate_future_ades_lta_validation(signature, spec, START + 29 * YEAR, START)
        assert (found.ades_subindic is AdESPassed.OK) is (level is Level.B_LTA), (level, found.failure_msg)


async def test_the_store_has_each_value_once_and_streams_that_others_read(world: LastingWorld) -> None:
    """§5.4.2: certificates and OCSP responses of every path; nothing twice, whoever adds again."""
    made = await world.seal(pdf(), Level.B_LTA)
    again = await world.lasting.extend(made.content, Level.B_LTA, renew=True)
    assert (again.level, again.missing) == (Level.B_LTA, None)
    for content in (made.content, again.content):
        store = DocumentSecurityStore.read_dss(PdfFileReader(BytesIO(content)))
        certificates = [one.get_object().data for one in store.certs.values()]
        assert len(certificates) == len(set(certificates)) == 6  # two roots, two authorities, a seal, a unit
        assert world.certificate.der in certificates
        assert store.vri_entries == {}
        assert len(store.ocsps) >= 4
    assert (await world.verifier()(again.content)).signatures[0].level == "PAdES-B-LTA"


async def test_what_is_there_is_not_added_again(world: LastingWorld) -> None:
    content = (await world.seal(pdf(), Level.B_LT)).content
    reader = PdfFileReader(BytesIO(content))
    assert append_validation_data(content, read_store(reader.root)) is None


@pytest.mark.parametrize("former", list(Level)[:3], ids=str)
async def test_older_signatures_are_extended_to_the_archive_level(world: LastingWorld, former: Level) -> None:
    content = (await world.seal(pdf(), former)).content
    world.clock.advance(DAY.total_seconds() / 2)
    made = await world.lasting.extend(content, Level.B_LTA)
    assert made.content.startswith(content), "only appended"
    assert (made.level, made.missing) == (Level.B_LTA, None)
    world.clock.set(START + 2 * YEAR + DAY)
    world.end_of_seal_authority()
    assert (await world.verifier()(made.content)).conclusion == "genuine"


async def test_a_signature_of_another_program_is_extended_too(world: LastingWorld) -> None:
    world.clock.set(START + YEAR)  # the other program writes the machine's own time, which must not be in the future
    theirs = await signed_by_pyhanko(pdf(), world.press)
    made = await world.lasting.extend(theirs, Level.B_LTA)
    assert (made.level, made.missing) == (Level.B_LTA, None)


async def test_time_stamps_are_no_change_to_a_certified_document(world: LastingWorld) -> None:
    """ISO 32000-2 §12.8.2.2: not even where all changes are forbidden; a second signature is."""
    world.clock.set(START + YEAR)
    certified = await signed_by_pyhanko(pdf(), world.press, certify=True, docmdp_permissions=MDPPerm.NO_CHANGES)
    made = await world.lasting.extend(certified, Level.B_LTA)
    report = await world.verifier()(made.content)
    assert (report.conclusion, report.signatures[0].level) == ("genuine", "PAdES-B-LTA")


async def test_two_seals_each_have_their_own_level(world: LastingWorld) -> None:
    first = (await world.seal(pdf(), Level.B_B)).content
    second = (await world.seal(first, Level.B_LTA, field_name="Signature2")).content
    report = await world.verifier()(second)
    assert [one.conclusion for one in report.signatures] == ["genuine", "genuine"]
    # the one archive time-stamp is what proves the first seal's time, so nothing protects that time-stamp yet
    assert [one.level for one in report.signatures] == ["PAdES-B-LT", "PAdES-B-LTA"]


class Counted:
    """Asks a real authority, and counts how often."""

    def __init__(self, world: LastingWorld) -> None:
        self._world = world
        self.asked = 0

    async def stamp(self, content: Content) -> Stamped:
        self.asked += 1
        return await self._world.timestamps.stamp(content)


@pytest.mark.parametrize("level", [Level.B_T, Level.B_LTA], ids=str)
async def test_a_token_that_is_longer_than_the_room_is_asked_for_once_more(world: LastingWorld, level: Level) -> None:
    """Nobody knows how long an authority's tokens are before it answers; the next file leaves room at once."""
    room = StampRoom()
    room._longest = 100
    stamps = Counted(world)
    seal_at = world.lasting.seal_at
    seal_at._room = seal_at._extend._room = room
    seal_at._timestamps = seal_at._extend._timestamps = stamps
    made = await world.seal(pdf(), level)
    asked = stamps.asked
    assert (made.level, asked) == (level, 2 if level is Level.B_T else 3)
    await world.seal(pdf(), level)
    assert stamps.asked - asked == asked - 1


async def test_a_file_on_disk_is_extended_where_it_lies(world: LastingWorld, tmp_path: Path) -> None:
    """The update alone is made in memory; what it follows is read, never copied."""
    content = (await world.seal(pdf(), Level.B_T)).content
    laid = laid_out(whole(content), tmp_path)
    prepared = append_timestamp(laid, TimestampField("Stamp", 8192))
    assert len(prepared.tail) < 20_000
    extended = prepared.finished((await world.timestamps.stamp(prepared.digest)).token.encoded)
    assert isinstance(extended, ScratchFile)
    assert extended.fileno() == laid.fileno()
    report = await world.verifier()(extended)
    in_memory = await world.verifier()(extended[:])
    assert (in_memory.digest, in_memory.conclusion, in_memory.steps) == (report.digest, report.conclusion, report.steps)
    assert (report.conclusion, [one.good for one in report.timestamps]) == ("genuine", [True])


async def test_the_token_beside_a_signature_is_over_the_signature(world: LastingWorld) -> None:
    """EN 319 122-1 §5.3: the imprint is that of the signature value."""
    content = (await world.seal(pdf(), Level.B_T)).content
    signer = container(content)["signer_infos"][0]
    (attribute,) = signer["unsigned_attrs"]
    token = read_token(attribute["values"][0].dump())
    assert token.info.imprint.covers(signer["signature"].native)


async def test_a_level_that_is_not_reached_is_an_error_unless_less_will_do(world: LastingWorld) -> None:
    world.end_of_seal_authority()
    with pytest.raises(AppError):
        await world.seal(pdf(), Level.B_LT)
