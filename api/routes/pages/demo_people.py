"""The demo city's people, as the log-in page offers them; demo mode only."""

from __future__ import annotations

from api.web.views.entrance import DemoAccount


def demo_accounts() -> tuple[DemoAccount, ...]:
    """The demo city's people, as the log-in page offers them."""
    from api.demo.city import PASSWORD, PEOPLE

    return tuple(DemoAccount(one.name, grouped(one.id_number), PASSWORD, one.does) for one in PEOPLE)


def grouped(id_number: str) -> str:
    """6-8-4, as ID numbers are shown."""
    return f"{id_number[:6]} {id_number[6:14]} {id_number[14:]}"
