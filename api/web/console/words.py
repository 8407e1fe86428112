"""What roles, functions, methods and security events are called for people who are no engineers."""

from __future__ import annotations

from collections.abc import Mapping

from api.web.views.common import Mark
from core.text import Text
from idp.levels import BOUND_KEY, TWO_FACTORS
from idp.login.proofs import Method
from idp.model import ONE_FACTOR, AccountStatus
from idp.persons.model import FreezeReason
from idp.security_events.model import SecurityEventKind as Kind
from idp.security_events.model import Severity

ROLES: Mapping[str, Text] = {
    "clerk": Text("窗口人员", "Clerk"),
    "issuer": Text("发证人员", "Issuer"),
    "seal-user": Text("用印人员", "Seal user"),
    "seal-digest-user": Text("摘要盖章人员", "Digest seal user"),
    "seal-custodian": Text("印章保管人", "Seal custodian"),
    "seal-reviewer": Text("印章审批人", "Seal reviewer"),
    "window-clerk": Text("实名核验窗口人员", "Identity window clerk"),
    "auditor": Text("审计人员", "Auditor"),
    "portal-manager": Text("门户管理员", "Portal manager"),
    "department-manager": Text("机构人事管理员", "Department manager"),
    "system-administrator": Text("系统管理员", "System administrator"),
    "security-administrator": Text("安全管理员", "Security administrator"),
    "audit-administrator": Text("审计管理员", "Audit administrator"),
}

FUNCTIONS: Mapping[str, Text] = {
    "licence:read": Text("查证照", "look licences up"),
    "licence:issue": Text("发证照", "issue licences"),
    "licence:verify": Text("验证照", "verify licences"),
    "identity:prove": Text("窗口核验身份", "prove identities at a window"),
    "seal:sign": Text("盖章", "use the seal"),
    "seal:digest": Text("只送摘要盖章", "seal digests of documents that stay outside"),
    "service": Text("在签名软件里看印章", "see seals in signing software"),
    "credential": Text("在签名软件里盖章", "seal in signing software"),
    "seal:manage": Text("管印章", "manage the seal"),
    "seal:approve": Text("审批印章和用印", "review seals and their use"),
}

ACCOUNTS: Mapping[AccountStatus, Mark] = {
    AccountStatus.ACTIVE: Mark("good", "check", Text("正常", "active")),
    AccountStatus.FROZEN: Mark("warn", "lock", Text("已冻结", "frozen")),
    AccountStatus.CLOSED: Mark("", "no", Text("已注销", "closed")),
}

FREEZE_REASONS: Mapping[FreezeReason, Text] = {
    FreezeReason.MISUSE: Text("疑似冒用或滥用", "Misuse is suspected"),
    FreezeReason.OWN_WISH: Text("本人要求", "The person asked for it"),
    FreezeReason.ORDER: Text("法院或机关的决定", "An order of a court or an authority"),
    FreezeReason.DEATH_REPORTED: Text("有死亡登记", "A death was reported"),
}

STRENGTHS: Mapping[str, Text] = {
    ONE_FACTOR: Text("一种方式", "One factor"),
    TWO_FACTORS: Text("两种方式", "Two factors"),
    BOUND_KEY: Text("绑定在设备里的密钥", "A key bound to a device"),
}

METHODS: Mapping[Method, Text] = {
    Method.PASSWORD: Text("密码", "password"),
    Method.TOTP: Text("动态口令", "authenticator app"),
    Method.SMS: Text("短信验证码", "text message"),
    Method.EMAIL: Text("邮件验证码", "e-mail"),
    Method.PASSKEY: Text("通行密钥", "passkey"),
    Method.CERTIFICATE: Text("数字证书", "certificate"),
    Method.QR: Text("扫码", "QR code"),
    Method.RECOVERY: Text("恢复码", "recovery code"),
    Method.UPSTREAM: Text("其他身份", "another identity"),
}

SEVERITIES: Mapping[Severity, Mark] = {
    Severity.INFO: Mark("", "info", Text("一般", "info")),
    Severity.WARNING: Mark("warn", "warn", Text("留意", "warning")),
    Severity.ALERT: Mark("bad", "warn", Text("警报", "alert")),
}

EVENTS: Mapping[Kind, Text] = {
    Kind.TRIES_REFUSED: Text("尝试太多，已拦下", "Too many tries, refused"),
    Kind.ACCOUNT_UNDER_ATTACK: Text("一个账号被多处试密码", "One account tried from many places"),
    Kind.STUFFING_SUSPECTED: Text("一处在试很多账号", "One source tries many accounts"),
    Kind.SPRAYING_SUSPECTED: Text("一个密码在试很多账号", "One password tried on many accounts"),
    Kind.CODE_GUESSING: Text("有人在猜验证码", "A code is being guessed"),
    Kind.NEW_DEVICE: Text("从新设备登录", "Log-in from a new device"),
    Kind.PASSWORD_CHANGED: Text("改了密码", "Password changed"),
    Kind.PASSWORD_RESET: Text("重设了密码", "Password reset"),
    Kind.RESET_REFUSED: Text("重设密码被拒", "Password reset refused"),
    Kind.FACTOR_ADDED: Text("添加了登录方式", "Way to log in added"),
    Kind.FACTOR_REMOVED: Text("去掉了登录方式", "Way to log in removed"),
    Kind.FACTOR_REFUSED: Text("登录方式没有通过", "Way to log in refused"),
    Kind.RECOVERY_CODE_USED: Text("用了恢复码", "Recovery code used"),
    Kind.PHONE_CHANGED: Text("换了手机号", "Phone changed"),
    Kind.ACCOUNT_FROZEN: Text("账号被冻结", "Account frozen"),
    Kind.ACCOUNT_CLOSED: Text("账号已注销", "Account closed"),
    Kind.REFRESH_REUSED: Text("登录凭证被用了两次", "A token was used twice"),
    Kind.STAFF_RIGHT_REFUSED: Text("越权操作，已拒绝", "Beyond somebody's duties, refused"),
    Kind.LICENCE_SWEEP: Text("有人拿号码在证照库里逐个试", "Numbers are tried in the repository one by one"),
    Kind.LICENCE_OFF_HOURS: Text("夜里在查别人的证照", "Licences looked up at night"),
    Kind.LICENCE_QUOTA: Text("查证照到了次数上限", "A ceiling of look-ups was reached"),
    Kind.LICENCE_ONE_CASE: Text("一个办件号查了很多次", "One case number for many look-ups"),
    Kind.LICENCE_PROBING: Text("反复要没有授权的内容", "What is not granted is asked for again and again"),
    Kind.AUDIT_LOG_CHANGED: Text("审计日志与签名过的不符", "The audit log is not what was signed"),
    Kind.CONFIRMATION_REFUSED: Text("本人说不是自己在登录", "A log-in that its person denied"),
}


def role_name(role: str) -> Text:
    return ROLES.get(role, Text(role, role))


def subject_name(subject: str) -> Text:
    """For whom a rule for log-ins holds."""
    kind, _, rest = subject.partition(":")
    names = {
        "everybody": Text("所有人", "Everybody"),
        "staff": Text("工作人员", "Staff"),
        "new-device": Text("从新设备登录", "Log-ins from a new device"),
        "client": Text(f"门户 {rest}", f"Portal {rest}"),
        "level": Text(f"实名 {rest} 级及以上", f"Identity level {rest} and above"),
    }
    return names.get(kind, Text(subject, subject))
