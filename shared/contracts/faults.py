"""Why something was refused: a field, a stable code, and a sentence in Chinese and English.

Invariant: every refusal, of an HTTP request or of a line in an imported file, is one of these; callers match on the
code and people read the sentence.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as of_class
from enum import StrEnum


class Code(StrEnum):
    """What is wrong: stable, for callers to match on."""

    MISSING = "missing"
    TOO_LONG = "too_long"
    CONTROL_CHARACTER = "control_character"
    FORMULA = "formula"
    GARBLED = "garbled"
    LOOK_ALIKES = "look_alikes"
    NOT_A_NAME = "not_a_name"
    LENGTH = "length"
    FORMAT = "format"
    DATE = "date"
    TIME = "time"
    NUMBER = "number"
    WHOLE_NUMBER = "whole_number"
    NAMED_TWICE = "named_twice"
    OUT_OF_RANGE = "out_of_range"
    IN_FUTURE = "in_future"
    IN_PAST = "in_past"
    BIRTH_DATE = "birth_date"
    CHECK_DIGIT = "check_digit"
    ID_OF_15_DIGITS = "id_of_15_digits"
    DOCUMENT_NUMBER = "document_number"
    PASSPORT = "passport"
    HONG_KONG_MACAU_PERMIT = "hong_kong_macau_permit"
    TAIWAN_PERMIT = "taiwan_permit"
    OLD_RESIDENCE_CARD = "old_residence_card"
    CONTRADICTS_ID = "contradicts_id"
    OTHER_DISTRICT = "other_district"
    UNKNOWN_VALUE = "unknown_value"
    UNKNOWN_REFERENCE = "unknown_reference"
    ALREADY_REGISTERED = "already_registered"
    CLOSED = "closed"
    HAS_DUTIES = "has_duties"
    ALREADY_SO = "already_so"
    SAME_ENTRY = "same_entry"
    MERGED = "merged"
    HAS_MERGED = "has_merged"
    OTHER_PERSON = "other_person"
    OPEN_CORRECTION = "open_correction"
    NUMBER_TAKEN = "number_taken"
    NAME_TAKEN = "name_taken"
    DUPLICATE_IN_FILE = "duplicate_in_file"
    ALREADY_RECORDED = "already_recorded"
    COLUMN_COUNT = "column_count"
    END_BEFORE_START = "end_before_start"
    DISAGREES_WITH_TIMES = "disagrees_with_times"
    OVERLAP = "overlap"
    ALREADY_PAIRED = "already_paired"
    ALREADY_AGREED = "already_agreed"
    NOT_A_UNIVERSITY = "not_a_university"
    NOT_FOUND = "not_found"
    NOT_OPEN = "not_open"
    BELOW_CONFIRMED = "below_confirmed"
    ALREADY_SIGNED_UP = "already_signed_up"
    TOO_EARLY = "too_early"
    TOO_LATE = "too_late"
    FORBIDDEN = "forbidden"
    WEAK = "weak"
    WRONG_CREDENTIALS = "wrong_credentials"
    WRONG_CODE = "wrong_code"
    CHANGED_MEANWHILE = "changed_meanwhile"
    VERSION_MISSING = "version_missing"
    UNREADABLE_FILE = "unreadable_file"
    ENCRYPTED_FILE = "encrypted_file"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    INTERNAL = "internal"
    CANCELLED = "cancelled"
    TOO_OFTEN = "too_often"
    LOCKED = "locked"
    SESSION_ENDED = "session_ended"
    SECOND_FACTOR = "second_factor"
    SECOND_FACTOR_TO_SET_UP = "second_factor_to_set_up"
    PASSWORD_TO_CHANGE = "password_to_change"  # noqa: S105 - a code
    STEP_UP = "step_up"
    NOT_LINKED = "not_linked"
    OUTSIDE_IDENTITY = "outside_identity"
    WRONG_CHECK_IN_CODE = "wrong_check_in_code"
    EXPIRED = "expired"
    CODE_USED = "code_used"
    NO_PLACE = "no_place"
    QUALIFICATION = "qualification"
    FILE_TYPE = "file_type"
    NEEDED_IN_INBOX = "needed_in_inbox"
    NEEDED_TO_SERVE = "needed_to_serve"
    RULES_TO_ACCEPT = "rules_to_accept"
    BEFORE_IN_FORCE = "before_in_force"
    GUARDIAN_NEEDED = "guardian_needed"
    OWN_PHONE = "own_phone"
    NOT_FOR_MINORS = "not_for_minors"
    APPROVAL_NEEDED = "approval_needed"
    OWN_REQUEST = "own_request"
    NOT_MINOR = "not_minor"
    ALREADY_ASKED = "already_asked"
    EMPTY_FILE = "empty_file"
    ENCODING = "encoding"
    SEPARATOR = "separator"
    OPEN_QUOTE = "open_quote"
    QUOTES = "quotes"
    LONG_LINE = "long_line"
    LINE_BREAK = "line_break"
    LOST_CHARACTER = "lost_character"
    WEB_PAGE = "web_page"
    SEVERAL_SHEETS = "several_sheets"
    NO_HEADER_LINE = "no_header_line"
    UNKNOWN_COLUMN = "unknown_column"
    REPEATED_COLUMN = "repeated_column"
    MISSING_COLUMN = "missing_column"
    HIDDEN_COLUMN = "hidden_column"
    NO_HEADER = "no_header"
    HIDDEN_ROW = "hidden_row"
    MERGED_CELL = "merged_cell"
    BROKEN_CELL = "broken_cell"
    NUMBER_CELL = "number_cell"
    CELL_TYPE = "cell_type"
    NOT_EVIDENCE = "not_evidence"
    IS_COMPUTED = "is_computed"


MESSAGES: dict[Code, tuple[str, str]] = {
    Code.MISSING: ("必填项为空，请填写", "is required; fill it in"),
    Code.TOO_LONG: ("内容过长，请缩短", "is too long; shorten it"),
    Code.CONTROL_CHARACTER: ("含有控制字符，请删除", "contains a control character; remove it"),
    Code.FORMULA: ("不能以电子表格公式开头", "must not start like a spreadsheet formula"),
    Code.GARBLED: (
        "含有乱码或无法显示的字符，请按证件或原文重新填写",
        "holds characters that a broken conversion has left; write them anew",
    ),
    Code.LOOK_ALIKES: (
        "混有形近的其他文字（如西里尔字母、希腊字母、日文假名），请重新输入",
        "mixes alphabets whose letters look alike (Cyrillic, Greek, kana); type it anew",
    ),
    Code.NOT_A_NAME: (
        "含有姓名中不会有的数字或符号，请按证件填写",
        "holds digits or signs that no name has; write it as the identity paper does",
    ),
    Code.LENGTH: ("长度不对", "has the wrong length"),
    Code.FORMAT: ("格式不对", "has the wrong format"),
    Code.DATE: ("不是有效日期，请用 2026-03-01 的形式", "is not a valid date; write it as 2026-03-01"),
    Code.TIME: (
        "不是有效时间，请用 2026-03-01T08:00:00+08:00 的形式",
        "is not a time; write 2026-03-01T08:00:00+08:00",
    ),
    Code.NUMBER: ("不是数字，请只用阿拉伯数字填写", "is not a number; write it in digits alone"),
    Code.WHOLE_NUMBER: (
        "不是整数，请只用阿拉伯数字填写，不带小数、千位逗号和单位",
        "is not a whole number; write it in digits alone, without decimals, commas and units",
    ),
    Code.NAMED_TWICE: ("同一项出现了两次，请合并为一项", "names the same thing twice; write it once"),
    Code.OUT_OF_RANGE: ("超出允许范围", "is out of the allowed range"),
    Code.IN_FUTURE: ("不能晚于现在", "must not be in the future"),
    Code.IN_PAST: ("必须晚于现在", "must be in the future"),
    Code.BIRTH_DATE: ("身份证号中的出生日期无效", "holds an impossible date of birth"),
    Code.CHECK_DIGIT: ("校验码不对，请核对身份证号", "fails its check digit (GB 11643); check the ID number"),
    Code.ID_OF_15_DIGITS: (
        "是 15 位旧身份证号，请填写 18 位的公民身份号码",
        "is an old ID number of 15 digits; give the one of 18",
    ),
    Code.DOCUMENT_NUMBER: (
        "与所选证件类型的号码格式不符，请核对证件类型和号码",
        "is not how numbers of this kind of document look; check the kind and the number",
    ),
    Code.PASSPORT: (
        "看起来是护照号，请把证件类型选为护照，并填写出生日期",
        "looks like a passport's number; choose passport as the kind of document, and give the date of birth",
    ),
    Code.HONG_KONG_MACAU_PERMIT: (
        "看起来是港澳居民来往内地通行证号，请选择这种证件类型，并填写出生日期",
        "looks like a Hong Kong or Macau travel permit's number; choose that kind, and give the date of birth",
    ),
    Code.TAIWAN_PERMIT: (
        "看起来是台湾居民来往大陆通行证（台胞证）号，请选择这种证件类型，并填写出生日期",
        "looks like a Taiwan travel permit's number; choose that kind, and give the date of birth",
    ),
    Code.OLD_RESIDENCE_CARD: (
        "看起来是旧版外国人永久居留证号，请选择外国人永久居留身份证并填写出生日期，或填新版的 18 位号码",
        "looks like an old foreigner's residence card's number; choose that kind and give the date of birth, "
        "or give the new card's number of 18 digits",
    ),
    Code.CONTRADICTS_ID: ("与身份证号不一致", "contradicts the ID number"),
    Code.OTHER_DISTRICT: ("不属于本区", "belongs to another district"),
    Code.UNKNOWN_VALUE: ("不在允许的取值内", "is not one of the allowed values"),
    Code.UNKNOWN_REFERENCE: ("系统中没有这一项", "refers to something that is not on file"),
    Code.CLOSED: ("已关闭，不能再使用或更改", "is closed; it can be neither used nor changed"),
    Code.HAS_DUTIES: (
        "这个账号还有管理职责，请先请区中心解除",
        "still has duties of staff; have the district's centre take them from it first",
    ),
    Code.ALREADY_SO: ("与现在登记的一样", "is what is on file already"),
    Code.SAME_ENTRY: ("就是这一条登记，请填写另一条的编号", "is this entry itself; give the number of the other one"),
    Code.MERGED: ("已并入另一条登记，请使用保留的编号", "is merged into another entry; use the number that was kept"),
    Code.HAS_MERGED: (
        "已有别的登记并入这一条，请保留这一条，或先撤销那次合并",
        "has another entry merged into it; keep this one, or undo that merger first",
    ),
    Code.OTHER_PERSON: (
        "两条登记的身份证号都已由区中心核对，号码不同，是两个人",
        "has another ID number, and the district's centre has checked both against the paper: they are two people",
    ),
    Code.OPEN_CORRECTION: (
        "还有没答复的更正申请，请先答复",
        "still has a request to be put right; answer it first",
    ),
    Code.ALREADY_REGISTERED: ("此人已登记", "is registered already"),
    Code.NUMBER_TAKEN: ("编号已属于另一人", "belongs to somebody else already"),
    Code.NAME_TAKEN: ("这个用户名已有人使用，请换一个", "is taken already; choose another"),
    Code.DUPLICATE_IN_FILE: ("与本文件前面的一行重复", "repeats an earlier line of this file"),
    Code.ALREADY_RECORDED: ("该记录号已存在且内容不同", "exists already with other contents"),
    Code.COLUMN_COUNT: (
        "列数不对，请核对分隔符和引号",
        "the line has the wrong number of columns; check separators and quotes",
    ),
    Code.END_BEFORE_START: ("结束时间不晚于开始时间", "is not after the start"),
    Code.DISAGREES_WITH_TIMES: (
        "多于起止时间之间的分钟数，请核对时间",
        "is more than lies between start and end; check the times",
    ),
    Code.OVERLAP: ("同一人同一时段已在别处服务或报名", "the same person serves or is signed up elsewhere at that time"),
    Code.ALREADY_PAIRED: ("已与这户家庭结对", "is paired with this household already"),
    Code.ALREADY_AGREED: (
        "这所高校和这个站点在这段时间已有协议，请改日期",
        "is within another agreement of this university and station; change the days",
    ),
    Code.NOT_A_UNIVERSITY: ("不是高校的组织，请另选", "is no organisation of a university; choose another"),
    Code.NOT_FOUND: ("没有找到", "was not found"),
    Code.NOT_OPEN: ("当前状态下不能进行此操作", "is not possible in the present state"),
    Code.BELOW_CONFIRMED: (
        "少于已确认的人数，请说明由谁退出",
        "is fewer than hold a place; name who leaves",
    ),
    Code.ALREADY_SIGNED_UP: ("您已报名该班次", "is signed up for this shift already"),
    Code.TOO_EARLY: ("尚未到时间", "is too early"),
    Code.TOO_LATE: ("已过时间", "is too late"),
    Code.FORBIDDEN: ("您没有此操作的权限", "you are not allowed to do this"),
    Code.WEAK: ("强度不够，至少 10 个字符", "is too weak; use at least 10 characters"),
    Code.WRONG_CREDENTIALS: ("用户名或密码不对", "user name or password is wrong"),
    Code.WRONG_CODE: ("验证码不对或已过期，请核对或重新获取", "is wrong or too old; check it, or ask for another"),
    Code.CHANGED_MEANWHILE: ("内容已被他人修改，请刷新后重试", "was changed by somebody else; reload and try again"),
    Code.VERSION_MISSING: (
        "未说明依据的版本，请先读取最新内容再提交",
        "does not say which version is changed; read the latest one first",
    ),
    Code.UNREADABLE_FILE: ("无法读取文件，请上传 CSV 或 xlsx", "cannot be read; upload CSV or xlsx"),
    Code.ENCRYPTED_FILE: (
        "文件有密码保护，请取消密码后再上传",
        "is protected by a password; save it without and upload it again",
    ),
    Code.TOO_LARGE: ("内容过大，请拆分后分次提交", "is too large; split it and send the parts"),
    Code.TOO_MANY: ("数量超过上限", "is over the limit"),
    Code.INTERNAL: (
        "因系统内部故障未能导入，运维人员已能看到；修复后会继续，也可稍后重新上传",
        "could not be imported for a fault of the system, which its operator sees; upload it again later",
    ),
    Code.CANCELLED: ("导入已被运维人员取消", "was cancelled by the system's operator"),
    Code.TOO_OFTEN: ("尝试次数过多，请稍后再试", "was tried too often; try again later"),
    Code.LOCKED: ("账号已停用，请联系区里的管理人员", "is locked; ask the district's office"),
    Code.SESSION_ENDED: ("登录已失效，请重新登录", "has ended; log in again"),
    Code.SECOND_FACTOR: (
        "请输入验证器应用中的动态验证码，或一个恢复码",
        "give the code that your authenticator app shows, or a recovery code",
    ),
    Code.SECOND_FACTOR_TO_SET_UP: (
        "此账号须先设置动态验证码",
        "this account needs a second factor; set it up first",
    ),
    Code.PASSWORD_TO_CHANGE: ("请先修改临时密码", "change the temporary password first"),
    Code.STEP_UP: (
        "请再次输入密码或动态验证码以确认身份",
        "confirm who you are with your password or code, then try again",
    ),
    Code.OUTSIDE_IDENTITY: (
        "外部登录未成功，请重新开始",
        "was not confirmed by the outside issuer; begin again",
    ),
    Code.NOT_LINKED: (
        "此外部身份尚未绑定账号，请先用本平台账号登录再绑定",
        "this outside identity is linked to no account; log in to yours first, then link it",
    ),
    Code.WRONG_CHECK_IN_CODE: ("签到码不对，请看现场屏幕重新输入", "is not the code shown at the place; look again"),
    Code.EXPIRED: ("已过期，请重新扫码", "has expired; scan again"),
    Code.CODE_USED: ("此签到码您已用过，请等下一个", "was used by you already; wait for the next one"),
    Code.NO_PLACE: ("名额已满", "has no place left"),
    Code.QUALIFICATION: (
        "需要在有效期内并已核验的资质：{zh}",
        "needs a qualification that is verified and has not expired: {en}",
    ),
    Code.RULES_TO_ACCEPT: (
        "需要先阅读并同意：{zh}（在“我的 · 规章制度”里，几分钟就好）",
        "needs these rules to be read and accepted first: {en} (under Me, Rules for volunteers; a few minutes)",
    ),
    Code.BEFORE_IN_FORCE: ("不能早于生效的那一天", "must not be before the day on which it comes into force"),
    Code.FILE_TYPE: ("只收 PDF、JPEG 或 PNG 文件", "is no PDF, JPEG or PNG; only these are taken"),
    Code.NEEDED_IN_INBOX: ("属于必须知晓的通知，站内信不能关闭", "is what you must know; it stays in the inbox"),
    Code.NEEDED_TO_SERVE: (
        "是登记和服务所必需的，不能单独撤回；要停止，请注销登记",
        "is needed to be registered and cannot be taken back alone; to end it, end the registration",
    ),
    Code.GUARDIAN_NEEDED: (
        "未满 18 周岁，须先由监护人用手机验证码确认同意",
        "is under 18; a guardian must agree first, by a code to their phone",
    ),
    Code.OWN_PHONE: ("是您自己的号码，请填写监护人的", "is your own number; give your guardian's"),
    Code.NOT_FOR_MINORS: (
        "这项活动有危险，未满 18 周岁不能参加",
        "is dangerous; nobody under 18 can take part",
    ),
    Code.APPROVAL_NEEDED: (
        "是未成年人，查看前须经本区另一名管理人员批准，请先申请",
        "is under 18; another administrator of the district must approve before you read their data: ask first",
    ),
    Code.OWN_REQUEST: ("是您自己提出的，须由另一名管理人员答复", "is your own; another administrator must answer it"),
    Code.NOT_MINOR: ("不是未成年人，不用申请即可查看", "is of age; no approval is needed to read their data"),
    Code.ALREADY_ASKED: (
        "您已为这一用途申请过，请等待答复，或在批准的时间内查看",
        "was asked for by you already; wait for the answer, or read while the approval holds",
    ),
    Code.EMPTY_FILE: (
        "文件里没有内容（隐藏的工作表不会读取），请核对后再上传",
        "has nothing in it (hidden sheets are not read); check it and upload it again",
    ),
    Code.ENCODING: (
        "无法确定文件的文字编码，请用表格软件另存为“CSV UTF-8”或 xlsx 后再上传",
        'is in an encoding that cannot be told for certain; save it as "CSV UTF-8" or xlsx and upload it again',
    ),
    Code.SEPARATOR: (
        "各列之间请用半角逗号分隔，或用表格软件另存为 xlsx 后再上传",
        "separates its columns by another sign than a comma; save it as CSV with commas or as xlsx",
    ),
    Code.OPEN_QUOTE: (
        "第 {line} 行的引号没有成对，无法确定后面的内容属于哪一行；请改正引号（内容里的引号要写成两个）后再上传",
        "has a quote in line {line} that is not closed properly, so it is not certain where that line ends; "
        "mend it (write a quote inside a cell twice) and upload the file again",
    ),
    Code.QUOTES: (
        "这一行的引号位置不对，请改正（内容里的引号要写成两个，整格再用引号括起来）",
        "the line has a quote where none may stand; put the cell in quotes and write a quote inside it twice",
    ),
    Code.LONG_LINE: (
        "第 {line} 行过长，不像表格；请核对文件后再上传",
        "has a line that is too long for a table, line {line}; check the file",
    ),
    Code.LINE_BREAK: ("单元格里不能换行，请删除换行", "must not hold a line break; remove it"),
    Code.LOST_CHARACTER: (
        "有文字在转换编码时丢失或变样，请重新输入",
        "holds characters that were lost when the file was converted; type them again",
    ),
    Code.WEB_PAGE: (
        "文件其实是网页（HTML 或 XML），只是名字像表格；请用表格软件打开，另存为 xlsx 后再上传",
        "is a web page (HTML or XML) under the name of a spreadsheet; open it in one and save it as xlsx",
    ),
    Code.SEVERAL_SHEETS: (
        "有多个工作表填了内容：{sheets}；请每个文件只留一个工作表，分别上传",
        "has several filled sheets: {sheets}; leave one sheet in each file and upload them one by one",
    ),
    Code.NO_HEADER_LINE: (
        "第 {line} 行应是表头；找到的是：{found}。请把第 1 行写成列名：{columns}",
        "should be line {line}, where this was found: {found}. Make line 1 the names of the columns: {columns}",
    ),
    Code.UNKNOWN_COLUMN: (
        "第 {column} 列“{name}”不是这种文件的列，请删除该列，或改为规定的列名",
        '("{name}") is no column of this kind of file; delete it or name it as prescribed',
    ),
    Code.REPEATED_COLUMN: (
        "第 {column} 列“{name}”重复，请只保留一列",
        '("{name}") is there twice; keep one',
    ),
    Code.MISSING_COLUMN: (
        "表头缺少“{name}”一列，请补上（没有内容可以留空）",
        '("{name}") is missing; add the column, its cells may be empty',
    ),
    Code.HIDDEN_COLUMN: (
        "第 {column} 列“{name}”被隐藏，请取消隐藏并核对后再上传",
        '("{name}", column {column}) is hidden; show it, check it and upload the file again',
    ),
    Code.NO_HEADER: (
        "此格有内容，但该列没有列名；请删除内容，或补上列名",
        "holds something in a column without a header; delete it or name the column",
    ),
    Code.HIDDEN_ROW: (
        "这一行被隐藏（或被筛选掉），没有导入；请取消隐藏后再上传，或删除这一行",
        "the row is hidden (or filtered out) and was not imported; show it and upload it again, or delete it",
    ),
    Code.MERGED_CELL: (
        "是合并单元格的一部分，请取消合并并逐行填写",
        "is part of a merged cell; unmerge it and fill in each row",
    ),
    Code.BROKEN_CELL: (
        "是错误值（如 #N/A）、未计算的公式或程序写的空值（如 NULL）；请改正，没有内容就清空",
        "is an error (such as #N/A), a formula without a value or a program's word for nothing (such as NULL); "
        "mend it, or clear it",
    ),
    Code.NUMBER_CELL: (
        "被存成了数字，超过 15 位的部分已不可信；请把单元格设为文本，重新输入",
        "was typed as a number, which keeps 15 digits at most; make the cell text and type it again",
    ),
    Code.CELL_TYPE: (
        "单元格的类型不对（日期、时间、百分比、逻辑值或带单位的数字）；请设为文本，重新输入",
        "is a date, time, percentage, boolean or number with a unit; make the cell text and type it again",
    ),
    Code.NOT_EVIDENCE: ("请上传 PDF、JPEG 或 PNG 文件", "is no PDF, JPEG or PNG file; upload one of these"),
    Code.IS_COMPUTED: ("由服务数据自动计算，不用评定", "follows from service; nobody judges it"),
}
"""Code -> (Chinese, English). The sentence follows the field's name; ``{…}`` are filled from the fault's ``other``."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong: the field at fault (empty for the whole line or request) and the code."""

    field: str
    code: Code
    other: Mapping[str, str] | None = of_class(default=None, hash=False)
    """What of the caller's own stands in the way, by ids and public words; a ``title`` among them ends the sentence."""

    def message(self, language: str) -> str:
        """Return the sentence in ``zh-CN`` or ``en``."""
        chinese, english = MESSAGES[self.code]
        sentence = (chinese if language.startswith("zh") else english).format_map(
            defaultdict(lambda: "…", self.other or {})
        )
        if self.other and "title" in self.other:
            sentence += f"：{self.other['title']}" if language.startswith("zh") else f": {self.other['title']}"
        return f"{self.field} {sentence}".strip() if language.startswith("en") else sentence


class RefusedError(Exception):
    """A rule forbids what was asked. Carries every fault found, so that all can be mended at once.

    ``facts`` are what helps to go on (when check-in opens, what it overlaps): plain JSON values without personal data.
    """

    def __init__(self, *faults: Fault, **facts: object) -> None:
        super().__init__(", ".join(f"{fault.field}:{fault.code}" for fault in faults))
        self.faults = faults
        self.facts = facts


LONGEST_REASON = 500
"""Characters of a reason that is kept with what was done."""


def reason_fault(reason: str) -> Fault | None:
    """Return what is wrong with the reason that somebody gives for what they do, or None."""
    if not reason:
        return Fault("reason", Code.MISSING)
    return Fault("reason", Code.TOO_LONG) if len(reason) > LONGEST_REASON else None
