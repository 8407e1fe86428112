"""Errors of entrusting: who is not part of an entrustment learns nothing of it."""

from __future__ import annotations

from core.errors import Conflict, LimitExceeded, NotFound, NotPermitted
from core.text import Text


def entrustment_not_found() -> NotFound:
    """`entrustment-not-found`: absent, another's, decided, lapsed, or offered under another name; they look alike."""
    return NotFound(
        "entrustment-not-found",
        Text(
            "没有这项委托，或者它已经结束。委托上写的姓名和号码要和您的账号一致，7 天内有效。",
            "There is no such entrustment, or it has ended. Name and number on it must be those of your account, and "
            "an offer is open for 7 days.",
        ),
    )


def own_hat_needed() -> NotPermitted:
    return NotPermitted(
        "person-needed",
        Text(
            "委托是个人之间的事。请用本人名义再试，单位授权请到“我的单位和授权”。",
            "People entrust people. Act for yourself and try again; organisations authorise under My organisations.",
        ),
    )


def level_too_low() -> NotPermitted:
    return NotPermitted(
        "real-name-level-too-low",
        Text(
            "委托双方都需要实名二级：核对身份证号、姓名和手机号。请先在账号页提升实名等级。",
            "Both sides need identity level 2: ID number, name and phone checked. Raise your level on your account "
            "page first.",
        ),
    )


def not_of_age() -> NotPermitted:
    return NotPermitted(
        "not-of-age",
        Text(
            "委托双方都要年满 18 周岁，并且账号上的证件号码能看出出生日期。不符合的，请带证件到窗口办理。",
            "Both sides must be 18 or older, by a proved number that tells the day of birth. Otherwise, come to a "
            "counter with your documents.",
        ),
    )


def too_many(most: int) -> Conflict:
    return Conflict(
        "too-many-entrustments",
        Text(
            f"同时最多有 {most} 项委托。请先结束不用的。",
            f"At most {most} entrustments at a time. End those that are needed no more.",
        ),
    )


def too_many_offers(most: int, seconds: int) -> LimitExceeded:
    return LimitExceeded(
        "too-many-offers",
        Text(f"一天最多发出 {most} 次委托。请明天再试。", f"At most {most} offers a day. Try again tomorrow."),
        retry_after=seconds,
    )
