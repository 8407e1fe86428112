"""Distinguished names of our certificates (RFC 5280 §4.1.2.4, upper bounds of appendix A.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from asn1crypto import x509

from core.text import Text
from keys.errors import CertificateRefused

_LONGEST = 64  # ub-common-name, ub-organization-name, ub-serial-number
_PRINTABLE = re.compile(r"[A-Za-z0-9 '()+,./:=?-]+")  # X.680 §41.4
_COUNTRY = "CN"
_ORGANISATION = f"NTR{_COUNTRY}-"  # EN 319 412-1 §5.1.4
_DOCUMENT_NUMBER = re.compile(r"\d{15}")  # both forms of a citizen's number hold so many digits in a row
_SHORT = {
    "country_name": "C",
    "organization_name": "O",
    "organizational_unit_name": "OU",
    "organization_identifier": "organizationIdentifier",
    "common_name": "CN",
    "serial_number": "serialNumber",
}
LONGEST_TEXT = 600


def authority_name(organisation: str, common_name: str) -> x509.Name:
    """The subject of a certification authority."""
    return _name(
        {
            "organization_name": _checked(organisation, "organisation"),
            "common_name": _checked(common_name, "common_name"),
        }
    )


def seal_name(*, organisation_name: str, organisation_code: str, seal_name: str, seal_code: str) -> x509.Name:
    """The subject of a seal's certificate.

    Args:
        organisation_code: 统一社会信用代码; becomes `NTRCN-…` (EN 319 412-1 §5.1.4).
        seal_name: 印章名称, as engraved.
        seal_code: 印章编码; the subject's serialNumber, which tells two seals of one organisation apart.
    """
    return _name(
        {
            "organization_name": _checked(organisation_name, "organisation_name"),
            "organization_identifier": _ORGANISATION + _printable(organisation_code, "organisation_code"),
            "common_name": _checked(seal_name, "seal_name"),
            "serial_number": _printable(seal_code, "seal_code"),
        }
    )


def person_name(*, name: str, identifier: str) -> x509.Name:
    """The subject of a natural person's certificate.

    Args:
        name: the person's name.
        identifier: an opaque identifier that this service gave; never a document number, for a certificate is shown
            to whoever checks a signature.
    """
    return _name({"common_name": _checked(name, "name"), "serial_number": _opaque(identifier)})


def agent_name(*, organisation_name: str, organisation_code: str, name: str, identifier: str) -> x509.Name:
    """The subject of a person (经办人) who acts for an organisation; `identifier` as in `person_name`."""
    return _name(
        {
            "organization_name": _checked(organisation_name, "organisation_name"),
            "organization_identifier": _ORGANISATION + _printable(organisation_code, "organisation_code"),
            "common_name": _checked(name, "name"),
            "serial_number": _opaque(identifier),
        }
    )


def machine_name(*, organisation_name: str, identifier: str) -> x509.Name:
    """The subject of a system's client certificate; `identifier` is its client id."""
    return _name(
        {
            "organization_name": _checked(organisation_name, "organisation_name"),
            "common_name": _printable(identifier, "identifier"),
        }
    )


@dataclass(frozen=True, slots=True)
class SubjectWords:
    """What an operator says about a subject; each profile uses what it needs.

    Attributes:
        name: of the person, or of the seal.
        identifier: opaque identifier, client id, or seal code.
        organisation: registered name.
        code: 统一社会信用代码.
    """

    name: str
    identifier: str
    organisation: str
    code: str


def subject_for(profile: str, words: SubjectWords) -> x509.Name:
    """The subject of an end entity's certificate.

    Raises:
        CertificateRefused: a word is missing or cannot stand in a certificate; or subjects of this profile are not
            named by people.
    """
    organisation = {"organisation_name": words.organisation, "organisation_code": words.code}
    if profile == "person":
        return person_name(name=words.name, identifier=words.identifier)
    if profile == "agent":
        return agent_name(**organisation, name=words.name, identifier=words.identifier)
    if profile == "seal":
        return seal_name(**organisation, seal_name=words.name, seal_code=words.identifier)
    if profile == "tls-client":
        return machine_name(organisation_name=words.organisation, identifier=words.identifier)
    raise CertificateRefused(
        Text("这种证书由系统自动签发。", "The service itself issues certificates of this kind."), field="profile"
    )


def text_of(name: x509.Name) -> str:
    """A name for people: its parts in their order, most general first."""
    parts = [f"{_SHORT.get(kind.native, kind.dotted)}={value.native}" for kind, value in _pairs(name)]
    return ", ".join(parts)[:LONGEST_TEXT]


def organisation_of(name: x509.Name) -> str | None:
    """The 统一社会信用代码 in a name, if there is one."""
    found = _first(name, "organization_identifier")
    return found.removeprefix(_ORGANISATION)[:_LONGEST] if found else None


def organisation_name_of(name: x509.Name) -> str | None:
    """The organisation that a name names, if there is one."""
    return _first(name, "organization_name")


def code_of(name: x509.Name) -> str | None:
    """The serialNumber in a name, if there is one."""
    found = _first(name, "serial_number")
    return found[:_LONGEST] if found else None


def _first(name: x509.Name, wanted: str) -> str | None:
    return next((str(value.native) for kind, value in _pairs(name) if kind.native == wanted), None)


def _pairs(name: x509.Name) -> Iterator[tuple[x509.NameType, Any]]:
    for relative in name.chosen:
        for pair in relative:
            yield pair["type"], pair["value"]


def _name(parts: dict[str, str]) -> x509.Name:
    """C=CN and then `parts` in their order, each a set of one (asn1crypto's own builder would sort them)."""
    built = [x509.Name.build({kind: value}).chosen[0] for kind, value in ({"country_name": _COUNTRY} | parts).items()]
    return x509.Name("", x509.RDNSequence(built))


def _checked(value: str, field: str) -> str:
    value = value.strip()
    if not value:
        raise CertificateRefused(Text("证书名称不能为空。", "A name in a certificate must not be empty."), field=field)
    if len(value) > _LONGEST:
        text = Text(
            f"证书名称不能超过{_LONGEST}个字符。", f"A name in a certificate has at most {_LONGEST} characters."
        )
        raise CertificateRefused(text, field=field)
    if not value.isprintable():
        text = Text("证书名称含有不可见字符。", "A name in a certificate must not hold invisible characters.")
        raise CertificateRefused(text, field=field)
    return value


def _printable(value: str, field: str) -> str:
    value = _checked(value, field)
    if _PRINTABLE.fullmatch(value) is None:
        text = Text("编码只能含字母、数字和少数符号。", "A code holds Latin letters, digits and few signs only.")
        raise CertificateRefused(text, field=field)
    return value


def _opaque(value: str) -> str:
    value = _printable(value, "identifier")
    if _DOCUMENT_NUMBER.search(value):
        text = Text(
            "证书中不得出现身份证号码，请使用系统分配的标识。",
            "No document number may stand in a certificate; use the identifier that the system gave.",
        )
        raise CertificateRefused(text, field="identifier")
    return value
