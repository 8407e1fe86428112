"""The authorities that paths may end at, indexed; one immutable set for all lists that count now."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from keys.trust.certificate import Certificate, CertificateUnreadable, read_certificate
from keys.trust.model import Service, Standing, TrustEntry
from keys.trust.names import NameKey

_versions = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Anchor:
    """One entry of a list.

    Attributes:
        until: the list's next update: what it says does not count for later moments. None for our own.
        source: which list.
    """

    entry: TrustEntry
    certificate: Certificate
    until: dt.datetime | None = None
    source: str = ""

    def stands(self, moment: dt.datetime) -> bool:
        """Whether the list stands behind the authority at this moment."""
        current = self.until is None or moment <= self.until
        return current and self.entry.standing_at(moment) is Standing.GRANTED

    def window(self, moment: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
        """The time around `moment` in which nothing on the list changes for this authority."""
        since = [period.since for period in self.entry.periods]
        before = max((one for one in since if one <= moment), default=dt.datetime.min.replace(tzinfo=dt.UTC))
        after = [one - dt.timedelta(microseconds=1) for one in since if one > moment]
        after += [self.until] if self.until else []
        return before, min(after, default=dt.datetime.max.replace(tzinfo=dt.UTC))


class AnchorSet:
    """Anchors by subject; `version` tells sets apart for caches."""

    def __init__(self, anchors: Iterable[Anchor]) -> None:
        self.version = next(_versions)
        self.all = tuple(anchors)
        self._by_subject: dict[NameKey, list[Anchor]] = {}
        for anchor in self.all:
            self._by_subject.setdefault(anchor.certificate.subject, []).append(anchor)

    def named(self, subject: NameKey) -> Sequence[Anchor]:
        """Anchors that go by this name."""
        return self._by_subject.get(subject, ())

    def of(self, certificate: Certificate) -> list[Anchor]:
        """Entries for this very authority: the same name and the same key."""
        return [one for one in self.named(certificate.subject) if one.certificate.public_key == certificate.public_key]

    def withdrawn(self, certificate: Certificate, service: Service, moment: dt.datetime) -> bool:
        """Whether a list has withdrawn this authority (and does not stand behind it for the service under another
        entry): no path leads through it then, whoever vouches for it from above or on another list."""
        by_list: dict[str, list[Anchor]] = {}
        for one in self.of(certificate):
            by_list.setdefault(one.source, []).append(one)
        return any(
            any(one.entry.standing_at(moment) is Standing.WITHDRAWN for one in entries)
            and not any(service in one.entry.services and one.stands(moment) for one in entries)
            for entries in by_list.values()
        )


def anchors_of(entries: Iterable[TrustEntry], *, until: dt.datetime | None = None, source: str = "") -> list[Anchor]:
    """The entries that can be anchors; one whose certificate cannot be read, or that is for nothing, is left out."""
    found = []
    for entry in entries:
        try:
            certificate = read_certificate(entry.certificate)
        except CertificateUnreadable:
            continue
        if entry.services:
            found.append(Anchor(entry, certificate, until, source))
    return found
