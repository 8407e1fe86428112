"""A portal of its own on another port: takes answers, is told of log-outs in a frame, and watches the session."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

_WATCH = """<!doctype html><html lang="en"><title>watching</title><body><p id="said"></p>
<iframe id="op" src="{frame}" hidden></iframe>
<script>
  window.addEventListener("message", (event) => {{
    if (event.origin === new URL("{frame}").origin) document.getElementById("said").textContent += event.data + ";";
  }});
  function ask(message) {{ document.getElementById("op").contentWindow.postMessage(message, "{frame}"); }}
</script></body></html>"""


class WatchingPortal:
    """Remembers what its frame was asked; `hang` keeps the frame from answering until it is set."""

    def __init__(self, port: int) -> None:
        self.origin = f"http://127.0.0.1:{port}"
        self.fronted: list[dict[str, str]] = []
        self.hangs = False
        self.hang = threading.Event()

    def answer(self, path: str, query: dict[str, str]) -> str:
        if path == "/front":
            self.fronted.append(query)
            if self.hangs:
                self.hang.wait(60)
        if path == "/watch":
            return _WATCH.format(frame=query["frame"])
        return f'<!doctype html><html lang="en"><title>portal</title><body><h1>{path}</h1></body></html>'


@contextmanager
def watching_portal(port: int) -> Iterator[WatchingPortal]:
    portal = WatchingPortal(port)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            body = portal.answer(parts.path, dict(parse_qsl(parts.query))).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(BrokenPipeError):  # a browser that went on does not wait for its frames
                self.wfile.write(body)

        def log_message(self, *_words: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield portal
    finally:
        portal.hang.set()
        server.shutdown()
        server.server_close()
        thread.join()
