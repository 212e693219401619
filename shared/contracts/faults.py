"""Why something was refused: a field, a stable code, and a sentence in Chinese and English.

Invariant: every refusal, of an HTTP request or of a line in an imported file, is one of these; callers match on the
code and people read the sentence.
"""

from dataclasses import dataclass

MESSAGES: dict[str, tuple[str, str]] = {
    "missing": ("必填项为空,请填写", "is required; fill it in"),
    "too_long": ("内容过长,请缩短", "is too long; shorten it"),
    "control_character": ("含有控制字符,请删除", "contains a control character; remove it"),
    "formula": ("不能以电子表格公式开头", "must not start like a spreadsheet formula"),
    "length": ("长度不对", "has the wrong length"),
    "format": ("格式不对", "has the wrong format"),
    "date": ("不是有效日期,请用 2026-03-01 的形式", "is not a valid date; write it as 2026-03-01"),
    "time": ("不是有效时间,请用 2026-03-01T08:00:00+08:00 的形式", "is not a time; write 2026-03-01T08:00:00+08:00"),
    "number": ("不是数字", "is not a number"),
    "out_of_range": ("超出允许范围", "is out of the allowed range"),
    "in_future": ("不能晚于现在", "must not be in the future"),
    "in_past": ("必须晚于现在", "must be in the future"),
    "birth_date": ("身份证号中的出生日期无效", "holds an impossible date of birth"),
    "check_digit": ("校验码不对,请核对身份证号", "fails its check digit (GB 11643); check the ID number"),
    "contradicts_id": ("与身份证号不一致", "contradicts the ID number"),
    "other_district": ("不属于本区", "belongs to another district"),
    "unknown_value": ("不在允许的取值内", "is not one of the allowed values"),
    "unknown_reference": ("系统中没有这一项", "refers to something that is not on file"),
    "already_registered": ("此人已登记", "is registered already"),
    "number_taken": ("编号已属于另一人", "belongs to somebody else already"),
    "duplicate_in_file": ("与本文件前面的一行重复", "repeats an earlier line of this file"),
    "already_recorded": ("该记录号已存在且内容不同", "exists already with other contents"),
    "column_count": (
        "列数不对,请核对分隔符和引号",
        "the line has the wrong number of columns; check separators and quotes",
    ),
    "end_before_start": ("结束时间不晚于开始时间", "is not after the start"),
    "disagrees_with_times": ("与起止时间不一致", "disagrees with start and end"),
    "overlap": ("同一人同一时段已在别处服务", "the same person serves elsewhere at that time"),
    "not_found": ("没有找到", "was not found"),
    "not_open": ("当前状态下不能进行此操作", "is not possible in the present state"),
    "already_signed_up": ("您已报名该班次", "is signed up for this shift already"),
    "too_early": ("尚未到时间", "is too early"),
    "too_late": ("已过时间", "is too late"),
    "forbidden": ("您没有此操作的权限", "you are not allowed to do this"),
    "weak": ("强度不够,至少 10 个字符", "is too weak; use at least 10 characters"),
    "wrong_credentials": ("用户名或密码不对", "user name or password is wrong"),
    "changed_meanwhile": ("内容已被他人修改,请刷新后重试", "was changed by somebody else; reload and try again"),
    "unreadable_file": ("无法读取文件,请上传 CSV 或 xlsx", "cannot be read; upload CSV or xlsx"),
    "encrypted_file": (
        "文件有密码保护,请取消密码后再上传",
        "is protected by a password; save it without and upload it again",
    ),
    "too_large": ("内容过大,请拆分后分次提交", "is too large; split it and send the parts"),
    "too_many": ("数量超过上限", "is over the limit"),
    "internal": (
        "因系统内部故障未能导入,运维人员已能看到;修复后会继续,也可稍后重新上传",
        "could not be imported for a fault of the system, which its operator sees; upload it again later",
    ),
    "cancelled": ("导入已被运维人员取消", "was cancelled by the system's operator"),
    "too_often": ("尝试次数过多,请稍后再试", "was tried too often; try again later"),
}
"""code -> (Chinese, English). The sentence follows the field's name."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong: the field at fault (empty for the whole line or request) and the code."""

    field: str
    code: str

    def message(self, language: str) -> str:
        """Return the sentence in ``zh-CN`` or ``en``."""
        chinese, english = MESSAGES[self.code]
        sentence = chinese if language.startswith("zh") else english
        return f"{self.field} {sentence}".strip() if language.startswith("en") else sentence

    def bilingual(self) -> str:
        """Return both sentences, as reports for mixed offices show them."""
        return f"{self.message('zh-CN')} / {self.message('en')}"


class RefusedError(Exception):
    """A rule forbids what was asked. Carries every fault found, so that all can be mended at once."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(", ".join(f"{fault.field}:{fault.code}" for fault in faults))
        self.faults = faults
