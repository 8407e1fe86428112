"""An objection, its steps and its evidence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from certstore.codes import HolderCode
from core.text import Text

DAYS_TO_ANSWER = 15
DAYS_TO_CORRECT = 30
MOST_TEXT = 500
MOST_EVIDENCE = 5 * 1024 * 1024  # octets
KEPT_DAYS = 3 * 365  # after it was closed; the audit log keeps who decided what
VALIDITY, WHOLE = "validity", "whole"
OTHER_FIELDS = {VALIDITY: Text("有效期", "Validity"), WHOLE: Text("整份证照", "The licence as a whole")}
"""What can be wrong beside the entries of the face."""


class ObjectionState(StrEnum):
    """Life of an objection.

    ::

        open ──▶ accepted ──▶ corrected
         │ └──▶ refused
         └──▶ withdrawn   (by its holder, also once it was accepted)
    """

    OPEN = "open"
    ACCEPTED = "accepted"  # the authority agrees, and is to correct the licence
    CORRECTED = "corrected"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


LIVING = (ObjectionState.OPEN, ObjectionState.ACCEPTED)


class Act(StrEnum):
    """One step."""

    RAISE = "raise"
    ACCEPT = "accept"
    REFUSE = "refuse"
    CORRECT = "correct"
    WITHDRAW = "withdraw"


class MediaType(StrEnum):
    """What evidence may be."""

    PDF = "application/pdf"
    PNG = "image/png"
    JPEG = "image/jpeg"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file that the holder gave; `content` is the address of its encrypted octets."""

    id: str
    content: str
    media_type: MediaType
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Objection:
    """What a holder holds against a licence.

    Attributes:
        version: of the licence, as the holder saw it.
        about: name of an entry of the face, or one of `OTHER_FIELDS`.
        revision: number of the last step.
        due_on: the last day for the authority's next step, a calendar day in Shanghai.
        corrected_version: of the licence, that put it right.
    """

    id: str
    licence_id: str
    version: int
    type_code: str
    issuer: str
    holder: HolderCode
    about: str
    state: ObjectionState
    revision: int
    created_at: dt.datetime
    due_on: dt.date
    closed_at: dt.datetime | None = None
    corrected_version: int | None = None
    evidence: Evidence | None = field(default=None, repr=False)

    def overdue(self, today: dt.date) -> bool:
        return self.state in LIVING and today > self.due_on


@dataclass(frozen=True, slots=True)
class ObjectionStep:
    """Who did what, and said what; both sides see it.

    Attributes:
        organisation: of the authority; None for the holder's own steps.
    """

    sequence: int
    act: Act
    at: dt.datetime
    actor_id: str
    organisation: str | None
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ObjectionView:
    """An objection as both sides see it."""

    objection: Objection
    type_name: Text
    field_title: Text
    issuer_name: Text
    overdue: bool
    steps: Sequence[ObjectionStep] = ()
