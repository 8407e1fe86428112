"""Answers `verified_claims`: claims about a person together with how they were verified.

OpenID Connect for Identity Assurance 1.0 §4 to §6; OpenID Identity Assurance Schema Definition 1.0 §5. What does not
match a constraint is never given; what is lacking is left out, without an error.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from idp.evidence.model import Evidence, EvidenceKind
from idp.evidence.rules import carried, level_of
from idp.levels import REAL
from idp.proofing.window_model import WindowDocument
from idp.protocol.scopes import PHONE, PROFILE, REALNAME
from idp.protocol.verified_wish import VerifiedWish
from idp.real_name import CHECKED, REACHED_BY_PHONE, REGISTERED

TRUST_FRAMEWORK: Final = "urn:yizheng:real-name"
"""The rules of docs/identity-levels.md."""

VERIFIABLE: Final[Mapping[str, tuple[str, int]]] = {
    "name": (REALNAME, CHECKED),
    "id_number": (REALNAME, CHECKED),
    "gender": (PROFILE, CHECKED),
    "birthdate": (PROFILE, CHECKED),
    "phone_number": (PHONE, REACHED_BY_PHONE),
}
"""By claim: the scope under which it is given, and the step that verifies it."""

_CONSTRAINTS: Final = frozenset({"value", "values", "max_age", "essential", "purpose"})
_RECORDS: Final[Mapping[EvidenceKind, tuple[str, str]]] = {
    EvidenceKind.NUMBER_AND_NAME: ("population_register", "data"),
    EvidenceKind.PHONE: ("phone_account", "token"),
    EvidenceKind.BANK: ("bank_account", "data"),
}
EVIDENCE_TYPES: Final = ("document", "electronic_record", "vouch")
DOCUMENT_METHODS: Final = ("vpip", "pvp")  # document inspected, and person seen, in person
_DOCUMENTS: Final[Mapping[str, str]] = {
    WindowDocument.ID_CARD: "idcard",
    WindowDocument.TEMPORARY_ID_CARD: "idcard",
    WindowDocument.PASSPORT: "passport",
    WindowDocument.RESIDENCE_PERMIT: "residence_permit",
    WindowDocument.PERMANENT_RESIDENCE_CARD: "residence_permit",
    WindowDocument.HK_MACAO_PERMIT: "residence_permit",
    WindowDocument.TAIWAN_PERMIT: "residence_permit",
}
DOCUMENT_TYPES: Final = tuple(dict.fromkeys(_DOCUMENTS.values()))
RECORD_TYPES: Final = tuple(record for record, _ in _RECORDS.values())


class _Unmet(Exception):
    """A constraint is not met."""


def answer(
    wishes: Sequence[VerifiedWish],
    values: Mapping[str, Any],
    records: Sequence[Evidence],
    *,
    scopes: Collection[str],
    now: dt.datetime,
) -> dict[str, Any] | list[dict[str, Any]] | None:
    """
    Args:
        values: the claims' values by name.
        records: all evidence of the person.
        scopes: those that the person agreed to.

    Returns:
        One set, or a list where a list was asked for; None where no wish can be fulfilled.
    """
    steps, level = carried(records, now), level_of(records, now)
    if level == REGISTERED:
        return None
    verified = {
        name: values[name]
        for name, (scope, step) in VERIFIABLE.items()
        if scope in scopes and step in steps and values.get(name) is not None
    }
    verification = _verification(level, [one for one in records if one.counts(now)])
    found = [one for wish in wishes if (one := _set(wish, verification, verified, now)) is not None]
    if not found:
        return None
    return found if any(wish.several for wish in wishes) else found[0]


def _set(
    wish: VerifiedWish, verification: Mapping[str, Any], verified: Mapping[str, Any], now: dt.datetime
) -> dict[str, Any] | None:
    """One set; None where the verification is not as wished, or no claim is left (§6.5)."""
    try:
        told = _shaped(wish.verification, verification, now)
    except _Unmet:
        return None
    claims = {}
    for name, wanted in wish.claims.items():
        if name in verified and _matches(wanted or {}, verified[name], now):
            claims[name] = verified[name]
    return {"verification": {"trust_framework": TRUST_FRAMEWORK, **told}, "claims": claims} if claims else None


def _shaped(template: object, data: Any, now: dt.datetime) -> Any:
    """As much of the data as the template names, if it fulfils the template's constraints (§6.2, §6.3).

    Raises:
        _Unmet.
    """
    if isinstance(template, list):
        return _filtered(template, data, now)
    if not isinstance(template, dict):
        return data
    if template.keys() <= _CONSTRAINTS and template:
        if not _matches(template, data, now):
            raise _Unmet
        return data
    if not isinstance(data, dict):
        raise _Unmet
    for name, wanted in template.items():
        if name not in data and _constrains(wanted):
            raise _Unmet
    return {name: _shaped(wanted, data[name], now) for name, wanted in template.items() if name in data}


def _filtered(templates: list[Any], data: Any, now: dt.datetime) -> list[Any]:
    """Entries that fit one of the templates, each shaped by the first that it fits (§6.2: a logical OR).

    Raises:
        _Unmet: none fits.
    """
    if not isinstance(data, list):
        raise _Unmet
    found = []
    for one in data:
        for template in templates:
            try:
                found.append(_shaped(template, one, now))
            except _Unmet:
                continue
            break
    if not found:
        raise _Unmet
    return found


def _constrains(template: object) -> bool:
    """Whether something that is not there would break the template."""
    if isinstance(template, list):
        return True
    if not isinstance(template, dict):
        return False
    return not template.keys().isdisjoint({"value", "values", "max_age"}) or any(map(_constrains, template.values()))


def _matches(wanted: Mapping[str, Any], data: Any, now: dt.datetime) -> bool:
    if "value" in wanted and data != wanted["value"]:
        return False
    values = wanted.get("values")
    if "values" in wanted and (not isinstance(values, list) or data not in values):
        return False
    return "max_age" not in wanted or _is_young(data, wanted["max_age"], now)


def _is_young(data: Any, max_age: Any, now: dt.datetime) -> bool:
    """§6.3.2; what is no moment, or no number of seconds, is not fulfilled."""
    if not isinstance(data, str) or not isinstance(max_age, int | float) or isinstance(max_age, bool):
        return False
    try:
        moment = dt.datetime.fromisoformat(data)
    except ValueError:
        return False
    if moment.tzinfo is None:  # a date counts to its last second
        moment = moment.replace(tzinfo=dt.UTC) + dt.timedelta(days=1, seconds=-1)
    return (now - moment).total_seconds() <= max_age


def _verification(level: int, counting: Sequence[Evidence]) -> dict[str, Any]:
    found = {
        "trust_framework": TRUST_FRAMEWORK,
        "assurance_level": REAL[level],
        "assurance_process": {
            "policy": TRUST_FRAMEWORK,
            "procedure": " ".join(dict.fromkeys(one.kind.value for one in counting)),
        },
        "time": _moment(max(one.at for one in counting)),
        "verification_process": counting[0].id,
        "evidence": [told for one in counting if (told := _evidence(one)) is not None],
    }
    return found if found["evidence"] else {name: value for name, value in found.items() if name != "evidence"}


def _evidence(one: Evidence) -> dict[str, Any] | None:
    """How a record is told; a bound key says something of the log-in, and nothing of the person."""
    if one.kind in _RECORDS:
        record, method = _RECORDS[one.kind]
        return {
            "type": "electronic_record",
            "check_details": [_check(method, one)],
            "record": {"type": record, "source": {"name": one.source}},
        }
    if one.kind is EvidenceKind.IN_PERSON:
        checks = [_check(method, one) for method in DOCUMENT_METHODS]
        document = _DOCUMENTS.get(one.reference.partition(":")[0], "idcard")
        return {"type": "document", "check_details": checks, "document_details": {"type": document}}
    if one.kind is EvidenceKind.VOUCHED:
        attestation = {"type": "digital_attestation", "voucher": {"organization": one.source}}
        return {"type": "vouch", "check_details": [_check("data", one)], "attestation": attestation}
    return None


def _check(method: str, one: Evidence) -> dict[str, Any]:
    told = {"check_method": method, "organization": one.source, "time": _moment(one.at)}
    return told | ({"check_id": one.reference} if one.reference else {})


def _moment(at: dt.datetime) -> str:
    """Schema §5.4.2: ISO 8601 with a zone."""
    return at.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
