"""The contract of the stores in `idp.ports`, at three strengths."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Any

from core.text import Text
from idp.client_metadata import ApplicationType, ClientMetadata, DeliveryMode, SecurityProfile
from idp.model import (
    Account,
    AccountProfile,
    AccountStatus,
    Arrival,
    Client,
    ClientAuthMethod,
    ClientStatus,
    Confirmation,
    Consent,
    DeliveryHealth,
    DeliveryState,
    GrantType,
    LogoutDelivery,
    Notice,
    NoticeKind,
    Organisation,
    OrganisationStatus,
    Session,
    SessionClient,
    SessionKind,
    StaffRole,
    TokenFamily,
)
from keys.spec import SignatureAlgorithm
from tests.conformance.idp_stores_backends import IdpStoresHarness
from tests.support.clock import START

HOUR = dt.timedelta(hours=1)
LATER = START + HOUR
USCC = "11410199DEMA000011"
MANY = 20
ENDS: dict[str, Any] = {"expires_at": LATER, "ends_at": LATER}
STEP: dict[str, Any] = {"at": START, "expires_at": LATER, "retry_digest": None}


def account(name: str = "acc_1", **changes: Any) -> Account:
    made = Account(
        name,
        b"number-" + name.encode(),
        b"name",
        b"phone",
        "hash",
        2,
        AccountStatus.ACTIVE,
        START,
    )
    return dataclasses.replace(made, **changes)


def indexes(name: str = "acc_1", *, keys: str = "1", phone: bool = True) -> dict[str, list[bytes]]:
    """Blind indexes of a person's identifiers, one under each of the `keys`."""
    kinds = {"citizen-id": "n"} | ({"phone": "p"} if phone else {})
    return {kind: [f"{key}{mark}-{name}".encode() for key in keys] for kind, mark in kinds.items()}


def client(name: str = "portal", **changes: Any) -> Client:
    made = Client(
        id=name,
        name=Text("门户", "Portal"),
        redirect_uris=("https://a.test/cb", "https://a.test/cb?x=1"),
        post_logout_redirect_uris=("https://a.test/bye",),
        backchannel_logout_uri="https://a.test/notice",
        auth_method=ClientAuthMethod.POST,
        secret_digest="d" * 64,
        scopes=frozenset({"openid", "realname"}),
        grants=frozenset({GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN}),
        id_token_alg=SignatureAlgorithm.RS256,
        organisation=None,
        realname_approved=True,
        sector="a.test",
        status=ClientStatus.ACTIVE,
        created_at=START,
    )
    return dataclasses.replace(made, **changes)


def session(name: str = "ses_1", **changes: Any) -> Session:
    return dataclasses.replace(Session(name, f"cookie-{name}", "acc_1", START, START, LATER), **changes)


def family(name: str = "fam_1", **changes: Any) -> TokenFamily:
    made = TokenFamily(
        id=name,
        code_digest=f"code-{name}",
        session_id="ses_1",
        account_id="acc_1",
        client_id="portal",
        subject="sub",
        sid="sid",
        scopes=("openid", "realname"),
        userinfo_claims=("name",),
        auth_time=START,
        offline=False,
        created_at=START,
        expires_at=LATER,
    )
    return dataclasses.replace(made, **changes)


def delivery(name: str = "lgo_1", **changes: Any) -> LogoutDelivery:
    made = LogoutDelivery(name, "portal", "sid", "sub", DeliveryState.PENDING, 0, START, None, START)
    return dataclasses.replace(made, **changes)


async def written(harness: IdpStoresHarness, work: Callable[[Any], Awaitable[Any]]) -> Any:
    """One write transaction of its own."""
    async with harness.database.write() as tx:
        answer = await work(tx)
        await tx.commit()
    return answer


async def seeded(harness: IdpStoresHarness) -> None:
    """One person, one portal, one session, one redeemed family."""
    stores = harness.stores

    async def work(tx: Any) -> None:
        await stores.accounts.add(tx, account(), indexes())
        await stores.clients.add(tx, client())
        await stores.sessions.add(tx, session())
        await stores.tokens.add(tx, family(redeemed_at=START))

    await written(harness, work)


class IdpStoresBasic:
    """One caller at a time."""

    async def test_an_account_comes_back_as_it_went_in(self, harness: IdpStoresHarness) -> None:
        accounts, one = harness.stores.accounts, account()
        assert await written(harness, lambda tx: accounts.add(tx, one, indexes()))
        async with harness.database.read() as tx:
            assert await accounts.get(tx, one.id) == one
            for digests in indexes().values():
                assert await accounts.by_identifier(tx, digests) == one
                assert await accounts.by_identifier(tx, [b"another", *digests]) == one
            assert await accounts.get(tx, "acc_2") is None
            assert await accounts.by_identifier(tx, indexes("acc_2")["phone"]) is None

    async def test_number_and_phone_belong_to_one_account(self, harness: IdpStoresHarness) -> None:
        accounts, one = harness.stores.accounts, account()
        await written(harness, lambda tx: accounts.add(tx, one, indexes()))
        same_number = indexes("acc_2") | {"citizen-id": indexes()["citizen-id"]}
        same_phone = indexes("acc_3") | {"phone": indexes()["phone"]}
        for name, taken in (("acc_2", same_number), ("acc_3", same_phone)):
            assert not await written(harness, lambda tx, n=name, t=taken: accounts.add(tx, account(n), t))
            async with harness.database.read() as tx:
                assert await accounts.get(tx, name) is None
                assert await accounts.by_identifier(tx, [*indexes(name)["citizen-id"], *indexes(name)["phone"]]) is None
        for name in ("acc_4", "acc_5"):
            free = indexes(name, phone=False)
            made = account(name, phone=None)
            assert await written(harness, lambda tx, m=made, f=free: accounts.add(tx, m, f))

    async def test_while_index_keys_change_an_identifier_still_belongs_to_one(self, harness: IdpStoresHarness) -> None:
        """Writers who know other keys meet as long as they know one key in common."""
        accounts = harness.stores.accounts
        assert await written(harness, lambda tx: accounts.add(tx, account(), indexes(keys="12")))
        for name, keys in (("acc_2", "1"), ("acc_3", "2"), ("acc_4", "23"), ("acc_5", "321")):
            theirs = {kind: digests for kind, digests in indexes("acc_1", keys=keys).items() if kind == "citizen-id"}
            assert not await written(harness, lambda tx, n=name, t=theirs: accounts.add(tx, account(n), t))
        async with harness.database.read() as tx:
            for keys in ("1", "2", "32", "123"):
                found = await accounts.by_identifier(tx, indexes(keys=keys)["phone"])
                assert found is not None
                assert found.id == "acc_1"

    async def test_a_password_hash_is_renewed_only_while_it_is_the_one_that_was_read(
        self, harness: IdpStoresHarness
    ) -> None:
        accounts = harness.stores.accounts
        await written(harness, lambda tx: accounts.add(tx, account(), indexes()))
        for old, new, done in (("hash", "new", True), ("hash", "late", False), ("new", "newest", True)):
            assert (
                await written(harness, lambda tx, o=old, n=new: accounts.renew_password_hash(tx, "acc_1", old=o, new=n))
                is done
            )
        async with harness.database.read() as tx:
            found = await accounts.get(tx, "acc_1")
            assert found is not None
            assert found.password_hash == "newest"

    async def test_a_secrets_digest_is_renewed_only_while_it_is_the_one_that_was_read(
        self, harness: IdpStoresHarness
    ) -> None:
        clients = harness.stores.clients
        await written(harness, lambda tx: clients.add(tx, client()))
        for old, new, done in (("d" * 64, "new", True), ("d" * 64, "late", False)):
            assert (
                await written(harness, lambda tx, o=old, n=new: clients.renew_digest(tx, "portal", old=o, new=n))
                is done
            )
        async with harness.database.read() as tx:
            found = await clients.get(tx, "portal")
            assert found is not None
            assert found.secret_digest == "new"

    async def test_a_closed_account_stays_closed(self, harness: IdpStoresHarness) -> None:
        accounts = harness.stores.accounts
        await written(harness, lambda tx: accounts.add(tx, account(), indexes()))
        for status, done in (("frozen", True), ("active", True), ("closed", True), ("active", False)):
            wanted = AccountStatus(status)
            assert await written(harness, lambda tx, w=wanted: accounts.change_status(tx, "acc_1", w)) is done
        assert not await written(harness, lambda tx: accounts.change_status(tx, "acc_9", AccountStatus.FROZEN))

    async def test_all_families_of_an_account_are_revoked_and_no_others(self, harness: IdpStoresHarness) -> None:
        tokens = harness.stores.tokens
        await seeded(harness)

        async def work(tx: Any) -> int:
            await harness.stores.accounts.add(tx, account("acc_2"), indexes("acc_2"))
            await tokens.add(tx, family("fam_2", session_id="ses_gone", offline=True))
            await tokens.add(tx, family("fam_3", account_id="acc_2"))
            return int(await tokens.revoke_account(tx, "acc_1", at=START, reason="staff-left"))

        assert await written(harness, work) == 2
        async with harness.database.read() as tx:
            found = {name: await tokens.standing(tx, name) for name in ("fam_1", "fam_2", "fam_3")}
        ended = {name: one.family.revoked_for for name, one in found.items() if one is not None}
        assert ended == {"fam_1": "staff-left", "fam_2": "staff-left", "fam_3": None}

    async def test_roles_come_back_in_the_order_given(self, harness: IdpStoresHarness) -> None:
        stores = harness.stores
        organisation = Organisation(USCC, Text("局", "Bureau"), "government")
        limited = {"limits": {"licence_types": ["11100000000013338W001"]}, "until": START.date()}
        roles = [StaffRole("acc_1", USCC, "issuer"), StaffRole("acc_1", USCC, "clerk", **limited)]

        async def work(tx: Any) -> list[bool]:
            assert await stores.organisations.add(tx, organisation, START)
            assert not await stores.organisations.add(tx, organisation, START)
            await stores.accounts.add(tx, account(), indexes())
            times = [START, LATER, LATER]
            return [
                await stores.accounts.add_role(tx, role, at) for role, at in zip([*roles, roles[0]], times, strict=True)
            ]

        assert await written(harness, work) == [True, True, False]
        async with harness.database.read() as tx:
            assert list(await stores.accounts.roles(tx, "acc_1")) == roles
            assert await stores.organisations.get(tx, USCC) == organisation
        gone = OrganisationStatus.DISSOLVED
        assert await written(harness, lambda tx: stores.organisations.change_status(tx, USCC, gone))
        assert not await written(harness, lambda tx: stores.organisations.change_status(tx, USCC, gone))
        assert not await written(harness, lambda tx: stores.organisations.change_status(tx, "unknown", gone))
        async with harness.database.read() as tx:
            found = await stores.organisations.get(tx, USCC)
            assert found == dataclasses.replace(organisation, status=gone)
        assert await written(harness, lambda tx: stores.accounts.remove_role(tx, roles[0]))
        assert not await written(harness, lambda tx: stores.accounts.remove_role(tx, roles[0]))

    async def test_a_client_comes_back_as_it_went_in(self, harness: IdpStoresHarness) -> None:
        clients = harness.stores.clients
        public = client("app", secret_digest=None, backchannel_logout_uri=None, realname_approved=False)
        strict = client(
            "strict",
            secret_sealed=b"sealed",
            earlier_secret_digest="e" * 64,
            earlier_secret_sealed=b"sealed before",
            earlier_secret_ends_at=LATER,
            metadata=ClientMetadata(
                application_type=ApplicationType.NATIVE,
                response_types=frozenset({"code", "code id_token"}),
                profile=SecurityProfile.FAPI2,
                jwks={"keys": [{"kty": "EC", "x": "x"}]},
                request_uris=("https://portal.example.test/request#digest",),
                default_max_age=0,
                backchannel_token_delivery_mode=DeliveryMode.PING,
            ),
        )
        for one in (client(), public, strict):
            assert await written(harness, lambda tx, c=one: clients.add(tx, c))
            assert not await written(harness, lambda tx, c=one: clients.add(tx, c))
            async with harness.database.read() as tx:
                assert await clients.get(tx, one.id) == one
        assert await written(harness, lambda tx: clients.change_status(tx, "app", ClientStatus.DISABLED))
        async with harness.database.read() as tx:
            found = await clients.get(tx, "app")
        assert found is not None
        assert found.status is ClientStatus.DISABLED

    async def test_addresses_of_public_clients_are_those_of_active_ones(self, harness: IdpStoresHarness) -> None:
        clients = harness.stores.clients
        apps = [
            client(
                name, secret_digest=None, auth_method=ClientAuthMethod.NONE, redirect_uris=(f"https://{name}.test/",)
            )
            for name in ("app", "off")
        ]
        for one in (client(), *apps):
            await written(harness, lambda tx, c=one: clients.add(tx, c))
        await written(harness, lambda tx: clients.change_status(tx, "off", ClientStatus.DISABLED))
        async with harness.database.read() as tx:
            assert list(await clients.addresses_of_public(tx)) == [("https://app.test/",)]

    async def test_subjects_belong_to_a_sector(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        clients = harness.stores.clients
        for _ in range(2):
            await written(
                harness, lambda tx: clients.remember_subject(tx, subject="sub", sector="a.test", account_id="acc_1")
            )
        async with harness.database.read() as tx:
            assert await clients.account_of(tx, subject="sub", sector="a.test") == "acc_1"
            assert await clients.account_of(tx, subject="sub", sector="b.test") is None

    async def test_a_consent_is_replaced_and_withdrawn(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        consents = harness.stores.consents
        first = Consent("acc_1", "portal", frozenset({"realname"}), START, frozenset({"email", "phone"}))
        second = Consent("acc_1", "portal", frozenset({"realname", "offline_access"}), LATER)
        for one in (first, second):
            await written(harness, lambda tx, c=one: consents.remember(tx, c))
        async with harness.database.read() as tx:
            assert await consents.get(tx, account_id="acc_1", client_id="portal") == second
            assert list(await consents.of_account(tx, "acc_1")) == [second]
        for name, expected in (("portal", second), ("another", None)):
            held = await written(harness, lambda tx, n=name: consents.hold(tx, account_id="acc_1", client_id=n))
            assert held == expected
        assert await written(harness, lambda tx: consents.withdraw(tx, account_id="acc_1", client_id="portal"))
        assert not await written(harness, lambda tx: consents.withdraw(tx, account_id="acc_1", client_id="portal"))

    async def test_a_session_is_found_by_its_present_cookie_only(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        sessions = harness.stores.sessions
        renewed = session(
            cookie_digest="new",
            authenticated_at=LATER,
            seen_at=LATER,
            expires_at=LATER + HOUR,
            acr="urn:yizheng:loa:2",
            amr=("pwd", "otp"),
        )
        assert await written(harness, lambda tx: sessions.renew(tx, renewed, old_digest="cookie-ses_1"))
        assert not await written(harness, lambda tx: sessions.renew(tx, renewed, old_digest="cookie-ses_1"))
        async with harness.database.read() as tx:
            assert await sessions.by_cookie(tx, ["other", "new"]) == renewed
            assert await sessions.by_cookie(tx, ["cookie-ses_1"]) is None
            assert await sessions.get(tx, "ses_1") == renewed

    async def test_one_look_tells_whose_a_session_is_and_whether_a_portal_was_entered(
        self, harness: IdpStoresHarness
    ) -> None:
        await seeded(harness)
        stores, second = harness.stores, account("acc_2", status=AccountStatus.FROZEN)
        other = session("ses_2", account_id="acc_2")
        await written(harness, lambda tx: stores.accounts.add(tx, second, indexes("acc_2")))
        await written(harness, lambda tx: stores.sessions.add(tx, other))
        await written(harness, lambda tx: stores.clients.add(tx, client("quiet")))
        for name, sid in (("ses_1", "portal"), ("ses_2", "quiet")):
            entered = SessionClient(name, sid, f"sid-{name}", "sub", START)
            await written(harness, lambda tx, e=entered: stores.sessions.join(tx, e))
        async with harness.database.read() as tx:
            for one, whose, through in ((session(), account(), "portal"), (other, second, "quiet")):
                for client_id in ("portal", "quiet", ""):
                    found = await stores.sessions.arrival(tx, ["another", one.cookie_digest], client_id=client_id)
                    assert found == Arrival(one, whose, client_id == through)
            assert await stores.sessions.arrival(tx, ["another"], client_id="portal") is None
        device = session("ses_3", cookie_digest="none:device", kind=SessionKind.DEVICE)
        await written(harness, lambda tx: stores.sessions.add(tx, device))
        async with harness.database.read() as tx:
            assert await stores.sessions.arrival(tx, ["none:device"], client_id="portal") is None

    async def test_a_session_ends_once_and_is_never_renewed_after(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        sessions = harness.stores.sessions
        async with harness.database.read() as tx:
            assert [one.id for one in await sessions.live_of_account(tx, "acc_1", START)] == ["ses_1"]
        assert await written(harness, lambda tx: sessions.end(tx, "ses_1", START))
        assert not await written(harness, lambda tx: sessions.end(tx, "ses_1", LATER))
        renewed = session(cookie_digest="new")
        assert not await written(harness, lambda tx: sessions.renew(tx, renewed, old_digest="cookie-ses_1"))
        async with harness.database.read() as tx:
            ended = await sessions.get(tx, "ses_1")
            assert not await sessions.live_of_account(tx, "acc_1", START)
        assert ended is not None
        assert ended.ended_at == START

    async def test_a_session_without_a_cookie_is_found_by_none_and_can_be_prolonged(
        self, harness: IdpStoresHarness
    ) -> None:
        await seeded(harness)
        sessions, kinds = harness.stores.sessions, (SessionKind.DEVICE, SessionKind.DECOUPLED)
        later = LATER + HOUR
        for kind in kinds:
            made = session(f"ses_{kind}", cookie_digest=f"none:{kind}", kind=kind)
            await written(harness, lambda tx, m=made: sessions.add(tx, m))
            async with harness.database.read() as tx:
                assert await sessions.get(tx, made.id) == made
                assert await sessions.by_cookie(tx, [made.cookie_digest]) is None
            assert await written(harness, lambda tx, m=made: sessions.prolong(tx, m.id, until=later))
            async with harness.database.read() as tx:
                found = await sessions.get(tx, made.id)
                assert found == dataclasses.replace(made, expires_at=later)
            assert await written(harness, lambda tx, m=made: sessions.end(tx, m.id, START))
            assert not await written(harness, lambda tx, m=made: sessions.prolong(tx, m.id, until=later + HOUR))
        assert not await written(harness, lambda tx: sessions.prolong(tx, "ses_1", until=LATER + HOUR)), "a browser's"

    async def test_a_session_acts_for_an_organisation_until_it_ends(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        sessions = harness.stores.sessions
        made = session("ses_9", provider="province", user_agent="Browser", source="192.0.2.1", acting_for="aut_1")
        await written(harness, lambda tx: sessions.add(tx, made))
        async with harness.database.read() as tx:
            assert await sessions.get(tx, "ses_9") == made
        for authorisation in ("aut_2", None, "aut_3"):
            assert await written(harness, lambda tx, a=authorisation: sessions.act(tx, "ses_9", a))
            async with harness.database.read() as tx:
                assert await sessions.get(tx, "ses_9") == dataclasses.replace(made, acting_for=authorisation)
                found = await sessions.get(tx, "ses_1")
                assert found is not None
                assert found.acting_for is None
        assert await written(harness, lambda tx: sessions.end(tx, "ses_9", START))
        assert not await written(harness, lambda tx: sessions.act(tx, "ses_9", "aut_4"))

    async def test_visits_only_move_forward(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        sessions = harness.stores.sessions
        for at in (LATER, START):
            await written(harness, lambda tx, a=at: sessions.touch(tx, "ses_1", a))
        async with harness.database.read() as tx:
            found = await sessions.get(tx, "ses_1")
        assert found is not None
        assert found.seen_at == LATER

    async def test_portals_join_a_session_once(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        stores = harness.stores
        await written(harness, lambda tx: stores.clients.add(tx, client("quiet", backchannel_logout_uri=None)))
        entered = [SessionClient("ses_1", name, f"sid-{name}", "sub", START) for name in ("portal", "quiet")]
        for one in entered:
            assert await written(harness, lambda tx, e=one: stores.sessions.join(tx, e))
            assert not await written(harness, lambda tx, e=one: stores.sessions.join(tx, e))
        async with harness.database.read() as tx:
            assert list(await stores.sessions.clients(tx, "ses_1")) == entered
            assert list(await stores.sessions.to_notify(tx, "ses_1")) == entered[:1]
            assert await stores.sessions.by_sid(tx, client_id="portal", sid="sid-portal") == entered[0]
            assert await stores.sessions.by_sid(tx, client_id="quiet", sid="sid-portal") is None

    async def test_a_family_comes_back_as_it_went_in(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        tokens, one = harness.stores.tokens, family("fam_2", offline=True)
        bound = family(
            "fam_3",
            code_digest=None,
            origin=GrantType.DEVICE_CODE,
            acr="urn:yizheng:loa:2",
            amr=("pwd", "otp"),
            resources=("https://licences.example.test/",),
            authorization_details=({"type": "licence_copy", "actions": ["read"]},),
            confirmation=Confirmation("jkt", "thumbprint"),
            actor={"sub": "desk"},
        )
        await written(harness, lambda tx: tokens.add(tx, bound))
        async with harness.database.read() as tx:
            found = await tokens.standing(tx, "fam_3")
        assert found is not None
        assert found.family == bound
        await written(harness, lambda tx: tokens.add(tx, one))
        async with harness.database.read() as tx:
            assert await tokens.by_code(tx, ["code-fam_9", "code-fam_2"]) == one
            assert await tokens.by_code(tx, ["code-fam_9"]) is None
            standing = await tokens.standing(tx, "fam_2")
            assert await tokens.standing(tx, "fam_9") is None
        assert standing is not None
        assert (standing.family, standing.session_ended, standing.account_level) == (one, False, 2)

    async def test_a_code_is_redeemed_once(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        tokens = harness.stores.tokens
        await written(harness, lambda tx: tokens.add(tx, family("fam_2")))
        for done in (True, False):
            assert await written(harness, lambda tx: tokens.redeem(tx, "fam_2", at=START, **ENDS)) is done

    async def test_who_redeems_a_code_binds_its_family(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        tokens = harness.stores.tokens
        await written(harness, lambda tx: tokens.add(tx, family("fam_2")))
        for method, done in (("jkt", True), ("x5t#S256", False)):
            key = Confirmation(method, "thumbprint")  # type: ignore[arg-type]
            redeemed = await written(
                harness,
                lambda tx, key=key: tokens.redeem(tx, "fam_2", at=START, **ENDS, confirmation=key),
            )
            assert redeemed is done
        async with harness.database.read() as tx:
            standing = await tokens.standing(tx, "fam_2")
        assert standing is not None
        assert standing.family.confirmation == Confirmation("jkt", "thumbprint")

    async def test_the_newest_family_of_a_client_in_a_session(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        stores = harness.stores
        await written(harness, lambda tx: stores.clients.add(tx, client("other")))
        later = {"created_at": LATER, "redeemed_at": LATER}
        for one in (
            family("fam_2", **later),
            family("fam_3", **later | {"created_at": LATER + HOUR}, revoked_at=LATER, revoked_for="x"),
            family("fam_4", **later | {"created_at": LATER + HOUR, "redeemed_at": None}),
            family("fam_5", **later | {"created_at": LATER + HOUR}, client_id="other"),
            family("fam_6", **later | {"created_at": LATER + HOUR}, session_id="ses_2"),
        ):
            await written(harness, lambda tx, f=one: stores.tokens.add(tx, f))
        async with harness.database.read() as tx:
            found = await stores.tokens.newest(tx, session_id="ses_1", client_id="portal")
            assert found is not None
            assert found.family.id == "fam_2"
            assert await stores.tokens.newest(tx, session_id="ses_9", client_id="portal") is None

    async def test_rotation_steps_from_the_current_generation_only(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        tokens = harness.stores.tokens

        async def rotate(name: str, generation: int, at: dt.datetime = START) -> Any:
            return await written(
                harness,
                lambda tx: tokens.rotate(tx, name, generation=generation, at=at, expires_at=LATER, retry_digest="r"),
            )

        assert [await rotate("fam_1", number) for number in (1, 0, 0, 1, 3)] == [False, True, False, True, False]
        assert not await rotate("fam_1", 2, LATER), "expired"
        await written(harness, lambda tx: tokens.add(tx, family("fam_2")))
        assert not await rotate("fam_2", 0), "never redeemed"
        assert await written(harness, lambda tx: tokens.revoke(tx, "fam_1", at=START, reason="x"))
        assert not await rotate("fam_1", 2), "revoked"
        async with harness.database.read() as tx:
            standing = await tokens.standing(tx, "fam_1")
        assert standing is not None
        found = standing.family
        assert (found.generation, found.rotated_at, found.retry_digest) == (2, START, "r")

    async def test_a_use_without_a_step_is_noted_while_the_generation_is_current(
        self, harness: IdpStoresHarness
    ) -> None:
        await seeded(harness)
        tokens, until = harness.stores.tokens, LATER + HOUR

        async def use(generation: int, at: dt.datetime = START) -> Any:
            return await written(
                harness, lambda tx: tokens.use(tx, "fam_1", generation=generation, at=at, expires_at=until)
            )

        assert [await use(number) for number in (1, 0, 0)] == [False, True, True]
        async with harness.database.read() as tx:
            standing = await tokens.standing(tx, "fam_1")
        assert standing is not None
        assert (standing.family.generation, standing.family.rotated_at) == (0, START)
        assert standing.family.expires_at == until
        assert not await use(0, until), "expired"
        await written(harness, lambda tx: tokens.revoke(tx, "fam_1", at=START, reason="r"))
        assert not await use(0), "revoked"

    async def test_both_ends_are_set_when_tokens_are_handed_out(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        tokens = harness.stores.tokens
        await written(harness, lambda tx: tokens.add(tx, family("fam_2")))
        await written(harness, lambda tx: tokens.redeem(tx, "fam_2", at=START, expires_at=LATER, ends_at=LATER + HOUR))
        await written(
            harness,
            lambda tx: tokens.rotate(tx, "fam_2", generation=0, at=START, expires_at=LATER + HOUR, retry_digest=None),
        )
        async with harness.database.read() as tx:
            standing = await tokens.standing(tx, "fam_2")
        assert standing is not None
        assert (standing.family.expires_at, standing.family.ends_at) == (LATER + HOUR, LATER + HOUR)

    async def test_a_profile_that_was_stated_anew_meanwhile_is_not_overwritten(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        profiles = harness.stores.profiles
        stated = AccountProfile("acc_1", b"first", START)
        await written(harness, lambda tx: profiles.put(tx, stated))
        for content, since, done in ((b"second", START, True), (b"late", START, False), (b"third", LATER, True)):
            new = AccountProfile("acc_1", content, LATER)
            assert await written(harness, lambda tx, n=new, s=since: profiles.replace(tx, n, since=s)) is done
        none = AccountProfile("acc_2", b"nobody's", LATER)
        assert not await written(harness, lambda tx: profiles.replace(tx, none, since=START))
        async with harness.database.read() as tx:
            assert await profiles.get(tx, "acc_1") == AccountProfile("acc_1", b"third", LATER)

    async def test_a_profile_is_replaced(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        profiles = harness.stores.profiles
        for content in (b"first", b"second"):
            one = AccountProfile("acc_1", content, START)
            await written(harness, lambda tx, p=one: profiles.put(tx, p))
            async with harness.database.read() as tx:
                assert await profiles.get(tx, "acc_1") == one
                assert await profiles.get(tx, "acc_2") is None

    async def test_notices_are_their_own_persons_and_put_away_once(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        notices = harness.stores.notices
        told = [
            Notice(f"ntc_{number}", "acc_1", NoticeKind.REFRESH_REUSED, "portal", START + number * HOUR)
            for number in range(2)
        ]
        told.append(Notice("ntc_2", "acc_1", NoticeKind.REFRESH_REUSED, None, START + 2 * HOUR, detail={"what": "it"}))

        async def work(tx: Any) -> list[bool]:
            for one in told:
                await notices.add(tx, one)
            others = await notices.see(tx, "ntc_1", account_id="acc_2", at=LATER)
            return [others, *[await notices.see(tx, "ntc_1", account_id="acc_1", at=LATER) for _ in range(2)]]

        assert await written(harness, work) == [False, True, False]
        async with harness.database.read() as tx:
            assert list(await notices.unseen(tx, "acc_1", 9)) == [told[2], told[0]]
            assert list(await notices.unseen(tx, "acc_1", 1)) == [told[2]]
            assert not await notices.unseen(tx, "acc_2", 9)
        assert await written(harness, lambda tx: notices.delete_before(tx, START + HOUR)) == 1

    async def test_revocation_keeps_the_first_reason(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        tokens = harness.stores.tokens
        for reason, done in (("first", True), ("second", False)):
            assert await written(harness, lambda tx, r=reason: tokens.revoke(tx, "fam_1", at=START, reason=r)) is done
        async with harness.database.read() as tx:
            standing = await tokens.standing(tx, "fam_1")
        assert standing is not None
        assert standing.family.revoked_for == "first"
        assert not standing.alive(START)

    async def test_revocation_by_session_and_by_portal_spares_the_rest(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        stores, tokens = harness.stores, harness.stores.tokens

        async def more(tx: Any) -> None:
            await stores.clients.add(tx, client("other"))
            await tokens.add(tx, family("fam_2", client_id="other"))
            await tokens.add(tx, family("fam_3", session_id="ses_9", offline=True))

        await written(harness, more)
        between = {"account_id": "acc_1", "client_id": "other", "at": START, "reason": "consent"}
        assert await written(harness, lambda tx: tokens.revoke_between(tx, **between)) == 1
        assert await written(harness, lambda tx: tokens.revoke_session(tx, "ses_1", at=START, reason="out")) == 1
        async with harness.database.read() as tx:
            standings = [await tokens.standing(tx, name) for name in ("fam_1", "fam_2", "fam_3")]
        assert [s.family.revoked_for for s in standings if s] == ["out", "consent", None]

    async def test_everything_that_can_end_a_token_shows_in_its_standing(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        stores, tokens = harness.stores, harness.stores.tokens

        async def alive(token_id: str | None = None) -> bool:
            async with harness.database.read() as tx:
                standing = await tokens.standing(tx, "fam_1", token_id=token_id)
            assert standing is not None
            return standing.alive(START)

        assert await alive("jti-1")
        await written(harness, lambda tx: tokens.revoke_token(tx, "jti-1", expires_at=LATER))
        await written(harness, lambda tx: tokens.revoke_token(tx, "jti-1", expires_at=LATER))
        assert not await alive("jti-1")
        assert await alive("jti-2")
        async with harness.database.read() as tx:
            assert await tokens.is_token_revoked(tx, "jti-1")
            assert not await tokens.is_token_revoked(tx, "jti-2")
        await written(harness, lambda tx: stores.accounts.change_status(tx, "acc_1", AccountStatus.FROZEN))
        assert not await alive()
        await written(harness, lambda tx: stores.accounts.change_status(tx, "acc_1", AccountStatus.ACTIVE))
        assert await alive()
        await written(harness, lambda tx: stores.sessions.end(tx, "ses_1", START))
        assert not await alive()

    async def test_sweeping_takes_what_has_expired_and_nothing_else(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        stores = harness.stores

        async def more(tx: Any) -> None:
            lasting = family("fam_2", offline=True, expires_at=LATER + HOUR)
            await stores.tokens.add(tx, lasting)
            await stores.sessions.join(tx, SessionClient("ses_1", "portal", "sid", "sub", START))
            await stores.tokens.revoke_token(tx, "jti-1", expires_at=LATER)

        await written(harness, more)
        assert await written(harness, lambda tx: stores.tokens.delete_expired(tx, LATER)) == 0
        assert await written(harness, lambda tx: stores.tokens.delete_expired(tx, LATER + HOUR / 2)) == 2
        assert await written(harness, lambda tx: stores.sessions.delete_expired(tx, LATER)) == 0
        assert await written(harness, lambda tx: stores.sessions.delete_expired(tx, LATER + HOUR / 2)) == 1
        async with harness.database.read() as tx:
            assert await stores.tokens.standing(tx, "fam_1") is None
            standing = await stores.tokens.standing(tx, "fam_2")
        assert standing is not None
        assert standing.alive(LATER), "an offline family outlives its session's expiry"

    async def test_the_health_of_a_portal_and_another_try(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        deliveries = harness.stores.deliveries
        fates = [
            (DeliveryState.DELIVERED, 1, 1, "delivered"),
            (DeliveryState.GIVEN_UP, 8, 2, "status-500"),
            (DeliveryState.PENDING, 2, 3, "timeout"),
        ]
        rows = [
            delivery(
                f"lgo_{hours}", state=state, attempts=attempts, tried_at=START + hours * HOUR, last_result=result,
                finished_at=None if state is DeliveryState.PENDING else START + hours * HOUR,
            )
            for state, attempts, hours, result in fates
        ]  # fmt: skip
        await written(harness, lambda tx: deliveries.add(tx, [*rows, delivery("lgo_new")]))
        async with harness.database.read() as tx:
            health = await deliveries.health(tx, "portal", since=START)
            assert health == DeliveryHealth(2, 1, 1, 10, START + HOUR, "timeout")
            assert (await deliveries.health(tx, "portal", since=LATER)).pending == 0
            assert await deliveries.health(tx, "another", since=START) == DeliveryHealth()
            for hours, failures, found in ((2, 2, {"portal"}), (2, 3, set()), (1, 2, set())):
                since = START + hours * HOUR
                assert await deliveries.failing(tx, ["portal", "x"], since=since, failures=failures) == found
        again = [("lgo_2", "another"), ("lgo_1", "portal"), ("lgo_2", "portal"), ("lgo_2", "portal")]
        done = [
            await written(harness, lambda tx, d=one, c=of: deliveries.try_again(tx, d, client_id=c, at=LATER))
            for one, of in again
        ]
        assert done == [False, False, True, False]
        async with harness.database.read() as tx:
            assert "lgo_2" in [one.id for one in await deliveries.due(tx, LATER, 9)]

    async def test_deliveries_are_due_claimed_and_finished(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        deliveries = harness.stores.deliveries
        first, second = delivery("lgo_1"), delivery("lgo_2", due_at=LATER)
        await written(harness, lambda tx: deliveries.add(tx, [first, second]))
        await written(harness, lambda tx: deliveries.add(tx, []))
        async with harness.database.read() as tx:
            assert list(await deliveries.due(tx, START, 10)) == [first]
            assert list(await deliveries.due(tx, LATER, 1)) == [first]
        assert await written(harness, lambda tx: deliveries.claim(tx, first, until=LATER))
        assert not await written(harness, lambda tx: deliveries.claim(tx, first, until=LATER))
        async with harness.database.read() as tx:
            assert not await deliveries.due(tx, START, 10), "in somebody's hands"
        done = dataclasses.replace(
            first, attempts=1, state=DeliveryState.DELIVERED, last_result="delivered", finished_at=LATER
        )
        await written(harness, lambda tx: deliveries.finish(tx, done))
        async with harness.database.read() as tx:
            assert [one.id for one in await deliveries.due(tx, LATER, 10)] == ["lgo_2"]
            assert done in await deliveries.of_client(tx, "portal", 10)
            assert [one.id for one in await deliveries.of_client(tx, "portal", 1)] == ["lgo_2"]
            assert list(await deliveries.of_client(tx, "portal", 9, before=(START, "lgo_2"))) == [done]
            assert not await deliveries.of_client(tx, "portal", 9, before=(START, "lgo_1"))
        assert await written(harness, lambda tx: deliveries.delete_finished(tx, LATER)) == 1


class IdpStoresTransaction:
    """Two units of work: what is not committed never was; of two that decide one thing, one loses."""

    async def test_a_rotation_that_is_not_committed_did_not_happen(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        tokens = harness.stores.tokens
        async with harness.database.write() as tx:
            assert await tokens.rotate(tx, "fam_1", generation=0, **STEP)
        assert await written(harness, lambda tx: tokens.rotate(tx, "fam_1", generation=0, **STEP))

    async def test_the_second_of_two_open_rotations_loses(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        tokens = harness.stores.tokens
        first_is_in = asyncio.Event()

        async def first() -> bool:
            async with harness.database.write() as tx:
                done = await tokens.rotate(tx, "fam_1", generation=0, **STEP)
                first_is_in.set()
                await asyncio.sleep(0.05)
                await tx.commit()
            return done

        async def second() -> bool:
            await first_is_in.wait()
            async with harness.database.write() as tx:
                done = await tokens.rotate(tx, "fam_1", generation=0, **STEP)
                await tx.commit()
            return done

        assert await asyncio.gather(first(), second()) == [True, False]

    async def test_a_session_ended_in_one_unit_is_not_renewed_in_another(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        sessions = harness.stores.sessions
        ending_is_in = asyncio.Event()

        async def end() -> bool:
            async with harness.database.write() as tx:
                done = await sessions.end(tx, "ses_1", START)
                ending_is_in.set()
                await asyncio.sleep(0.05)
                await tx.commit()
            return done

        async def renew() -> bool:
            await ending_is_in.wait()
            return bool(
                await written(
                    harness,
                    lambda tx: sessions.renew(tx, session(cookie_digest="new"), old_digest="cookie-ses_1"),
                )
            )

        assert await asyncio.gather(end(), renew()) == [True, False]


class IdpStoresContention:
    """Many at once, each call slow: exactly one wins."""

    async def _winners(self, harness: IdpStoresHarness, work: Callable[[Any, Any], Awaitable[bool]]) -> int:
        await seeded(harness)
        slow = harness.slow
        answers = await asyncio.gather(*(written(harness, lambda tx: work(slow, tx)) for _ in range(MANY)))
        return sum(answers)

    async def test_one_rotates(self, harness: IdpStoresHarness) -> None:
        async def work(stores: Any, tx: Any) -> bool:
            return bool(await stores.tokens.rotate(tx, "fam_1", generation=0, **STEP))

        assert await self._winners(harness, work) == 1

    async def test_one_redeems(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        await written(harness, lambda tx: harness.stores.tokens.add(tx, family("fam_2")))
        slow = harness.slow

        async def redeem() -> bool:
            return bool(await written(harness, lambda tx: slow.tokens.redeem(tx, "fam_2", at=START, **ENDS)))

        assert sum(await asyncio.gather(*(redeem() for _ in range(MANY)))) == 1

    async def test_one_revokes(self, harness: IdpStoresHarness) -> None:
        async def work(stores: Any, tx: Any) -> bool:
            return bool(await stores.tokens.revoke(tx, "fam_1", at=START, reason="x"))

        assert await self._winners(harness, work) == 1

    async def test_one_ends_the_session(self, harness: IdpStoresHarness) -> None:
        async def work(stores: Any, tx: Any) -> bool:
            return bool(await stores.sessions.end(tx, "ses_1", START))

        assert await self._winners(harness, work) == 1

    async def test_one_joins(self, harness: IdpStoresHarness) -> None:
        async def work(stores: Any, tx: Any) -> bool:
            return bool(await stores.sessions.join(tx, SessionClient("ses_1", "portal", "sid", "sub", START)))

        assert await self._winners(harness, work) == 1

    async def test_one_claims_a_delivery(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        slow, one = harness.slow, delivery()
        await written(harness, lambda tx: harness.stores.deliveries.add(tx, [one]))

        async def claim() -> bool:
            return bool(await written(harness, lambda tx: slow.deliveries.claim(tx, one, until=LATER)))

        assert sum(await asyncio.gather(*(claim() for _ in range(MANY)))) == 1

    async def test_one_opens_the_account(self, harness: IdpStoresHarness) -> None:
        slow = harness.slow
        keys = ("12", "21", "1")  # some have heard of the next index key, some have not

        async def open_one(number: int) -> bool:
            made, same = account(f"acc_{number}"), indexes("same", keys=keys[number % 3], phone=False)
            return bool(await written(harness, lambda tx: slow.accounts.add(tx, made, same)))

        assert sum(await asyncio.gather(*(open_one(number) for number in range(MANY)))) == 1
