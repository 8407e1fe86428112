"""What an entrustment may be, and between whom: pure rules.

民法典 Art. 17–20, 161: who entrusts, and who acts, is of age. Both are proved to level 2, for either one's word binds
the other (docs/identity-levels.md).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from certstore.entrust.errors import level_too_low, not_of_age
from certstore.entrust.model import Entrustment, EntrustmentState, KnownPerson
from certstore.ports import HolderIdentity
from certstore.purpose import check_no_id_number
from core.errors import InvalidInput
from core.identifiers.names import folded_name
from core.text import Text

NEEDED_LEVEL = 2
ADULT = 18  # years
ANSWER_WITHIN = dt.timedelta(days=7)
LONGEST = dt.timedelta(days=366)
LATEST_START = dt.timedelta(days=90)
MOST_USES, MOST_TYPES, MOST_ITEMS = 100, 20, 20
MOST_PURPOSE, MOST_NAME = 60, 60
MOST_LIVING = 20  # of one principal; and of one agent
OFFERS_A_DAY = 10
KEPT_DAYS = 3 * 366  # 民法典 Art. 188: claims out of what was done are barred after three years


def fit(person: KnownPerson, today: dt.date) -> bool:
    """Whether somebody may entrust, or be entrusted."""
    return person.level >= NEEDED_LEVEL and of_age(person, today)


def of_age(person: KnownPerson, today: dt.date) -> bool:
    born = person.born_on
    if born is None:
        return False
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return years >= ADULT


def require_fit(person: KnownPerson, today: dt.date) -> None:
    """
    Raises:
        NotPermitted: `real-name-level-too-low`, `not-of-age`.
    """
    if person.level < NEEDED_LEVEL:
        raise level_too_low()
    if not of_age(person, today):
        raise not_of_age()


def is_agent(one: Entrustment, identity: HolderIdentity) -> bool:
    """Whether somebody is whom the principal named: by number and by name, and not the principal again."""
    named = folded_name(one.agent.name) == folded_name(identity.name)
    return named and one.agent.code in identity.codes and one.principal.code not in identity.codes


def shown_to_agent(one: Entrustment, identity: HolderIdentity, now: dt.datetime, today: dt.date) -> bool:
    """Offers as long as they can be answered, and what was once accepted."""
    if not is_agent(one, identity):
        return False
    if one.state is EntrustmentState.OFFERED:
        return one.state_at(now, today) is EntrustmentState.OFFERED
    return one.answered_at is not None and one.state is not EntrustmentState.DECLINED


def checked_name(typed: str) -> str:
    """
    Raises:
        InvalidInput: `name-invalid`.
    """
    name = " ".join(typed.split())
    if not 0 < len(name) <= MOST_NAME or not name.isprintable():
        raise InvalidInput("name-invalid", Text("请填写受托人的姓名。", "Enter the agent's name."), field="name")
    return name


def checked_purpose(typed: str) -> str:
    """
    Raises:
        InvalidInput: `entrustment-purpose-invalid`, `purpose-personal`.
    """
    purpose = " ".join(typed.split())
    if not 0 < len(purpose) <= MOST_PURPOSE or not purpose.isprintable():
        raise InvalidInput(
            "entrustment-purpose-invalid",
            Text(
                f"请写明委托办什么，至多 {MOST_PURPOSE} 字。", f"Say what it is for, up to {MOST_PURPOSE} characters."
            ),
            field="purpose",
        )
    check_no_id_number(purpose, "purpose")
    return purpose


def check_bounds(
    types: Sequence[str], items: Sequence[str], starts_on: dt.date, ends_on: dt.date, uses: int, today: dt.date
) -> None:
    """
    Raises:
        InvalidInput: `types-invalid`, `items-invalid`, `days-invalid`, `uses-invalid`.
    """
    if not 1 <= len(types) <= MOST_TYPES:
        raise types_invalid()
    if len(items) > MOST_ITEMS:
        text = Text(f"一次最多 {MOST_ITEMS} 个事项。", f"At most {MOST_ITEMS} service items.")
        raise InvalidInput("items-invalid", text, field="items")
    if not today <= starts_on <= ends_on or starts_on - today > LATEST_START or ends_on - starts_on > LONGEST:
        raise InvalidInput(
            "days-invalid",
            Text(
                "委托从今天起 90 天内开始，到期日不早于开始日，最长一年。",
                "It begins within 90 days from today, ends on that day or later, and lasts a year at most.",
            ),
            field="ends_on",
        )
    if not 1 <= uses <= MOST_USES:
        text = Text(f"可办 1 到 {MOST_USES} 件事。", f"For 1 to {MOST_USES} cases.")
        raise InvalidInput("uses-invalid", text, field="uses")


def types_invalid() -> InvalidInput:
    return InvalidInput(
        "types-invalid",
        Text(f"请选 1 到 {MOST_TYPES} 类证照目录里有的证照。", f"Choose 1 to {MOST_TYPES} types of the catalogue."),
        field="types",
    )
