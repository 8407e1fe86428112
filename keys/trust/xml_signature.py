"""Signs a list with an enveloped XAdES baseline B signature, and verifies such signatures under a pinned certificate
(ETSI TS 119 612 §5.7 and annex B, EN 319 132-1 §6; W3C XML Signature 1.1).

What is read afterwards is what was signed, cut out by the verifier: where else in the document it stands, or what else
stands there, does not matter (signature wrapping). Before that the parser refuses document type definitions, so there
are no entities to expand and no files or addresses to fetch.
"""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import hashlib
from collections.abc import Sequence

from cryptography import x509
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.xades.xades import XAdESSignatureConfiguration, XAdESVerifier

from core.text import Text
from keys.ports import Signer
from keys.primitives.registry import primitive
from keys.spec import SignatureAlgorithm, Use
from keys.trust.certificate import read_certificate
from keys.trust.documents import written_moment
from keys.trust.errors import TrustListRefused
from keys.trust.etsi_names import ROOT_ELEMENT
from keys.trust.path import usable_key
from keys.trust.signed_json import not_signed
from keys.verification import counts

LARGEST = 16 * 2**20
_DS, _XADES = "http://www.w3.org/2000/09/xmldsig#", "http://uri.etsi.org/01903/v1.3.2#"
_EXCLUSIVE, _ENVELOPED = "http://www.w3.org/2001/10/xml-exc-c14n#", f"{_DS}enveloped-signature"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_PROPERTIES_TYPE = "http://uri.etsi.org/01903#SignedProperties"

_METHODS = {
    SignatureAlgorithm.ES256: SignatureMethod.ECDSA_SHA256,
    SignatureAlgorithm.ES384: SignatureMethod.ECDSA_SHA384,
    SignatureAlgorithm.RS256: SignatureMethod.RSA_SHA256,
    SignatureAlgorithm.RS384: SignatureMethod.RSA_SHA384,
    SignatureAlgorithm.RS512: SignatureMethod.RSA_SHA512,
}
_DIGESTS = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})


async def sign_xml(
    root: etree._Element,
    signer: Signer,
    certificate: bytes,
    moment: dt.datetime,
    *,
    chain: Sequence[bytes] = (),
) -> bytes:
    """The document with its signature as the last child of `root`.

    Args:
        root: named by its `Id`; without one it must be the whole document.
        certificate: the signer's, DER; readers pin it, or look for a path from it.
        moment: the signing time.
        chain: certificates that may help to find that path, DER.

    Raises:
        core.errors.Unavailable: the signer's device does not answer.
    """
    document = base64.b64encode(hashlib.sha256(_canonical(root)).digest()).decode()
    signature = etree.SubElement(root, _ds("Signature"), nsmap={"ds": _DS}, Id="signature")
    info = etree.SubElement(signature, _ds("SignedInfo"))
    value = etree.SubElement(signature, _ds("SignatureValue"))
    data = etree.SubElement(etree.SubElement(signature, _ds("KeyInfo")), _ds("X509Data"))
    for one in (certificate, *chain):
        etree.SubElement(data, _ds("X509Certificate")).text = base64.b64encode(one).decode()
    properties = _properties(signature, certificate, moment)
    etree.SubElement(info, _ds("CanonicalizationMethod"), Algorithm=_EXCLUSIVE)
    etree.SubElement(info, _ds("SignatureMethod"), Algorithm=_METHODS[signer.algorithm].value)
    _reference(info, f"#{named}" if (named := root.get("Id")) else "", document, (_ENVELOPED, _EXCLUSIVE))
    digest = base64.b64encode(hashlib.sha256(_canonical(properties)).digest()).decode()
    _reference(info, f"#{properties.get('Id')}", digest, (_EXCLUSIVE,), kind=_PROPERTIES_TYPE)
    message = _canonical(info)
    signed = await asyncio.to_thread(signer.sign, message) if signer.blocking else signer.sign(message)
    # XML Signature §6.4.3: r and s side by side, as in JOSE
    value.text = base64.b64encode(primitive(signer.algorithm).to_jose(signed)).decode()
    whole: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return whole


def verified_list(data: bytes, certificate: bytes, *, at: dt.datetime) -> etree._Element:
    """The list element that the pinned certificate's key has signed, taken out of the document.

    Args:
        certificate: the publisher's, DER, pinned.
        at: now: the certificate must be valid and its algorithm count.

    Raises:
        TrustListRefused: `document` or `signature`.
    """
    root = _parsed(data)
    pinned = read_certificate(certificate)
    algorithms = [one for one in _METHODS if _counts(pinned.public_key, one, at)]
    expected = XAdESSignatureConfiguration(
        location="./",
        expect_references=False,
        signature_methods=frozenset(_METHODS[one] for one in algorithms),
        digest_algorithms=_DIGESTS,
    )
    if not algorithms or not pinned.valid_at(at):
        raise not_signed()
    try:
        loaded = x509.load_der_x509_certificate(certificate)
        found = XAdESVerifier().verify(root, x509_cert=loaded, expect_config=expected)
    except (SignXMLException, ValueError, TypeError, KeyError, IndexError, AttributeError, etree.LxmlError):
        raise not_signed() from None
    lists = [one.signed_xml for one in found if one.signed_xml is not None and one.signed_xml.tag == ROOT_ELEMENT]
    if len(lists) != 1:
        raise not_signed()
    element: etree._Element = lists[0]
    return element


def _parsed(data: bytes) -> etree._Element:
    """
    Raises:
        TrustListRefused: `document`: too large, not UTF-8, not XML, or with a document type definition.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        encoding="utf-8",
    )
    try:
        if len(data) > LARGEST or "<!" in _without_comments(data.decode("utf-8-sig")):
            raise ValueError("too large, or declarations")
        root = etree.fromstring(data, parser)
        if root.tag != ROOT_ELEMENT or root.getroottree().docinfo.internalDTD is not None:
            raise ValueError("another document")
    except (ValueError, etree.LxmlError) as error:
        text = Text("这不是有效的信任列表（ETSI TS 119 612）。", "This is no trust list by ETSI TS 119 612.")
        raise TrustListRefused("document", text, private=f"document: {type(error).__name__}") from None
    return root


def _without_comments(text: str) -> str:
    """Comments and character data sections are no declarations."""
    return text.replace("<!--", "").replace("<![CDATA[", "")


def _counts(public_key: bytes, algorithm: SignatureAlgorithm, at: dt.datetime) -> bool:
    key = usable_key(public_key, algorithm)
    return key is not None and counts(algorithm, key.bits, use=Use.STATEMENT, at=at)


def _properties(signature: etree._Element, certificate: bytes, moment: dt.datetime) -> etree._Element:
    """SigningTime and SigningCertificateV2 (EN 319 132-1 §5.2.1, §5.2.2)."""
    qualifying = etree.SubElement(
        etree.SubElement(signature, _ds("Object")),
        _xades("QualifyingProperties"),
        nsmap={"xades": _XADES},
        Target="#signature",
    )
    properties = etree.SubElement(qualifying, _xades("SignedProperties"), Id="properties")
    about = etree.SubElement(properties, _xades("SignedSignatureProperties"))
    etree.SubElement(about, _xades("SigningTime")).text = written_moment(moment)
    named = etree.SubElement(etree.SubElement(about, _xades("SigningCertificateV2")), _xades("Cert"))
    digest = etree.SubElement(named, _xades("CertDigest"))
    etree.SubElement(digest, _ds("DigestMethod"), Algorithm=_SHA256)
    etree.SubElement(digest, _ds("DigestValue")).text = base64.b64encode(hashlib.sha256(certificate).digest()).decode()
    return properties


def _reference(
    info: etree._Element, uri: str, digest: str, transforms: tuple[str, ...], *, kind: str | None = None
) -> None:
    reference = etree.SubElement(info, _ds("Reference"), URI=uri)
    if kind is not None:
        reference.set("Type", kind)
    parts = etree.SubElement(reference, _ds("Transforms"))
    for transform in transforms:
        etree.SubElement(parts, _ds("Transform"), Algorithm=transform)
    etree.SubElement(reference, _ds("DigestMethod"), Algorithm=_SHA256)
    etree.SubElement(reference, _ds("DigestValue")).text = digest


def _canonical(element: etree._Element) -> bytes:
    octets: bytes = etree.tostring(element, method="c14n", exclusive=True, with_comments=False)
    return octets


def _ds(name: str) -> str:
    return f"{{{_DS}}}{name}"


def _xades(name: str) -> str:
    return f"{{{_XADES}}}{name}"
