"""Names and addresses of ETSI TS 119 612 v2.x, and what they mean to us."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from keys.trust.model import Assurance, Service, Standing

TSL = "http://uri.etsi.org/02231/v2#"
TAG = "http://uri.etsi.org/19612/TSLTag"
XML_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
ROOT_ELEMENT = f"{{{TSL}}}TrustServiceStatusList"
VERSION = "5"  # §5.3.1
TSL_SIGNING = "0.4.0.2231.3.0"  # id-tsl-kp-tslSigning, §5.7.1

_SERVICE = "http://uri.etsi.org/TrstSvc/Svctype/"
_STATUS = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/"

CA, QUALIFIED_CA = f"{_SERVICE}CA/PKC", f"{_SERVICE}CA/QC"
TSA, QUALIFIED_TSA = f"{_SERVICE}TSA", f"{_SERVICE}TSA/QTST"
OCSP = f"{_SERVICE}Certstatus/OCSP"

_CERTIFYING = frozenset({Service.DOCUMENTS, Service.LOGIN})
_STAMPING, _ANSWERING = frozenset({Service.TIMESTAMPS}), frozenset({Service.OCSP})

KINDS: Mapping[str, tuple[frozenset[Service], Assurance]] = MappingProxyType(
    {
        QUALIFIED_CA: (_CERTIFYING, Assurance.HIGH),
        CA: (_CERTIFYING, Assurance.SUBSTANTIAL),
        QUALIFIED_TSA: (_STAMPING, Assurance.HIGH),
        f"{_SERVICE}TSA/TSS-QC": (_STAMPING, Assurance.SUBSTANTIAL),
        TSA: (_STAMPING, Assurance.SUBSTANTIAL),
        f"{_SERVICE}Certstatus/OCSP/QC": (_ANSWERING, Assurance.HIGH),
        OCSP: (_ANSWERING, Assurance.SUBSTANTIAL),
    }
)
"""What a service type is trusted for when the list says nothing nearer; other kinds are kept and not trusted."""

STANDINGS: Mapping[str, Standing] = MappingProxyType(
    {
        f"{_STATUS}{word}": standing
        for standing, words in {
            Standing.GRANTED: (
                "granted",
                "recognisedatnationallevel",
                "undersupervision",
                "supervisionincessation",
                "accredited",
                "setbynationallaw",
            ),
            Standing.WITHDRAWN: (
                "withdrawn",
                "deprecatedatnationallevel",
                "supervisionceased",
                "supervisionrevoked",
                "accreditationceased",
                "accreditationrevoked",
                "deprecatedbynationallaw",
            ),
        }.items()
        for word in words
    }
)
"""§5.5.4, and the words of earlier versions (annex J); a status that is not here counts as withdrawn."""

STATUS_OF: Mapping[Standing, str] = MappingProxyType(
    {Standing.GRANTED: f"{_STATUS}granted", Standing.WITHDRAWN: f"{_STATUS}withdrawn"}
)

# Additional service information (§5.5.9.4) by which our own lists say exactly what is trusted and how much
OWN_SERVICE, OWN_ASSURANCE, OWN_EXTENDED = (
    "urn:x-yizheng:service:",
    "urn:x-yizheng:assurance:",
    "urn:x-yizheng:extended-key-usage:",
)


def kind_of(services: frozenset[Service]) -> str:
    """The service type under which an entry of ours is published."""
    if services == _STAMPING:
        return TSA
    return OCSP if services == _ANSWERING else CA
