"""Reads an ETSI TS 119 612 TrustServiceStatusList whose signature was verified: only the part that was signed.

Strict where it matters to trust (times, statuses, certificates), and lenient where it does not: what this reader does
not know is left aside, and nothing unknown is trusted.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from collections.abc import Iterator

from lxml import etree

from core.text import Text
from keys.trust import etsi_names as names
from keys.trust.certificate import CertificateUnreadable, read_certificate
from keys.trust.documents import MOST_ENTRIES
from keys.trust.errors import TrustListRefused
from keys.trust.model import Assurance, Period, Service, Standing, TrustEntry, TrustList

_NS = {"t": names.TSL}
_LONGEST_NAME = 200
_MOST_PERIODS = 100


def read_list(root: etree._Element) -> TrustList:
    """
    Args:
        root: the element that the signature covers, and nothing else.

    Raises:
        TrustListRefused: `document`: not such a list, or something in it makes no sense.
    """
    try:
        return _read(root)
    except (ValueError, TypeError, IndexError, CertificateUnreadable) as error:
        text = Text("这不是有效的信任列表（ETSI TS 119 612）。", "This is no trust list by ETSI TS 119 612.")
        raise TrustListRefused("document", text, private=f"document: {type(error).__name__}: {error}") from None


def _read(root: etree._Element) -> TrustList:
    if root.tag != names.ROOT_ELEMENT or root.get("TSLTag") != names.TAG:
        raise ValueError("not a TrustServiceStatusList")
    scheme = _one(root, "t:SchemeInformation")
    if _text(scheme, "t:TSLVersionIdentifier") not in ("4", "5", "6"):
        raise ValueError("an unknown version")
    issued, ends = _moment(_text(scheme, "t:ListIssueDateTime")), _moment(_text(scheme, "t:NextUpdate/t:dateTime"))
    sequence = int(_text(scheme, "t:TSLSequenceNumber"))
    if not 1 <= sequence < 2**31 or ends <= issued:
        raise ValueError("a sequence number or a time that makes no sense")
    territory = _text(scheme, "t:SchemeTerritory")
    services = root.xpath("t:TrustServiceProviderList/t:TrustServiceProvider", namespaces=_NS)
    entries = [entry for provider in services for entry in _entries(provider, territory)]
    if len(entries) > MOST_ENTRIES:
        raise ValueError("too many services")
    return TrustList(_name(scheme, "t:SchemeOperatorName"), territory, sequence, issued, ends, tuple(entries))


def _entries(provider: etree._Element, territory: str) -> Iterator[TrustEntry]:
    for service in provider.xpath("t:TSPServices/t:TSPService", namespaces=_NS):
        information = _one(service, "t:ServiceInformation")
        kind = _text(information, "t:ServiceTypeIdentifier")
        services, assurance, extended = _trusted_for(information, kind)
        periods = _periods(service, information, kind)
        for certificate in _certificates(information):
            yield TrustEntry(
                certificate=certificate,
                name=_name(information, "t:ServiceName"),
                services=services,
                assurance=assurance,
                periods=periods,
                also_extended=extended,
                territory=territory,
                kind=kind[:_LONGEST_NAME],
            )


def _trusted_for(information: etree._Element, kind: str) -> tuple[frozenset[Service], Assurance, frozenset[str]]:
    """What our own words say, else what the kind stands for; a critical extension that we do not know: nothing."""
    said = [
        str(one).strip() for one in information.xpath(".//t:AdditionalServiceInformation/t:URI/text()", namespaces=_NS)
    ]
    services, assurance = names.KINDS.get(kind, (frozenset(), Assurance.LOW))
    own = [one.removeprefix(names.OWN_SERVICE) for one in said if one.startswith(names.OWN_SERVICE)]
    if own:
        services = frozenset(Service(one) for one in own)
    for one in said:
        if one.startswith(names.OWN_ASSURANCE):
            assurance = Assurance(one.removeprefix(names.OWN_ASSURANCE))
    extended = frozenset(one.removeprefix(names.OWN_EXTENDED) for one in said if one.startswith(names.OWN_EXTENDED))
    if information.xpath(_UNKNOWN_CRITICAL, namespaces=_NS):  # §5.5.9: must be understood
        services = frozenset()
    return services, assurance, extended


_UNKNOWN_CRITICAL = (
    "t:ServiceInformationExtensions/t:Extension[@Critical='true' or @Critical='1'][not(t:AdditionalServiceInformation)]"
)


def _periods(service: etree._Element, information: etree._Element, kind: str) -> tuple[Period, ...]:
    parts = [information, *service.xpath("t:ServiceHistory/t:ServiceHistoryInstance", namespaces=_NS)]
    if len(parts) > _MOST_PERIODS:
        raise ValueError("too long a history")
    found = sorted((_period(part, kind) for part in parts), key=lambda one: one.since)
    if len({one.since for one in found}) != len(found):
        raise ValueError("two statuses from the same moment")
    return tuple(found)


def _period(part: etree._Element, kind: str) -> Period:
    standing = names.STANDINGS.get(_text(part, "t:ServiceStatus"), Standing.WITHDRAWN)
    if _text(part, "t:ServiceTypeIdentifier") != kind:  # it was another kind of service then
        standing = Standing.WITHDRAWN
    return Period(standing, _moment(_text(part, "t:StatusStartingTime")))


def _certificates(information: etree._Element) -> list[bytes]:
    """All that identify the service; one that cannot be read is an error, for its authority would go unnoticed."""
    found: dict[bytes, None] = {}
    path = "t:ServiceDigitalIdentity/t:DigitalId/t:X509Certificate/text()"
    for text in information.xpath(path, namespaces=_NS):
        try:
            certificate = base64.b64decode("".join(str(text).split()), validate=True)
        except binascii.Error:
            raise ValueError("not base64") from None
        read_certificate(certificate)
        found[certificate] = None
    return list(found)


def _name(part: etree._Element, path: str) -> Text:
    """Chinese and English, each standing in for the other, and any language for both."""
    found = {
        str(one.get(names.XML_LANGUAGE, "")).lower().partition("-")[0]: (one.text or "").strip()[:_LONGEST_NAME]
        for one in part.xpath(f"{path}/t:Name", namespaces=_NS)
    }
    some = next((text for text in found.values() if text), "")
    if not some:
        raise ValueError("without a name")
    return Text(found.get("zh") or found.get("en") or some, found.get("en") or some)


def _moment(text: str) -> dt.datetime:
    """§5.3.14: UTC to the second; fractions and offsets of others are understood."""
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return moment.astimezone(dt.UTC).replace(microsecond=0)


def _text(part: etree._Element, path: str) -> str:
    text = (_one(part, path).text or "").strip()
    if not text:
        raise ValueError(f"{path} is empty")
    return text


def _one(part: etree._Element, path: str) -> etree._Element:
    found = part.xpath(path, namespaces=_NS)
    if len(found) != 1:
        raise ValueError(f"{len(found)} of {path}")
    element: etree._Element = found[0]
    return element
