"""S-09, S-10: certificates that must not count, each beside the good one that it differs from by one thing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from keys.der import SEQUENCE, only, tlv
from keys.trust.judge import Judge
from keys.trust.judgement import Judgement
from keys.trust.model import Assurance, Period, Service, Standing
from keys.trust.search import MOST_SIGNATURES, Search
from tests.support.clock import FakeClock
from tests.support.tally import forged_is_accepted, genuine_is_refused
from tests.support.trust_pki import (
    DAY,
    GRANTED,
    NOW,
    FixedAnchors,
    Made,
    Plan,
    entry,
    issuing,
    key,
    make,
    name_of,
    person,
    root,
    rsa_key,
    seal,
)

ROOT = root()
ISSUING = issuing(ROOT)
SEAL = seal(ISSUING)

NO_CHAIN, OUT, CONSTRAINTS = "NO_CERTIFICATE_CHAIN_FOUND", "OUT_OF_BOUNDS_NO_POE", "CHAIN_CONSTRAINTS_FAILURE"


def judge(*anchors: Made) -> Judge:
    return Judge(FixedAnchors(*(entry(one, *Service) for one in anchors)), None, FakeClock(NOW))


async def verdict(
    leaf: Made, others: Sequence[Made] = (ISSUING,), *, service: Service = Service.DOCUMENTS, anchor: Made = ROOT
) -> Judgement:
    return await judge(anchor).judge(leaf.der, [one.der for one in others], service=service)


async def test_twin_a_good_certificate_is_good_and_says_who_vouches() -> None:
    found = await verdict(SEAL)
    genuine_is_refused("S-09", not found.good)
    assert found.good, found.fault
    assert found.path == (SEAL.der, ISSUING.der, ROOT.der)
    assert (found.assurance, found.vouches and found.vouches.zh) == (Assurance.HIGH, "某省电子认证中心")
    assert (await verdict(SEAL, [], anchor=ISSUING)).path == (SEAL.der, ISSUING.der), "an issuing authority by itself"
    assert (await verdict(SEAL, [SEAL, ROOT, ISSUING, ISSUING])).good, "more than needed, and twice"


def _changed(made: Made) -> Made:
    """The same certificate with one bit of its content changed and its signature kept."""
    der = bytearray(made.der)
    der[der.index("某局".encode())] ^= 1
    return _Raw(bytes(der))


class _Raw(Made):
    def __init__(self, der: bytes) -> None:
        self._der = der

    @property
    def der(self) -> bytes:
        return self._der


_LOOK_ALIKE = make(Plan(name_of("省级根"), key("attacker"), authority=True))
_CYRILLIC = make(Plan(name_of("ROOT А"), key("attacker 2"), authority=True))  # А is Cyrillic
_STRANGE = x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.55555.1"), b"\x05\x00")
_LATIN = make(Plan(name_of("ROOT A"), key("latin"), authority=True))

UNTRUSTED: dict[str, tuple[Callable[[], tuple[Made, Sequence[Made]]], str]] = {
    "self-signed": (lambda: (make(Plan(name_of("某局"), key("某局"))), []), NO_CHAIN),
    "unknown-root": (lambda: (seal(other := issuing(root("别的根"), "别的机构")), [other]), NO_CHAIN),
    "unknown-root-brought-along": (
        lambda: (seal(root("别的根")), [root("别的根"), ISSUING]),
        NO_CHAIN,
    ),
    "look-alike-root-same-name": (lambda: (seal(_LOOK_ALIKE), [_LOOK_ALIKE]), NO_CHAIN),
    "look-alike-issuing-same-name": (
        lambda: (seal(forged := make(Plan(name_of("签发机构"), key("attacker"), authority=True))), [forged]),
        NO_CHAIN,
    ),
    "missing-intermediate": (lambda: (SEAL, []), NO_CHAIN),
    "wrong-intermediate": (lambda: (SEAL, [issuing(ROOT, "另一机构")]), NO_CHAIN),
    "one-bit-changed": (lambda: (_changed(SEAL), [ISSUING]), NO_CHAIN),
    "signed-by-another-key": (lambda: (seal(ISSUING, signing_key=key("attacker")), [ISSUING]), NO_CHAIN),
    "not-a-certificate": (lambda: (_Raw(b"\x30\x03\x02\x01\x00"), [ISSUING]), NO_CHAIN),
    "two-certificates": (lambda: (_Raw(SEAL.der + SEAL.der), [ISSUING]), NO_CHAIN),
    "expired": (lambda: (seal(ISSUING, not_after=NOW - DAY), [ISSUING]), OUT),
    "not-yet-valid": (lambda: (seal(ISSUING, not_before=NOW + DAY), [ISSUING]), OUT),
    "intermediate-expired": (
        lambda: (seal(old := issuing(ROOT, "旧机构", not_after=NOW - DAY)), [old]),
        OUT,
    ),
    "intermediate-not-yet-valid": (
        lambda: (seal(new := issuing(ROOT, "新机构", not_before=NOW + DAY)), [new]),
        OUT,
    ),
    "issuer-is-no-authority": (lambda: (seal(SEAL, "冒充"), [SEAL, ISSUING]), CONSTRAINTS),
    "issuer-without-constraints": (
        lambda: (seal(bad := issuing(ROOT, "无约束", constraints=False)), [bad]),
        CONSTRAINTS,
    ),
    "issuer-may-not-sign-certificates": (
        lambda: (seal(bad := issuing(ROOT, "无权", key_usage=("crl_sign",))), [bad]),
        CONSTRAINTS,
    ),
    "path-too-long": (
        lambda: (
            seal(low := issuing(high := issuing(ROOT, "上级", path_length=0), "下级")),
            [low, high],
        ),
        CONSTRAINTS,
    ),
    "outside-permitted-names": (
        lambda: (
            seal(bad := issuing(ROOT, "限名", more=[(_only("本省"), True)]), "外省某局"),
            [bad],
        ),
        CONSTRAINTS,
    ),
    "in-excluded-names": (
        lambda: (
            seal(bad := issuing(ROOT, "禁名", more=[(_never("测试机构"), True)])),
            [bad],
        ),
        CONSTRAINTS,
    ),
    "unknown-critical": (
        lambda: (
            seal(ISSUING, more=[(_STRANGE, True)]),
            [ISSUING],
        ),
        CONSTRAINTS,
    ),
    "unknown-critical-in-issuer": (
        lambda: (
            seal(
                bad := issuing(
                    ROOT,
                    "怪",
                    more=[(_STRANGE, True)],
                )
            ),
            [bad],
        ),
        CONSTRAINTS,
    ),
    "policy-called-for-and-missing": (
        lambda: (seal(bad := issuing(ROOT, "须策略", more=[(x509.PolicyConstraints(0, None), True)])), [bad]),
        CONSTRAINTS,
    ),
    "issuer-for-other-uses": (
        lambda: (seal(bad := issuing(ROOT, "网站机构", extended=[ExtendedKeyUsageOID.SERVER_AUTH])), [bad]),
        CONSTRAINTS,
    ),
    "sha1": (lambda: (_sha1(), [ISSUING]), NO_CHAIN),
    "issuer-with-weak-key": (
        lambda: (seal(weak := make(Plan(name_of("弱"), rsa_key(1024), ROOT, authority=True))), [weak]),
        NO_CHAIN,
    ),
    "weak-key": (lambda: (seal(ISSUING, private=rsa_key(1024)), [ISSUING]), "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"),
    "key-of-a-kind-not-for-documents": (
        lambda: (seal(ISSUING, private=ed25519.Ed25519PrivateKey.generate()), [ISSUING]),
        "CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
    ),
    "curve-not-in-the-table": (
        lambda: (seal(ISSUING, private=ec.generate_private_key(ec.SECP521R1())), [ISSUING]),
        "CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
    ),
    "letters-that-look-alike": (lambda: (seal(_CYRILLIC), [_CYRILLIC]), NO_CHAIN),
}


def _sha1() -> Made:
    """The library signs with SHA-1 no more, so the identifiers are exchanged; nobody gets as far as the signature."""
    sha256, sha1 = bytes.fromhex("06082a8648ce3d040302"), bytes.fromhex("06072a8648ce3d0401")
    assert sha256 in SEAL.der
    tbs, identifier, signature = only(SEAL.der).of(SEQUENCE).items()
    weak = tlv(SEQUENCE, sha1)
    parts = [weak if part.encoded == identifier.encoded else part.encoded for part in tbs.items()]
    return _Raw(tlv(SEQUENCE, tlv(SEQUENCE, *parts), weak, signature.encoded))


def _tree(organisation: str) -> list[x509.GeneralName]:
    name = [x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation)]
    return [x509.DirectoryName(x509.Name(name))]


def _only(organisation: str) -> x509.NameConstraints:
    return x509.NameConstraints(_tree(organisation), None)


def _never(organisation: str) -> x509.NameConstraints:
    return x509.NameConstraints(None, _tree(organisation))


@pytest.mark.parametrize(("made", "sub_indication"), UNTRUSTED.values(), ids=UNTRUSTED)
async def test_a_certificate_with_one_flaw_is_not_good_and_says_which(
    made: Callable[[], tuple[Made, Sequence[Made]]], sub_indication: str
) -> None:
    leaf, others = made()
    found = await verdict(leaf, others, anchor=_LATIN if leaf.der == seal(_CYRILLIC).der else ROOT)
    forged_is_accepted("S-09", found.good)
    assert (found.good, found.sub_indication) == (False, sub_indication), found.fault
    assert found.assurance is None
    assert found.path == ()


async def test_twins_of_what_constrains() -> None:
    within = issuing(ROOT, "限名", more=[(_only("测试机构"), True)])
    assert (await verdict(seal(within), [within])).good
    excluding = issuing(ROOT, "禁名", more=[(_never("别处"), True)])
    assert (await verdict(seal(excluding), [excluding])).good
    high = issuing(ROOT, "上级", path_length=1)
    low = issuing(high, "下级", path_length=0)
    assert (await verdict(seal(low), [low, high])).good
    policy = ObjectIdentifier("1.3.6.1.4.1.55555.2")
    stated = (x509.CertificatePolicies([x509.PolicyInformation(policy, None)]), False)
    strict = issuing(ROOT, "须策略", more=[(x509.PolicyConstraints(0, None), True), stated])
    assert (await verdict(seal(strict, more=[stated]), [strict])).good
    assert (await verdict(seal(ISSUING, more=[(_STRANGE, False)]))).good
    narrow = issuing(ROOT, "公文机构", extended=[ObjectIdentifier("1.3.6.1.5.5.7.3.36")])
    assert (await verdict(seal(narrow), [narrow])).good
    assert (await verdict(seal(_LATIN), [], anchor=_LATIN)).good
    assert (await verdict(seal(ISSUING, private=rsa_key()))).good
    strong = make(Plan(name_of("强"), rsa_key(), ROOT, authority=True))
    assert (await verdict(seal(strong), [strong])).good
    assert (await verdict(seal(ISSUING, private=ec.generate_private_key(ec.SECP384R1()), digest=hashes.SHA256()))).good


CLIENT, SERVER, STAMP = (
    ExtendedKeyUsageOID.CLIENT_AUTH,
    ExtendedKeyUsageOID.SERVER_AUTH,
    ExtendedKeyUsageOID.TIME_STAMPING,
)
WRONG_USES: dict[str, tuple[Service, dict[str, object]]] = {
    "web-server-on-documents": (Service.DOCUMENTS, {"extended": [SERVER]}),
    "person-on-documents": (Service.DOCUMENTS, {"extended": [CLIENT]}),
    "no-extended-usage": (Service.DOCUMENTS, {"extended": []}),
    "any-extended-usage": (Service.DOCUMENTS, {"extended": [ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]}),
    "no-signing": (Service.DOCUMENTS, {"key_usage": ("key_encipherment",)}),
    "no-key-usage": (Service.DOCUMENTS, {"key_usage": ()}),
    "authority-on-documents": (Service.DOCUMENTS, {"authority": True, "key_usage": ("digital_signature",)}),
    "seal-at-log-in": (Service.LOGIN, {}),
    "web-server-at-log-in": (Service.LOGIN, {"extended": [SERVER], "key_usage": ("digital_signature",)}),
    "log-in-by-non-repudiation-only": (Service.LOGIN, {"extended": [CLIENT], "key_usage": ("content_commitment",)}),
    "seal-on-timestamps": (Service.TIMESTAMPS, {}),
    "stamp-not-critical": (Service.TIMESTAMPS, {"extended": [STAMP], "key_usage": ("digital_signature",)}),
    "stamp-and-more": (
        Service.TIMESTAMPS,
        {"extended": [STAMP, CLIENT], "extended_critical": True, "key_usage": ("digital_signature",)},
    ),
    "seal-as-responder": (Service.OCSP, {}),
    "seal-as-machine": (Service.MACHINES, {}),
}


@pytest.mark.parametrize(("service", "changes"), WRONG_USES.values(), ids=WRONG_USES)
async def test_a_certificate_for_something_else_is_not_good(service: Service, changes: dict[str, object]) -> None:
    found = await verdict(seal(ISSUING, **changes), service=service)
    forged_is_accepted("S-10", found.good)
    assert (found.good, found.sub_indication, found.fault and found.fault.reason) == (False, CONSTRAINTS, "wrong-use")


RIGHT_USES: dict[str, tuple[Service, dict[str, object]]] = {
    "documents": (Service.DOCUMENTS, {}),
    "documents-and-log-in": (Service.DOCUMENTS, {"extended": [CLIENT, ObjectIdentifier("1.3.6.1.5.5.7.3.36")]}),
    "documents-by-non-repudiation": (Service.DOCUMENTS, {"key_usage": ("content_commitment",)}),
    "log-in": (Service.LOGIN, {"extended": [CLIENT]}),
    "machine": (Service.MACHINES, {"extended": [CLIENT, SERVER]}),
    "stamp": (
        Service.TIMESTAMPS,
        {"extended": [STAMP], "extended_critical": True, "key_usage": ("digital_signature",)},
    ),
    "responder": (Service.OCSP, {"extended": [ExtendedKeyUsageOID.OCSP_SIGNING]}),
}


@pytest.mark.parametrize(("service", "changes"), RIGHT_USES.values(), ids=RIGHT_USES)
async def test_twin_a_certificate_for_this_is_good(service: Service, changes: dict[str, object]) -> None:
    found = await verdict(seal(ISSUING, **changes), service=service)
    genuine_is_refused("S-10", not found.good)
    assert found.good, found.fault


async def test_what_the_list_says_an_authority_may_do_binds_all_below_it() -> None:
    anchors = FixedAnchors(entry(ROOT, Service.LOGIN))
    clock = FakeClock(NOW)
    for_log_in = await Judge(anchors, None, clock).judge(person(ISSUING).der, [ISSUING.der], service=Service.LOGIN)
    for_documents = await Judge(anchors, None, clock).judge(SEAL.der, [ISSUING.der], service=Service.DOCUMENTS)
    assert for_log_in.good
    assert (for_documents.sub_indication, for_documents.fault and for_documents.fault.reason) == (
        NO_CHAIN,
        "not-for-this-use",
    )


async def test_further_usages_count_only_where_the_entry_says_so() -> None:
    mail = ExtendedKeyUsageOID.EMAIL_PROTECTION
    sealed = seal(ISSUING, extended=[mail])
    for also, good in ((frozenset(), False), (frozenset({mail.dotted_string}), True)):
        anchors = FixedAnchors(entry(ROOT, also_extended=also))
        found = await Judge(anchors, None, FakeClock(NOW)).judge(sealed.der, [ISSUING.der], service=Service.DOCUMENTS)
        assert found.good is good


HISTORY = (
    Period(Standing.GRANTED, NOW - 50 * DAY),
    Period(Standing.WITHDRAWN, NOW - 20 * DAY),
    Period(Standing.GRANTED, NOW - 10 * DAY),
)


@pytest.mark.parametrize(
    ("days_ago", "good"), [(60, False), (50, True), (30, True), (20, False), (15, False), (10, True), (0, True)]
)
async def test_a_withdrawn_authority_counts_for_signatures_proven_before(days_ago: int, good: bool) -> None:
    anchors = FixedAnchors(entry(ROOT, periods=HISTORY))
    at = NOW - days_ago * DAY
    found = await Judge(anchors, None, FakeClock(NOW)).judge(SEAL.der, [ISSUING.der], service=Service.DOCUMENTS, at=at)
    assert (found.good, found.sub_indication) == (good, None if good else "NO_CERTIFICATE_CHAIN_FOUND_NO_POE")


async def test_a_verdict_that_is_kept_ends_when_the_authority_is_withdrawn_or_the_certificate_ends() -> None:
    ends = NOW + dt.timedelta(hours=2)
    sealed = seal(ISSUING, "短", not_after=ends)
    withdrawn = (*GRANTED, Period(Standing.WITHDRAWN, NOW + dt.timedelta(hours=1)))
    clock = FakeClock(NOW)
    listed, always = (
        Judge(FixedAnchors(entry(ROOT, periods=periods)), None, clock) for periods in (withdrawn, GRANTED)
    )
    for minutes, by_list, by_time in ((0, True, True), (59, True, True), (60, False, True), (121, False, False)):
        clock.set(NOW + dt.timedelta(minutes=minutes))
        assert (await listed.judge(sealed.der, [ISSUING.der], service=Service.DOCUMENTS)).good is by_list
        assert (await always.judge(sealed.der, [ISSUING.der], service=Service.DOCUMENTS)).good is by_time


async def test_a_withdrawn_issuing_authority_is_not_saved_by_the_root_above_it() -> None:
    withdrawn = (*GRANTED, Period(Standing.WITHDRAWN, NOW - DAY))
    anchors = FixedAnchors(entry(ROOT), entry(ISSUING, periods=withdrawn))
    for at, good in ((NOW, False), (NOW - 2 * DAY, True)):
        found = await Judge(anchors, None, FakeClock(NOW)).judge(
            SEAL.der, [ISSUING.der], service=Service.DOCUMENTS, at=at
        )
        assert found.good is good
    cross = make(Plan(name_of("签发机构"), key("签发机构"), ROOT, authority=True))  # a new certificate, the same key
    found = await Judge(anchors, None, FakeClock(NOW)).judge(SEAL.der, [cross.der], service=Service.DOCUMENTS)
    assert not found.good


async def test_a_list_that_has_expired_says_nothing_any_more() -> None:
    anchors = FixedAnchors(entry(ROOT), until=NOW)
    clock = FakeClock(NOW)
    one = Judge(anchors, None, clock)
    assert (await one.judge(SEAL.der, [ISSUING.der], service=Service.DOCUMENTS)).good
    clock.advance(1)
    assert not (await one.judge(SEAL.der, [ISSUING.der], service=Service.DOCUMENTS)).good
    proven = await one.judge(SEAL.der, [ISSUING.der], service=Service.DOCUMENTS, at=NOW - DAY)
    assert proven.good, "what was proven while the list counted stays so"


async def test_the_algorithm_must_count_at_the_moment_that_is_proven() -> None:
    strong = make(Plan(name_of("强"), rsa_key(), ROOT, authority=True, not_after=NOW + 3000 * DAY))
    sealed = seal(strong, not_after=NOW + 3000 * DAY)
    long = root("省级根", not_after=NOW + 5000 * DAY)
    for at, good in ((dt.datetime(2030, 12, 31, tzinfo=dt.UTC), True), (dt.datetime(2031, 1, 1, tzinfo=dt.UTC), False)):
        found = await judge(long).judge(sealed.der, [strong.der], service=Service.DOCUMENTS, at=at)
        assert (found.good, found.sub_indication) == (good, None if good else "CRYPTO_CONSTRAINTS_FAILURE_NO_POE")


async def test_of_several_paths_one_that_holds_is_found() -> None:
    """A cross-certificate that has ended, one from a stranger, one without rights, and the good one, in any order."""
    subject, private = name_of("交叉机构"), key("交叉机构")
    ended = make(Plan(subject, private, ROOT, authority=True, not_after=NOW - DAY))
    foreign = make(Plan(subject, private, root("别的根"), authority=True))
    powerless = make(Plan(subject, private, ROOT, authority=False))
    good = make(Plan(subject, private, ROOT, authority=True))
    leaf = seal(good)
    crowd = [ended, foreign, powerless, good]
    for others in (crowd, crowd[::-1], crowd[2:] + crowd[:2]):
        found = await verdict(leaf, others)
        assert found.path == (leaf.der, good.der, ROOT.der)
    assert (await verdict(leaf, crowd[:3])).sub_indication == CONSTRAINTS, "the path that came furthest says why"


async def test_a_circle_of_authorities_ends() -> None:
    one = make(Plan(name_of("甲"), key("甲"), authority=True))
    two = make(Plan(name_of("乙"), key("乙"), one, authority=True))
    back = make(Plan(name_of("甲"), key("甲"), two, authority=True))
    assert (await verdict(seal(two), [one, two, back])).sub_indication == NO_CHAIN


def _counting(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    counted = [0]
    before = Search._issued

    def issued(self: Search, *pair: object) -> bool:
        left = self._signatures
        answer = before(self, *pair)  # type: ignore[arg-type]
        counted[0] += left - self._signatures
        return answer

    monkeypatch.setattr(Search, "_issued", issued)
    return counted


async def test_a_bag_full_of_tangled_authorities_costs_a_bounded_number_of_signatures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every authority of one layer has certified every one of the next: exponentially many paths, none to the root."""
    counted = _counting(monkeypatch)
    layers = [[key(f"{layer}-{index}") for index in range(3)] for layer in range(7)]
    bag = [
        make(Plan(name_of(f"层{layer}"), below, Made(_any_certificate(f"层{layer + 1}", above), above), authority=True))
        for layer in range(6)
        for below in layers[layer]
        for above in layers[layer + 1]
    ]
    leaf = make(Plan(name_of("某局"), key("某局"), Made(_any_certificate("层0", layers[0][0]), layers[0][0])))
    for others in (bag, bag[::-1], bag[::2]):
        assert not (await verdict(leaf, others)).good
        assert counted[0] <= MOST_SIGNATURES
        counted[0] = 0
    assert (await verdict(SEAL, [ISSUING, *bag])).good


def _any_certificate(name: str, private: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    return make(Plan(name_of(name), private, authority=True)).certificate


async def test_many_issuers_of_one_name_cost_a_bounded_number_of_signatures(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = _counting(monkeypatch)
    bag = [make(Plan(name_of("签发机构"), key(f"same {index}"), ROOT, authority=True)) for index in range(60)]
    assert not (await verdict(SEAL, bag)).good
    assert counted[0] <= MOST_SIGNATURES


async def test_an_entry_may_name_a_unit_itself() -> None:
    stamps = {"extended": [STAMP], "extended_critical": True, "key_usage": ("digital_signature",)}
    unit = seal(root("别的根"), "时间戳单元", **stamps)
    anchors = FixedAnchors(entry(unit, Service.TIMESTAMPS))
    one = Judge(anchors, None, FakeClock(NOW))
    assert (await one.judge(unit.der, service=Service.TIMESTAMPS)).path == (unit.der,)
    assert not (await one.judge(unit.der, service=Service.DOCUMENTS)).good
    below = seal(unit, "其下")
    assert not (await one.judge(below.der, [unit.der], service=Service.TIMESTAMPS)).good


async def test_policies_that_are_asked_for_must_hold() -> None:
    policy, other = "1.3.6.1.4.1.55555.2", "1.3.6.1.4.1.55555.3"
    stated = (x509.CertificatePolicies([x509.PolicyInformation(ObjectIdentifier(policy), None)]), False)
    by = issuing(ROOT, "有策略", more=[stated])
    leaf = seal(by, more=[stated])
    for wanted, good in ((None, True), ({policy}, True), ({policy, other}, True), ({other}, False), (set(), False)):
        found = await judge(ROOT).judge(
            leaf.der,
            [by.der],
            service=Service.DOCUMENTS,
            policies=None if wanted is None else frozenset(wanted),
        )
        assert found.good is good, wanted
