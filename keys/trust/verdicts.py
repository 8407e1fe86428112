"""Path verdicts, kept while they hold: the same seal's certificate is judged again and again."""

from __future__ import annotations

import datetime as dt
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

from keys.trust import faults
from keys.trust.anchors import AnchorSet
from keys.trust.certificate import Certificate, CertificateUnreadable, read_certificate
from keys.trust.faults import Fault
from keys.trust.path import Demands
from keys.trust.search import MOST_CERTIFICATES, Found, Search

_KEPT = 2048
_Window = tuple[dt.datetime, dt.datetime]


class PathVerdicts:
    """Finds paths under one set of anchors at a time. Safe to share between threads; does no input or output."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, tuple[_Window, Found]] = OrderedDict()
        self._lock = threading.Lock()

    def kept(self, anchors: AnchorSet, leaf: bytes, others: Sequence[bytes], demands: Demands) -> Found | None:
        """A path that was found before and still holds; quick."""
        return self._recall(_key(anchors, leaf, others, demands), demands.moment)

    def find(self, anchors: AnchorSet, leaf: bytes, others: Sequence[bytes], demands: Demands) -> Found | Fault:
        """A path that holds, or why there is none. Only paths that hold are kept, and only while nothing in them and
        nothing on the list changes; what strangers bring is judged anew each time."""
        key = _key(anchors, leaf, others, demands)
        known = self._recall(key, demands.moment)
        if known is not None:
            return known
        found = _search(anchors, leaf, others, demands)
        if isinstance(found, Found):
            with self._lock:
                self._kept[key] = (_window(anchors, found, demands.moment), found)
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
        return found

    def _recall(self, key: bytes, moment: dt.datetime) -> Found | None:
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or not kept[0][0] <= moment <= kept[0][1]:
                return None
            self._kept.move_to_end(key)
            return kept[1]


def _key(anchors: AnchorSet, leaf: bytes, others: Sequence[bytes], demands: Demands) -> bytes:
    """A digest over everything that the verdict depends on but the time of day."""
    asked = replace(demands, moment=dt.datetime.combine(demands.moment.date(), dt.time(), dt.UTC))
    policies = sorted(demands.policies) if demands.policies is not None else None
    whole = hashlib.sha256(repr((anchors.version, replace(asked, policies=None), policies)).encode())
    for one in (leaf, *others):
        whole.update(len(one).to_bytes(4, "big") + one)
    return whole.digest()


def _search(anchors: AnchorSet, leaf: bytes, others: Sequence[bytes], demands: Demands) -> Found | Fault:
    try:
        certificate = read_certificate(leaf)
    except CertificateUnreadable:
        return faults.UNREADABLE
    return Search(anchors, list(_readable(others)), demands).run(certificate)


def _readable(others: Sequence[bytes]) -> list[Certificate]:
    """One more than can be used, so that too many are noticed; those that cannot be read help nobody."""
    found = []
    for one in others[: MOST_CERTIFICATES + 1]:
        try:
            found.append(read_certificate(one))
        except CertificateUnreadable:
            continue
    return found


def _window(anchors: AnchorSet, found: Found, moment: dt.datetime) -> _Window:
    """The time around `moment` in which nothing that the path depends on begins or ends."""
    bounds = [(one.not_before, one.not_after) for one in found.certificates]
    bounds += [entry.window(moment) for one in found.certificates for entry in anchors.of(one)]
    return max(begins for begins, _ in bounds), min(ends for _, ends in bounds)
