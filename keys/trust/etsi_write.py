"""Writes a list as an ETSI TS 119 612 v2.x TrustServiceStatusList, not signed yet.

Each authority is a provider with one service: our lists have no providers above services. What the XML has no word
for (services, assurance, further key usages) is said in additional service information of our own (§5.5.9.4).
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from lxml import etree

from core.text import Text
from keys.trust import etsi_names as names
from keys.trust.documents import written_moment
from keys.trust.model import Period, TrustEntry, TrustList

_LANGUAGES = ("zh", "en")
_DETERMINATION = "http://uri.etsi.org/TrstSvc/TrustedList/StatusDetn/{}determination"
_TYPE = "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/{}list"
_RULES = "http://uri.etsi.org/TrstSvc/TrustedList/schemerules/{}"
_HISTORY_DAYS = "65535"  # §5.3.12: kept for ever


def write_list(trust_list: TrustList, *, address: str) -> etree._Element:
    """
    Args:
        address: public base address under which the list is published.
    """
    root = etree.Element(names.ROOT_ELEMENT, nsmap={None: names.TSL}, TSLTag=names.TAG, Id="list")
    _scheme(_add(root, "SchemeInformation"), trust_list, address)
    if trust_list.entries:
        providers = _add(root, "TrustServiceProviderList")
        for entry in trust_list.entries:
            _provider(_add(providers, "TrustServiceProvider"), entry, address)
    return root


def _scheme(scheme: etree._Element, trust_list: TrustList, address: str) -> None:
    country = trust_list.territory[:2]
    _add(scheme, "TSLVersionIdentifier", names.VERSION)
    _add(scheme, "TSLSequenceNumber", str(trust_list.sequence))
    _add(scheme, "TSLType", _TYPE.format(country))
    _names(scheme, "SchemeOperatorName", trust_list.publisher)
    _address(_add(scheme, "SchemeOperatorAddress"), country, address)
    publisher = trust_list.publisher
    _names(scheme, "SchemeName", Text(f"{country}:{publisher.zh}信任列表", f"{country}:Trust list of {publisher.en}"))
    _links(_add(scheme, "SchemeInformationURI"), address)
    _add(scheme, "StatusDeterminationApproach", _DETERMINATION.format(country))
    rules = _add(scheme, "SchemeTypeCommunityRules")
    _in_languages(rules, "URI", Text(_RULES.format(country), _RULES.format(country)))
    _add(scheme, "SchemeTerritory", trust_list.territory)
    notice = Text("依《中华人民共和国电子签名法》第十六条。", "Electronic Signature Law of the PRC, article 16.")
    _in_languages(_add(scheme, "PolicyOrLegalNotice"), "TSLLegalNotice", notice)
    _add(scheme, "HistoricalInformationPeriod", _HISTORY_DAYS)
    _add(scheme, "ListIssueDateTime", written_moment(trust_list.issued_at))
    _add(_add(scheme, "NextUpdate"), "dateTime", written_moment(trust_list.next_update))


def _provider(provider: etree._Element, entry: TrustEntry, address: str) -> None:
    information = _add(provider, "TSPInformation")
    _names(information, "TSPName", entry.name)
    _address(_add(information, "TSPAddress"), entry.territory[:2], address)
    _links(_add(information, "TSPInformationURI"), address)
    service = _add(_add(provider, "TSPServices"), "TSPService")
    *before, latest = entry.periods
    kind = entry.kind or names.kind_of(entry.services)
    _service(_add(service, "ServiceInformation"), entry, kind, latest)
    if before:
        history = _add(service, "ServiceHistory")
        for period in reversed(before):  # §5.5.10: the latest first
            _service(_add(history, "ServiceHistoryInstance"), entry, kind, period)


def _service(part: etree._Element, entry: TrustEntry, kind: str, period: Period) -> None:
    _add(part, "ServiceTypeIdentifier", kind)
    _names(part, "ServiceName", entry.name)
    identity = _add(_add(part, "ServiceDigitalIdentity"), "DigitalId")
    _add(identity, "X509Certificate", base64.b64encode(entry.certificate).decode())
    _add(part, "ServiceStatus", names.STATUS_OF[period.standing])
    _add(part, "StatusStartingTime", written_moment(period.since))
    extensions = _add(part, "ServiceInformationExtensions")
    for uri in _own_words(entry):
        extension = _add(extensions, "Extension")
        extension.set("Critical", "false")
        information = _add(extension, "AdditionalServiceInformation")
        _add(information, "URI", uri).set(names.XML_LANGUAGE, "en")


def _own_words(entry: TrustEntry) -> Sequence[str]:
    said = [f"{names.OWN_SERVICE}{service}" for service in sorted(entry.services)]
    said += [f"{names.OWN_EXTENDED}{oid}" for oid in sorted(entry.also_extended)]
    return [*said, f"{names.OWN_ASSURANCE}{entry.assurance}"]


def _address(part: etree._Element, country: str, address: str) -> None:
    postal = _add(part, "PostalAddresses")
    for language in _LANGUAGES:
        one = _add(postal, "PostalAddress")
        one.set(names.XML_LANGUAGE, language)
        for name in ("StreetAddress", "Locality"):
            _add(one, name, "-")
        _add(one, "CountryName", country)
    _links(_add(part, "ElectronicAddress"), address)


def _links(part: etree._Element, address: str) -> None:
    _in_languages(part, "URI", Text(address, address))


def _names(part: etree._Element, name: str, text: Text) -> None:
    _in_languages(_add(part, name), "Name", text)


def _in_languages(part: etree._Element, name: str, text: Text) -> None:
    for language in _LANGUAGES:
        _add(part, name, text.en if language == "en" else text.zh).set(names.XML_LANGUAGE, language)


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    element = etree.SubElement(parent, f"{{{names.TSL}}}{name}")
    element.text = text
    return element
