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
from signing.verification.etsi_objects import DOCUMENT, ValidationObjects, write_chain, write_revocation
from signing.verification.etsi_xml import DS, ETSI, NAMESPACE, OURS, add, digest, moment, named
from signing.verification.report import SignatureReport, Step, TimestampReport, VerificationReport
from signing.verification.stamp_report import NationalStamp, StampStep

_XML_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
# RFC 9231, and RFC 6931 before it: algorithms of signatures by address
_ALGORITHMS: Mapping[str, str] = MappingProxyType(
    {
        "SGD_SM3_SM2": "urn:oid:1.2.156.10197.1.501",  # GM/T 0006; no address of RFC 9231 names it
        "ES256": "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
        "ES384": "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
        "RS256": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        "RS384": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
        "RS512": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
        "PS256": "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
    }
)
_PROCESS = ETSI.format(
    "validationprocess", "LTA"
)  # EN 319 102-1 §5.6: with proofs of existence and archive time-stamps
_INDICATIONS: Mapping[str, str] = MappingProxyType(
    {"TOTAL-PASSED": "total-passed", "TOTAL-FAILED": "total-failed", "INDETERMINATE": "indeterminate"}
)
_OF_STEPS: Mapping[str, str] = MappingProxyType({"good": "passed", "bad": "failed", "unknown": "indeterminate"})
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
    root = etree.Element(named("ValidationReport"), nsmap={None: NAMESPACE, "ds": DS})
    objects = ValidationObjects(report)
    for number, signature in enumerate(report.signatures, 1):
        _signature(add(root, "SignatureValidationReport"), number, signature, report, objects)
    if not report.signatures:
        _nothing_signed(add(root, "SignatureValidationReport"), report)
    objects.write(root)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _signature(
    part: etree._Element,
    number: int,
    signature: SignatureReport,
    report: VerificationReport,
    objects: ValidationObjects,
) -> None:
    identifier = add(part, "SignatureIdentifier", id=_signature_id(number))
    if signature.value:
        value = etree.SubElement(identifier, f"{{{DS}}}SignatureValue")
        value.text = base64.b64encode(signature.value).decode()
    add(identifier, "HashOnly", "false")
    add(identifier, "DocHashOnly", "false")
    add(identifier, "DAIdentifier", signature.field)
    _constraints(part, signature.steps, signature.national)
    _times(part, signature, report.verified_at)
    signers_document = add(part, "SignersDocument")
    digest(add(signers_document, "DigestAlgAndValue"), report.digest)
    add(signers_document, "SignersDocumentRepresentation", VOReference=DOCUMENT)
    _attributes(part, signature, report.timestamps, objects)
    own = objects.name_of(signature.certificate) if signature.certificate else None
    if own is not None:
        signer = add(part, "SignerInformation")
        add(signer, "SignerCertificate", VOReference=own)
        if signature.organisation:
            add(signer, "Signer", signature.organisation)
    add(add(part, "SignatureValidationProcess"), "SignatureValidationProcessID", _PROCESS)
    status = add(part, "SignatureValidationStatus")
    add(status, "MainIndication", ETSI.format("mainindication", _INDICATIONS[signature.indication]))
    _sub_indication(status, signature.sub_indication)
    _grounds(status, number, signature, objects)


def _grounds(status: etree._Element, number: int, signature: SignatureReport, objects: ValidationObjects) -> None:
    """§4.4: what the verdict rests on; the chain is there only where one was found."""
    algorithm = _ALGORITHMS.get(signature.algorithm or "")
    if not signature.path and algorithm is None:
        return
    data = add(status, "AssociatedValidationReportData")
    if signature.path:
        write_chain(data, objects, signature.path)
        write_revocation(data, objects, signature.path, signature.revocation)
    if algorithm is not None:
        used = add(data, "CryptoInformation")
        add(used, "ValidationObjectId", VOReference=_signature_id(number))
        add(used, "Algorithm", algorithm)
        add(used, "SecureAlgorithm", "true" if signature.algorithm_counts else "false")


def _signature_id(number: int) -> str:
    return f"signature-{number}"


def _nothing_signed(part: etree._Element, report: VerificationReport) -> None:
    _constraints(part, report.steps)
    status = add(part, "SignatureValidationStatus")
    add(status, "MainIndication", ETSI.format("mainindication", _INDICATIONS[report.indication]))
    _sub_indication(status, report.sub_indication)


def _constraints(part: etree._Element, steps: tuple[Step, ...], national: NationalStamp | None = None) -> None:
    """§4.2.6: what was checked, in its order; the steps of a national stamp behind our own checks."""
    evaluation = add(part, "ValidationConstraintsEvaluationReport")
    for step in steps:
        one = add(evaluation, "ValidationConstraint")
        add(one, "ValidationConstraintIdentifier", OURS.format(f"check:{step.number}"))
        applied = "disabled" if step.passed is None else "applied"
        add(add(one, "ConstraintStatus"), "Status", ETSI.format("constraintStatus", applied))
        if step.passed is not None:
            status = add(one, "ValidationStatus")
            add(status, "MainIndication", ETSI.format("mainindication", "passed" if step.passed else "failed"))
            _said(add(status, "AssociatedValidationReportData"), step.name, step.text)
    for one in national.steps if national else ():
        _national(add(evaluation, "ValidationConstraint"), one)


def _national(part: etree._Element, step: StampStep) -> None:
    """A step of GB/T 38540-2020, named by its number and its stable word; one that was not reached is disabled."""
    add(part, "ValidationConstraintIdentifier", OURS.format(f"gbt38540:{step.number}:{step.id}"))
    reached = step.state != "skipped"
    add(add(part, "ConstraintStatus"), "Status", ETSI.format("constraintStatus", "applied" if reached else "disabled"))
    if reached:
        status = add(part, "ValidationStatus")
        add(status, "MainIndication", ETSI.format("mainindication", _OF_STEPS[step.state]))
        _said(add(status, "AssociatedValidationReportData"), step.name, step.text)


def _said(part: etree._Element, *texts: Text) -> None:
    data = add(part, "AdditionalValidationReportData")
    for text in texts:
        for language, words in (("zh", text.zh), ("en", text.en)):
            one = add(data, "ReportData")
            add(one, "Type", OURS.format("text"))
            add(one, "Value", words).set(_XML_LANGUAGE, language)


def _times(part: etree._Element, signature: SignatureReport, verified_at: dt.datetime) -> None:
    """§4.2.7: when it was judged, and when the signature certainly existed."""
    times = add(part, "ValidationTimeInfo")
    add(times, "ValidationTime", moment(verified_at))
    recorded = signature.known_seal.recorded_at if signature.known_seal else None
    stamped = signature.proven_at or verified_at  # a time-stamp's proof is found by validating it
    best, proof = (recorded, "provided") if recorded is not None and recorded <= stamped else (stamped, "validation")
    existed = add(times, "BestSignatureTime")
    add(existed, "POETime", moment(best))
    add(existed, "TypeOfProof", ETSI.format("poetype", proof))


def _attributes(
    part: etree._Element, signature: SignatureReport, stamps: tuple[TimestampReport, ...], objects: ValidationObjects
) -> None:
    """§4.2.9, as far as the report knows them; time-stamps only where they prove something.

    Args:
        stamps: over the document.
    """
    beside = [one for one in signature.timestamps if one.good and one.time]
    over = [one for one in stamps if one.good and one.time and one.end > signature.end]
    if signature.signed_at is None and not signature.reason and not beside and not over:
        return
    attributes = add(part, "SignatureAttributes")
    if signature.signed_at is not None:
        add(add(attributes, "SigningTime", Signed="true"), "Time", moment(signature.signed_at))
    for kind, found in (("SignatureTimeStamp", beside), ("DocTimeStamp", over)):
        for one in found:
            _stamp(add(attributes, kind, Signed="false"), one, objects)
    if signature.reason:
        add(add(attributes, "Reason"), "ReasonElement", signature.reason)


def _stamp(part: etree._Element, stamp: TimestampReport, objects: ValidationObjects) -> None:
    assert stamp.time is not None
    name = objects.name_of(stamp.token) if stamp.token else None
    if name is not None:
        add(part, "AttributeObject", VOReference=name)
    add(part, "TimeStampValue", moment(stamp.time))


def _sub_indication(status: etree._Element, name: str | None) -> None:
    if name is not None:
        known = ETSI.format("subindication", name) if name in _SUB_INDICATIONS else OURS.format(name)
        add(status, "SubIndication", known)
