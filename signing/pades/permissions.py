"""Locks that a signature puts on its document, and those that are there (ISO 32000-1 §12.8.2, §12.8.4)."""

from __future__ import annotations

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from core.errors import InvalidInput
from core.text import Text
from signing.errors import PdfRefused
from signing.locks import MOST_FIELDS, Certification, FieldLock, LockAction, Locks
from signing.pades.form_fields import form_fields
from signing.pades.pdf_objects import array, dictionary, entries, entry, name, number, pointer, text_string
from signing.pades.update import Update


def certification_of(reader: PdfFileReader) -> Certification | None:
    """What an earlier certification still allows; None for a document that is not certified."""
    permissions = entry(reader.root, "/Perms")
    if not isinstance(permissions, generic.DictionaryObject) or "/DocMDP" not in permissions:
        return None
    for reference in entries(permissions["/DocMDP"], "/Reference"):
        if entry(reference, "/TransformMethod") == "/DocMDP":
            return Certification(int(entry(reference["/TransformParams"], "/P", 2)))
    return Certification.FORMS


def check_locks(reader: PdfFileReader, locks: Locks) -> None:
    """
    Raises:
        PdfRefused: `pdf-already-signed`: only the first signature certifies (ISO 32000-1 §12.8.2.2.1).
        InvalidInput: `lock-fields-invalid`.
    """
    fields = list(form_fields(reader)) if locks != Locks() else []
    if locks.certify is not None and any(field.signed for field in fields):
        raise PdfRefused(
            "pdf-already-signed",
            Text(
                "这份文件已经有签名，不能再做认证签名（只有第一个签名可以）。",
                "This document is signed already; only the first signature can certify it.",
            ),
        )
    if locks.fields is None:
        return
    names, known = locks.fields.names, {field.name for field in fields}
    takes_names = locks.fields.action is not LockAction.ALL
    if takes_names != bool(names) or len(names) > MOST_FIELDS or not known.issuperset(names):
        raise InvalidInput(
            "lock-fields-invalid",
            Text(
                "要锁定的表单域不对：除“全部”外要列出域名（最多 {n} 个），并且文件里要有这些域。",
                "The fields to lock are not right: unless it is all, name up to {n} fields that the file has.",
            ).format(n=MOST_FIELDS),
            field="lock_fields",
        )


def lock_dictionary(lock: FieldLock) -> generic.DictionaryObject:
    """The signature field's lock (ISO 32000-1 §12.7.4.5, Table 233)."""
    return dictionary({"/Type": name("/SigFieldLock"), **_action(lock)})


def references(locks: Locks, catalogue: generic.Reference) -> generic.ArrayObject:
    """The signature's references (ISO 32000-1 §12.8.1, Tables 253 to 256)."""
    out: list[generic.PdfObject] = []
    if locks.certify is not None:
        out.append(_reference("/DocMDP", {"/P": number(int(locks.certify))}))
    if locks.fields is not None:
        found = _reference("/FieldMDP", _action(locks.fields))
        found[name("/Data")] = pointer(catalogue)
        out.append(found)
    return array(out)


def enter_certification(update: Update, signature: generic.Reference) -> None:
    """Name the certifying signature in the catalogue (ISO 32000-1 §12.8.4)."""
    root = update.reader.root
    permissions = entry(root, "/Perms")
    if isinstance(permissions, generic.DictionaryObject):
        permissions[name("/DocMDP")] = pointer(signature)
        update.add_container_of(permissions)
        return
    root[name("/Perms")] = dictionary({"/DocMDP": pointer(signature)})
    update.add_container_of(root)


def _reference(method: str, parameters: dict[str, generic.PdfObject]) -> generic.DictionaryObject:
    transform = {"/Type": name("/TransformParams"), "/V": name("/1.2"), **parameters}
    return dictionary(
        {
            "/Type": name("/SigRef"),
            "/TransformMethod": name(method),
            "/TransformParams": dictionary(transform),
        }
    )


def _action(lock: FieldLock) -> dict[str, generic.PdfObject]:
    out: dict[str, generic.PdfObject] = {"/Action": name(f"/{lock.action.value}")}
    if lock.action is not LockAction.ALL:
        out["/Fields"] = array(text_string(one) for one in lock.names)
    return out
