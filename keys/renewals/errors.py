"""What can go wrong with a renewal that two people decide.

::

    ├── NothingToRenew       no such thing, or it renews otherwise     (NotFound)
    ├── ProposalGone         decided already, or never there           (Conflict)
    ├── AlreadyProposed      an undecided proposal is there            (Conflict)
    ├── SecondPersonNeeded   the proposer may not confirm              (NotPermitted)
    └── DutyMissing          the caller has another duty               (NotPermitted)
"""

from __future__ import annotations

from core.errors import Conflict, NotFound, NotPermitted
from core.text import Text


class NothingToRenew(NotFound):
    def __init__(self) -> None:
        text = Text(
            "没有这一项，或者它不用人来续。请刷新页面再看。", "There is no such thing, or it renews itself. Look again."
        )
        super().__init__("nothing-to-renew", text)


class ProposalGone(Conflict):
    def __init__(self) -> None:
        text = Text("这项申请已经有了结果。请刷新页面再看。", "This proposal has been decided already. Look again.")
        super().__init__("proposal-decided", text)


class AlreadyProposed(Conflict):
    def __init__(self) -> None:
        text = Text(
            "已经有人提出续发，正等安全管理员确认。",
            "Its renewal has been proposed already and waits for a security administrator.",
        )
        super().__init__("already-proposed", text)


class SecondPersonNeeded(NotPermitted):
    def __init__(self) -> None:
        text = Text(
            "提出的人不能自己确认。请另一位安全管理员确认。",
            "Whoever proposed it may not confirm it. Ask another security administrator.",
        )
        super().__init__("second-person-needed", text)


class DutyMissing(NotPermitted):
    def __init__(self) -> None:
        text = Text(
            "续发由系统管理员提出、安全管理员确认，您没有这项职责。",
            "A system administrator proposes and a security administrator confirms; you have neither duty.",
        )
        super().__init__("duty-missing", text)
