"""What `yizheng doctor` says about custody: where the master key comes from, and whether tokens keep their keys."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from api.cli.findings import Finding
from api.settings import Settings
from api.wiring.keys import KeysServices
from core.errors import AppError
from keys.errors import KeyRefused, KeyUnavailable
from keys.master_key import master_key_text, wrapping_uri
from keys.ports import KeyRecord

_IN_MEMORY = "software"


async def custody_findings(settings: Settings, keys: KeysServices) -> list[Finding]:
    """Findings about the master key and about every key that lives on a device."""
    by_scheme: dict[str, list[KeyRecord]] = defaultdict(list)
    for record in keys.ring.records():
        by_scheme[record.uri.partition(":")[0]].append(record)
    if settings.keys.pkcs11 is not None:
        by_scheme["pkcs11"] += []  # a token that is configured has to answer before the first key is made on it
    findings = [_master_key_finding(settings)]
    for scheme in sorted(by_scheme.keys() - {_IN_MEMORY}):
        findings += await asyncio.to_thread(_device_findings, keys, scheme, by_scheme[scheme])
    return findings


def _master_key_finding(settings: Settings) -> Finding:
    uri = wrapping_uri(master_key_text(settings.keys))
    if uri is not None:
        return Finding(f"master key is locked by a token ({uri})")
    place = "is a secret of the environment" if settings.master_key else f"is in {settings.master_key_path}"
    inside = settings.master_key is None and settings.master_key_path.is_relative_to(settings.folder)
    if inside and settings.mode == "production":
        return Finding("master key", False, f"{place}, beside the keys that it opens: move it out of the data folder")
    return Finding(f"master key {place}")


def _device_findings(keys: KeysServices, scheme: str, records: list[KeyRecord]) -> list[Finding]:
    try:
        able = keys.backends.making(scheme).algorithms()
    except (KeyUnavailable, KeyRefused) as error:
        return [Finding(f"device {scheme}", False, f"{error.private}: mend it, no key on it can be used meanwhile")]
    told = Finding(f"device {scheme} answers; it computes {', '.join(sorted(able)) or 'nothing that we use'}")
    faults = [(record, _custody_fault(keys, record)) for record in records]
    return [told, *(Finding(f"key {one.key_id} of {one.purpose}", False, fault) for one, fault in faults if fault)]


def _custody_fault(keys: KeysServices, record: KeyRecord) -> str:
    try:
        if not keys.backends.of(record.uri).extractable(record.uri):
            return ""
    except AppError as error:
        return f"{error.private}: restore it on its device, or revoke it"
    return "its device does not say that it never left and never can: replace it by one made there"
