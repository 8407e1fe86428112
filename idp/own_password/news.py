"""Reaches people by message when something changed about how they log in, without letting anybody wait."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping
from typing import Final

from core.db.database import Database
from core.text import Text
from idp.factors.addresses import Addresses
from idp.login.proofs import Method
from idp.messages import templates
from idp.messages.ports import AddressKind, Message, MessageSender
from idp.model import NoticeKind
from idp.ports import AccountStore
from idp.telling import Reach, Told

_ROOM = 1_000
_TEMPLATES: Final[Mapping[NoticeKind, str]] = {
    NoticeKind.NEW_DEVICE: templates.NEW_DEVICE,
    NoticeKind.PASSWORD_CHANGED: templates.PASSWORD_CHANGED,
    NoticeKind.PASSWORD_RESET: templates.PASSWORD_CHANGED,
    NoticeKind.LEAVING: templates.LEAVING,
    NoticeKind.PHONE_CHANGED: templates.PHONE_CHANGED,
    NoticeKind.FACTOR_ADDED: templates.FACTOR_ADDED,
    NoticeKind.FACTOR_REMOVED: templates.FACTOR_REMOVED,
    NoticeKind.LICENCE_ENDS: templates.LICENCE_ENDS,
    NoticeKind.OBJECTION_ANSWERED: templates.OBJECTION_ANSWERED,
    NoticeKind.ENTRUSTED: templates.ENTRUSTED,
    NoticeKind.ENTRUSTMENT_MOVED: templates.ENTRUSTMENT_MOVED,
}
_FACTORS: Final[Mapping[str, Text]] = {
    Method.TOTP.value: Text("验证器动态码", "an authenticator app"),
    Method.RECOVERY.value: Text("恢复码", "recovery codes"),
    Method.PASSKEY.value: Text("通行密钥", "a passkey"),
    Method.CERTIFICATE.value: Text("数字证书", "a digital certificate"),
    Method.EMAIL.value: Text("邮箱", "a mailbox"),
}
_OTHER = Text("一种登录方式", "a way to log in")
_log = logging.getLogger(__name__)


class NewsByMessage:
    """Implements `idp.telling.Reach`; one for each worker.

    Args:
        quiet: kinds of which no message is sent.
    """

    def __init__(
        self,
        database: Database,
        accounts: AccountStore,
        addresses: Addresses,
        sender: MessageSender,
        *,
        quiet: Collection[NoticeKind] = (),
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._addresses = addresses
        self._sender = sender
        self._quiet = quiet
        self._waiting: asyncio.Queue[Told] = asyncio.Queue(_ROOM)

    def send(self, told: Told) -> None:
        if told.kind in _TEMPLATES and told.kind not in self._quiet and not self._waiting.full():
            self._waiting.put_nowait(told)

    async def carry(self) -> None:
        """Hand over one message, when there is one."""
        told = await self._waiting.get()
        async with self._database.read() as tx:
            account = await self._accounts.get(tx, told.account_id)
        address = None if account is None else await self._addresses.of(account, AddressKind.SMS)
        if address is not None:
            factor = _FACTORS.get(told.detail.get("factor") or told.detail.get("method", ""), _OTHER)
            values = {**told.detail, "factor_zh": factor.zh, "factor_en": factor.en}
            await self._sender.send(Message(address, _TEMPLATES[told.kind], "zh", values))

    async def forever(self) -> None:
        while True:
            try:
                await self.carry()
            except Exception as error:  # whatever it is, the next message must go out
                _log.warning("a person could not be told: %s", type(error).__name__)


_: type[Reach] = NewsByMessage
