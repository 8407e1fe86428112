"""RFC 5280 §6 over NIST's Public Key Interoperability Test Suite: whatever it calls invalid must never be good.

The certificates and lists come with the library of test vectors of `cryptography`. Names say what is expected. Where we
are stricter than the suite, the case is in `STRICTER`, with the reason; none of these is judged good by mistake.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from importlib.resources import files

import pytest

from core.text import Text
from keys.trust import faults
from keys.trust.anchors import AnchorSet, anchors_of
from keys.trust.certificate import Certificate, CertificateUnreadable, read_certificate
from keys.trust.crl import RevocationList, RevocationRefused, read_list
from keys.trust.faults import Fault
from keys.trust.model import Assurance, Period, Service, Standing, TrustEntry
from keys.trust.path import Demands
from keys.trust.search import Found
from keys.trust.verdicts import PathVerdicts

AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
DATA = files("cryptography_vectors") / "x509" / "PKITS_data"
CERTIFICATES = {
    one.name.removesuffix(".crt"): one.read_bytes() for one in (DATA / "certs").iterdir() if one.name.endswith(".crt")
}
LISTS = [one.read_bytes() for one in (DATA / "crls").iterdir() if one.name.endswith(".crl")]
ROOT = CERTIFICATES["TrustAnchorRootCertificate"]
CASES = sorted(name for name in CERTIFICATES if re.match(r"(Valid|Invalid)", name))

_DSA = "DSA is not in the algorithm table"
_OTHER_KEY = "lists are taken from the key that issued the certificate, not from another key of the same name"
_INDIRECT = "indirect lists are refused"
_REASONS = "lists of some reasons only are refused"
_RELATIVE = "distribution points by relative name are refused"
STRICTER = {
    "ValidBasicSelfIssuedCRLSigningKeyTest6EE": _OTHER_KEY,
    "ValidBasicSelfIssuedNewWithOldTest4EE": _OTHER_KEY,
    "ValidBasicSelfIssuedOldWithNewTest1EE": _OTHER_KEY,
    "ValidDNnameConstraintsTest19EE": _OTHER_KEY,
    "ValidDSAParameterInheritanceTest5EE": _DSA,
    "ValidDSASignaturesTest4EE": _DSA,
    "ValidIDPwithindirectCRLTest22EE": _INDIRECT,
    "ValidIDPwithindirectCRLTest24EE": _INDIRECT,
    "ValidIDPwithindirectCRLTest25EE": _INDIRECT,
    "ValidSelfIssuedinhibitAnyPolicyTest7EE": _OTHER_KEY,
    "ValidSelfIssuedinhibitAnyPolicyTest9EE": _OTHER_KEY,
    "ValidSelfIssuedinhibitPolicyMappingTest7EE": _OTHER_KEY,
    "ValidSelfIssuedpathLenConstraintTest15EE": _OTHER_KEY,
    "ValidSelfIssuedpathLenConstraintTest17EE": _OTHER_KEY,
    "ValidSelfIssuedrequireExplicitPolicyTest6EE": _OTHER_KEY,
    "ValidSeparateCertificateandCRLKeysTest19EE": _OTHER_KEY,
    "ValidcRLIssuerTest28EE": _INDIRECT,
    "ValidcRLIssuerTest29EE": _INDIRECT,
    "ValidcRLIssuerTest30EE": _INDIRECT,
    "ValidcRLIssuerTest33EE": _INDIRECT,
    "ValiddistributionPointTest4EE": _RELATIVE,
    "ValiddistributionPointTest5EE": _RELATIVE,
    "ValiddistributionPointTest7EE": _RELATIVE,
    "ValidonlySomeReasonsTest18EE": _REASONS,
    "ValidonlySomeReasonsTest19EE": _REASONS,
}
WITHOUT_DELTAS = {
    "InvaliddeltaCRLTest4EE": "revoked by a delta list only, which an application may leave out (RFC 5280 §6.3)",
    "ValiddeltaCRLTest5EE": "released by a delta list only",
}


@functools.cache
def _anchors() -> AnchorSet:
    always = (Period(Standing.GRANTED, dt.datetime(2009, 1, 1, tzinfo=dt.UTC)),)
    entry = TrustEntry(ROOT, Text("锚", "Anchor"), frozenset(Service), Assurance.HIGH, always)
    return AnchorSet(anchors_of([entry]))


@functools.cache
def _authorities() -> list[Certificate]:
    found = []
    for der in CERTIFICATES.values():
        try:
            certificate = read_certificate(der)
        except CertificateUnreadable:
            continue
        if certificate.authority or certificate.self_issued:
            found.append(certificate)
    return found


def _bag(leaf: Certificate) -> list[bytes]:
    """Every certificate that may lie between the leaf and the anchor, as a directory would give them."""
    found: dict[bytes, None] = {}
    wanted = [leaf]
    while wanted:
        issuer = wanted.pop().issuer
        for one in _authorities():
            if one.subject == issuer and one.der not in found and one.der != ROOT:
                found[one.der] = None
                wanted.append(one)
    return list(found)


def judged(name: str, **inputs: bool) -> Fault | None:
    """The verdict with lists of the suite's own directory; a fault, or None."""
    try:
        leaf = read_certificate(CERTIFICATES[name])
    except CertificateUnreadable:
        return faults.UNREADABLE
    demands = Demands(Service.DOCUMENTS, AT, check_usage=False, **inputs)
    found = PathVerdicts().find(_anchors(), leaf.der, _bag(leaf), demands)
    if not isinstance(found, Found):
        return found
    return _revocation(found)


def _revocation(found: Found) -> Fault | None:
    for certificate, issuer in zip(reversed(found.path), reversed(found.certificates), strict=False):
        lists = _lists(issuer)
        statuses = []
        for one in lists:
            try:
                statuses.append(one.entry_of(certificate))
            except RevocationRefused:
                continue
        if any(statuses):
            return faults.REVOKED_NO_POE
        if not statuses:
            return faults.UNCERTAIN
    return None


@functools.cache
def _lists(issuer: Certificate) -> list[RevocationList]:
    found = []
    for der in LISTS:
        try:
            found.append(read_list(der, issuer, now=AT))
        except RevocationRefused:
            continue
    return found


@pytest.mark.parametrize("name", [one for one in CASES if one not in WITHOUT_DELTAS])
def test_the_suite(name: str) -> None:
    fault = judged(name)
    expected = name.startswith("Valid") and name not in STRICTER
    assert (fault is None) is expected, fault and fault.reason


@pytest.mark.parametrize("name", WITHOUT_DELTAS)
def test_without_delta_lists_the_complete_list_decides(name: str) -> None:
    assert (judged(name) is None) is (name == "InvaliddeltaCRLTest4EE")


POLICY_CASES = [  # §4.8 of the suite: case, explicit policy asked for, expected
    ("AllCertificatesNoPoliciesTest2EE", False, True),
    ("AllCertificatesNoPoliciesTest2EE", True, False),
    ("DifferentPoliciesTest3EE", False, True),
    ("DifferentPoliciesTest3EE", True, False),
    ("DifferentPoliciesTest4EE", False, False),
    ("DifferentPoliciesTest5EE", False, False),
    ("OverlappingPoliciesTest6EE", True, True),
    ("DifferentPoliciesTest7EE", False, False),
    ("DifferentPoliciesTest8EE", False, False),
    ("DifferentPoliciesTest9EE", False, False),
    ("AllCertificatesSamePoliciesTest10EE", True, True),
    ("AllCertificatesanyPolicyTest11EE", True, True),
    ("DifferentPoliciesTest12EE", False, False),
    ("AllCertificatesSamePoliciesTest13EE", True, True),
    ("AnyPolicyTest14EE", True, True),
    ("UserNoticeQualifierTest15EE", True, True),
]


@pytest.mark.parametrize(("name", "explicit", "good"), POLICY_CASES)
def test_the_suites_policies(name: str, explicit: bool, good: bool) -> None:
    assert (judged(name, explicit_policy=explicit) is None) is good


WANTED = [  # case, wanted policy, expected: NIST test policies 1, 2 and 3
    ("AllCertificatesSamePoliciesTest10EE", 1, True),
    ("AllCertificatesSamePoliciesTest10EE", 2, True),
    ("AllCertificatesSamePoliciesTest10EE", 3, False),
    ("AllCertificatesanyPolicyTest11EE", 1, True),
    ("AllCertificatesSamePoliciesTest13EE", 1, True),
    ("AllCertificatesSamePoliciesTest13EE", 2, True),
    ("AllCertificatesSamePoliciesTest13EE", 3, True),
    ("AnyPolicyTest14EE", 1, True),
    ("AnyPolicyTest14EE", 2, False),
    ("ValidPolicyMappingTest1EE", 1, True),
    ("ValidPolicyMappingTest1EE", 2, False),
]


@pytest.mark.parametrize(("name", "wanted", "good"), WANTED)
def test_the_suites_wanted_policies(name: str, wanted: int, good: bool) -> None:
    leaf = read_certificate(CERTIFICATES[name])
    policies = frozenset({f"2.16.840.1.101.3.2.1.48.{wanted}"})
    demands = Demands(Service.DOCUMENTS, AT, policies, check_usage=False)
    assert isinstance(PathVerdicts().find(_anchors(), leaf.der, _bag(leaf), demands), Found) is good


def test_the_suite_is_all_there() -> None:
    assert len(CASES) > 190
    assert set(CASES) >= STRICTER.keys() | WITHOUT_DELTAS.keys()
