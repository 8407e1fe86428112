"""Which secret of the key ring protects what: one data key, one index key and one digest key for each kind of value."""

from __future__ import annotations

PEOPLE = "field.people"  # accounts: names, ID numbers, phones; secrets that clients sign with
LICENCES = "field.licences"  # licences, consents, records of looks
DOCUMENTS = "field.documents"  # whole files in the document store
SHORT_LIVED = "field.shortlived"  # what pages keep for some minutes
PEOPLE_INDEX = "index.people"  # by which ID number and phone an account is found
LICENCES_INDEX = "index.licences"  # by which numbers licences, consents and looks are found
TOKENS = "secret.tokens"  # digests of opaque tokens and client secrets, MACs of refresh tokens

ACCESS_TOKENS = "oidc.access"  # opaque access tokens, which live for minutes: rotated like the keys that sign tokens

FORMER_FIELDS = "field.data"  # the one data key that the four above replaced; opens, seals no more
FORMER_INDEX = "field.index"  # likewise, of the two index keys

FIELD_PURPOSES = (PEOPLE, LICENCES, DOCUMENTS, SHORT_LIVED)
INDEX_PURPOSES = (PEOPLE_INDEX, LICENCES_INDEX)
SERVICE_SECRETS = (TOKENS, *FIELD_PURPOSES, *INDEX_PURPOSES)
