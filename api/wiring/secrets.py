"""Chooses what encrypts, names and digests: keys of its own for each domain, under the key ring."""

from __future__ import annotations

from dataclasses import dataclass

from idp.token_uses import ONCE_PLAIN
from keys.ports import SealedTokens, SecretProvider, TokenDigests
from keys.secrets.blind_index import HmacIndex
from keys.secrets.field import EnvelopeCipher
from keys.secrets.purposes import (
    ACCESS_TOKENS,
    DOCUMENTS,
    FORMER_FIELDS,
    FORMER_INDEX,
    LICENCES,
    LICENCES_INDEX,
    PEOPLE,
    PEOPLE_INDEX,
    SHORT_LIVED,
)
from keys.secrets.sealed_tokens import AeadSealedTokens
from keys.secrets.token_digest import HmacTokenDigests

ACCESS_PREFIX = "yz_"


@dataclass(frozen=True)
class FieldCiphers:
    """One cipher for each kind of value."""

    people: EnvelopeCipher
    licences: EnvelopeCipher
    documents: EnvelopeCipher
    short_lived: EnvelopeCipher


@dataclass(frozen=True)
class BlindIndexes:
    """One index for each domain."""

    people: HmacIndex
    licences: HmacIndex


@dataclass(frozen=True)
class SecretServices:
    """What protects values at rest."""

    fields: FieldCiphers
    indexes: BlindIndexes
    tokens: TokenDigests
    access: SealedTokens


def build_secrets(provider: SecretProvider) -> SecretServices:
    """Compose on a key ring, which may be empty yet."""
    ciphers = (EnvelopeCipher(provider, one, FORMER_FIELDS) for one in (PEOPLE, LICENCES, DOCUMENTS, SHORT_LIVED))
    indexes = (HmacIndex(provider, one, FORMER_INDEX) for one in (PEOPLE_INDEX, LICENCES_INDEX))
    digests = HmacTokenDigests(provider, once_plain=ONCE_PLAIN)
    access = AeadSealedTokens(provider, ACCESS_TOKENS, ACCESS_PREFIX)
    return SecretServices(FieldCiphers(*ciphers), BlindIndexes(*indexes), digests, access)
