"""S-14, S-15, S-09 over time: what may make a signature look older, longer-lasting or better than it is; each twin."""

from __future__ import annotations

import datetime as dt
from io import BytesIO

import pytest
from cryptography.x509 import ocsp
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from keys.der import integer_of, only
from keys.spec import SignatureAlgorithm
from keys.trust.certificate import read_certificate
from keys.tsa.client import TimestampClient, TimestampService
from keys.tsa.errors import TimestampUnavailable
from keys.tsa.imprint import imprint_of
from keys.tsa.request import read_request, write_request
from keys.tsa.trust import JudgedTrust
from signing.levels import Level, LevelPolicy
from signing.pades.revision import TimestampField, append_timestamp, append_validation_data
from signing.pades.security_store import ValidationData
from tests.support.clock import START, FakeClock
from tests.support.lasting_world import YEAR, LastingWorld
from tests.support.signing_fakes import PlainSigner, pdf, rsa_key
from tests.support.signing_forgeries import content_stream, page, update
from tests.support.trust_pki import DAY, Made, Plan, key, make, name_of, root
from tests.support.trust_revocation import answer, responder

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def world() -> LastingWorld:
    return LastingWorld()


def fingerprint(made: Made) -> str:
    return read_certificate(made.der).fingerprint


async def stamped(world: LastingWorld, content: bytes, name: str = "Stamp") -> bytes:
    """The file with a time-stamp over the whole of it, whatever it is."""
    prepared = append_timestamp(content, TimestampField(name, 8192))
    token = (await world.timestamps.stamp(prepared.digest)).token.encoded
    return prepared.fill(token)


@pytest.mark.parametrize("level", list(Level), ids=str)
async def test_a_certificate_that_has_ended_counts_as_far_as_its_level_reaches(
    world: LastingWorld, level: Level
) -> None:
    """S-09: expired; at B-B nothing proves the time, and from B-LT on nobody need be asked."""
    content = (await world.seal(pdf(), level)).content
    world.clock.set(START + 2 * YEAR + DAY)
    world.end_of_seal_authority()
    report = await world.verifier()(content)
    lasts = level is Level.B_LTA  # responders' own certificates end too; only at B-LTA what they said is protected
    assert (report.conclusion == "genuine") is lasts
    assert (
        report.signatures[0].sub_indication
        == {
            Level.B_B: "OUT_OF_BOUNDS_NO_POE",
            Level.B_T: "TRY_LATER",
            Level.B_LT: "TRY_LATER",
            Level.B_LTA: None,
        }[level]
    )


@pytest.mark.parametrize("level", [Level.B_LT, Level.B_LTA], ids=str)
async def test_offline_the_file_has_all_that_it_takes(world: LastingWorld, level: Level) -> None:
    content = (await world.seal(pdf(), level)).content
    world.clock.advance(DAY.total_seconds() * 3)
    world.end_of_seal_authority()
    report = await world.verifier()(content)
    assert (report.conclusion, report.signatures[0].level) == ("genuine", level.value)


async def test_revoked_after_the_proven_time_and_before_it(world: LastingWorld) -> None:
    """S-09: revoked before and after; only a time-stamp tells the one from the other."""
    plain = (await world.seal(pdf(), Level.B_B)).content
    good = (await world.seal(pdf(), Level.B_T)).content
    world.clock.advance(3600)
    world.live.revoked[fingerprint(world.certificate)] = world.clock.now()
    world.clock.advance(3600)
    assert (await world.verifier()(good)).conclusion == "genuine"
    assert (await world.verifier()(plain)).sub_indication == "REVOKED_NO_POE"
    late = await stamped(world, plain)  # a time-stamp that comes too late proves nothing useful
    report = await world.verifier()(late)
    assert (report.conclusion, report.timestamps[0].good) == ("unknown-signer", True)


async def test_a_backdated_seal_is_worth_its_time_stamp_not_its_claim(world: LastingWorld) -> None:
    """S-14: the claimed /M is no time: sealed a year after the revocation, dated before it."""
    world.live.revoked[fingerprint(world.certificate)] = START
    world.clock.advance(YEAR.total_seconds())
    backdated = world.press.seal(pdf(), signed_at=START - DAY)
    report = await world.verifier()(await stamped(world, backdated))
    assert (report.conclusion, report.sub_indication) == ("unknown-signer", "REVOKED_NO_POE")


async def test_a_time_stamp_of_another_file_proves_nothing(world: LastingWorld) -> None:
    """S-14: the token stands beside a signature for which it was not made."""
    token = (await world.timestamps.stamp(b"something else")).token.encoded
    writer = world.press.writer
    prepared = world.prepare(pdf(), "Signature1", writer.size + 8192)
    forged = prepared.fill(writer.container(writer.value(prepared.digest(writer.digest)), token))
    report = await world.verifier()(forged)
    (signature,) = report.signatures
    assert (signature.level, signature.proven_at) == ("PAdES-B-B", None)
    assert [stamp.good for stamp in signature.timestamps] == [False]
    world.clock.set(START + 2 * YEAR + DAY)  # and when the certificate has ended, the signature is worth nothing
    assert (await world.verifier()(forged)).conclusion != "genuine"


async def test_a_document_time_stamp_moved_to_another_file_is_a_forgery(world: LastingWorld) -> None:
    one = (await world.seal(pdf(text="one"), Level.B_LTA)).content
    prepared = append_timestamp((await world.seal(pdf(text="two"), Level.B_LT)).content, TimestampField("Stamp", 8192))
    start = one.rindex(b"/Contents <") + len(b"/Contents <")
    token = bytes.fromhex(one[start : one.index(b">", start)].decode()).rstrip(b"\0")
    report = await world.verifier()(prepared.fill(token))
    assert (report.indication, report.conclusion) == ("TOTAL-FAILED", "changed")


async def test_bytes_under_a_document_time_stamp_are_pinned(world: LastingWorld) -> None:
    """S-24 for the revisions that come after the signature: validation data, field, token."""
    content = (await world.seal(pdf(), Level.B_LTA)).content
    end = (await world.verifier()(content)).signatures[0].end
    tail = range(end + 40, content.rindex(b"/Contents <"), 743)
    assert len(tail) >= 9
    for position in tail:
        changed = bytearray(content)
        changed[position] ^= 1
        report = await world.verifier()(bytes(changed))
        assert report.conclusion != "genuine", position


async def test_validation_data_stripped_lower_the_level_and_nothing_else(world: LastingWorld) -> None:
    whole = (await world.seal(pdf(), Level.B_LTA)).content
    end = (await world.verifier()(whole)).signatures[0].end
    report = await world.verifier()(whole[:end])
    assert (report.conclusion, report.signatures[0].level) == ("genuine", "PAdES-B-T")


async def test_answers_of_strangers_in_the_store_are_not_heard(world: LastingWorld) -> None:
    """S-15: a stranger with the authority's name says good; one whom nobody authorised; an answer about another."""
    content = (await world.seal(pdf(), Level.B_T)).content
    look_alike = make(Plan(name_of("印章签发"), key("look-alike"), root("别的根"), authority=True))
    now = world.clock.now()
    times = {"this_update": now - HOUR, "next_update": now + 9 * YEAR}
    poison = [
        answer(world.certificate, look_alike, look_alike, **times),
        answer(world.certificate, world.issuing, responder(look_alike), **times),
        answer(world.certificate, world.issuing, world.unit, **times),
        answer(world.issuing, world.root, world.root, **times),
        answer(world.certificate, world.issuing, world.issuing, status=ocsp.OCSPCertStatus.UNKNOWN, **times),
        b"\x30\x00",
        b"garbage",
    ]
    store = ValidationData((world.root.der, world.issuing.der), tuple(poison), (b"garbage",))
    tail = append_validation_data(content, store)
    assert tail is not None
    world.end_of_seal_authority()
    report = await world.verifier()(content + tail)
    assert (report.conclusion, report.sub_indication) == ("unknown-signer", "TRY_LATER")
    assert report.signatures[0].level == "PAdES-B-T", "the time-stamp proves, and nothing else does"
    world.live.away.clear()
    report = await world.verifier()(content + tail)
    assert (report.conclusion, report.signatures[0].level) == ("genuine", "PAdES-B-T")


async def test_a_good_answer_kept_from_before_the_revocation_does_not_outweigh_the_register(
    world: LastingWorld,
) -> None:
    content = (await world.seal(pdf(), Level.B_LTA)).content
    world.live.revoked[fingerprint(world.certificate)] = START - DAY  # found out later: it was stolen the day before
    report = await world.verifier()(content)
    assert (report.indication, report.sub_indication) == ("TOTAL-FAILED", "REVOKED")


async def test_under_a_time_stamp_nothing_may_be_drawn(world: LastingWorld) -> None:
    """SSA and shadow attacks with a time-stamp of a real authority in place of a second signature."""
    sealed = (await world.seal(pdf(), Level.B_T)).content

    def overwrite(writer: IncrementalPdfFileWriter) -> None:
        found = page(writer)
        found[pdf_name("/Contents")] = writer.add_object(content_stream("forged"))
        writer.update_container(found)

    def note(writer: IncrementalPdfFileWriter) -> None:
        found = page(writer)
        made = generic.DictionaryObject(
            {pdf_name("/Type"): pdf_name("/Annot"), pdf_name("/Subtype"): pdf_name("/FreeText")}
        )
        made[pdf_name("/Rect")] = generic.ArrayObject(generic.NumberObject(one) for one in (0, 0, 200, 200))
        found[pdf_name("/Annots")].append(writer.add_object(made))
        writer.update_container(found)

    for change in (overwrite, note):
        report = await world.verifier()(await stamped(world, update(sealed, change)))
        assert (report.indication, report.conclusion) == ("TOTAL-FAILED", "changed")
    assert (await world.verifier()(await stamped(world, sealed))).conclusion == "genuine"


async def test_a_time_stamp_of_an_unknown_authority_does_no_harm_and_no_good(world: LastingWorld) -> None:
    stranger = LastingWorld(clock=world.clock)
    sealed = (await world.seal(pdf(), Level.B_B)).content
    report = await world.verifier()(await stamped(stranger, sealed))
    (signature,) = report.signatures
    assert (report.conclusion, signature.level, signature.proven_at) == ("genuine", "PAdES-B-B", None)
    assert [one.good for one in report.timestamps] == [False]


async def test_a_file_with_time_stamps_alone_is_not_signed(world: LastingWorld) -> None:
    report = await world.verifier()(await stamped(world, pdf()))
    assert report.conclusion == "not-signed"
    sealed = (await world.seal(pdf(), Level.B_B)).content
    writer = IncrementalPdfFileWriter(BytesIO(sealed))
    writer.root["/AcroForm"][pdf_name("/Fields")] = generic.ArrayObject()
    writer.update_container(writer.root["/AcroForm"])
    out = BytesIO()
    writer.write(out)
    stripped = await world.verifier()(await stamped(world, out.getvalue()))
    assert stripped.conclusion == "changed", "a signature was there once"


async def test_time_stamps_outlive_what_made_them_only_in_a_chain() -> None:
    """S-14: a unit whose certificate has ended is believed only under a newer time-stamp."""
    world = LastingWorld(clock=FakeClock(), unit_ends=START + YEAR)
    content = (await world.seal(pdf(), Level.B_LTA)).content
    world.clock.set(START + YEAR - 30 * DAY)
    world.new_unit("乙", ends=START + 9 * YEAR)
    renewed = await world.lasting.extend(content, Level.B_LTA, renew=True)
    assert renewed.missing is None
    world.clock.set(START + 4 * YEAR)
    world.end_of_seal_authority()
    for file, conclusion in ((renewed.content, "genuine"), (content, "unknown-signer")):
        report = await world.verifier()(file)
        assert report.conclusion == conclusion
    assert (await world.verifier()(renewed.content)).signatures[0].level == "PAdES-B-LTA"


@pytest.mark.parametrize(("level", "conclusion"), [(Level.B_B, "unknown-signer"), (Level.B_T, "genuine")])
async def test_an_algorithm_that_has_ended_counts_at_the_proven_time(level: Level, conclusion: str) -> None:
    """S-11 over time: RSA with 2048 bits ends with 2030; a time-stamp by another algorithm tells what is older."""
    world = LastingWorld(PlainSigner(rsa_key()), seal_ends=START + 9 * YEAR, unit_ends=START + 9 * YEAR)
    content = (await world.seal(pdf(), level)).content
    world.clock.set(dt.datetime(2031, 1, 1, tzinfo=dt.UTC))
    assert (await world.verifier()(content)).conclusion == conclusion


async def test_a_time_stamp_by_an_algorithm_that_has_ended_needs_a_newer_one_around_it() -> None:
    world = LastingWorld(seal_ends=START + 2 * YEAR)
    world.new_unit("丙", ends=START + 9 * YEAR, private=rsa_key(4), algorithm=SignatureAlgorithm.RS256)
    content = (await world.seal(pdf(), Level.B_LTA)).content
    inspected = await world.lasting.inspect(content, now=world.clock.now())
    assert inspected.renew_by() == dt.datetime(2030, 12, 31, tzinfo=dt.UTC), "not when its certificate ends"
    world.clock.set(dt.datetime(2030, 6, 1, tzinfo=dt.UTC))
    world.new_unit("乙", ends=START + 9 * YEAR)
    renewed = await world.lasting.extend(content, Level.B_LTA, renew=True)
    assert renewed.missing is None
    world.clock.set(dt.datetime(2031, 6, 1, tzinfo=dt.UTC))
    assert (await world.verifier()(renewed.content)).conclusion == "genuine"
    assert (await world.verifier()(content)).conclusion != "genuine"


class Crooked:
    """Implements `keys.tsa.ports.TimestampSource`: a real authority behind somebody who changes what is asked."""

    def __init__(self, world: LastingWorld, kind: str) -> None:
        self._source = world.source
        self._kind = kind

    async def ask(self, request: bytes) -> bytes:
        if self._kind == "garbage":
            return b"<html>"
        read = read_request(request)
        imprint = imprint_of(b"other content") if self._kind == "imprint" else read.imprint
        nonce = integer_of(only(read.nonce or b"")) + (1 if self._kind == "nonce" else 0)
        return await self._source.ask(write_request(imprint, nonce=nonce))


@pytest.mark.parametrize("kind", ["imprint", "nonce", "garbage", "stranger"])
async def test_an_authority_that_answers_wrongly_dates_nothing_and_the_next_one_is_asked(
    world: LastingWorld, kind: str
) -> None:
    """S-55: never a file that is called B-T without a time that counts."""
    source = LastingWorld(clock=world.clock).source if kind == "stranger" else Crooked(world, kind)
    trust = JudgedTrust(world.judge)
    crooked = TimestampService("crooked", source, trust)
    for services, level in (([crooked], None), ([crooked, TimestampService("good", world.source, trust)], Level.B_T)):
        world.use(TimestampClient(services, world.clock))
        if level is None:
            with pytest.raises(TimestampUnavailable):
                await world.seal(pdf(), Level.B_T)
        made = await world.seal(pdf(), Level.B_T, LevelPolicy.AT_LEAST_B_B)
        assert made.level is (level or Level.B_B)
        assert (await world.verifier()(made.content)).signatures[0].level == made.level.value
