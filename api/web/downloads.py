"""Files that a page hands out."""

from __future__ import annotations

from starlette.responses import Response

from api.file_answer import file_answer
from certstore.attachments.model import AttachmentFile
from certstore.objections.looking import EvidenceContent
from certstore.objections.model import MediaType
from core.files.scratch import FileBytes

_SUFFIXES = {MediaType.PDF: "pdf", MediaType.PNG: "png", MediaType.JPEG: "jpg"}
_ENDINGS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}


def download(content: FileBytes, name: str, media_type: str | None = None) -> Response:
    """A file to be kept; never shown inside our origin.

    Args:
        media_type: by the ending, PDF or OFD, when None.
    """
    media_type = media_type or ("application/ofd" if name.endswith(".ofd") else "application/pdf")
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name)
    headers = {"Content-Disposition": f'attachment; filename="{plain}"', "Cache-Control": "no-store"}
    return file_answer(content, headers=headers, media_type=media_type)


def evidence_file(found: EvidenceContent, objection_id: str) -> Response:
    """To be saved and never shown in our pages' name: what it is was told by its first octets (attacks L-21)."""
    headers = {
        "Content-Disposition": f'attachment; filename="{objection_id}.{_SUFFIXES[found.media_type]}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(found.content, media_type=found.media_type.value, headers=headers)


def attachment_file(found: AttachmentFile) -> Response:
    """To be saved, under a name of ours (attacks L-21)."""
    headers = {
        "Content-Disposition": f'attachment; filename="{found.attachment.id}.{_ENDINGS[found.attachment.media_type]}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(found.content, media_type=found.attachment.media_type, headers=headers)
