"""The places that sealed values of shares, objections and entrustments are bound to: table, column and row."""

from __future__ import annotations


def share_place(column: str, share_id: str) -> str:
    return f"licence_share.{column}:{share_id}"


def entrustment_place(column: str, entrustment_id: str) -> str:
    return f"entrustment.{column}:{entrustment_id}"


def objection_place(objection_id: str) -> str:
    return f"objection.holder:{objection_id}"


def objection_step_place(objection_id: str, sequence: int) -> str:
    return f"objection_step.text:{objection_id}.{sequence}"
