"""Passkey ceremonies, step by step (W3C WebAuthn L3 §7.1, §7.2): each wrong answer beside the right one."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.passkeys.ceremonies import judge_authentication, judge_registration
from keys.passkeys.model import AttestationPolicy, NewPasskey, PasskeyRefused, RelyingParty
from tests.support.authenticator import FLAG, SEEN, Authenticator, b64

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
PARTY = RelyingParty("id.example.test", "https://id.example.test")
CHALLENGE = b"a challenge of our own making"
HANDLE = b"somebody"


def authenticator(**options: Any) -> Authenticator:
    return Authenticator(PARTY.origin, PARTY.id, **options)


def registered(device: Authenticator, answer: str | None = None) -> NewPasskey:
    return judge_registration(
        answer or device.register(CHALLENGE, HANDLE), CHALLENGE, PARTY, AttestationPolicy(), now=NOW
    )


def judged(device: Authenticator, made: NewPasskey, answer: str) -> Any:
    return judge_authentication(
        answer, CHALLENGE, PARTY, credential_id=made.credential_id, public_key=made.public_key, user_handle=HANDLE
    )


def test_a_passkey_is_made_and_used() -> None:
    device = authenticator()
    made = registered(device)
    assert (made.credential_id, made.sign_count, made.backup_eligible) == (device.credential_id, 1, False)
    assert made.transports == ("internal", "hybrid")
    assert judged(device, made, device.sign(CHALLENGE)).sign_count == 2


def test_a_synced_passkey_says_so() -> None:
    device = authenticator(synced=True, counts=False)
    made = registered(device)
    said = judged(device, made, device.sign(CHALLENGE))
    assert (made.backup_eligible, said.backup_eligible, said.backed_up, said.sign_count) == (True, True, True, 0)


@pytest.mark.parametrize(
    "said",
    [
        {"origin": "https://evil.test"},
        {"origin": "https://id.example.test.evil.test"},
        {"challenge": b64(b"another challenge of our own")},
        {"type": "payment.get"},
        {"crossOrigin": True},
        {"topOrigin": "https://evil.test"},
    ],
)
def test_what_the_browser_says_must_be_right(said: dict[str, Any]) -> None:
    device = authenticator()
    made = registered(device)
    device.said = said
    for attempt in (lambda: registered(device), lambda: judged(device, made, device.sign(CHALLENGE))):
        with pytest.raises(PasskeyRefused):
            attempt()


@pytest.mark.parametrize("flags", [FLAG.UV, FLAG.UP, FLAG(0), SEEN | FLAG.BS])
def test_somebody_must_be_present_and_verified(flags: FLAG) -> None:
    device = authenticator()
    made = registered(device)
    with pytest.raises(PasskeyRefused):
        registered(device, device.register(CHALLENGE, HANDLE, flags=flags))
    with pytest.raises(PasskeyRefused):
        judged(device, made, device.sign(CHALLENGE, flags=flags))


def test_another_party_key_handle_or_credential_is_refused() -> None:
    device = authenticator()
    made = registered(device)
    for other in (Authenticator(PARTY.origin, "evil.test", key=device.key), authenticator()):
        other.credential_id = device.credential_id
        with pytest.raises(PasskeyRefused):
            judged(device, made, other.sign(CHALLENGE))
    device.user_handle = b"somebody else"
    with pytest.raises(PasskeyRefused, match="handle"):
        judged(device, made, device.sign(CHALLENGE))
    device.user_handle, device.credential_id = HANDLE, b"another credential"
    with pytest.raises(PasskeyRefused, match="credential"):
        judged(device, made, device.sign(CHALLENGE))


def test_a_changed_answer_is_refused() -> None:
    device = authenticator()
    made = registered(device)
    answer = json.loads(device.sign(CHALLENGE))
    for part in ("signature", "authenticatorData", "clientDataJSON"):
        text = answer["response"][part]
        changed = text[:-6] + ("A" if text[-6] != "A" else "B") + text[-5:]
        with pytest.raises(PasskeyRefused):
            judged(device, made, json.dumps({**answer, "response": {**answer["response"], part: changed}}))
    assert judged(device, made, json.dumps(answer))


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.text(max_size=200), st.binary(max_size=120).map(lambda octets: b64(octets))))
def test_whatever_comes_is_refused_and_never_breaks(junk: str) -> None:
    device = authenticator()
    made = registered(device)
    answers = [junk]
    for whole in (device.register(CHALLENGE, HANDLE), device.sign(CHALLENGE)):
        read = json.loads(whole)
        answers += [json.dumps({**read, "response": {**read["response"], part: junk}}) for part in read["response"]]
    for answer in answers:
        for judge in (lambda one: registered(device, one or " "), lambda one: judged(device, made, one)):
            try:
                judge(answer)
            except PasskeyRefused:
                continue
