"""What showing needs from outside: signatures under keys that are published, and somebody who judges them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class FaceSigner(Protocol):
    """Signs faces."""

    async def sign_face(self, claims: Mapping[str, object]) -> str:
        """A compact JWS with `typ: licence-face+jwt`.

        Raises:
            core.errors.Unavailable: the key does not answer.
        """


class FaceRejected(Exception):
    """Not a face that was signed with one of the keys.

    Attributes:
        claims_to_be_one: it has the form and the type of one.
    """

    def __init__(self, *, claims_to_be_one: bool) -> None:
        super().__init__("the text is no signed face")
        self.claims_to_be_one = claims_to_be_one


class FaceJudge(Protocol):
    """Knows whose signature counts, and with which keys."""

    def claims(self, text: str) -> Mapping[str, Any]:
        """What the face claims; times are for the caller to judge.

        Raises:
            FaceRejected.
        """
