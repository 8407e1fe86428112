"""The verification report: numbered steps, indications after ETSI EN 319 102-1 §5.1, one conclusion for people."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Literal

from core.files.scratch import FileBytes
from core.text import Text
from keys.trust.judgement import Evidence
from keys.trust.model import Assurance
from signing.verification.stamp_report import NationalStamp

Indication = Literal["TOTAL-PASSED", "TOTAL-FAILED", "INDETERMINATE"]
Conclusion = Literal[
    "genuine",
    "annotated",
    "changed",
    "unknown-signer",
    "not-signed",
    "not-a-pdf",
    "not-an-ofd",
    "empty",
    "undecided",
]
Coverage = Literal["whole-file", "signed-revision", "unclear"]


NOBODY = Text("读不出是谁盖的章", "It cannot be read who sealed it")
"""What stands in place of a signer of whom nothing could be read."""

VISIBLE_CHANGES = "VISIBLE_CHANGES"
"""Not of EN 319 102-1: the signature passes, and what a page shows was added to with the signer's leave."""


class Check(IntEnum):
    """The steps, in the order in which they are taken."""

    FILE = 1  # the file is a PDF that can be read in one way only
    RANGE = 2  # the signature covers a revision, all of it but its own value
    CONTAINER = 3  # the signature container is well formed, and one of the profiles
    DIGEST = 4  # the covered bytes are those that were signed
    SIGNATURE = 5  # the value was made with the certificate's key
    CERTIFICATE = 6  # the certificate leads to an authority we trust, at the time of signing
    REGISTER = 7  # the seal register and its ledger have nothing against it
    LATER = 8  # nothing that matters was added afterwards


CHECK_NAMES: Mapping[Check, Text] = MappingProxyType(
    {
        Check.FILE: Text("文件能读", "File readable"),
        Check.RANGE: Text("签名范围", "Signed range"),
        Check.CONTAINER: Text("签名结构", "Signature structure"),
        Check.DIGEST: Text("内容摘要", "Content digest"),
        Check.SIGNATURE: Text("签名值", "Signature value"),
        Check.CERTIFICATE: Text("证书", "Certificate"),
        Check.REGISTER: Text("印章登记", "Seal register"),
        Check.LATER: Text("盖章之后", "After sealing"),
    }
)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a check failed.

    Attributes:
        sub_indication: after EN 319 102-1 §5.1.3; `FORMAT_FAILURE`, `HASH_FAILURE` and `SIG_CRYPTO_FAILURE` mean that
            the signature is not valid, the others that it cannot be relied on; `VISIBLE_CHANGES` that it can, and
            that something was added that shows.
    """

    check: Check
    sub_indication: str
    text: Text


@dataclass(frozen=True, slots=True)
class Step:
    """One numbered check; `passed` is None when an earlier failure left nothing to check."""

    number: int
    name: Text
    passed: bool | None
    text: Text


@dataclass(frozen=True, slots=True)
class PagePictures:
    """A page as PNG: when it was sealed, now, and pale with what differs in colour; differences are framed in each."""

    before: bytes = field(repr=False)
    now: bytes = field(repr=False)
    difference: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PageChange:
    """What a page said when it was sealed and what it says now; lines that are in only one of the two.

    Attributes:
        marks: where it looks different: left, top, width and height in thousandths of the page.
        pictures: None where there are too many pages that differ.
    """

    page: int
    before: str
    now: str
    marks: tuple[tuple[int, int, int, int], ...] = ()
    pictures: PagePictures | None = field(default=None, repr=False)


class Part(StrEnum):
    """What an object of a file is there for."""

    CONTENT = "content"  # what a page draws
    PAGE = "page"  # the page itself: its size, its order, what belongs to it
    RESOURCE = "resource"  # fonts and pictures that pages draw with
    ANNOTATION = "annotation"
    FIELD = "field"  # a form field, its value, its look
    SIGNATURE = "signature"  # a signature field, its value, the seal's picture
    TIMESTAMP = "timestamp"  # a document time-stamp
    VALIDATION_DATA = "validation-data"
    ACTION = "action"  # what happens when somebody opens or clicks
    ATTACHMENT = "attachment"
    DESCRIPTION = "description"  # title, dates, metadata
    CATALOGUE = "catalogue"  # the document's own entry
    STRUCTURE = "structure"  # tables of the file
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """Objects of one kind that a revision adds or replaces.

    Attributes:
        page: on which they are, from 1.
        name: of a field; kind of an annotation; entries of the catalogue that are others.
        new: False where they take the place of others.
        harmless: whether objects of this kind may be there in every revision that follows a signature.
    """

    part: Part
    page: int | None
    name: str | None
    new: bool
    count: int
    harmless: bool


@dataclass(frozen=True, slots=True)
class RevisionReport:
    """A revision that follows the first signature of a file.

    Attributes:
        number: from 1, the one after the first revision of the file being 2.
        by: what the revision ends with.
        field: of that signature or time-stamp.
        allowed: whether what it changes may follow the signatures before it; `visible` where it may, and shows.
    """

    number: int
    by: Literal["signature", "timestamp", "nobody"]
    field: str | None
    allowed: bool
    visible: bool
    objects: tuple[ObjectChange, ...]


@dataclass(frozen=True, slots=True)
class KnownSeal:
    """What our register says about the seal; `recorded_at` when the ledger knows this very file."""

    id: str
    status: str
    organisation: str
    code: str
    revoked_at: dt.datetime | None
    recorded_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class TimestampReport:
    """One time-stamp.

    Attributes:
        kind: beside a signature, or over the document.
        time: what it says; proved only if it is good.
        authority: subject of the certificate behind it; None unless it is good.
        reason: why it proves nothing.
        field: of the signature or of the document time-stamp.
        end: offset in the file where the revision that it covers ends.
        certificate_ends: by then a newer time-stamp must protect it.
        token: as it stands in the file, DER; empty when it cannot be read.
        path: of its authority's certificate, DER, the anchor last; empty unless it is good.
    """

    kind: Literal["signature", "document"]
    time: dt.datetime | None
    authority: str | None
    good: bool
    reason: Text | None
    field: str = ""
    end: int = 0
    certificate_ends: dt.datetime | None = None
    token: bytes = dataclasses.field(default=b"", repr=False)
    path: tuple[bytes, ...] = dataclasses.field(default=(), repr=False)

    def placed(self, kind: Literal["signature", "document"], field: str, end: int) -> TimestampReport:
        """The same, where it stands."""
        return replace(self, kind=kind, field=field, end=end)


@dataclass(frozen=True, slots=True)
class RevocationReport:
    """What was found out about the revocation of one certificate.

    Attributes:
        existed_by: when that answer or list certainly existed: a time that a time-stamp over it proves, or now.
    """

    evidence: Evidence
    existed_by: dt.datetime


@dataclass(frozen=True, slots=True)
class ProtectedFiles:
    """What a signature of an OFD protects, by the paths in the package.

    Attributes:
        path: of the description of the signature itself.
        number: how many files it names.
        changed: those of them that are others than when it was made, or gone.
        unprotected: files beside those that it names, its own, and those of signatures behind it.
        page_of: which page, from 1, those of the changed or unprotected are that are one.
        seen_on: pages on which its seal is shown.
    """

    path: str
    number: int
    changed: tuple[str, ...] = ()
    unprotected: tuple[str, ...] = ()
    page_of: Mapping[str, int] = field(default_factory=dict)
    seen_on: tuple[int, ...] = ()

    @property
    def pages(self) -> tuple[int, ...]:
        """Pages that are not what was sealed, or that no signature protects."""
        return tuple(sorted(self.page_of.values()))


@dataclass(frozen=True, slots=True)
class SignatureReport:
    """One signature.

    Attributes:
        organisation, seal_name, organisation_code, seal_code: from the certificate's subject; claims unless the
            certificate is trusted.
        signed_at: the time that the signer claims.
        level: `PAdES-B-B` to `PAdES-B-LTA` by what is in the file, or `CMS` for another profile; None when the
            container cannot be read.
        proven_at: when the signature existed by a time-stamp that counts; None when no time-stamp proves it.
        timestamps: those beside the signature.
        end: offset in the file where the signed revision ends.
        vouched_by: the authority on our trust list that stands behind the certificate; None when there is none.
        assurance: how sure that authority is of whom it certified.
        certificate: the signer's, DER, whoever issued it; None when the container names none.
        path: from that certificate to the anchor of the trust list, DER; empty when no such path was found.
        revocation: one for each certificate of the path that was asked about.
        algorithm: of the signature, as `keys.spec` names it; None when it is not supported.
        algorithm_counts: whether it still counts for the time that is proven.
        value: the signature itself.
        national: the ten steps of the stamp, where the signature is one of a national e-seal (GB/T 38540).
        files: of an OFD: what it protects; None for a PDF.
    """

    field: str
    organisation: str | None
    seal_name: str | None
    organisation_code: str | None
    seal_code: str | None
    known_seal: KnownSeal | None
    signed_at: dt.datetime | None
    reason: str | None
    level: str | None
    coverage: Coverage
    end: int
    indication: Indication
    sub_indication: str | None
    conclusion: Conclusion
    steps: tuple[Step, ...]
    vouched_by: Text | None = None
    assurance: Assurance | None = None
    certificate: bytes | None = dataclasses.field(default=None, repr=False)
    proven_at: dt.datetime | None = None
    timestamps: tuple[TimestampReport, ...] = ()
    path: tuple[bytes, ...] = dataclasses.field(default=(), repr=False)
    revocation: tuple[RevocationReport, ...] = dataclasses.field(default=(), repr=False)
    algorithm: str | None = None
    algorithm_counts: bool = False
    value: bytes = dataclasses.field(default=b"", repr=False)
    national: NationalStamp | None = None
    files: ProtectedFiles | None = None

    @property
    def altered(self) -> bool:
        """Of an OFD: somebody we trust signed, and the files are not those that were signed."""
        if self.files is None or self.vouched_by is None or (self.national is not None and not self.national.good):
            return False
        return bool(self.files.changed or self.files.unprotected)


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """What can be said about a file. Several signatures are judged as a whole: the worst one counts.

    Attributes:
        changes: pages that differ between the signed revision and the file as it is.
        later_revisions: how many revisions follow the last good signature.
        embedded_files: attachments of the signed revision; empty unless its signer is trusted.
        timestamps: over the document, in the order of the revisions that they cover.
        notices: what to mind about the file whatever its signatures are worth.
        revisions: what follows the first signature that is intact, oldest first.
        signed_revision: the file as it was last sealed by somebody we trust, when that can be told.
        format: what the file is.
        refusal: why an OFD is not read at all, a short stable word.
        names: what an OFD says of itself (CustomData), by name; empty unless its signer is trusted.
    """

    indication: Indication
    sub_indication: str | None
    conclusion: Conclusion
    text: Text
    steps: tuple[Step, ...]
    signatures: tuple[SignatureReport, ...]
    digest: str
    size: int
    verified_at: dt.datetime
    changes: tuple[PageChange, ...] = ()
    later_revisions: int = 0
    embedded_files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    signed_revision: FileBytes | None = field(default=None, repr=False)
    timestamps: tuple[TimestampReport, ...] = ()
    revisions: tuple[RevisionReport, ...] = ()
    notices: tuple[Text, ...] = ()
    format: Literal["pdf", "ofd"] = "pdf"
    refusal: str | None = None
    names: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def altered(self) -> bool:
        """Whether what was sealed is other than it was, rather than that the signature itself is broken."""
        if self.format == "pdf":
            return self.sub_indication == "HASH_FAILURE"
        return any(one.altered for one in self.signatures)
