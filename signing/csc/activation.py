"""Signature activation data: a permission to sign certain hashes with one credential, once and soon.

CSC API v2 §11.6, §11.8 (SCAL2): bound to the credential, the hashes, their algorithm and whoever asked; it lives five
minutes and is taken by one atomic operation, whoever else holds it at that moment. What it did not use can be had
again by `extend`, with the same end.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import msgspec

from core.clock import Clock
from core.errors import Unavailable
from core.ids import new_secret
from core.kv.port import KeyValueStore
from core.principal import Principal
from keys.ports import FieldCipher
from signing.csc.names import bad_parameter

LIFE_SECONDS = 300
MOST_HASHES = 50


@dataclass(frozen=True, slots=True)
class Activation:
    """What may be signed.

    Attributes:
        actor: kind and id of whoever may use it.
        credential: code of the seal.
        algorithm: `hashlib` name.
        hashes: each with what its document is called, if anybody said.
        until: seconds since 1970.
    """

    actor: str
    credential: str
    algorithm: str
    hashes: Mapping[bytes, str | None]
    until: float
    description: str | None = field(default=None, repr=False)


class _Kept(msgspec.Struct):
    actor: str
    credential: str
    algorithm: str
    hashes: dict[str, str | None]
    until: float
    description: str | None = None


class Activations:
    """Gives them out and takes them back."""

    def __init__(self, kv: KeyValueStore, cipher: FieldCipher, clock: Clock) -> None:
        self._kv = kv
        self._cipher = cipher
        self._clock = clock

    @property
    def new_end(self) -> float:
        """Until when a permission lasts that is given now."""
        return self._clock.now().timestamp() + LIFE_SECONDS

    def seconds_left(self, end: float) -> int:
        return max(0, int(end - self._clock.now().timestamp()))

    async def give(self, activation: Activation) -> str:
        """The SAD: 256 random bits, of which the store keeps a digest alone."""
        sad = new_secret()
        await self._put(_place(sad), activation)
        return sad

    async def take(self, sad: str, actor: Principal, credential: str, wanted: Mapping[bytes, str]) -> Activation:
        """Use it, for some of its hashes or all.

        Args:
            wanted: hashes, each with its algorithm's `hashlib` name.

        Raises:
            core.errors.InvalidInput: `csc-parameter`: not there (any more), somebody else's, another credential's, or
                not for these hashes. It is used up only where all of it fits.
        """
        raw = await self._kv.get(_place(sad))
        found = self._read(raw, _place(sad))
        check_activation(found, actor, credential, wanted, self._clock.now().timestamp())
        if await self._kv.take(_place(sad)) is None:
            raise bad_parameter("SAD")  # another request was faster
        rest = {value: name for value, name in found.hashes.items() if value not in wanted}
        if rest:
            await self._put(_place(sad, "rest"), replace(found, hashes=rest))
        return found

    async def extend(self, sad: str, actor: Principal, credential: str, wanted: Mapping[bytes, str]) -> tuple[str, int]:
        """Another SAD for hashes that this one allows and did not sign, and how many seconds it lives; it ends with it.

        Raises:
            core.errors.InvalidInput: `csc-parameter`.
        """
        for place in (_place(sad, "rest"), _place(sad)):
            raw = await self._kv.get(place)
            if raw is None:
                continue
            found = self._read(raw, place)
            check_activation(found, actor, credential, wanted, self._clock.now().timestamp())
            if await self._kv.take(place) is not None:
                kept = {value: found.hashes[value] for value in wanted} if wanted else found.hashes
                return await self.give(replace(found, hashes=kept)), self.seconds_left(found.until)
        raise bad_parameter("SAD")

    async def take_token(
        self, name: str, activation: Activation, actor: Principal, credential: str, wanted: Mapping[bytes, str]
    ) -> Activation:
        """As `take`, for a permission that an access token carries (scope `credential`).

        Args:
            name: of the decision that it rests on, not of the token: one that is renewed allows nothing twice.
        """
        now = self._clock.now().timestamp()
        check_activation(activation, actor, credential, wanted, now)
        used = f"csc:token:{hashlib.sha256(name.encode()).hexdigest()}"
        if not await self._kv.put_if_absent(used, b"", activation.until - now + LIFE_SECONDS):
            raise bad_parameter("SAD")
        return activation

    async def _put(self, place: str, activation: Activation) -> None:
        left = activation.until - self._clock.now().timestamp()
        if left <= 0:
            raise bad_parameter("SAD")
        hashes = {base64.b64encode(value).decode(): name for value, name in activation.hashes.items()}
        kept = _Kept(
            activation.actor,
            activation.credential,
            activation.algorithm,
            hashes,
            activation.until,
            activation.description,
        )
        text = msgspec.json.encode(kept).decode()
        await self._kv.put(place, self._cipher.encrypt(text, context=place), left)

    def _read(self, raw: bytes | None, place: str) -> Activation:
        if raw is None:
            raise bad_parameter("SAD")
        try:
            kept = msgspec.json.decode(self._cipher.decrypt(raw, context=place), type=_Kept)
        except (msgspec.MsgspecError, Unavailable):
            raise bad_parameter("SAD") from None
        hashes = {base64.b64decode(value): name for value, name in kept.hashes.items()}
        return Activation(kept.actor, kept.credential, kept.algorithm, hashes, kept.until, kept.description)


def actor_name(actor: Principal) -> str:
    return f"{actor.kind.value}:{actor.id}"


def check_activation(
    found: Activation, actor: Principal, credential: str, wanted: Mapping[bytes, str], now: float
) -> None:
    """
    Raises:
        core.errors.InvalidInput: `csc-parameter`: it is no permission for this.
    """
    if found.actor != actor_name(actor) or found.credential != credential or found.until <= now:
        raise bad_parameter("SAD")
    for value, algorithm in wanted.items():
        if algorithm != found.algorithm or value not in found.hashes:
            raise bad_parameter("hashes")


def _place(sad: str, part: str = "live") -> str:
    return f"csc:sad:{part}:{hashlib.sha256(sad.encode()).hexdigest()}"
