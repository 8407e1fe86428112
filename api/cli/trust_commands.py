"""The work of `yizheng trust …`: each change is an audit event of the service itself."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar

from api.cli.composed import composed
from api.cli.keys_commands import audited
from api.cli.tables import Row, lines_of
from api.settings import Settings
from core.clock import SHANGHAI
from core.errors import InvalidInput
from core.principal import SYSTEM
from core.text import Text
from keys.trust.anchors import Anchor
from keys.trust.certificate import read_any_form, read_certificate
from keys.trust.etsi_read import read_list
from keys.trust.judgement import Judgement
from keys.trust.model import Assurance, Period, Service, Standing, TrustEntry
from keys.trust.signed_json import read_signed_list
from keys.trust.xml_signature import verified_list

_Word = TypeVar("_Word", bound=StrEnum)
_SHOWN = 16  # digits of a number: enough to tell authorities apart


async def list_entries(settings: Settings, *, as_json: bool) -> list[str]:
    """A line for each authority of each list that counts."""
    async with composed(settings) as container:
        now = container.ground.clock.now()
        anchors = container.trust.lists.current().all
        return lines_of([_row(anchor, now) for anchor in anchors], as_json=as_json)


def _row(anchor: Anchor, now: dt.datetime) -> Row:
    entry = anchor.entry
    standing = entry.standing_at(now)
    return {
        "number": entry.id[:_SHOWN],
        "list": anchor.source,
        "standing": str(standing) if anchor.until is None or now <= anchor.until else "expired",
        "since": f"{entry.periods[-1].since.astimezone(SHANGHAI):%Y-%m-%d}",
        "for": ",".join(sorted(entry.services)),
        "assurance": str(entry.assurance),
        "ends": f"{anchor.certificate.not_after.astimezone(SHANGHAI):%Y-%m-%d}",
        "name": entry.name.zh,
    }


async def add(
    settings: Settings,
    certificate: bytes,
    *,
    services: Sequence[str],
    names: tuple[str, str],
    since: dt.datetime | None,
    assurance: str,
    territory: str,
    usages: Sequence[str],
) -> str:
    """
    Raises:
        core.errors.AppError: a word that we do not know, or a certificate that does not go with the services.
    """
    der = read_any_form(certificate)
    async with audited(settings, "trust.add", hashlib.sha256(der).hexdigest()) as container:
        moment = (since or container.ground.clock.now()).astimezone(dt.UTC).replace(microsecond=0)
        entry = TrustEntry(
            certificate=der,
            name=Text(*names),
            services=frozenset(_word(Service, one) for one in services),
            assurance=_word(Assurance, assurance),
            periods=(Period(Standing.GRANTED, moment),),
            also_extended=frozenset(usages),
            territory=territory,
        )
        made = await container.trust.change.add(entry, by=SYSTEM.id)
        return f"{entry.id[:_SHOWN]}: on the list (number {made.sequence}); workers know within seconds"


async def withdraw(settings: Settings, number: str, *, since: dt.datetime | None) -> str:
    """
    Raises:
        core.errors.AppError: no such authority, or a moment that cannot be.
    """
    async with audited(settings, "trust.withdraw", number) as container:
        made = await container.trust.change.withdraw(number, by=SYSTEM.id, since=since)
        return f"{number}: withdrawn (list number {made.sequence}); workers know within seconds"


async def take_over(settings: Settings, content: bytes, certificate: bytes, *, source: str, new_signer: bool) -> str:
    """
    Raises:
        core.errors.AppError: not signed by the pinned certificate, expired, older than what we have.
    """
    der = read_any_form(certificate)
    async with audited(settings, "trust.import", source) as container:
        now, public_key = container.ground.clock.now(), read_certificate(der).public_key
        if content.lstrip().startswith(b"{"):
            trust_list = read_signed_list(content, public_key, at=now)
        else:
            trust_list = read_list(verified_list(content, der, at=now))
        await container.trust.change.take_over(
            trust_list, source=source, signer=public_key, by=SYSTEM.id, new_signer=new_signer
        )
        trusted = sum(bool(entry.services) for entry in trust_list.entries)
        until = trust_list.next_update.astimezone(SHANGHAI)
        return f"{source}: number {trust_list.sequence}, {trusted} authorities, counts until {until:%Y-%m-%d %H:%M}"


async def forget(settings: Settings, source: str) -> str:
    """
    Raises:
        core.errors.AppError: there is no such list.
    """
    async with audited(settings, "trust.forget", source) as container:
        await container.trust.change.give_up(source, by=SYSTEM.id)
        return f"{source}: counts no longer"


async def export(settings: Settings, form: str) -> tuple[bytes, str]:
    """Our list, signed; and what can be said about it."""
    async with composed(settings) as container:
        publish = container.trust.publish
        content = await (publish.json() if form == ".json" else publish.xml())
        trust_list = await container.trust.change.own_list()
        return content, f"number {trust_list.sequence}, {len(trust_list.entries)} authorities"


async def signer(settings: Settings) -> tuple[bytes, str]:
    """The certificate that others pin, and its fingerprint."""
    async with composed(settings) as container:
        certificate = await container.trust.publish.certificate()
        digest = hashlib.sha256(certificate).hexdigest()
        return certificate, "SHA-256 " + ":".join(digest[at : at + 2].upper() for at in range(0, len(digest), 2))


async def check(
    settings: Settings, certificate: bytes, others: Sequence[bytes], *, service: str, at: dt.datetime | None
) -> tuple[bool, list[str]]:
    """Whether the certificate is good, and lines that say why."""
    asked, der = _word(Service, service), read_any_form(certificate)
    async with composed(settings) as container:
        more = [read_any_form(other) for other in others]
        judgement = await container.trust.judge.judge(der, more, service=asked, at=at)
        return judgement.good, _said(judgement)


def _said(judgement: Judgement) -> list[str]:
    if judgement.fault is not None:
        lines = [f"NOT GOOD for {judgement.service}: {judgement.fault.sub_indication} ({judgement.fault.text.en})"]
    else:
        lines = [f"good for {judgement.service}, assurance {judgement.assurance}"]
    if judgement.vouches is not None:
        lines.append(f"vouched for by {judgement.vouches.zh} / {judgement.vouches.en}")
    lines += [f"path: {hashlib.sha256(one).hexdigest()[:_SHOWN]}" for one in judgement.path]
    for one in judgement.evidence:
        state = f"revoked {one.revoked_at:%Y-%m-%d %H:%M}Z ({one.reason})" if one.revoked_at else "not revoked"
        lines.append(f"{one.certificate[:_SHOWN]}: {state}, by {one.source} as of {one.produced_at:%Y-%m-%d %H:%M}Z")
    return lines


def _word(kind: type[_Word], text: str) -> _Word:
    try:
        return kind(text)
    except ValueError:
        words = ", ".join(kind)
        said = Text(f"“{text}”不可用，可用：{words}。", f"{text!r} is not one of {words}.")
        raise InvalidInput("unknown-word", said) from None
