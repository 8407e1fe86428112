"""What a licence type's rules may say: validity, inspections, the part of the life cycle that is open (GB/T 36902)."""

from __future__ import annotations

from certstore.lifecycle import ENDINGS, Event
from certstore.model import InspectionRule, LifeProfile, Validity, ValidityRule
from core.errors import InvalidInput
from core.text import Text

BEGINNINGS = frozenset({Event.ISSUE, Event.TRANSFER_IN})


def check_validity(rule: ValidityRule) -> None:
    """
    Raises:
        InvalidInput: `validity-rule-invalid`.
    """
    counted = rule.kind in (Validity.YEARS, Validity.DAYS)
    if counted != (rule.amount > 0) or rule.amount > 36_500:
        raise InvalidInput(
            "validity-rule-invalid",
            Text("按年或按天的有效期要写数目，其他的不写。", "Validity in years or days takes a number, others none."),
            field="validity",
        )


def check_inspection(rule: InspectionRule | None) -> None:
    """
    Raises:
        InvalidInput: `inspection-rule-invalid`; the window is shorter than the time between two inspections.
    """
    if rule is not None and not (1 <= rule.months <= 120 and 1 <= rule.window_days < rule.months * 28):
        raise InvalidInput(
            "inspection-rule-invalid",
            Text(
                "年检间隔为 1 到 120 个月，提前办理的天数要短于间隔。",
                "Inspections are 1 to 120 months apart, and the window before each is shorter than that.",
            ),
            field="inspection",
        )


def check_profile(profile: LifeProfile | None) -> None:
    """
    Raises:
        InvalidInput: `profile-invalid`; no licence of the type could come about, or two people are asked for what is
            not open to them.
    """
    if profile is None:
        return
    begins = bool(profile.events & BEGINNINGS)
    if not begins or not profile.two_people <= profile.events & ENDINGS.keys():
        raise InvalidInput(
            "profile-invalid",
            Text(
                "开放的事项里至少要有签发或转入；需要两人办理的只能是已开放的终止事项。",
                "The open events must include issuing or transferring in; only endings that are open can be made to "
                "take two people.",
            ),
            field="profile",
        )
