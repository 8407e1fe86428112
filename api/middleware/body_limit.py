"""Refuses bodies that are too large before anything reads them whole (attacks O-63)."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MIB = 1024 * 1024
DEFAULT_LIMIT = 1 * MIB
DOCUMENT_LIMIT = 8 * MIB  # one document of 5 MiB in base64
FORM = 64 * 1024  # what a form has besides its file
UPLOAD_LIMIT = 100 * MIB + FORM
REGISTER_LIMIT = 2048 * MIB  # a register of millions, which is read as it comes and never held whole
_TOO_LARGE = (
    b'{"type":"about:blank","title":"Content Too Large","status":413,'
    b'"detail":"\xe5\x86\x85\xe5\xae\xb9\xe5\xa4\xaa\xe5\xa4\xa7\xe3\x80\x82 The body is too large."}'
)


class _BodyTooLarge(Exception):
    pass


class BodyLimit:
    """ASGI middleware: `upload_paths` (prefixes) take 100 MiB, `large_paths` (prefixes) files of `large_limit` octets,
    `register_paths` 2 GiB, `document_paths` (ends of paths) 8 MiB, everything else 1 MiB."""

    def __init__(
        self,
        app: ASGIApp,
        upload_paths: tuple[str, ...],
        register_paths: frozenset[str] = frozenset(),
        document_paths: tuple[str, ...] = (),
        large_paths: tuple[str, ...] = (),
        large_limit: int = 0,
    ) -> None:
        self.app = app
        self.register_paths = register_paths
        self.upload_paths = upload_paths
        self.document_paths = document_paths
        self.large_paths = large_paths
        self.large_limit = large_limit + FORM

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self._limit(scope["path"])
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > limit:
            await _refuse(send)
            return
        seen, started, refused = 0, False, False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise _BodyTooLarge
            return message

        async def watched(message: Message) -> None:
            # A framework may turn our exception into an answer of its own: ours goes out in its place.
            nonlocal started, refused
            if refused:
                return
            if seen > limit and not started:
                refused = True
                await _refuse(send)
                return
            started = True
            await send(message)

        try:
            await self.app(scope, counted, watched)
        except _BodyTooLarge:
            if not started and not refused:
                await _refuse(send)

    def _limit(self, path: str) -> int:
        if path in self.register_paths:
            return REGISTER_LIMIT
        if path.startswith(self.large_paths):
            return self.large_limit
        if path.startswith(self.upload_paths):
            return UPLOAD_LIMIT
        return DOCUMENT_LIMIT if path.endswith(self.document_paths) else DEFAULT_LIMIT


async def _refuse(send: Send) -> None:
    headers = [(b"content-type", b"application/problem+json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": _TOO_LARGE})
