"""One-time codes to a phone or a mailbox: made, sent, tried, used once (NIST SP 800-63B-4 §3.1.3; attacks O-55).

A code belongs to a slot: one log-in in one browser, one form. It is never part of an answer, is kept only as a keyed
digest, and dies by use, by five wrong tries, by a newer code and by time. How often codes are sent is bounded for each
address and source; a source that used one before is not concerned by what others ask for.
"""

from __future__ import annotations

import hashlib
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

import msgspec

from core.errors import InvalidInput, LimitExceeded
from core.ids import new_code, new_secret
from core.kv.port import KeyValueStore
from core.text import Language, Text
from idp.abuse.even import even, even_refusals
from idp.messages.ports import Address, AddressKind, Message, MessageSender
from idp.messages.templates import CODE_TO_LOG_IN
from idp.settings import IdpSettings
from idp.source import source_of
from idp.token_uses import ONE_TIME_CODE
from keys.ports import TokenDigests

DIGITS = 6
_USED = b"-"
_NOWHERE = Address(AddressKind.SMS, "")


@dataclass(frozen=True, slots=True)
class Post:
    """Where a code goes.

    Attributes:
        name: what the budget is counted for: of the address, or of what was typed where there is none.
        address: None where nobody has an account; everything is done but the sending (attacks O-52).
        source: network address of the browser that asks.
    """

    name: bytes = field(repr=False)
    address: Address | None = field(repr=False)
    source: str = field(repr=False)
    language: Language
    template: str = CODE_TO_LOG_IN


class _Kept(msgspec.Struct, frozen=True):
    nonce: str
    digest: str
    budget: str  # names of the counters that the right code clears
    known: str


class OneTimeCodes:
    """Implements the codes on the key-value store."""

    def __init__(self, kv: KeyValueStore, digests: TokenDigests, sender: MessageSender, settings: IdpSettings) -> None:
        self._kv = kv
        self._digests = digests
        self._sender = sender
        self._settings = settings

    def evenly(self) -> AbstractAsyncContextManager[None]:
        """For an answer that could tell by its time whether there is an account."""
        return even(self._settings.even_answers)

    def refused_evenly(self) -> AbstractAsyncContextManager[None]:
        """The same for refusals only: whoever did it right need not wait."""
        return even_refusals(self._settings.even_answers)

    async def issue(self, slot: str, post: Post) -> None:
        """Send a code; the slot's earlier one is dead.

        Args:
            slot: what the code is good for; must not be guessable.

        Raises:
            LimitExceeded: `code-too-soon`, `too-many-codes`.
        """
        pair, whole = _counted(post.name, source_of(post.source)), _counted(post.name)
        await self._within_budget(pair, whole)
        code, nonce = new_code("0123456789", DIGITS), new_secret(16)
        kept = _Kept(nonce, self._digest(slot, nonce, code), pair, f"idp:code:known:{pair}")
        await self._kv.put(_key(slot), msgspec.json.encode(kept), self._settings.code_sent_lifetime)
        lifetime = self._settings.code_sent_lifetime
        values = {"code": code, "minutes": str(lifetime // 60)}
        message = Message(post.address or _NOWHERE, post.template, post.language, values, useful_for=lifetime)
        if post.address is not None:
            await self._sender.send(message)

    async def check(self, slot: str, typed: str) -> None:
        """Use a code up. A refusal waits for its moment: codes are also asked for where there is nobody.

        Raises:
            InvalidInput: `code-wrong` or `code-gone` on field `code`.
        """
        async with self.refused_evenly():
            await self._use(slot, typed)

    async def _use(self, slot: str, typed: str) -> None:
        raw = await self._kv.get(_key(slot))
        if raw is None or raw == _USED:
            raise code_gone()
        kept = msgspec.json.decode(raw, type=_Kept)
        lifetime = self._settings.code_sent_lifetime
        tries = await self._kv.incr(f"idp:code:tries:{kept.nonce}", lifetime)
        if tries > self._settings.code_sent_tries:
            raise code_gone()
        if not self._digests.matches(ONE_TIME_CODE, _named(slot, kept.nonce, as_typed(typed)), kept.digest):
            raise code_wrong(self._settings.code_sent_tries - tries)
        if not await self._kv.compare_and_swap(_key(slot), raw, _USED, lifetime):
            raise code_gone()  # another request used it
        await self._kv.delete(f"idp:code:pause:{kept.budget}")
        await self._kv.delete(f"idp:code:sent:{kept.budget}")
        await self._kv.put(kept.known, b"1", self._settings.known_source_lifetime)

    async def _within_budget(self, pair: str, whole: str) -> None:
        settings = self._settings
        if not await self._kv.put_if_absent(f"idp:code:pause:{pair}", b"1", settings.code_pause):
            raise _too_soon(settings.code_pause)
        if await self._kv.incr(f"idp:code:sent:{pair}", settings.try_window) > settings.codes_per_source:
            raise _too_many(settings.try_window)
        if await self._kv.get(f"idp:code:known:{pair}") is None:
            sent = await self._kv.incr(f"idp:code:sent:{whole}", settings.try_window_wide)
            if sent > settings.codes_per_address:
                raise _too_many(settings.try_window_wide)

    def _digest(self, slot: str, nonce: str, code: str) -> str:
        return self._digests.digest(ONE_TIME_CODE, _named(slot, nonce, code))


def as_typed(code: str) -> str:
    """The digits as people type them: full-width ones, spaces and dashes between them are all the same."""
    folded = "".join(str(int(c)) if c.isdecimal() else c for c in code[:40])
    return folded.replace(" ", "").replace("-", "")


def code_wrong(left: int) -> InvalidInput:
    if left <= 0:
        return code_gone()
    text = Text(
        "验证码不对，还可以试 {left} 次。请核对最新收到的那一条。",
        "Wrong code. {left} tries left. Look at the newest message.",
    )
    return InvalidInput("code-wrong", text.format(left=left), field="code")


def code_gone() -> InvalidInput:
    return InvalidInput(
        "code-gone",
        Text("这个验证码不能再用了。请重新获取一个。", "This code cannot be used any more. Ask for a new one."),
        field="code",
    )


def _too_soon(pause: int) -> LimitExceeded:
    return LimitExceeded(
        "code-too-soon",
        Text(
            "刚刚发过一条，可能还在路上。{seconds} 秒后可以再发。",
            "One was sent just now and may be on its way. You can ask for another {seconds} seconds after it.",
        ).format(seconds=pause),
        retry_after=pause,
    )


def _too_many(window: int) -> LimitExceeded:
    return LimitExceeded(
        "too-many-codes",
        Text(
            "验证码要得太多了，请 {minutes} 分钟后再要，或换一种登录方式。",
            "Too many codes were asked for. Ask again in {minutes} minutes, or log in another way.",
        ).format(minutes=window // 60),
        retry_after=window,
    )


def _key(slot: str) -> str:
    return f"idp:code:{hashlib.sha256(slot.encode()).hexdigest()[:40]}"


def _named(slot: str, nonce: str, code: str) -> str:
    return f"{slot}|{nonce}|{code}"


def _counted(name: bytes, place: str = "") -> str:
    return hashlib.sha256(len(name).to_bytes(2, "big") + name + place.encode()).hexdigest()[:32]
