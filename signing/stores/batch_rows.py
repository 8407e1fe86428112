"""Rows of batches and their files, and what they hold; the names of files are sealed."""

from __future__ import annotations

import base64

from sqlalchemy import RowMapping

from core.principal import PrincipalKind
from core.text import Text
from keys.ports import FieldCipher
from signing.batches.model import Approval, Batch, BatchFile, BatchState, Fault, FileState, Owner
from signing.batches.wishes import kept, read

_LONGEST = 400


def name_key_place(batch_id: str) -> str:
    """The place that a batch's key is bound to."""
    return f"seal_batch.name_key:{batch_id}"


def name_place(file_id: str) -> str:
    """The place that a file's name is bound to."""
    return f"seal_batch_file.name:{file_id}"


def batch_values(batch: Batch, fields: FieldCipher) -> dict[str, object]:
    key = base64.b64encode(batch.name_key).decode("ascii")
    return {
        "id": batch.id,
        "seal_id": batch.seal_id,
        "owner_kind": batch.owner.kind.value,
        "owner": batch.owner.id,
        "owner_organisation": batch.owner.organisation,
        "wishes": kept(batch.wishes),
        "state": batch.state.value,
        "name_key_enc": fields.encrypt(key, context=name_key_place(batch.id)),
        "files": batch.files,
        "octets": batch.octets,
        "created_at": batch.created_at,
        "changed_at": batch.changed_at,
        "expires_at": batch.expires_at,
        "served_at": batch.created_at,
        "due_at": batch.created_at,
        "stumbles": 0,
        "receiver": batch.receiver,
        "tell_tries": 0,
    }


def batch_of(row: RowMapping, fields: FieldCipher) -> Batch:
    key = fields.decrypt(bytes(row["name_key_enc"]), context=name_key_place(row["id"]))
    return Batch(
        id=row["id"],
        seal_id=row["seal_id"],
        owner=Owner(PrincipalKind(row["owner_kind"]), row["owner"], row["owner_organisation"]),
        wishes=read(row["wishes"]),
        state=BatchState(row["state"]),
        name_key=base64.b64decode(key),
        created_at=row["created_at"],
        changed_at=row["changed_at"],
        expires_at=row["expires_at"],
        files=row["files"],
        octets=row["octets"],
        receiver=row["receiver"],
        approval=_approval(row),
        halted=_fault(row, "halt"),
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        stumbles=row["stumbles"],
        due_at=row["due_at"],
    )


def approval_values(approval: Approval) -> dict[str, object]:
    return {
        "grant_id": approval.grant_id,
        "digest": approval.digest,
        "decided_by": approval.decided_by,
        "decided_at": approval.decided_at,
        "answer": approval.answer,
        "approved_until": approval.until,
    }


def _approval(row: RowMapping) -> Approval | None:
    if row["grant_id"] is None:
        return None
    decided = (row["decided_by"], row["decided_at"], row["answer"], row["approved_until"])
    return Approval(row["grant_id"], row["digest"], *decided)


def file_values(file: BatchFile, fields: FieldCipher) -> dict[str, object]:
    return {
        "id": file.id,
        "batch_id": file.batch_id,
        "number": file.number,
        "name_enc": fields.encrypt(file.name, context=name_place(file.id)),
        "name_digest": file.name_digest,
        "digest": file.digest,
        "octets": file.octets,
        "document": file.document,
        "state": file.state.value,
        "signature_id": None,
        "fault_code": None,
        "fault_zh": None,
        "fault_en": None,
        "tries": 0,
        "lease": None,
        "leased_until": None,
    }


def file_of(row: RowMapping, fields: FieldCipher) -> BatchFile:
    return BatchFile(
        id=row["id"],
        batch_id=row["batch_id"],
        number=row["number"],
        name=fields.decrypt(bytes(row["name_enc"]), context=name_place(row["id"])),
        name_digest=bytes(row["name_digest"]),
        digest=row["digest"],
        octets=row["octets"],
        document=row["document"],
        state=FileState(row["state"]),
        signature_id=row["signature_id"],
        fault=_fault(row, "fault"),
        tries=row["tries"],
        lease=row["lease"],
    )


def fault_values(fault: Fault | None, prefix: str) -> dict[str, object]:
    code, zh, en = (fault.code, fault.text.zh, fault.text.en) if fault else (None, None, None)
    return {f"{prefix}_code": code, f"{prefix}_zh": zh and zh[:_LONGEST], f"{prefix}_en": en and en[:_LONGEST]}


def _fault(row: RowMapping, prefix: str) -> Fault | None:
    code = row[f"{prefix}_code"]
    return None if code is None else Fault(code, Text(row[f"{prefix}_zh"], row[f"{prefix}_en"]))
