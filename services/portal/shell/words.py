"""What codes are called on pages, in the language of a page.

Invariant: a code without a word is shown as it is; it never breaks a page.
"""

from collections.abc import Iterable, Mapping
from gettext import NullTranslations

from shared.contracts.codes import CATEGORIES, QUALIFICATIONS, SERVICES, SKILLS, qualifications_named


def N_(sentence: str) -> str:  # noqa: N802 - the name that gettext's tools look for
    """Mark a sentence for the catalogue; it is translated where it is shown."""
    return sentence


SIGN_UP_STATES = {
    "confirmed": N_("已报名"),
    "waiting": N_("候补中"),
    "offered": N_("名额待确认"),
    "asked_again": N_("时间有变，待确认"),
    "attending": N_("进行中"),
    "completed": N_("已完成"),
    "missing_check_out": N_("缺签退"),
    "withdrawn": N_("已取消"),
    "lapsed": N_("逾期未确认"),
    "cancelled": N_("组织方已取消"),
    "no_show": N_("未到场"),
    "late_withdrawal": N_("临近取消"),
}
STATE_KINDS = {
    "confirmed": "ok",
    "attending": "ok",
    "completed": "ok",
    "waiting": "wait",
    "offered": "wait",
    "asked_again": "wait",
    "missing_check_out": "wait",
    "no_show": "stop",
    "late_withdrawal": "stop",
    "lapsed": "stop",
    "cancelled": "stop",
}
"""The colour beside a state's word; a state without one is quiet."""
QUALIFICATION_STATES = {
    "submitted": N_("待核验"),
    "verified": N_("有效"),
    "refused": N_("没有通过"),
    "expired": N_("已过期"),
    "revoked": N_("已撤销"),
}
QUALIFICATION_KINDS = {
    "submitted": "wait",
    "verified": "ok",
    "refused": "stop",
    "expired": "stop",
    "revoked": "stop",
}
"""The colour beside the word of a qualification's state."""
ROLES = {
    "volunteer": N_("志愿者"),
    "team_leader": N_("队长"),
    "station_manager": N_("站长"),
    "case_worker": N_("社工"),
    "guide": N_("指导机构"),
    "district_admin": N_("区管理员"),
    "auditor": N_("审计员"),
    "operator": N_("运维"),
    "upstream": N_("上级平台"),
}
PURPOSES = {
    "account": (N_("账号"), N_("登记成功和编号，资质核验和到期")),
    "place": (N_("名额"), N_("报名、候补，空出的名额")),
    "change": (N_("变动"), N_("改时间、改地点、取消")),
    "reminder": (N_("提醒"), N_("开始前一天和三小时")),
    "attendance": (N_("签到和签退"), N_("忘记签退、未到场、更正的答复")),
    "hours": (N_("时长和星级"), N_("时长入账和更正，升星")),
    "leading": (N_("我负责的活动和站点"), N_("临近开始的空位，被取消的活动，站点达标情况")),
}
"""What messages are for, and which they are."""
RHYTHMS = {
    "weekly": N_("每周一次"),
    "fortnightly": N_("每两周一次"),
    "monthly": N_("每月一次"),
}
"""How often a household is visited."""
PERSONAL_FIELDS = {
    "name": N_("姓名"),
    "id_number": N_("身份证号"),
    "category": N_("人员类别"),
    "organisation": N_("所属组织"),
}
ACCESS_ACTIONS = {
    "volunteer_revealed": N_("查看了姓名和电话"),
    "correction_read": N_("查看了更正申请"),
    "correction_accepted": N_("更正了资料"),
    "correction_refused": N_("没有同意更正"),
    "own_data_copied": N_("查看或下载了全部数据"),
    "profile_changed": N_("更改了服务意向和特长"),
    "contact_changed_sms": N_("更改了手机号码"),
    "contact_changed_mail": N_("更改了电子邮箱"),
    "registration_ended": N_("注销了登记"),
    "volunteer_erased": N_("抹去了个人信息"),
    "volunteers_merged": N_("合并了同一人的两条登记"),
    "volunteer_merge_undone": N_("撤销了合并"),
    "account_opened": N_("开通了账号"),
    "account_locked": N_("锁定了账号"),
    "account_unlocked": N_("解锁了账号"),
    "account_roles_changed": N_("更改了账号的角色"),
    "account_password_changed": N_("更改了密码"),
    "second_factor_set_up": N_("开启了动态验证码"),
    "second_factor_removed": N_("关闭了动态验证码"),
    "outside_identity_linked": N_("绑定了外部账号"),
    "outside_identity_unlinked": N_("解绑了外部账号"),
    "refresh_token_reused": N_("登录凭证被重复使用"),
}
"""What the access log tells of."""
PROVENANCES = {
    "leader": N_("负责人记录"),
    "self_check_in": N_("现场签到"),
    "import": N_("批量导入"),
}


TEAM_KINDS = {
    "community": N_("社区服务队"),
    "professional": N_("专业服务队"),
    "unclassified": N_("未分类服务队"),
}
EMPLOYMENTS = {"full_time": N_("专职"), "part_time": N_("兼职")}
POST_SOURCES = {
    "station": N_("社区工作者"),
    "village_graduate": N_("一村一名大学生"),
    "western_plan": N_("西部计划"),
    "other": N_("其他"),
}


class WordsOf:
    """The words of code lists in one language."""

    def __init__(self, language: str, texts: NullTranslations) -> None:
        self._index = 0 if language.startswith("zh") else 1
        self._gettext = texts.gettext

    def service(self, code: str) -> str:
        """Return what a kind of service is called."""
        words = SERVICES.get(code)
        return words[self._index].capitalize() if words else code

    def category(self, code: str) -> str:
        """Return what a category of volunteers is called."""
        found = next((words for category, words in CATEGORIES.items() if category == code), None)
        return found[self._index] if found else code

    def sign_up_state(self, code: str) -> str:
        """Return what the state of a sign-up is called."""
        return self._word(SIGN_UP_STATES, code)

    def qualification(self, code: str) -> str:
        """Return what a kind of qualification is called."""
        words = QUALIFICATIONS.get(code)
        return _with_a_capital(words[self._index]) if words else code

    def qualifications(self) -> list[tuple[str, str]]:
        """Return every kind of qualification, code and word."""
        return [(code, self.qualification(code)) for code in QUALIFICATIONS]

    def qualifications_named(self, codes: Iterable[str]) -> str:
        """Return what several kinds of qualification are called, one after the other."""
        return qualifications_named(codes, "en" if self._index else "zh")

    def qualification_state(self, code: str) -> str:
        """Return what the state of a qualification is called."""
        return self._word(QUALIFICATION_STATES, code)

    def role(self, code: str) -> str:
        """Return what a role is called."""
        return self._word(ROLES, code)

    def team_kind(self, code: str) -> str:
        """Return what a kind of team is called."""
        return self._word(TEAM_KINDS, code)

    def employment(self, code: str) -> str:
        """Return how somebody at a station is employed."""
        return self._word(EMPLOYMENTS, code)

    def post_source(self, code: str) -> str:
        """Return what a post at a station comes from."""
        return self._word(POST_SOURCES, code)

    def purpose(self, code: str) -> tuple[str, str]:
        """Return what a purpose of messages is called, and which messages these are."""
        name, about = PURPOSES.get(code, (code, ""))
        return self._gettext(name), self._gettext(about) if about else ""

    def personal_field(self, code: str) -> str:
        """Return what a field of a registration is called."""
        return self._word(PERSONAL_FIELDS, code)

    def access_action(self, code: str) -> str:
        """Return what an entry of the access log says was done."""
        return self._word(ACCESS_ACTIONS, code)

    def skill(self, code: str) -> str:
        """Return what a skill is called."""
        found = SKILLS.get(code)
        return code.capitalize().replace("_", " ") if found is None or self._index else found

    def skills(self) -> list[tuple[str, str]]:
        """Return every skill, code and word."""
        return [(code, self.skill(code)) for code in SKILLS]

    def provenance(self, code: str) -> str:
        """Return how a record came about."""
        return self._word(PROVENANCES, code)

    def rhythm(self, code: str) -> str:
        """Return how often a household is visited."""
        return self._word(RHYTHMS, code)

    def rhythms(self) -> list[tuple[str, str]]:
        """Return every rhythm of visits, code and word."""
        return [(code, self._word(RHYTHMS, code)) for code in RHYTHMS]

    def categories(self) -> list[tuple[str, str]]:
        """Return every category that somebody can say of themselves, code and word."""
        return [(category.value, words[self._index]) for category, words in CATEGORIES.items()]

    def services(self) -> list[tuple[str, str]]:
        """Return every kind of service, code and word."""
        return [(code, self.service(code)) for code in SERVICES]

    def _word(self, words: Mapping[str, str], code: str) -> str:
        return self._gettext(words[code]) if code in words else code


def _with_a_capital(words: str) -> str:
    return words[:1].upper() + words[1:]
