"""Templates written, tried and published (GB/T 36905: a face has its metadata, and a code that leads to its check)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from certstore.authorise import refusals_audited, require_scope
from certstore.face import FaceSource, face_json, face_metadata
from certstore.metadata import FILE_NAME, to_xml
from certstore.model import LicenceType
from certstore.ports import SealAnchor
from certstore.render.sandbox import TemplateFault
from certstore.repository import Repository
from certstore.templates.model import MAX_SOURCE, StoredTemplate, is_name
from certstore.templates.ports import FaceSetter, TemplateStore
from certstore.templates.sample import sample_source, sample_type
from certstore.uploads.ports import QrReader
from core.audit.event import AuditEvent
from core.errors import Conflict, InvalidInput, NotFound
from core.principal import Principal
from core.text import Text

KEEPS = "admin:system"
_SAMPLE_CODE = "?code=sample"


@dataclass(frozen=True, slots=True)
class TemplateDraft:
    """What an administrator wrote."""

    name: str
    title: Text
    source: str = field(repr=False)
    anchor: SealAnchor


class TemplateDesk:
    """The use cases of administrators."""

    def __init__(
        self,
        repository: Repository,
        store: TemplateStore,
        setter: FaceSetter,
        codes: QrReader,
        verify_address: str,
    ) -> None:
        self._repository = repository
        self._store = store
        self._setter = setter
        self._codes = codes
        self._verify_address = verify_address

    async def all(self) -> Sequence[StoredTemplate]:
        """The newest version of each, in order of name."""
        async with self._repository.database.read() as tx:
            return await self._store.newest(tx)

    async def versions(self, name: str) -> Sequence[StoredTemplate]:
        """Newest first.

        Raises:
            NotFound: `face-template-not-found`.
        """
        async with self._repository.database.read() as tx:
            found = await self._store.versions(tx, name)
        if not found:
            raise NotFound("face-template-not-found", Text("没有这个版式模板。", "There is no such face template."))
        return found

    def starting_points(self) -> Mapping[str, tuple[str, SealAnchor]]:
        """What comes with the program, to begin from."""
        return self._setter.starting_points()

    async def preview(
        self, draft: TemplateDraft, actor: Principal, *, type_code: str | None = None, copy: bool = False
    ) -> bytes:
        """The first page of a sample face as PNG. Nothing is kept.

        Args:
            type_code: whose elements the sample has; None for an invented type.
            copy: as an annotated copy.

        Raises:
            InvalidInput: `template-invalid`, with the line.
            NotPermitted: the actor lacks `admin:system`.
        """
        require_scope(actor, KEEPS)
        _check(draft)
        found: LicenceType | None = None
        if type_code:
            async with self._repository.database.read() as tx:
                found = await self._repository.catalogue.licence_type(tx, type_code)
        source = sample_source(found or sample_type(), self._verify_address, copy=copy)
        return await self._set(draft, source, picture=True)

    async def publish(self, draft: TemplateDraft, actor: Principal, *, before: int) -> StoredTemplate:
        """Keep a draft as the next version. Types go on with the version that they name until they are changed.

        A template that leaves out the metadata, or whose code does not lead to the check, is not published: it is
        tried on a sample original and a sample copy first.

        Args:
            before: the newest version that the actor knows; 0 for a new template.

        Raises:
            InvalidInput: `template-invalid`, `template-name-taken`.
            NotPermitted: the actor lacks `admin:system`.
            Conflict: `template-version-moved`.
        """
        repository = self._repository
        async with refusals_audited(repository.database, "face-template.publish", actor):
            require_scope(actor, KEEPS)
            await self.try_out(draft)
            made = StoredTemplate(
                draft.name, before + 1, draft.title, draft.source, draft.anchor, repository.now(), actor.id
            )
            async with repository.database.write() as tx:
                newest = await self._store.template(tx, draft.name)
                if (newest.version if newest else 0) != before or not await self._store.add(tx, made):
                    raise Conflict(
                        "template-version-moved",
                        Text("刚有人发布了新版本，请重新打开再改。", "Another version came first. Open it again."),
                    )
                detail = {"version": made.version}
                tx.audit(AuditEvent("face-template.publish", "done", actor, made.name, detail=detail))
                await tx.commit()
        return made

    async def try_out(self, draft: TemplateDraft) -> None:
        """Set a sample original and a sample copy. Nothing is kept.

        Raises:
            InvalidInput: `template-invalid`, `template-name-taken`, or what else it cannot be published for.
        """
        _check(draft)
        if draft.name in self._setter.starting_points():
            raise InvalidInput(
                "template-name-taken",
                Text("这个名称是内置模板，请换一个。", "That is the name of a built-in template; take another."),
                field="name",
            )
        for copy in (False, True):
            await self._try(draft, copy=copy)

    async def _try(self, draft: TemplateDraft, *, copy: bool) -> None:
        source = sample_source(sample_type(), self._verify_address, copy=copy)
        pdf = await self._set(draft, source, picture=False)
        if FILE_NAME.encode() not in pdf:
            raise _invalid(0, Text("版式里没有附上元数据（prepare()）。", "The metadata are not attached (prepare())."))
        if f"{self._verify_address}{_SAMPLE_CODE}" not in await self._codes.read(pdf):
            raise _invalid(
                0,
                Text(
                    "样张上的验真二维码读不出来（qr-block(…)），请放大或移开遮挡。",
                    "The code on the sample cannot be read (qr-block(…)): make it larger or clear what covers it.",
                ),
            )

    async def _set(self, draft: TemplateDraft, source: FaceSource, *, picture: bool) -> bytes:
        made_at = source.note.made_at if source.note else source.version.issued_at
        try:
            return await self._setter.set_face(
                draft.source,
                draft.anchor,
                face_json(source),
                metadata=to_xml(face_metadata(source)),
                qr_text=f"{self._verify_address}{_SAMPLE_CODE}",
                made_at=made_at,
                picture=picture,
            )
        except TemplateFault as fault:  # of a sample: its words may be shown
            raise _invalid(fault.line, Text(fault.message, fault.message)) from None


def _check(draft: TemplateDraft) -> None:
    anchor = draft.anchor
    if not is_name(draft.name):
        raise InvalidInput(
            "template-name-invalid",
            Text(
                "名称为 2 到 29 个小写字母、数字或连字符。",
                "A name has 2 to 29 lower-case letters, digits or hyphens.",
            ),
            field="name",
        )
    if not draft.source.strip() or len(draft.source) > MAX_SOURCE:
        raise InvalidInput(
            "template-too-large",
            Text(
                f"模板要有内容，最多 {MAX_SOURCE} 个字符。",
                f"A template has 1 to {MAX_SOURCE} characters.",
            ),
            field="source",
        )
    if not (1 <= anchor.page <= 4 and 21 <= anchor.x_mm <= 400 and 21 <= anchor.y_mm <= 400):
        raise InvalidInput(
            "template-anchor-invalid",
            Text("印章的位置要在纸面以内。", "The seal's place must be on the paper."),
            field="anchor",
        )


def _invalid(line: int, why: Text) -> InvalidInput:
    zh, en = (f"第 {line} 行：", f"Line {line}: ") if line else ("", "")
    return InvalidInput("template-invalid", Text(f"{zh}{why.zh}", f"{en}{why.en}"), field="source")
