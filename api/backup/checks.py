"""What is looked at when everything is restored, before anybody may use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from api.backup.examine import Examined
from api.backup.ports import OpenedKeys, Target
from api.backup.tables import DOCUMENTS
from core.audit.verify import Checkpoint, verify_chain
from core.errors import AppError
from keys.archive.inventory import KeyInventory


async def check_restored(
    target: Target, data: Examined | None, keys: Examined | None, counted: Mapping[str, int]
) -> tuple[dict[str, bool | None], list[str]]:
    """Each check with True, False, or None where it could not be made; and what is needed to go on."""
    checks: dict[str, bool | None] = {}
    archives = [one for one in (data, keys if keys is not data else None) if one is not None]
    checks["rows counted"] = all(_complete(one, counted) for one in archives)
    if data is not None:
        kept = Checkpoint(data.manifest.audit_number, bytes.fromhex(data.manifest.audit_hash or "00" * 32))
        verdict = await verify_chain(target.database, kept)
        checks["audit chain"] = verdict.whole and verdict.head == kept
        checks["documents"] = data.manifest.lost_count == 0
    needed = [
        f"the address {one.manifest.issuer} (YIZHENG_ISSUER): portals know the service by it, and here it is another"
        for one in archives[:1]
        if one.manifest.issuer != target.issuer
    ]
    inventory = await target.key_store.inventory()
    opened: OpenedKeys | None = None
    if inventory is not None:
        opened, fault = await _open(target)
        needed += [fault] if fault else []
    else:
        needed.append("the key store: restore its archive (`yizheng restore FILE`)")
    if inventory is None or target.master_key_check is None:
        needed.append("the master key: `yizheng restore --recovery FILE`, or its file or secret")
    try:
        checks |= await _check_keys(opened, archives, rehearsal=target.rehearsal)
    finally:
        if opened is not None:
            await opened.close()
    return checks, [*needed, *_devices(inventory)]


async def _open(target: Target) -> tuple[OpenedKeys | None, str]:
    try:
        return await target.open_keys(), ""
    except AppError as error:
        return None, f"the keys do not open: {error.text.en} ({error.private})"


async def _check_keys(
    opened: OpenedKeys | None, archives: Sequence[Examined], *, rehearsal: bool
) -> dict[str, bool | None]:
    names = ("keys open", "keys of the data", "signature of the archive", "tokens of before ended")
    if opened is None:
        return dict.fromkeys(names)
    authority = await opened.authority_stands()
    missing = [key for one in archives for key in opened.missing(one.manifest.data_keys)]
    signed = [one.signature is not None and opened.holds(one.manifest_octets, one.signature) for one in archives]
    ended = None if rehearsal else await _end_tokens(opened)
    return dict(zip(names, (True, not missing, all(signed), ended), strict=True)) | {"authority": authority}


async def _end_tokens(opened: OpenedKeys) -> bool | None:
    try:
        await opened.end_tokens()
    except AppError:  # the device of the key is away: the tokens are short-lived and end by themselves
        return None
    return True


def _complete(archive: Examined, counted: Mapping[str, int]) -> bool:
    parts = [part for part in archive.manifest.parts if not part.name.startswith(DOCUMENTS)]
    return all(counted.get(part.name) == part.count for part in parts)


def _devices(inventory: KeyInventory | None) -> list[str]:
    """Keys that no backup can carry: their devices have to be there."""
    notes = inventory.device_keys if inventory is not None else ()
    places = dict.fromkeys(note.uri.partition(";object=")[0] for note in notes)
    return [
        f"the device with the keys of {_few([note.purpose for note in notes if note.uri.startswith(place)])} ({place})"
        for place in places
    ]


def _few(names: Sequence[str]) -> str:
    shown = ", ".join(names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"
