"""What the fields of forms and parameters are called in Chinese, as a sentence about one names it.

Invariant: every field that a route takes has a word (tests/contract/test_wording.py). In English a field goes by its
own name, which says what it is; a column of a file is called as the file's header calls it (``ImportKind.columns``).
"""

import re
from collections.abc import Mapping

from shared.contracts.faults import Fault

WORDS: Mapping[str, str] = {
    "accepted": "是否同意",
    "account": "账号",
    "account_id": "账号",
    "action": "操作",
    "activity": "活动",
    "activity_id": "活动",
    "actor": "操作人",
    "again": "再次分配",
    "agreement": "改期确认时限",
    "body": "内容",
    "allocation_id": "分配方案",
    "answer_by": "答复期限",
    "break_minutes": "休息分钟数",
    "by": "排序",
    "capacity": "人数",
    "capacity_use": "名额使用比例",
    "category": "人员类别",
    "channel": "发送方式",
    "channels": "接收方式",
    "check_in_opens": "签到提前量",
    "claim_id": "补报",
    "closed_on": "关闭日期",
    "code": "代码或验证码",
    "community": "居住社区",
    "consents": "同意书",
    "counts_early": "提前计时",
    "counts_late": "延后计时",
    "crv": "设备密钥",
    "cursor": "翻页位置",
    "day": "日期",
    "days": "天数",
    "demand_by_service": "每周需求",
    "description": "活动说明",
    "device_id": "设备",
    "device_key_jwk": "设备密钥",
    "device_time": "设备时间",
    "digits": "签到码",
    "district": "区",
    "draft_id": "草稿",
    "dry_run": "试运行",
    "email": "电子邮箱",
    "ended_at": "结束时间",
    "ends": "结束时间",
    "ends_at": "结束时间",
    "entries": "名单",
    "fields": "要检查的项",
    "file": "文件",
    "forgotten_after": "签退宽限",
    "free": "仅看有空位",
    "from": "开始日期",
    "gender": "性别",
    "given": "是否同意",
    "group": "同行人编号",
    "header": "表头",
    "holds_from": "生效日期",
    "id": "标识",
    "id_number": "身份证号",
    "idempotency-key": "Idempotency-Key",
    "ids": "标识",
    "if-match": "If-Match",
    "import_id": "导入",
    "inside": "是否在现场",
    "issuer": "外部登录方",
    "kept_as": "草稿",
    "kind": "种类",
    "kty": "设备密钥",
    "language": "语言",
    "last_four": "编号后四位",
    "leaving": "退出的人",
    "limit": "条数",
    "mail": "电子邮箱",
    "message_id": "消息",
    "mine": "仅看自己的",
    "minutes": "分钟数",
    "name": "姓名或名称",
    "names_masked": "名单",
    "new_password": "新密码",
    "no_offers": "停止递补",
    "no_show": "未到场",
    "notice": "取消提前量",
    "number": "志愿者编号",
    "offer_stands": "名额保留时间",
    "old_password": "原密码",
    "only": "仅看",
    "organisation": "所属组织",
    "organisation_id": "组织",
    "password": "密码",
    "person_in_charge": "负责人",
    "phone": "手机号码",
    "phone_code": "短信验证码",
    "place": "地点",
    "placement_id": "建议岗位",
    "provenance": "记录来源",
    "purpose": "用途",
    "query": "查找内容",
    "quiet_hours": "免打扰时段",
    "rating": "评分",
    "reason": "原因",
    "recipient_rating": "服务对象评分",
    "record_id": "服务记录",
    "record_no": "记录编号",
    "refresh_token": "登录凭证",
    "registered_on": "注册日期",
    "risk_text": "风险提示",
    "role": "角色",
    "roles": "角色",
    "second_factor": "动态验证码",
    "served": "只看有记录的人",
    "service": "服务类别",
    "services": "服务意向",
    "session_id": "登录",
    "shift_id": "班次",
    "shifts": "班次",
    "sign_up_id": "报名",
    "skills": "特长",
    "started_at": "开始时间",
    "starts": "开始时间",
    "starts_at": "开始时间",
    "state": "状态",
    "station": "服务站",
    "station_code": "服务站",
    "station_id": "服务站",
    "subject_id": "对象",
    "team": "所属服务队",
    "team_id": "服务队",
    "text": "文字",
    "text_version": "文本版本",
    "title": "活动名称",
    "to": "手机号码或邮箱",
    "token": "凭证",
    "units": "所管的站或队",
    "user_name": "用户名",
    "version": "版本",
    "volunteer_id": "志愿者",
    "volunteer_no": "志愿者编号",
    "volunteer_number": "志愿者编号",
    "way": "方式",
    "weeks": "重复周数",
    "x": "设备密钥",
    "x-district": "X-District",
    "y": "设备密钥",
    "year": "年份",
}
"""Field -> its word. The last part of a path (``shifts.0.capacity``) is what is meant."""
_ID = re.compile(r"[0-9a-f-]{32,36}")


def word_of(field: str) -> str:
    """Return a field's name in Chinese, ``shifts.0.capacity`` 班次 第 1 项 人数; itself where it has no word."""
    parts = [part for part in field.split(".") if not _ID.fullmatch(part)]
    return " ".join(
        f"第 {int(part) + 1} 项" if part.isdecimal() and len(part) < 6 else WORDS.get(part.lower(), part)  # noqa: PLR2004
        for part in parts
    )


def about(fault: Fault, language: str, columns: Mapping[str, str] | None = None) -> str:
    """Return the sentence of a fault with the field that it is about, in ``zh-CN`` or ``en``.

    ``columns`` is what a file's header calls its fields, in Chinese.
    """
    sentence = fault.message(language)
    if not language.startswith("zh") or not fault.field:
        return sentence
    called = (columns or {}).get(fault.field) or word_of(fault.field)
    return f"{called}：{sentence}" if called else sentence
