"""Who and what is in the demo city (data only).

Place code 410199 is unassigned; the ID numbers pass length, date and check character and belong to nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.text import Text

PASSWORD = "yizheng-demo-2026"  # noqa: S105 - published on purpose; production mode refuses demo data


@dataclass(frozen=True, slots=True)
class Department:
    """An organisation of the city."""

    code: str
    name: Text
    seal_line: str | None = None  # None: has no seal
    seal_code: str = ""
    below: str | None = None  # code of the department above it


DATA_BUREAU = Department("11410199DEMA00001W", Text("示例市政务数据局", "Example City Data Bureau"))
POLICE = Department(
    "11410199DEMA00011X", Text("示例市公安局", "Example City Police Bureau"), "演示专用", "4101990000011"
)
HOUSING = Department(
    "11410199DEMA00025B", Text("示例市住房保障局", "Example City Housing Bureau"), "演示专用", "4101990000017"
)
HRSS = Department(
    "11410199DEMA000336",
    Text("示例市人力资源和社会保障局", "Example City Human Resources and Social Security Bureau"),
    "演示专用",
    "4101990000025",
)
COUNTER_SECTION = Department(
    "11410199DEMA000411",
    Text("示例市住房保障局窗口服务科", "Counter Section, Example City Housing Bureau"),
    below=HOUSING.code,
)
DEPARTMENTS = (DATA_BUREAU, POLICE, HOUSING, HRSS, COUNTER_SECTION)


CITIZEN = Text("市民", "citizen")


@dataclass(frozen=True, slots=True)
class Person:
    """An inhabitant; `works_at` and `roles` make a member of staff; `level` is how far they are proved."""

    key: str
    id_number: str
    name: str
    phone: str
    email: str
    street: str
    works_at: Department | None = None
    roles: tuple[str, ...] = ()
    does: Text = CITIZEN
    level: int = 3


LIN = Person("lin", "410199198802291031", "林知远", "13900000001", "lin@citizen.invalid", "演示路 18 号 6 幢")
ZHAO = Person("zhao", "410199199607152049", "赵映雪", "13900000002", "zhao@citizen.invalid", "演示路 22 号 1 幢")
SONG = Person(
    "song",
    "410199200104182049",
    "宋时雨",
    "13900000009",
    "song@citizen.invalid",
    "槐树巷 7 号",
    does=Text("市民，刚注册，还没有实名", "citizen, just registered, not proved yet"),
    level=0,
)
CHEN = Person(
    "chen",
    "410199199111204060",
    "陈素",
    "13900000003",
    "chen@citizen.invalid",
    "松风巷 3 号",
    HOUSING,
    ("clerk", "window-clerk"),
    Text("住房保障局窗口人员", "clerk, Housing Bureau"),
)
XU = Person(
    "xu",
    "410199197903113053",
    "许文澜",
    "13900000004",
    "xu@citizen.invalid",
    "松风巷 9 号",
    POLICE,
    ("issuer", "seal-user"),
    Text("公安局发证人员", "issuer, Police Bureau"),
)
QIN = Person(
    "qin",
    "410199198609143037",
    "秦牧之",
    "13900000020",
    "qin@citizen.invalid",
    "松风巷 12 号",
    POLICE,
    ("issuer",),
    Text(
        "公安局另一位发证人员，同意或回绝同事提出的吊销、撤销",
        "second issuer, Police Bureau: decides what a colleague proposes",
    ),
)
HE = Person(
    "he",
    "410199198505085012",
    "何向川",
    "13900000005",
    "he@citizen.invalid",
    "石桥街 41 号",
    HOUSING,
    ("issuer", "seal-user", "window-clerk"),
    Text("住房保障局发证和用印人员", "issuer and seal user, Housing Bureau"),
)
HENG = Person(
    "heng",
    "410199198106171079",
    "许衡",
    "13900000006",
    "heng@citizen.invalid",
    "石桥街 57 号",
    DATA_BUREAU,
    ("system-administrator",),
    Text("系统管理员", "system administrator"),
)
SHEN = Person(
    "shen",
    "41019919840923206X",
    "沈砚",
    "13900000007",
    "shen@citizen.invalid",
    "石桥街 60 号",
    DATA_BUREAU,
    ("security-administrator",),
    Text("安全管理员", "security administrator"),
)
GU = Person(
    "gu",
    "410199197506163014",
    "顾明达",
    "13900000019",
    "gu@citizen.invalid",
    "演示路 88 号",
    does=Text("示例建材有限公司法定代表人", "legal representative, Example Building Materials"),
)
YAN = Person(
    "yan",
    "410199198703182040",
    "严叙",
    "13900000008",
    "yan@citizen.invalid",
    "石桥街 66 号",
    DATA_BUREAU,
    ("audit-administrator",),
    Text("审计管理员", "audit administrator"),
)
JIANG = Person(
    "jiang",
    "410199198304123027",
    "江予晴",
    "13900000021",
    "jiang@citizen.invalid",
    "石桥街 43 号",
    HOUSING,
    ("seal-custodian",),
    Text("住房保障局印章保管人", "seal custodian, Housing Bureau"),
)
TAN = Person(
    "tan",
    "410199198711193057",
    "谭景行",
    "13900000022",
    "tan@citizen.invalid",
    "石桥街 45 号",
    HOUSING,
    ("seal-reviewer",),
    Text("住房保障局印章审批人：审核制章、批准用印", "seal reviewer, Housing Bureau: reviews seals and their use"),
)
PEOPLE = (LIN, ZHAO, SONG, CHEN, XU, QIN, HE, HENG, SHEN, YAN, GU, JIANG, TAN)


@dataclass(frozen=True, slots=True)
class Company:
    """A legal person that is no office; the register of organisations knows who represents it."""

    code: str
    name: Text
    representative: Person


BUILDERS = Company("91410199DEMA000442", Text("示例建材有限公司", "Example Building Materials Ltd"), GU)
COMPANIES = (BUILDERS,)


@dataclass(frozen=True, slots=True)
class Client:
    """A portal (with a path under the demo portals), a department's own system, or what waits in its halls."""

    id: str
    name: Text
    organisation: Department
    scopes: tuple[str, ...]
    secret: str
    portal: str | None = None
    realname: bool = False
    waits: str | None = None  # for people to agree elsewhere: "device" (a kiosk, without a secret) or "counter"


ZWFW = Client(
    "portal-zwfw",
    Text("示例市政务服务网", "Example City Government Services"),
    DATA_BUREAU,
    ("openid", "realname", "organisation", "offline_access", "licence:read", "licence:verify"),
    "demo-secret-of-portal-zwfw-not-for-production",
    "zwfw",
    realname=True,
)
HOUSING_PORTAL = Client(
    "portal-housing",
    Text("示例市住房保障平台", "Example City Housing Platform"),
    HOUSING,
    ("openid", "offline_access", "licence:read", "licence:verify"),
    "demo-secret-of-portal-housing-not-for-production",
    "housing",
)
POLICE_SYSTEM = Client(
    "system-police",
    Text("示例市公安局发证系统", "Police Bureau licensing system"),
    POLICE,
    ("licence:issue", "licence:read", "seal:sign"),
    "demo-secret-of-system-police-not-for-production",
)
HOUSING_SYSTEM = Client(
    "system-housing",
    Text("示例市住房保障局业务系统", "Housing Bureau system"),
    HOUSING,
    ("licence:issue", "licence:read", "seal:sign", "seal:digest", "service"),
    "demo-secret-of-system-housing-not-for-production",
)
HRSS_SYSTEM = Client(
    "system-hrss",
    Text("示例市人社局业务系统", "Social Security Bureau system"),
    HRSS,
    ("licence:issue", "licence:read", "seal:sign"),
    "demo-secret-of-system-hrss-not-for-production",
)
KIOSK = Client(
    "kiosk-hall",
    Text("政务服务大厅自助终端", "Kiosk in the service hall"),
    DATA_BUREAU,
    ("openid", "phone"),
    "",
    waits="device",
)
COUNTER = Client(
    "counter-housing",
    Text("住房保障 3 号窗口", "Housing counter 3"),
    HOUSING,
    ("openid", "realname"),
    "demo-secret-of-counter-housing-not-for-production",
    realname=True,
    waits="counter",
)
CLIENTS = (ZWFW, HOUSING_PORTAL, POLICE_SYSTEM, HOUSING_SYSTEM, HRSS_SYSTEM, KIOSK, COUNTER)
