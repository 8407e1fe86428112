"""What a client may have us show to a person beside its request (CIBA Core §7.1 `binding_message`)."""

from __future__ import annotations

import re
import unicodedata

from idp.errors import InvalidBindingMessage

LONGEST = 64
_LETTERS = ("L", "Nd")  # letters of any script, and digits
_MARKS = frozenset(" -_.,:;#()/+*=!?'，。：；、！？（）《》“”·")
_ADDRESS = re.compile(r"://|www\.|@", re.IGNORECASE)


def check_binding_message(message: str | None) -> str | None:
    """Letters, digits and plain punctuation in one short line: nothing that could pose as an address, hide itself or
    change the order of what stands around it.

    Raises:
        InvalidBindingMessage: §13.
    """
    if message is None:
        return None
    if len(message) > LONGEST:
        raise InvalidBindingMessage(f"binding_message takes {LONGEST} characters at most")
    if message != unicodedata.normalize("NFC", message) or message != message.strip():
        raise InvalidBindingMessage("binding_message must be in normal form C, without white space around it")
    if _ADDRESS.search(message) or not all(_is_plain(letter) for letter in message):
        raise InvalidBindingMessage("binding_message takes letters, digits and plain punctuation, and no addresses")
    return message


def _is_plain(letter: str) -> bool:
    return letter in _MARKS or unicodedata.category(letter).startswith(_LETTERS)
