"""Reads a submitted form once, within limits, and only when it came from our own page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from api.deps import container
from api.session_cookie import read_session_cookie
from api.web.csrf import FIELD, check_form
from core.errors import InvalidInput, LimitExceeded
from core.text import Text

MAX_FIELDS = 100
MAX_VALUE = 60_000  # characters, of one field


@dataclass(frozen=True, slots=True)
class Upload:
    """One uploaded file; the name is the sender's and is only ever shown."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Form:
    """Values by name, white space around them removed; the first counts when a name comes twice."""

    values: Mapping[str, str] = field(repr=False)
    uploads: Mapping[str, Upload] = field(default_factory=dict, repr=False)

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")


async def read_form(
    request: Request, *, upload: str | None = None, max_bytes: int = 0, max_fields: int = MAX_FIELDS
) -> Form:
    """The submitted form.

    Args:
        upload: name of the one file field, if the page has one.
        max_bytes: largest file accepted.
        max_fields: how many values it has at most.

    Raises:
        NotPermitted: `form-not-ours`.
        InvalidInput: `form-invalid`.
        LimitExceeded: `too-large`.
    """
    async with request.form(max_files=1 if upload else 0, max_fields=max_fields, max_part_size=256 * 1024) as data:
        session = read_session_cookie(request)
        token = data.get(FIELD)
        issuer = container(request).ground.settings.issuer
        check_form(request, token if isinstance(token, str) else "", session, issuer=issuer)
        values = _values(data)
        file = data.get(upload) if upload else None
        if not isinstance(file, UploadFile):
            return Form(values)
        if (file.size or 0) > max_bytes:
            raise too_large(max_bytes)
        return Form(values, {str(upload): Upload(_shown_name(file.filename), await file.read())})


@asynccontextmanager
async def form_with_files(
    request: Request, *, upload: str, most: int
) -> AsyncIterator[tuple[Form, Sequence[tuple[str, UploadFile]]]]:
    """The submitted form, and the files of its file field with the field's name, to be read before the block ends.

    Raises:
        NotPermitted, InvalidInput: as `read_form`.
    """
    async with request.form(max_files=most, max_fields=MAX_FIELDS, max_part_size=256 * 1024) as data:
        token, session = data.get(FIELD), read_session_cookie(request)
        issuer = container(request).ground.settings.issuer
        check_form(request, token if isinstance(token, str) else "", session, issuer=issuer)
        files = [one for name, one in data.multi_items() if name == upload and isinstance(one, UploadFile)]
        # a browser sends an empty part where nothing was chosen
        yield Form(_values(data)), [(upload, one) for one in files if one.filename]


def too_large(max_bytes: int) -> LimitExceeded:
    return LimitExceeded(
        "too-large",
        Text(
            "文件超过 {size} MB，没有处理。请换一个小一些的文件。",
            "The file is larger than {size} MB and was not looked at. Choose a smaller one.",
        ).format(size=max_bytes // (1024 * 1024)),
    )


def _values(data: FormData) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in data.multi_items():
        if isinstance(value, str) and name not in values:
            if len(value) > MAX_VALUE or "\x00" in value:
                raise InvalidInput(
                    "form-invalid",
                    Text("有一项填得太长或含有不可见字符。", "A field is too long or holds control characters."),
                )
            values[name] = value.strip()
    return values


def _shown_name(name: str | None) -> str:
    shown = "".join(c for c in (name or "").replace("\\", "/").rsplit("/", 1)[-1] if c.isprintable())
    return shown[:120] or "…"
