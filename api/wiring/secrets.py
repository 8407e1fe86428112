"""Chooses what encrypts, names and digests: a data key for each domain, under the key ring."""

from __future__ import annotations

from dataclasses import dataclass

from idp.token_uses import ONCE_PLAIN
from keys.ports import SecretProvider, TokenDigests
from keys.secrets.blind_index import HmacIndex
from keys.secrets.field import EnvelopeCipher
from keys.secrets.purposes import DOCUMENTS, FORMER_FIELDS, LICENCES, PEOPLE, SHORT_LIVED
from keys.secrets.token_digest import HmacTokenDigests


@dataclass(frozen=True)
class FieldCiphers:
    """One cipher for each kind of value."""

    people: EnvelopeCipher
    licences: EnvelopeCipher
    documents: EnvelopeCipher
    short_lived: EnvelopeCipher


@dataclass(frozen=True)
class SecretServices:
    """What protects values at rest."""

    fields: FieldCiphers
    index: HmacIndex
    tokens: TokenDigests


def build_secrets(provider: SecretProvider) -> SecretServices:
    """Compose on a key ring, which may be empty yet."""
    ciphers = (
        EnvelopeCipher(provider, purpose, FORMER_FIELDS) for purpose in (PEOPLE, LICENCES, DOCUMENTS, SHORT_LIVED)
    )
    return SecretServices(
        FieldCiphers(*ciphers), HmacIndex(provider), HmacTokenDigests(provider, once_plain=ONCE_PLAIN)
    )
