"""Wishes as they are kept: plain values, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from signing.batches.model import Wishes
from signing.levels import Level, LevelPolicy
from signing.locks import Certification, FieldLock, LockAction, Locks
from signing.places import (
    Edge,
    EveryPagePlacement,
    FieldPlacement,
    PageRange,
    PagingPlacement,
    Place,
    Placement,
    Sides,
    WordsPlacement,
)
from signing.profiles import PdfProfile

_KINDS: Mapping[str, type[Place]] = {
    "at": Placement,
    "words": WordsPlacement,
    "pages": EveryPagePlacement,
    "field": FieldPlacement,
    "paging": PagingPlacement,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def kept(wishes: Wishes) -> dict[str, Any]:
    """As JSON can say it."""
    locks = wishes.locks
    return {
        "document_class": wishes.document_class,
        "places": [{"kind": _NAMES[type(place)], **asdict(place)} for place in wishes.places],
        "reason": wishes.reason,
        "level": wishes.level and wishes.level.value,
        "level_policy": wishes.level_policy and wishes.level_policy.value,
        "location": wishes.location,
        "contact": wishes.contact,
        "certify": locks.certify and locks.certify.value,
        "lock": locks.fields and {"action": locks.fields.action.value, "names": list(locks.fields.names)},
        # left out where nobody named one: a repeated request from before there were profiles is the same one
        **({"profile": wishes.profile.value} if wishes.profile else {}),
    }


def read(values: Mapping[str, Any]) -> Wishes:
    """What `kept` made."""
    lock = values["lock"]
    return Wishes(
        document_class=values["document_class"],
        places=tuple(_place(one) for one in values["places"]),
        reason=values["reason"],
        level=Level(values["level"]) if values["level"] else None,
        level_policy=LevelPolicy(values["level_policy"]) if values["level_policy"] else None,
        location=values["location"],
        contact=values["contact"],
        locks=Locks(
            Certification(values["certify"]) if values["certify"] else None,
            FieldLock(LockAction(lock["action"]), tuple(lock["names"])) if lock else None,
        ),
        profile=PdfProfile(values["profile"]) if values.get("profile") else None,  # batches from before it was kept
    )


def _place(values: Mapping[str, Any]) -> Place:
    further = {name: value for name, value in values.items() if name != "kind"}
    if "pages" in further:
        pages = further["pages"]
        further["pages"] = PageRange(pages["first"], pages["last"], Sides(pages["sides"]))
    if "edge" in further:
        further["edge"] = Edge(further["edge"])
    return _KINDS[values["kind"]](**further)
