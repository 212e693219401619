"""The sentences of texts, in Chinese and English: short, for a text message holds 70 Chinese characters."""

from services.registry.codes.domain import GOOD_FOR, Template, Text

_MINUTES = int(GOOD_FOR.total_seconds() // 60)
SENTENCES: dict[Template, tuple[str, str]] = {
    Template.CODE: (
        f"【邻帮】验证码 {{fact}}，{_MINUTES} 分钟内有效。请勿告诉他人。如非本人操作，请忽略。",
        f"[Linbang] Your code is {{fact}}, good for {_MINUTES} minutes. Tell nobody. If you did not ask, ignore this.",
    ),
    Template.GUARDIAN_CODE: (
        f"【邻帮】未成年人要做志愿者，请监护人确认。同意请告知验证码 {{fact}}，{_MINUTES} 分钟有效；不同意请忽略。",
        f"[Linbang] A minor asks you, as their guardian, to agree that they volunteer. If you do, tell them the code "
        f"{{fact}}, good for {_MINUTES} minutes; if not, ignore this.",
    ),
    Template.GUARDIAN_TAKES_BACK_CODE: (
        f"【邻帮】验证码 {{fact}}，用于撤回监护人的同意，{_MINUTES} 分钟内有效。请勿告诉他人。如非本人操作，请忽略。",
        f"[Linbang] {{fact}} is the code to withdraw your consent as a guardian, good for {_MINUTES} minutes. "
        "If you did not ask, ignore this and tell nobody.",
    ),
    Template.ALREADY_REGISTERED: (
        "【邻帮】您已登记，志愿者编号 {fact}。请直接登录；忘记密码可用验证码重设。",
        "[Linbang] You are registered already: number {fact}. Log in, or reset your password by a code.",
    ),
    Template.REGISTRATION_ATTEMPTED: (
        "【邻帮】有人用您的身份证号登记，未获通过。您的志愿者编号是 {fact}。如是本人并已换号，请到区志愿服务中心更新。",
        "[Linbang] Somebody tried to register with your ID number and was not let in. Your number is {fact}. "
        "If that was you with a new phone, have the district's centre change it.",
    ),
    Template.CONTACT_CHANGED: (
        "【邻帮】您的联系方式已更改为新的号码或邮箱。如非本人操作，请立即联系区志愿服务中心。",
        "[Linbang] Your contact was changed to another number or address. If that was not you, call the centre now.",
    ),
    Template.REGISTRATION_ENDED: (
        "【邻帮】您的志愿者登记（编号 {fact}）已注销，账号不能再登录，不再给您发消息。服务时长仍按编号保留。",
        "[Linbang] Your registration (number {fact}) has ended: no log-in, no messages any more. "
        "Hours stay under the number.",
    ),
    Template.MOVED_IN: (
        "【邻帮】您已转入新的区，编号 {fact} 和密码不变，请用原来的方式登录。时长和星级随您转来。",
        "[Linbang] You have moved to your new district. Number {fact} and password stay: log in as before. "
        "Hours and stars come along.",
    ),
}
_SUBJECTS: tuple[str, str] = "邻帮通知", "Linbang"


def sentence(text: Text) -> str:
    """Return what a text says, in its language."""
    return SENTENCES[text.template][_index(text)].format(fact=text.fact)


def subject(text: Text) -> str:
    """Return the subject of a mail."""
    return _SUBJECTS[_index(text)]


def _index(text: Text) -> int:
    return 0 if text.language.startswith("zh") else 1
