"""Which upstream providers the demo city has, and who has an account there (data only)."""

from __future__ import annotations

from dataclasses import dataclass

from api.demo import city
from api.demo.upstream.provider import RegisteredClient, StandInPerson
from core.text import Text
from idp.levels import TWO_FACTORS
from idp.upstream.description import ProviderDescription
from idp.upstream.model import ClaimMapping, TrustClass, UpstreamAuthMethod

REALNAME_MAPPING = ClaimMapping(
    id_number="/identity/card_number",
    name="/identity/real_name",
    level="/identity/level",
    levels={"L1": 1, "L2": 2, "L3": 3},
    acrs={"urn:example:province:two-factors": TWO_FACTORS},
)


@dataclass(frozen=True, slots=True)
class DemoProvider:
    """A stand-in, and how the demo city registers it."""

    key: str
    name: Text
    trust: TrustClass
    people: tuple[StandInPerson, ...]
    secret: str
    client_id: str = "example-city"

    def issuer(self, base: str) -> str:
        return f"{base}/demo/upstream/{self.key}"

    def client(self, base: str) -> RegisteredClient:
        """What the city gave the provider's operator."""
        ours = f"{base}/upstream/{self.key}"
        return RegisteredClient(
            client_id=self.client_id,
            secret=self.secret,
            redirect_uri=f"{ours}/callback",
            backchannel_logout_uri=f"{ours}/backchannel-logout",
            frontchannel_logout_uri=f"{ours}/frontchannel-logout",
            post_logout_redirect_uri=f"{ours}/logged-out",
        )

    def described(self, base: str) -> ProviderDescription:
        """What the city's security administrator writes about it."""
        realname = self.trust is TrustClass.REALNAME
        return ProviderDescription(
            id=self.key,
            name=self.name,
            issuer=self.issuer(base),
            client_id=self.client_id,
            auth_method=UpstreamAuthMethod.BASIC,
            client_secret=self.secret,
            trust=self.trust,
            scopes=("openid", "identity") if realname else ("openid",),
            mapping=REALNAME_MAPPING if realname else ClaimMapping(),
            userinfo=realname,
            hinting_clients=(city.ZWFW.id,) if realname else (),
        )


def _person(key: str, name: str, number: str, does: Text, level: str = "L3") -> StandInPerson:
    claims = {"identity": {"card_number": number, "real_name": name, "level": level}}
    return StandInPerson(key, name, does, claims)


NEWCOMER = _person("zhou", "周予安", "410199199502180019", Text("还没有一证账号", "has no account here yet"), "L2")
UNPROVED = _person(
    "qian", "钱未名", "410199200003150021", Text("在那里没有实名认证", "not proved at the province"), "L1"
)
PROVINCE = DemoProvider(
    "province",
    Text("示例省统一身份认证", "Example Province ID"),
    TrustClass.REALNAME,
    (
        _person("lin", city.LIN.name, city.LIN.id_number, Text("在本市已有账号", "has an account in the city")),
        NEWCOMER,
        UNPROVED,
    ),
    "demo-secret-of-the-city-at-the-province-not-for-production",
)
UNIVERSITY = DemoProvider(
    "university",
    Text("示例大学统一认证", "Example University"),
    TrustClass.LINKED,
    (
        StandInPerson("s2026001", "学号 s2026001", Text("学生", "student"), {}),
        StandInPerson("t1987042", "工号 t1987042", Text("教师", "teacher"), {}),
    ),
    "demo-secret-of-the-city-at-the-university-not-for-production",
)
PROVIDERS = (PROVINCE, UNIVERSITY)
