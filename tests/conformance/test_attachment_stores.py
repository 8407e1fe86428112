"""`certstore.attachments.ports.AttachmentStore` over SQLite and PostgreSQL."""

from __future__ import annotations

from tests.conformance.attachment_stores import BACKENDS, AttachmentContention, AttachmentContract
from tests.conformance.harness import parametrised


@parametrised(BACKENDS)
class TestAttachments(AttachmentContract):
    pass


@parametrised(BACKENDS)
class TestAttachmentContention(AttachmentContention):
    pass
