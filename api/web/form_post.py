"""The page that carries an authorization response in a form (OAuth 2.0 Form Post Response Mode §2, §4, §5).

It sends itself by one line of script, which the policy names by its digest; without script there is a button.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from api.deps import language
from api.web.language import HTML_LANG
from api.web.policy import self_sending_policy
from api.web.render import environment, translator
from idp.protocol.redirect_uri import host_of

_SCRIPT = "document.forms[0].submit()"
_DIGEST = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()


def form_post_page(request: Request, action: str, fields: Mapping[str, str]) -> Response:
    """
    Args:
        action: registered address of the client that the form is sent to.
        fields: parameters of the answer, tokens among them: the page is never kept (§5).
    """
    lang = language(request)
    html = (
        environment()
        .get_template("form_post.html")
        .render(
            html_lang=HTML_LANG[lang],
            t=translator(lang),
            action=action,
            host=host_of(action),
            fields=fields,
            script=_SCRIPT,
        )
    )
    headers = {
        "Content-Security-Policy": self_sending_policy(_DIGEST, action),
        "Cache-Control": "no-store",
        "Pragma": "no-cache",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Content-Language": HTML_LANG[lang],
    }
    return HTMLResponse(html, 200, headers)
