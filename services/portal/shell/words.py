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
CONTACT_WAYS = {
    "phone": N_("打电话"),
    "message": N_("发消息"),
    "visit": N_("上门"),
    "meeting": N_("见面"),
}
"""How somebody without a team was contacted."""
CONTACT_OUTCOMES = {
    "wants_team": N_("想加入队伍"),
    "stays_individual": N_("愿意继续个人服务"),
    "wants_training": N_("想参加培训"),
    "not_reached": N_("没有联系上"),
    "other": N_("其他"),
}
"""What came of it."""
PERSONAL_FIELDS = {
    "name": N_("姓名"),
    "id_number": N_("身份证号"),
    "category": N_("人员类别"),
    "organisation": N_("所属组织"),
}
DOCUMENTS = {
    "resident_id": N_("居民身份证或居住证"),
    "passport": N_("护照"),
    "hong_kong_macau_permit": N_("港澳居民来往内地通行证"),
    "taiwan_permit": N_("台湾居民来往大陆通行证"),
    "foreign_residence_card": N_("外国人永久居留身份证"),
}
"""The papers that somebody can register by."""
READING_PURPOSES = {
    "contact": N_("联系本人：姓名和电话"),
    "correction": N_("处理更正申请"),
    "qualification": N_("核验资质证书"),
}
"""What a minor's data is read for."""
ACCESS_ACTIONS = {
    "volunteer_revealed": N_("查看了姓名和电话"),
    "correction_read": N_("查看了更正申请"),
    "correction_accepted": N_("更正了资料"),
    "correction_refused": N_("没有同意更正"),
    "contacts_read": N_("查看了联系记录"),
    "qualification_read": N_("查看了资质证书"),
    "evidence_read": N_("查看了资质证书的图片"),
    "minor_reading_asked": N_("申请查看未成年人信息"),
    "minor_reading_approved": N_("批准查看未成年人信息"),
    "minor_reading_refused": N_("没有批准查看未成年人信息"),
    "guardian_agreed": N_("监护人同意"),
    "guardian_took_back": N_("监护人撤回同意"),
    "own_data_copied": N_("查看或下载了全部数据"),
    "profile_changed": N_("更改了居住社区、服务意向或特长"),
    "contact_changed_sms": N_("更改了手机号码"),
    "contact_changed_mail": N_("更改了电子邮箱"),
    "registration_ended": N_("注销了登记"),
    "volunteer_erased": N_("抹去了个人信息"),
    "volunteers_merged": N_("合并了同一人的两条登记"),
    "volunteer_merge_undone": N_("撤销了合并"),
    "move_asked": N_("申请转到另一个区"),
    "move_taken_back": N_("收回了转区申请"),
    "move_refused": N_("没有同意转入"),
    "volunteer_moved_in": N_("同意转入"),
    "volunteer_moved_away": N_("转到了另一个区"),
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

    def documents(self) -> list[tuple[str, str]]:
        """Return every kind of paper, code and word."""
        return [(code, self.document(code)) for code in DOCUMENTS]

    def document(self, code: str) -> str:
        """Return what a kind of paper is called."""
        return self._word(DOCUMENTS, code)

    def reading_purpose(self, code: str) -> str:
        """Return what a minor's data is read for."""
        return self._word(READING_PURPOSES, code)

    def reading_purposes(self) -> list[tuple[str, str]]:
        """Return what a minor's data can be read for, by code."""
        return [(code, self.reading_purpose(code)) for code in READING_PURPOSES]

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

    def contact_way(self, code: str) -> str:
        """Return how somebody was contacted."""
        return self._word(CONTACT_WAYS, code)

    def contact_ways(self) -> list[tuple[str, str]]:
        """Return every way to contact somebody, code and word."""
        return [(code, self._word(CONTACT_WAYS, code)) for code in CONTACT_WAYS]

    def contact_outcome(self, code: str) -> str:
        """Return what came of a contact."""
        return self._word(CONTACT_OUTCOMES, code)

    def contact_outcomes(self) -> list[tuple[str, str]]:
        """Return everything that can come of a contact, code and word."""
        return [(code, self._word(CONTACT_OUTCOMES, code)) for code in CONTACT_OUTCOMES]

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
