"""A signed face for places without a network: it fits into a QR code, counts for minutes, and needs only our keys.

A compact JWS (RFC 7515 §3.1) of its own type (RFC 8725 §3.11), with the reference to the licence's state (Token Status
List §6.2) for whoever has a list at hand. It is no one-time code: within its minutes a picture of it counts as much as
the screen, so it holds the minimum and says when it was made.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from certstore.authorise import holds, identity_of, refusals_audited
from certstore.errors import LicenceNotFound, licence_ended
from certstore.ports import HolderDirectory, OrganisationDirectory
from certstore.presentation.face import shown_face
from certstore.presentation.model import Extent
from certstore.presentation.ports import FaceJudge, FaceRejected, FaceSigner
from certstore.presentation.show import ACTION, held_as
from certstore.read import OWN_PURPOSE
from certstore.repository import Repository
from certstore.status import STATUS_NAMES, Status
from certstore.status_list import StatusReference
from certstore.status_publishing import StatusLists
from core.audit.event import AuditEvent
from core.clock import Clock, calendar_day
from core.principal import Principal
from core.text import Text

FACE_SECONDS = 180
"""For which a signed face counts."""


@dataclass(frozen=True, slots=True)
class SignedFace:
    """What the holder's screen shows."""

    token: str = field(repr=False)
    expires_at: dt.datetime


@dataclass(frozen=True, slots=True)
class OfflineFace:
    """What a signed face says."""

    issued_by: str
    name: str = field(repr=False)
    type_code: str
    type_name: Text
    issuer: str
    issuer_name: Text
    valid_from: dt.date
    valid_until: dt.date | None
    made_at: dt.datetime
    expires_at: dt.datetime
    status: StatusReference


class OfflineState(StrEnum):
    """The answer to "may I rely on it"."""

    GOOD = "good"
    EXPIRED = "expired"  # genuine, but made too long ago: perhaps a picture
    LAPSED = "lapsed"  # genuine and fresh, but the licence's own last day is over
    FORGED = "forged"
    NOT_A_FACE = "not-a-face"


@dataclass(frozen=True, slots=True)
class OfflineVerdict:
    """The answer with what the face says, where its signature holds."""

    state: OfflineState
    face: OfflineFace | None = None


class MakeSignedFace:
    """The use case of the holder."""

    def __init__(
        self,
        repository: Repository,
        holders: HolderDirectory,
        organisations: OrganisationDirectory,
        lists: StatusLists,
        signer: FaceSigner,
        *,
        issuer: str,
    ) -> None:
        self._repository = repository
        self._holders = holders
        self._organisations = organisations
        self._lists = lists
        self._signer = signer
        self._issuer = issuer

    async def __call__(self, licence_id: str, actor: Principal) -> SignedFace:
        """
        Raises:
            LicenceNotFound: absent, or not the actor's.
            Gone: the licence is not valid today: nothing is signed that says otherwise.
        """
        repository = self._repository
        async with refusals_audited(repository.database, ACTION, actor, subject=licence_id):
            identity = await identity_of(self._holders, actor)
            async with repository.database.write() as tx:
                licence = await repository.licences.locked(tx, licence_id)
                if licence is None or not holds(licence, identity):
                    raise LicenceNotFound
                face, _ = await shown_face(
                    tx, repository, self._organisations, licence, held_as(licence, identity), Extent.MINIMAL
                )
                if face.status is not Status.VALID:
                    raise licence_ended(STATUS_NAMES[face.status])
                place = await self._lists.place(tx, licence)
                tx.audit(AuditEvent(ACTION, "done", actor, licence_id, OWN_PURPOSE, {"extent": "offline"}))
                await tx.commit()
        now = repository.now().replace(microsecond=0)
        expires = now + dt.timedelta(seconds=FACE_SECONDS)
        claims = {
            "iss": self._issuer,
            "iat": int(now.timestamp()),
            "exp": int(expires.timestamp()),
            "name": face.name,
            "type": [face.type_code, face.type_name.zh, face.type_name.en],
            "org": [face.issuer, face.issuer_name.zh, face.issuer_name.en],
            "from": face.valid_from.isoformat(),
            "until": face.valid_until.isoformat() if face.valid_until else None,
            "status": place.claim(),
        }
        return SignedFace(await self._signer.sign_face(claims), expires)


def judge_face(text: str, judge: FaceJudge, clock: Clock) -> OfflineVerdict:
    """Judge the text of a QR code with nothing but published keys.

    Args:
        judge: holds the keys, and knows whose signature counts.
    """
    try:
        face = _face(judge.claims(text.strip()))
    except FaceRejected as rejected:
        return OfflineVerdict(OfflineState.FORGED if rejected.claims_to_be_one else OfflineState.NOT_A_FACE)
    except (KeyError, TypeError, ValueError):
        return OfflineVerdict(OfflineState.FORGED)  # signed, but not as we sign
    now = clock.now()
    if not face.made_at - _SKEW <= now < face.expires_at + _SKEW:
        return OfflineVerdict(OfflineState.EXPIRED, face)
    if face.valid_until is not None and calendar_day(now) > face.valid_until:
        return OfflineVerdict(OfflineState.LAPSED, face)
    return OfflineVerdict(OfflineState.GOOD, face)


_SKEW = dt.timedelta(seconds=30)  # by which the clocks of two places may differ


def _face(claims: Mapping[str, Any]) -> OfflineFace:
    """
    Raises:
        KeyError, TypeError, ValueError: a claim that is missing or of another form.
    """
    place = claims["status"]["status_list"]
    type_code, *type_name = claims["type"]
    issuer, *issuer_name = claims["org"]
    until = claims["until"]
    made_at, expires_at = (dt.datetime.fromtimestamp(claims[name], dt.UTC) for name in ("iat", "exp"))
    if expires_at - made_at > dt.timedelta(seconds=FACE_SECONDS):
        raise ValueError("a life that no face of ours has")
    return OfflineFace(
        issued_by=str(claims["iss"]),
        name=str(claims["name"]),
        type_code=str(type_code),
        type_name=Text(*type_name),
        issuer=str(issuer),
        issuer_name=Text(*issuer_name),
        valid_from=dt.date.fromisoformat(claims["from"]),
        valid_until=dt.date.fromisoformat(until) if until is not None else None,
        made_at=made_at,
        expires_at=expires_at,
        status=StatusReference(str(place["uri"]), int(place["idx"])),
    )
