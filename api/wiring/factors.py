"""Puts together what people can add to a log-in."""

from __future__ import annotations

from collections.abc import Sequence

from idp.login.ports import SecondFactor


def build_factors() -> Sequence[SecondFactor]:
    """In the order in which they are offered."""
    return ()
