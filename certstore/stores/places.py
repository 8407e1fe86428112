"""The places that sealed values are bound to: table, column and row."""

from __future__ import annotations


def version_place(column: str, licence_id: str, number: int) -> str:
    return f"licence_version.{column}:{licence_id}.{number}"


def holder_place(column: str, licence_id: str, version: int, position: int) -> str:
    return f"licence_holder.{column}:{licence_id}.{version}.{position}"


def event_place(licence_id: str, sequence: int) -> str:
    return f"licence_event.reason:{licence_id}.{sequence}"


def draft_place(draft_id: str) -> str:
    return f"licence_draft.content:{draft_id}"


def proposal_place(column: str, proposal_id: str) -> str:
    return f"ending_proposal.{column}:{proposal_id}"


def consent_place(consent_id: str) -> str:
    return f"consent.holder:{consent_id}"


def look_place(column: str, record_id: str) -> str:
    return f"access_record.{column}:{record_id}"


def secret_place(subscription_id: str, key_id: str) -> str:
    return f"subscription_secret.secret:{subscription_id}.{key_id}"


def check_place(column: str, check_id: str) -> str:
    return f"exemption_check.{column}:{check_id}"
