"""Sealing as a use case: grants, ledger, audit, idempotency, placement; on SQLite and PostgreSQL, RSA and ECDSA."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import replace
from io import BytesIO

import pikepdf
import pypdfium2
import pytest
from PIL import ImageChops
from sqlalchemy import select

from core.audit.tables import audit_event
from core.audit.verify import verify_chain
from core.db.database import Database
from core.errors import Conflict, InvalidInput, LimitExceeded, Unavailable
from core.principal import SYSTEM
from core.text import Text
from keys.spec import SignatureAlgorithm
from signing.errors import PdfRefused, PlacementInvalid, SealNotActive, SealNotGranted
from signing.model import Seal, SealPdfCommand, SealStatus
from signing.places import Placement
from signing.settings import SigningSettings
from tests.support.clock import FakeClock
from tests.support.signing_fakes import PlainKeys, pdf
from tests.support.signing_world import CLIENT, OFFICE, ORGANISATION, PLACE, SEAL_CODE, SealOffice


@pytest.fixture
async def office(database: Database, clock: FakeClock) -> SealOffice:
    return await SealOffice(database, clock).with_seal()


@pytest.fixture
async def seal(office: SealOffice) -> Seal:
    return await office.seals.active_seal_of(ORGANISATION)


def command(seal: Seal, **changes: object) -> SealPdfCommand:
    values: dict[str, object] = {
        "pdf": pdf(),
        "seal_id": seal.id,
        "actor": CLIENT,
        "document_class": "document",
        "placement": PLACE,
        **changes,
    }
    return SealPdfCommand(**values)  # type: ignore[arg-type]


async def events(office: SealOffice) -> list[tuple[str, str, str | None]]:
    async with office.database.read() as tx:
        rows = (await tx.connection.execute(select(audit_event).order_by(audit_event.c.number))).all()
    return [(row.action, row.outcome, row.detail.get("code")) for row in rows if row.action == "seal.use"]


async def test_sealed_file_is_genuine_and_on_record(office: SealOffice, seal: Seal) -> None:
    sealed = await office.seal_pdf(command(seal, reason="公租房资格证明签发"))
    assert (sealed.seal_id, sealed.level) == (seal.id, "PAdES-B-B")
    record = await office.seals.use(sealed.signature_id, caller=CLIENT)
    assert record.digest_before == hashlib.sha256(pdf()).hexdigest()
    assert record.digest_after == hashlib.sha256(sealed.content).hexdigest()
    assert await office.seals.file(sealed.signature_id, caller=CLIENT) == sealed.content
    assert await events(office) == [("seal.use", "done", None)]
    assert (await verify_chain(office.database)).whole

    report = await office.verify_pdf(sealed.content)
    assert (report.indication, report.conclusion) == ("TOTAL-PASSED", "genuine")
    (signature,) = report.signatures
    assert (signature.organisation, signature.seal_code, signature.level) == (OFFICE, SEAL_CODE, "PAdES-B-B")
    assert signature.reason == "公租房资格证明签发"
    assert signature.known_seal is not None
    assert (signature.known_seal.id, signature.known_seal.status) == (seal.id, "active")
    assert signature.known_seal.recorded_at == sealed.signed_at == signature.signed_at
    assert [step.number for step in report.steps] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert all(step.passed for step in report.steps)
    assert report.signed_revision == sealed.content


@pytest.mark.parametrize("algorithm", list(SignatureAlgorithm), ids=str)
async def test_every_algorithm_seals(office: SealOffice, algorithm: SignatureAlgorithm) -> None:
    made = await office.make_seal("4101990000025", algorithm=algorithm)
    await office.grant(made)
    sealed = await office.seal_pdf(command(made))
    assert (await office.verify_pdf(sealed.content)).conclusion == "genuine"


async def test_repeated_request_gets_the_same_file_and_uses_the_key_once(office: SealOffice, seal: Seal) -> None:
    keys = office.keys
    assert isinstance(keys, PlainKeys)
    first = await office.seal_pdf(command(seal, idempotency_key="k1"))
    again = await office.seal_pdf(command(seal, idempotency_key="k1"))
    assert again == replace(first, revision=None)  # which is not known any more
    assert keys.signers[seal.key_purpose].uses == 1
    assert await events(office) == [("seal.use", "done", None)]
    other = await office.seal_pdf(command(seal, idempotency_key="k2"))
    assert other.signature_id != first.signature_id


async def test_key_used_for_another_request_is_refused(office: SealOffice, seal: Seal) -> None:
    await office.seal_pdf(command(seal, idempotency_key="k1"))
    with pytest.raises(Conflict) as refused:
        await office.seal_pdf(command(seal, idempotency_key="k1", pdf=pdf(2)))
    assert refused.value.code == "idempotency-key-reused"


async def test_refusal_is_on_record_and_the_key_untouched(office: SealOffice, seal: Seal) -> None:
    keys = office.keys
    assert isinstance(keys, PlainKeys)
    with pytest.raises(SealNotGranted):
        await office.seal_pdf(command(seal, document_class="contract"))
    with pytest.raises(PdfRefused):
        await office.seal_pdf(command(seal, pdf=b"not a pdf"))
    with pytest.raises(PlacementInvalid):
        await office.seal_pdf(command(seal, placement=Placement(9, 100, 100)))
    assert keys.signers[seal.key_purpose].uses == 0
    assert await events(office) == [
        ("seal.use", "refused", "seal-not-granted"),
        ("seal.use", "refused", "pdf-not-a-pdf"),
        ("seal.use", "refused", "placement-page"),
    ]


async def test_file_over_the_limit_is_refused(database: Database, clock: FakeClock) -> None:
    office = await SealOffice(database, clock, settings=SigningSettings(max_pdf_bytes=100)).with_seal()
    seal = await office.seals.active_seal_of(ORGANISATION)
    with pytest.raises(LimitExceeded) as refused:
        await office.seal_pdf(command(seal))
    assert refused.value.code == "too-large"


@pytest.mark.parametrize("reason", ["x" * 201, "two\nlines", "bell\x07"])
async def test_odd_reason_is_refused(office: SealOffice, seal: Seal, reason: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await office.seal_pdf(command(seal, reason=reason))
    assert refused.value.code == "reason-invalid"


async def test_key_that_does_not_answer_leaves_no_trace_of_success(office: SealOffice, seal: Seal) -> None:
    keys = office.keys
    assert isinstance(keys, PlainKeys)

    def gone(message: bytes) -> bytes:
        raise Unavailable("key-unavailable", Text("没有", "gone"))

    keys.signers[seal.key_purpose].sign = gone  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        await office.seal_pdf(command(seal, idempotency_key="k1"))
    assert await events(office) == [("seal.use", "refused", "key-unavailable")]
    del keys.signers[seal.key_purpose].sign  # type: ignore[attr-defined]
    await office.seal_pdf(command(seal, idempotency_key="k1"))  # the same key may now succeed


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
async def test_seal_lies_where_it_was_put_on_a_turned_page(office: SealOffice, seal: Seal, rotation: int) -> None:
    document = pikepdf.open(BytesIO(pdf()))
    document.pages[0].Rotate = rotation
    document.pages[0].CropBox = [20, 30, 560, 800]
    out = BytesIO()
    document.save(out)
    sealed = await office.seal_pdf(command(seal, pdf=out.getvalue(), placement=Placement(1, 60, 90)))
    left, top = _red_corner(sealed.content)
    assert left == pytest.approx(60 - 21, abs=0.6)
    assert top == pytest.approx(90 - 21, abs=0.6)
    assert (await office.verify_pdf(sealed.content)).conclusion == "genuine"


def _red_corner(content: bytes) -> tuple[float, float]:
    """Left and top of what is red on the page as shown, in mm."""
    document = pypdfium2.PdfDocument(content)
    document.init_forms()
    scale = 4
    red, green, _ = document[0].render(scale=scale).to_pil().convert("RGB").split()
    seen = ImageChops.subtract(red, green).point(lambda value: 255 if value > 80 else 0)
    left, top, _, _ = seen.getbbox()
    millimetre = scale * 72 / 25.4
    return left / millimetre, top / millimetre


async def test_revoked_seal_seals_nothing_and_old_files_stay_genuine(office: SealOffice, seal: Seal) -> None:
    sealed = await office.seal_pdf(command(seal))
    office.clock.advance(60)
    await office.change_status(seal.id, SealStatus.REVOKED, actor=SYSTEM)
    with pytest.raises(SealNotActive):
        await office.seal_pdf(command(seal))
    report = await office.verify_pdf(sealed.content)
    assert report.conclusion == "genuine"
    assert report.signatures[0].known_seal is not None
    assert report.signatures[0].known_seal.status == "revoked"


async def test_certificate_that_expired_needs_a_record(office: SealOffice, seal: Seal) -> None:
    sealed = await office.seal_pdf(command(seal))
    office.clock.advance(dt.timedelta(days=365 * 25).total_seconds())
    assert (await office.verify_pdf(sealed.content)).conclusion == "genuine"  # our ledger proves the time
    stranger = SealOffice(office.database, office.clock, office.keys, office.authority)
    stranger.store.signature_of_file = _nothing  # type: ignore[method-assign]
    report = await stranger.verify_pdf(sealed.content)
    assert (report.indication, report.sub_indication) == ("INDETERMINATE", "OUT_OF_BOUNDS_NO_POE")


async def _nothing(*_: object) -> None:
    return None
