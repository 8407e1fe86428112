"""What the file itself says: every signature found, checked without any register (steps 1 to 6 and 8).

Nothing here raises for hostile input; what cannot be judged becomes a fault.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Literal

from cryptography import x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader

from core.files.reading import holds, slices_of, stream_over
from core.files.scratch import FileBytes
from core.text import Text
from keys.der import NotDer
from keys.tsa.errors import Fault as TokenFault
from keys.tsa.errors import TimestampRefused
from keys.tsa.token import TimestampToken, read_token
from signing.pades.decode_limits import LIMITS
from signing.pades.pdf_objects import entry
from signing.pades.security_store import NO_DATA, ValidationData, read_store
from signing.verification.byte_range import CoveredRange, RangeBroken, container_of, covered_range
from signing.verification.cms_reader import SignedContainer, UnsupportedSignature, document_digest, read_container
from signing.verification.national_reader import NATIONAL_PROFILES, NationalContainer, read_national
from signing.verification.report import Check, Fault
from signing.verification.signature_fields import signature_dictionary, signature_values

State = Literal["read", "empty", "not-a-pdf", "damaged", "encrypted"]

_MOST_REVISIONS = 100
_MOST_SIGNATURES = 50
# a signature dictionary that the file's own tables may no longer show
_TRACE = re.compile(
    rb"/(?:ByteRange\s*\[|SubFilter\s*/(?:ETSI|adbe|GM)\.|Type\s*/Sig\b|(?:ByteRange|SubFilter)\s{4096})"
)
_SIGNATURE_TRACE = re.compile(rb"/(?:SubFilter\s*/(?:ETSI\.CAdES|adbe|GM)\.|Type\s*/Sig\b|SubFilter\s{4096})")
_PROFILES = {"/ETSI.CAdES.detached": "PAdES-B-B", "/adbe.pkcs7.detached": "CMS", **NATIONAL_PROFILES}
_TIMESTAMP = "/ETSI.RFC3161"


@dataclass(frozen=True, slots=True)
class SignatureFinding:
    """One signature as found in the file.

    Attributes:
        faults: of steps 2 to 5 and 8, in the order of the steps.
        covered: None when the range is broken.
        profile: `PAdES-B-B`, `CMS`, or the name of a national form; None when the sub-filter is unknown.
        container: None when it cannot be read.
        revision: number of the covered revision, from 0; -1 when unknown.
        dictionary: the signature's own; where the file is read only.
        offset: of the dictionary; -1 when it is no object of its own or cannot be read.
    """

    field: str
    profile: str | None
    faults: tuple[Fault, ...]
    covered: CoveredRange | None = None
    container: SignedContainer | NationalContainer | None = None
    claimed_time: dt.datetime | None = None
    reason: str | None = None
    revision: int = -1
    dictionary: generic.DictionaryObject | None = None
    offset: int = -1

    @property
    def intact(self) -> bool:
        """True if the covered bytes are what the key signed, whosever key it is."""
        return not any(fault.check is not Check.LATER for fault in self.faults)

    @property
    def signer(self) -> x509.Certificate | None:
        return self.container.signer if self.container else None


@dataclass(frozen=True, slots=True)
class TimestampFinding:
    """A document time-stamp as found in the file (EN 319 142-1 §5.4.3).

    Attributes:
        faults: of steps 2 to 4; a token that covers other bytes is one.
        token: None when it cannot be read.
        revision: number of the covered revision, from 0; -1 when unknown.
        store: the validation data that the covered revision has.
        offset: of the dictionary; -1 when it is no object of its own or cannot be read.
    """

    field: str
    faults: tuple[Fault, ...]
    covered: CoveredRange | None = None
    token: TimestampToken | None = None
    revision: int = -1
    store: ValidationData = NO_DATA
    offset: int = -1

    @property
    def intact(self) -> bool:
        """True if the token is one over the covered bytes, whoever made it."""
        return not self.faults


_Finding = SignatureFinding | TimestampFinding


@dataclass(frozen=True, slots=True)
class FileFindings:
    """A file as found. `file_fault` speaks of step 1.

    Attributes:
        timestamps: document time-stamps in the order of the revisions that they cover.
        store: the validation data that the file has.
    """

    state: State
    signatures: tuple[SignatureFinding, ...] = ()
    file_fault: Fault | None = None
    traces: bool = False
    revisions: int = 0
    timestamps: tuple[TimestampFinding, ...] = ()
    store: ValidationData = NO_DATA


def find(content: FileBytes) -> tuple[FileFindings, PdfFileReader | None]:
    """Read a file and check all its signatures as far as they go without trust."""
    # 1. The file must be a PDF that can be read in one way only
    if not content:
        return FileFindings("empty"), None
    if not content.startswith(b"%PDF-"):
        return FileFindings("not-a-pdf", traces=holds(_TRACE, content)), None
    traces = holds(_TRACE, content)
    try:
        reader = PdfFileReader(stream_over(content), strict=True, decode_limits=LIMITS)
        if "/Encrypt" in reader.trailer:
            return FileFindings("encrypted", traces=traces), None
        _refuse_ambiguity(reader)
        fields = signature_values(reader)
        if len(fields) > _MOST_SIGNATURES:
            raise PdfError("too many signatures")
    except MemoryError:  # too much is something else than broken
        raise
    except Exception:  # a parser may throw anything at hostile bytes
        return FileFindings("damaged" if traces or not _readable_somehow(content) else "read", traces=traces), None
    found = [_signature(content, reader, name, value) for name, value in fields]
    found.sort(key=lambda one: one.covered.until if one.covered else 0)
    alone = _alone(found)
    signatures = tuple(one for one in alone if isinstance(one, SignatureFinding))
    timestamps = tuple(one for one in alone if isinstance(one, TimestampFinding))
    if timestamps and not signatures:  # a time-stamp leaves traces of its own
        traces = holds(_SIGNATURE_TRACE, content) or any(not one.intact for one in timestamps)
    revisions = reader.total_revisions
    findings = FileFindings("read", signatures, traces=traces, revisions=revisions, timestamps=timestamps)
    return replace(findings, store=_store(reader.root)), reader


def _refuse_ambiguity(reader: PdfFileReader) -> None:
    if reader.xrefs.hybrid_xrefs_present:  # two tables of contents; viewers differ in which they follow
        raise PdfError("hybrid cross-references")
    if reader.total_revisions > _MOST_REVISIONS:
        raise PdfError("too many revisions")
    if not isinstance(reader.root, generic.DictionaryObject) or "/Pages" not in reader.root:
        raise PdfError("no pages")


def _readable_somehow(content: FileBytes) -> bool:
    """True for a PDF that a lenient reader opens: not damaged beyond use, only not signed."""
    try:
        reader = PdfFileReader(stream_over(content), strict=False, decode_limits=LIMITS)
        return "/Pages" in reader.root
    except MemoryError:  # too much is something else than broken
        raise
    except Exception:  # a parser may throw anything at hostile bytes
        return False


def _store(root: generic.DictionaryObject) -> ValidationData:
    """The validation data of a revision; data that cannot be read help nobody."""
    try:
        return read_store(root)
    except MemoryError:  # too much is something else than broken
        raise
    except Exception:  # a parser may throw anything at hostile bytes
        return ValidationData()


def _alone(found: Sequence[_Finding]) -> list[_Finding]:
    """Refuse two fields that share a value: each signature has a range of its own."""
    ends = [one.covered.until for one in found if one.covered]
    shared = Fault(
        Check.RANGE,
        "FORMAT_FAILURE",
        Text("两个签名域用了同一个签名。", "Two signature fields share one signature."),
    )
    return [
        replace(one, faults=(shared, *one.faults)) if one.covered and ends.count(one.covered.until) > 1 else one
        for one in found
    ]


def _signature(content: FileBytes, reader: PdfFileReader, name: str, value: generic.PdfObject) -> _Finding:
    try:
        return _checked(content, reader, name, value)
    except RangeBroken as broken:
        return SignatureFinding(name, None, (broken.fault,))
    except MemoryError:  # too much is something else than broken
        raise
    except Exception:  # a parser may throw anything at hostile bytes
        return SignatureFinding(name, None, (_container_fault("签名读不出来。", "The signature cannot be read."),))


def _checked(content: FileBytes, reader: PdfFileReader, name: str, value: generic.PdfObject) -> _Finding:
    # 2. The range, byte by byte
    reference = value.reference if isinstance(value, generic.IndirectObject) else None
    offset = reader.xrefs[reference] if reference else None
    if reference is None or not isinstance(offset, int):
        raise RangeBroken("签名不是文件里独立的一项。", "The signature is not an object of its own in the file.")
    covered = covered_range(content, offset)
    revision = reader.xrefs.get_last_change(reference)
    _check_revision(reader, covered, revision)
    before, after = content[offset : covered.start], content[covered.end : covered.object_end]
    dictionary = signature_dictionary(reader, reference, before, after)
    profile, stamp = str(entry(dictionary, "/SubFilter")), entry(dictionary, "/Type") == "/DocTimeStamp"
    if stamp is not (profile == _TIMESTAMP):  # the two must say the same (ISO 32000-2 §12.8.5)
        raise RangeBroken("签名的类型自相矛盾。", "The signature contradicts itself about its kind.")
    if stamp:
        root = reader.get_historical_resolver(revision).root
        return with_token(
            content, TimestampFinding(name, (), covered, revision=revision, store=_store(root), offset=offset)
        )
    finding = SignatureFinding(
        name,
        _PROFILES.get(profile),
        (),
        covered=covered,
        claimed_time=_claimed_time(dictionary),
        reason=_words(entry(dictionary, "/Reason")),
        revision=revision,
        dictionary=dictionary,
        offset=offset,
    )
    return with_container(content, finding)


def _check_revision(reader: PdfFileReader, covered: CoveredRange, revision: int) -> None:
    """The covered bytes must end with the very revision that holds the signature."""
    xrefs = reader.xrefs
    if covered.startxref != xrefs.get_startxref_for_revision(revision) or any(
        xrefs.get_xref_container_info(number).end_location > covered.until for number in range(revision + 1)
    ):
        raise RangeBroken("签名没有盖住它所在的版本。", "The signature does not cover the revision it stands in.")


def with_container(content: FileBytes, finding: SignatureFinding) -> SignatureFinding:
    """Steps 3 to 5 for a signature whose range is known."""
    assert finding.covered is not None
    # 3. The container
    if finding.profile is None:
        return _faulty(
            finding, _container_fault("签名类型缺失或不认识。", "The kind of signature is missing or unknown.")
        )
    try:
        container = _container(finding.profile, container_of(finding.covered.value))
    except NotDer:
        return _faulty(finding, _container_fault("签名结构被改过或不合规范。", "The signature's structure is broken."))
    except UnsupportedSignature:
        return _faulty(finding, algorithm_fault())
    if finding.profile == "PAdES-B-B" and not (isinstance(container, SignedContainer) and container.pades):
        return _faulty(finding, _container_fault("签名没有写明证书。", "The signature does not name its certificate."))
    finding = replace(finding, container=container, claimed_time=container.signing_time or finding.claimed_time)
    # 4. The covered bytes
    covered = finding.covered
    assert covered is not None
    if container.digest is not None and container.digest != document_digest(
        content, covered.start, covered.end, covered.until, container.digest_name
    ):
        return _faulty(
            finding,
            Fault(
                Check.DIGEST,
                "HASH_FAILURE",
                Text(
                    "盖章时的内容被改过，原来的内容已经看不到。",
                    "The sealed content was changed; what it was cannot be told.",
                ),
            ),
        )
    # 5. The value
    try:
        good = _signed_by_key(container, content, covered)
    except UnsupportedSignature:
        return _faulty(finding, algorithm_fault())
    if not good:
        return _faulty(
            finding,
            Fault(
                Check.SIGNATURE,
                "SIG_CRYPTO_FAILURE",
                Text("签名值对不上证书里的公钥。", "The signature value does not fit the certificate's key."),
            ),
        )
    return finding


def _container(profile: str, der: bytes) -> SignedContainer | NationalContainer:
    return read_national(profile, der) if profile in NATIONAL_PROFILES.values() else read_container(der)


def _signed_by_key(container: SignedContainer | NationalContainer, content: FileBytes, covered: CoveredRange) -> bool:
    if isinstance(container, SignedContainer):
        return container.signature_is_good()
    parts = (slices_of(content, 0, covered.start), slices_of(content, covered.end, covered.until))
    return container.signature_is_good(bytes(one) for one in chain.from_iterable(parts))


def with_token(content: FileBytes, finding: TimestampFinding) -> TimestampFinding:
    """Steps 3 and 4 for a document time-stamp whose range is known."""
    covered = finding.covered
    assert covered is not None
    try:
        token = read_token(container_of(covered.value))
    except (NotDer, TimestampRefused) as error:
        weak = isinstance(error, TimestampRefused) and error.fault is TokenFault.ALGORITHM
        broken = _container_fault("时间戳结构被改过或不合规范。", "The time-stamp's structure is broken.")
        return replace(finding, faults=(algorithm_fault() if weak else broken,))
    if not token.info.imprint.covers(partial(document_digest, content, covered.start, covered.end, covered.until)):
        changed = Fault(
            Check.DIGEST,
            "HASH_FAILURE",
            Text("加时间戳之后，文件被改过。", "The file was changed after it was time-stamped."),
        )
        return replace(finding, faults=(changed,))
    return replace(finding, token=token)


def _faulty(finding: SignatureFinding, fault: Fault) -> SignatureFinding:
    return replace(finding, faults=(*finding.faults, fault))


def _container_fault(zh: str, en: str) -> Fault:
    return Fault(Check.CONTAINER, "FORMAT_FAILURE", Text(zh, en))


def algorithm_fault() -> Fault:
    """An algorithm that does not count, or none that counted at a time that is proven (EN 319 102-1 §5.2.8)."""
    return Fault(
        Check.SIGNATURE,
        "CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
        Text("签名用的算法不够安全，或这里不支持。", "The signature's algorithm is too weak or not supported here."),
    )


def _claimed_time(dictionary: generic.DictionaryObject) -> dt.datetime | None:
    """/M, the time that a PAdES signer claims (EN 319 142-1 §6.3)."""
    try:
        claimed = generic.parse_pdf_date(str(dictionary["/M"]), strict=True)
    except MemoryError:  # too much is something else than broken
        raise
    except Exception:  # a parser may throw anything at hostile bytes
        return None
    return claimed if claimed.tzinfo else None


def _words(value: object) -> str | None:
    return str(value)[:200] if isinstance(value, generic.TextStringObject) else None
