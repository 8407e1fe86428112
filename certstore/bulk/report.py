"""The reconciliation report of a run: what the register holds, how good it is, what is wrong with it (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from certstore.bulk.difference_words import DIFFERENCES
from certstore.bulk.fault_words import named
from certstore.bulk.mapping import targets_of
from certstore.bulk.model import Import
from certstore.bulk.telling import NOT_COMPARED, NOT_LOOKED_UP
from certstore.model import LicenceType
from core.text import Text


@dataclass(frozen=True, slots=True)
class Share:
    """A count out of `total`."""

    name: Text
    count: int
    total: int

    @property
    def per_mille(self) -> int:
        return self.count * 1000 // self.total if self.total else 0


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found.

    Attributes:
        coverage: how many of the readable rows fill each mapped column.
        faults: kinds of faults, most frequent first; a row can have several.
        identifiers: classes of check characters (GB/T 36904): standard, a vendor's routine, wrong.
        notes: what is no fault and worth knowing.
        differences: rows whose holder has another name elsewhere, by who knows it.
        years: first years of validity, oldest first.
    """

    coverage: Sequence[Share]
    faults: Sequence[Share]
    identifiers: Sequence[Share]
    notes: Sequence[Share]
    differences: Sequence[Share]
    years: Sequence[Share]


_IDENTIFIERS: Mapping[str, Text] = {
    "identifier:standard": Text("校验位合乎 GB/T 36904", "check character by GB/T 36904"),
    "identifier:vendor_variant": Text("校验位出自某厂商旧算法", "check character by a vendor's older routine"),
    "identifier:wrong": Text("校验位不对", "wrong check character"),
    "identifier:other-type": Text("标识属于另一类证照", "identifier of another type"),
}
_NOTES: Mapping[str, Text] = {
    "holder-again": Text("同一持证主体有多条记录", "a holder with more than one record"),
    "expired": Text("已过有效期", "past the last day of validity"),
    "validity-differs": Text("有效期与目录规则不一致", "validity other than the catalogue's rule"),
    "id:15-digits": Text("15 位身份证号，已升为 18 位", "15-digit ID numbers, brought to 18"),
    "id:place-unknown": Text("身份证号的省份代码不认识", "ID numbers of an unknown province"),
    NOT_COMPARED: Text("告知次数到了今天的上限，所在批次没有核对完", "compared in part only: today's ceiling"),
    NOT_LOOKED_UP: Text(
        "告知次数到了今天的上限，没有查是否已持有", "not looked up for a licence held: today's ceiling"
    ),
}


def report_of(made: Import, licence_type: LicenceType) -> Report:
    """From the counts of the run so far."""
    found, seen = made.findings, made.seen
    titles = targets_of(licence_type)
    return Report(
        coverage=[Share(titles[one], found.get(f"filled:{one}", 0), seen) for one in made.columns if one in titles],
        faults=sorted(
            (
                Share(named(name.removeprefix("fault:")), count, seen)
                for name, count in found.items()
                if name.startswith("fault:")
            ),
            key=lambda one: -one.count,
        ),
        identifiers=_shares(_IDENTIFIERS, found, seen),
        notes=_shares(_NOTES, found, seen),
        differences=_shares({f"differs:{kind.value}": words for kind, words in DIFFERENCES.items()}, found, seen),
        years=[
            Share(Text(year, year), count, seen)
            for year, count in sorted(
                (name.removeprefix("year:"), count) for name, count in found.items() if name.startswith("year:")
            )
        ],
    )


def _shares(names: Mapping[str, Text], found: Mapping[str, int], total: int) -> list[Share]:
    return [Share(words, found[name], total) for name, words in names.items() if found.get(name)]
