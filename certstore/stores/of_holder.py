"""The one statement of a look-up by a holder's number: licences, their present versions and all holders of these.

It is prepared once for each number of indexes and types, so that neither SQLAlchemy nor the database plans it again;
lists are filled up to the next power of two, for there to be few of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import BindParameter, ColumnElement, LargeBinary, String, bindparam, select

from certstore.stores.tables import CURRENT_VERSION, licence, licence_holder, licence_version
from core.prepared import Prepared

Item = TypeVar("Item")

MOST = 200
_HOLDER = ("licence_id", "position", "role", "code_kind", "code_enc", "name_enc")


def held_now(indexes: Sequence[bytes], types: Sequence[str] | None) -> tuple[Prepared, Mapping[str, object]]:
    """What finds a holder's licences, newest first, one row for each of a licence's holders.

    Args:
        indexes: of the holder's number, under every accepted key.
        types: type codes, one at least; None for all.
    """
    digests, codes = _filled_up(indexes), _filled_up(types or ())
    values: dict[str, object] = {f"index_{place}": digest for place, digest in enumerate(digests)}
    values |= {f"type_{place}": code for place, code in enumerate(codes)}
    return _statement(len(digests), None if types is None else len(codes)), values


def _filled_up(items: Sequence[Item]) -> Sequence[Item]:
    """Up to the next power of two, with the last one again and again."""
    missing = (1 << (len(items) - 1).bit_length()) - len(items) if items else 0
    return [*items, *[items[-1] for _ in range(missing)]]


@cache
def _statement(indexes: int, types: int | None) -> Prepared:
    searched = licence_holder.alias("held")
    held, whole = searched.c, licence_holder.c
    wanted: list[ColumnElement[bool]] = [held.code_index.in_(_marks("index", indexes, LargeBinary()))]
    if types is not None:
        wanted.append(licence.c.type_code.in_(_marks("type", types, String())))
    # from the holder to the licences by the index; whoever held an earlier version only is left out by the join
    found = (
        select(licence.c.id)
        .join(searched, (held.licence_id == licence.c.id) & (held.version == licence.c.version))
        .where(*wanted)
        .distinct()
        .order_by(licence.c.id.desc())
        .limit(MOST)
        .subquery("found")
    )
    version = [column for column in licence_version.c if column.name != "licence_id"]
    return Prepared(
        select(licence, *version, *(whole[name] for name in _HOLDER))
        .join(found, found.c.id == licence.c.id)
        .join(licence_version, CURRENT_VERSION)
        .join(licence_holder, (whole.licence_id == licence.c.id) & (whole.version == licence.c.version))
        .order_by(licence.c.id.desc(), whole.position)
    )


def _marks(name: str, many: int, kind: LargeBinary | String) -> list[BindParameter[Any]]:
    return [bindparam(f"{name}_{place}", type_=kind) for place in range(many)]
