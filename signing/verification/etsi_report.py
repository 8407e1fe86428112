"""The verification report as ETSI TS 119 102-2 XML, for validators and archives that read that form.

Our numbered checks are its validation constraints (§4.2.6): each with its outcome and, as report data, what is said to
people. A file without signatures has one report without a signature's identity: the schema has none for "nothing".
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType

from lxml import etree

from core.text import Text
from signing.verification.report import SignatureReport, Step, TimestampReport, VerificationReport

NAMESPACE = "http://uri.etsi.org/19102/v1.2.1#"
_DS = "http://www.w3.org/2000/09/xmldsig#"
_XML_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_ETSI = "urn:etsi:019102:{}:{}"
_OURS = "urn:yizheng:verification:{}"
_DOCUMENT = "document"
_INDICATIONS: Mapping[str, str] = MappingProxyType(
    {"TOTAL-PASSED": "total-passed", "TOTAL-FAILED": "total-failed", "INDETERMINATE": "indeterminate"}
)
# EN 319 102-1 §5.1.3 table 5 and 6; what is not among them is said with a name of our own
_SUB_INDICATIONS = frozenset(
    {
        "FORMAT_FAILURE",
        "HASH_FAILURE",
        "SIG_CRYPTO_FAILURE",
        "REVOKED",
        "EXPIRED",
        "NOT_YET_VALID",
        "SIG_CONSTRAINTS_FAILURE",
        "CHAIN_CONSTRAINTS_FAILURE",
        "CERTIFICATE_CHAIN_GENERAL_FAILURE",
        "CRYPTO_CONSTRAINTS_FAILURE",
        "POLICY_PROCESSING_ERROR",
        "SIGNATURE_POLICY_NOT_AVAILABLE",
        "TIMESTAMP_ORDER_FAILURE",
        "NO_SIGNING_CERTIFICATE_FOUND",
        "NO_CERTIFICATE_CHAIN_FOUND",
        "REVOKED_NO_POE",
        "REVOKED_CA_NO_POE",
        "OUT_OF_BOUNDS_NOT_REVOKED",
        "OUT_OF_BOUNDS_NO_POE",
        "CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
        "NO_POE",
        "TRY_LATER",
        "SIGNED_DATA_NOT_FOUND",
    }
)


def etsi_report(report: VerificationReport) -> bytes:
    """The report as an XML document in UTF-8, not signed."""
    root = etree.Element(_name("ValidationReport"), nsmap={None: NAMESPACE, "ds": _DS})
    for number, signature in enumerate(report.signatures, 1):
        _signature(_add(root, "SignatureValidationReport"), number, signature, report)
    if not report.signatures:
        _nothing_signed(_add(root, "SignatureValidationReport"), report)
    objects = _add(root, "SignatureValidationObjects")
    _document(objects, report)
    for number, signature in enumerate(report.signatures, 1):
        if signature.certificate is not None:
            _certificate(objects, number, signature.certificate)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _signature(part: etree._Element, number: int, signature: SignatureReport, report: VerificationReport) -> None:
    identifier = _add(part, "SignatureIdentifier", id=f"signature-{number}")
    _add(identifier, "HashOnly", "false")
    _add(identifier, "DocHashOnly", "false")
    _add(identifier, "DAIdentifier", signature.field)
    _constraints(part, signature.steps)
    _times(part, signature, report.verified_at)
    signers_document = _add(part, "SignersDocument")
    _digest(_add(signers_document, "DigestAlgAndValue"), report.digest)
    _add(signers_document, "SignersDocumentRepresentation", VOReference=_DOCUMENT)
    _attributes(part, signature, report.timestamps)
    if signature.certificate is not None:
        signer = _add(part, "SignerInformation")
        _add(signer, "SignerCertificate", VOReference=_certificate_id(number))
        if signature.organisation:
            _add(signer, "Signer", signature.organisation)
    status = _add(part, "SignatureValidationStatus")
    _add(status, "MainIndication", _ETSI.format("mainindication", _INDICATIONS[signature.indication]))
    _sub_indication(status, signature.sub_indication)


def _nothing_signed(part: etree._Element, report: VerificationReport) -> None:
    _constraints(part, report.steps)
    status = _add(part, "SignatureValidationStatus")
    _add(status, "MainIndication", _ETSI.format("mainindication", _INDICATIONS[report.indication]))
    _sub_indication(status, report.sub_indication)


def _constraints(part: etree._Element, steps: tuple[Step, ...]) -> None:
    """§4.2.6: what was checked, in its order."""
    evaluation = _add(part, "ValidationConstraintsEvaluationReport")
    for step in steps:
        one = _add(evaluation, "ValidationConstraint")
        _add(one, "ValidationConstraintIdentifier", _OURS.format(f"check:{step.number}"))
        applied = "disabled" if step.passed is None else "applied"
        _add(_add(one, "ConstraintStatus"), "Status", _ETSI.format("constraintStatus", applied))
        if step.passed is not None:
            status = _add(one, "ValidationStatus")
            _add(status, "MainIndication", _ETSI.format("mainindication", "passed" if step.passed else "failed"))
            _said(_add(status, "AssociatedValidationReportData"), step.name, step.text)


def _said(part: etree._Element, *texts: Text) -> None:
    data = _add(part, "AdditionalValidationReportData")
    for text in texts:
        for language, words in (("zh", text.zh), ("en", text.en)):
            one = _add(data, "ReportData")
            _add(one, "Type", _OURS.format("text"))
            _add(one, "Value", words).set(_XML_LANGUAGE, language)


def _times(part: etree._Element, signature: SignatureReport, verified_at: dt.datetime) -> None:
    """§4.2.7: when it was judged, and when the signature certainly existed."""
    times = _add(part, "ValidationTimeInfo")
    _add(times, "ValidationTime", _moment(verified_at))
    recorded = signature.known_seal.recorded_at if signature.known_seal else None
    stamped = signature.proven_at or verified_at  # a time-stamp's proof is found by validating it
    best, proof = (recorded, "provided") if recorded is not None and recorded <= stamped else (stamped, "validation")
    existed = _add(times, "BestSignatureTime")
    _add(existed, "POETime", _moment(best))
    _add(existed, "TypeOfProof", _ETSI.format("poetype", proof))


def _attributes(part: etree._Element, signature: SignatureReport, stamps: tuple[TimestampReport, ...]) -> None:
    """§4.2.9, as far as the report knows them; time-stamps only where they prove something.

    Args:
        stamps: over the document.
    """
    beside = [one.time for one in signature.timestamps if one.good and one.time]
    over = [one.time for one in stamps if one.good and one.time and one.end > signature.end]
    if signature.signed_at is None and not signature.reason and not beside and not over:
        return
    attributes = _add(part, "SignatureAttributes")
    if signature.signed_at is not None:
        _add(_add(attributes, "SigningTime", Signed="true"), "Time", _moment(signature.signed_at))
    for kind, times in (("SignatureTimeStamp", beside), ("DocTimeStamp", over)):
        for time in times:
            _add(_add(attributes, kind, Signed="false"), "TimeStampValue", _moment(time))
    if signature.reason:
        _add(_add(attributes, "Reason"), "ReasonElement", signature.reason)


def _sub_indication(status: etree._Element, name: str | None) -> None:
    if name is not None:
        known = _ETSI.format("subindication", name) if name in _SUB_INDICATIONS else _OURS.format(name)
        _add(status, "SubIndication", known)


def _document(objects: etree._Element, report: VerificationReport) -> None:
    one = _add(objects, "ValidationObject", id=_DOCUMENT)
    _add(one, "ObjectType", _ETSI.format("validationObject", "signedData"))
    _digest(_add(_add(one, "ValidationObjectRepresentation"), "DigestAlgAndValue"), report.digest)


def _certificate(objects: etree._Element, number: int, certificate: bytes) -> None:
    one = _add(objects, "ValidationObject", id=_certificate_id(number))
    _add(one, "ObjectType", _ETSI.format("validationObject", "certificate"))
    representation = _add(one, "ValidationObjectRepresentation")
    # the schema names this element in lower case
    _add(representation, "base64", base64.b64encode(certificate).decode())


def _certificate_id(number: int) -> str:
    return f"certificate-{number}"


def _digest(part: etree._Element, sha256: str) -> None:
    etree.SubElement(part, f"{{{_DS}}}DigestMethod", Algorithm=_SHA256)
    etree.SubElement(part, f"{{{_DS}}}DigestValue").text = base64.b64encode(bytes.fromhex(sha256)).decode()


def _add(part: etree._Element, name: str, text: str | None = None, **attributes: str) -> etree._Element:
    made = etree.SubElement(part, _name(name), attributes)
    if text is not None:
        made.text = "".join(one if _may_stand(one) else "\N{REPLACEMENT CHARACTER}" for one in text)
    return made


def _may_stand(character: str) -> bool:
    """XML 1.0 §2.2: a field's name and a reason come from the file, whoever made it."""
    code = ord(character)
    return code in (0x9, 0xA, 0xD) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000


def _name(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _moment(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
