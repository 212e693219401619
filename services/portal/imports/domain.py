"""The kinds of files that the centre brings: which service takes each, what its columns mean, and a sample of it.

Invariant: the columns are those that the services read, in their order, and a sample is taken in without a fault once
the samples above it are on file, answers once their survey is open; tests hold both against the services. People in
samples are invented.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from services.portal.shell.words import N_

LARGEST_FILE = 256 * 1024 * 1024
"""As large as services take one (``shared/imports/api.py``)."""
BYTE_ORDER_MARK = "\ufeff"  # so that spreadsheet programs read the Chinese right
Service = Literal["registry", "activities"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its Chinese header and its English one, what stands in it, and what a sample has there, line by line.

    In a sample ``{d}`` is the district's code.
    """

    header: str
    field: str
    about: str
    sample: Sequence[str]
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: its name in addresses, the service that takes it, its title, what it is for, and its columns."""

    name: str
    service: Service
    title: str
    about: str
    columns: Sequence[Column]

    def sample(self, district: str) -> str:
        """Return a sample file as CSV, of a district."""
        file = io.StringIO(newline="")
        lines = csv.writer(file)
        lines.writerow(column.header for column in self.columns)
        rows = zip(*(column.sample for column in self.columns), strict=True)
        lines.writerows([value.replace("{d}", district) for value in row] for row in rows)
        return BYTE_ORDER_MARK + file.getvalue()


_WHERE = N_("十进制度数，例如 103.83；不填就不画在地图上")
_NAME, _SERVICE = N_("全名"), N_("中文名称或代码，例如 为老服务")

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "divisions",
            "registry",
            N_("镇街和社区"),
            N_("全区的区划：区、镇街、村和社区。其他文件都按它的代码写地方。"),
            (
                Column(
                    "代码", "code", N_("统计用区划代码，区 6 位、镇街 9 位、社区 12 位"), ("{d}", "{d}001", "{d}001040")
                ),
                Column(
                    "级别",
                    "level",
                    N_("county 区、township 镇街、community 村或社区"),
                    ("county", "township", "community"),
                ),
                Column("名称", "name", _NAME, ("示例区", "示例街道", "示例社区")),
                Column("上级代码", "parent_code", N_("它所属区划的代码"), ("5101", "{d}", "{d}001")),
            ),
        ),
        Kind(
            "guiding_bodies",
            "registry",
            N_("指导机构"),
            N_("团区委、高校团委等，指导组织和服务队，不管理它们的数据。没有就不导入。"),
            (
                Column("代码", "code", N_("全区唯一的代码，自己定"), ("{d}-GB-90",)),
                Column("名称", "name", _NAME, ("示例大学团委",)),
            ),
        ),
        Kind(
            "organisations",
            "registry",
            N_("组织"),
            N_("高校、机关、社会组织等，志愿者和服务队属于它们。"),
            (
                Column("代码", "code", N_("全区唯一的代码，自己定"), ("{d}-ORG-90",)),
                Column("名称", "name", _NAME, ("示例大学青年志愿者协会",)),
                Column("类型", "kind", N_("小写英文，例如 university_association"), ("university_association",)),
                Column("经度", "lon", _WHERE, ("103.83",), is_required=False),
                Column("纬度", "lat", _WHERE, ("30.69",), is_required=False),
                Column("挂靠单位", "host_unit", N_("设在哪个单位"), ("示例大学",), is_required=False),
                Column("上级代码", "parent_code", N_("上级组织的代码"), ("",), is_required=False),
                Column("指导机构代码", "guiding_body_code", N_("指导它的机构的代码"), ("",), is_required=False),
            ),
        ),
        Kind(
            "stations",
            "registry",
            N_("服务站点"),
            N_("区中心和社区服务站，学生分配也用这里的名额和需求。"),
            (
                Column("代码", "code", N_("全区唯一的代码，自己定"), ("{d}-STA-90",)),
                Column("名称", "name", _NAME, ("示例社区志愿服务站",)),
                Column("级别", "level", N_("centre 区中心、station 社区站"), ("station",)),
                Column("区划代码", "division_code", N_("所在社区的区划代码"), ("{d}001040",)),
                Column("经度", "lon", _WHERE, ("103.83",), is_required=False),
                Column("纬度", "lat", _WHERE, ("30.70",), is_required=False),
                Column("启用日期", "opened_on", N_("例如 2024-03-05"), ("2024-03-05",), is_required=False),
                Column("志愿者名额", "volunteer_quota", N_("站点能容纳的人数"), ("120",), is_required=False),
                Column(
                    "每周需求",
                    "demand_by_service",
                    N_("每类服务每周要多少人，例如 elderly:20;tutoring:30"),
                    ("elderly:20;tutoring:30",),
                    is_required=False,
                ),
                Column("共建单位", "operators", N_("只有区中心填；至少两个，用分号隔开"), ("",), is_required=False),
            ),
        ),
        Kind(
            "teams",
            "registry",
            N_("服务队"),
            N_("志愿服务队，属于一个组织，也可以在一个站点。"),
            (
                Column("代码", "code", N_("全区唯一的代码，自己定"), ("{d}-TEAM-900",)),
                Column("名称", "name", _NAME, ("示例大学志愿服务队",)),
                Column("类型", "kind", N_("小写英文，例如 university、community、professional"), ("university",)),
                Column("组织代码", "organisation_code", N_("所属组织的代码"), ("{d}-ORG-90",), is_required=False),
                Column("站点代码", "station_code", N_("所在站点的代码"), ("{d}-STA-90",), is_required=False),
                Column("服务方向", "focus_service", _SERVICE, ("elderly",), is_required=False),
                Column("总队", "head", N_("总队填“是”，其他填“否”"), ("是",), is_required=False),
            ),
        ),
        Kind(
            "roster",
            "registry",
            N_("志愿者名单"),
            N_("志愿者的登记资料。已经登记的人按身份证号认出来，只更新有变化的。"),
            (
                Column(
                    "志愿者编号", "number", N_("以区代码开头的编号，或系统之前的老编号"), ("{d}80000001", "{d}80000002")
                ),
                Column("姓名", "name", N_("证件上的姓名"), ("张示例", "李示例")),
                Column("性别", "gender", N_("男或女"), ("男", "女")),
                Column(
                    "身份证号",
                    "id_number",
                    N_("18 位，单元格设为文本；加密保存，谁也看不到全号"),
                    ("519900199001010015", "519900200503120228"),
                ),
                Column("手机号码", "phone", N_("11 位手机号"), ("17000000001", "17000000002")),
                Column("电子邮箱", "email", N_("用来收通知"), ("", "li@example.org"), is_required=False),
                Column(
                    "人员类别", "category", N_("大学生、公务员、退休教师、专业人士、居民或未成年人"), ("居民", "大学生")
                ),
                Column("所属组织", "organisation", N_("组织的代码"), ("", "{d}-ORG-90"), is_required=False),
                Column("所属服务队", "team", N_("服务队的代码"), ("", "{d}-TEAM-900"), is_required=False),
                Column(
                    "特长",
                    "skills",
                    N_("用分号隔开，例如 law;first_aid"),
                    ("law", "tutoring;english"),
                    is_required=False,
                ),
                Column(
                    "服务意向",
                    "services",
                    N_("愿意做的服务，用分号隔开，例如 elderly;tutoring"),
                    ("为老服务", "助学助教;文化活动"),
                    is_required=False,
                ),
                Column("居住社区", "community", N_("社区的区划代码"), ("{d}001040", ""), is_required=False),
                Column("注册日期", "registered_on", N_("例如 2024-03-05"), ("2024-03-05", "2024-09-01")),
                Column(
                    "证件类型",
                    "document",
                    N_(
                        "不填就是居民身份证；也可以是护照、港澳居民来往内地通行证、台湾居民来往大陆通行证、外国人永久居留身份证"
                    ),
                    ("", "居民身份证"),
                    is_required=False,
                ),
                Column("出生日期", "born_on", N_("号码不是 18 位的证件要填"), ("", ""), is_required=False),
            ),
        ),
        Kind(
            "service-records",
            "activities",
            N_("服务记录"),
            N_("以前的服务记录。导入后计入时长，一条记录只计一次。"),
            (
                Column("记录编号", "record_no", N_("每条记录不同的编号；再导入时按它认出来"), ("SR{d}90000001",)),
                Column("志愿者编号", "volunteer_no", N_("名单里的编号"), ("{d}80000001",)),
                Column("服务站", "station_code", N_("站点的代码"), ("{d}-STA-90",)),
                Column("活动名称", "activity", N_("做了什么"), ("独居老人探访",)),
                Column("服务类别", "service", _SERVICE, ("为老服务",)),
                Column("开始时间", "started_at", N_("例如 2024-03-09 09:00"), ("2024-03-09T09:00:00+08:00",)),
                Column("结束时间", "ended_at", N_("例如 2024-03-09 11:00"), ("2024-03-09T11:00:00+08:00",)),
                Column("分钟数", "minutes", N_("不超过起止时间；少了的算休息"), ("120",)),
                Column("服务对象评分", "recipient_rating", N_("1 到 5，没有就不填"), ("5",), is_required=False),
            ),
        ),
        Kind(
            "need-answers",
            "registry",
            N_("需求调查的答复"),
            N_("纸质问卷或走访的结果，一行一份。先发起调查，再按调查编号导入。"),
            (
                Column("调查编号", "survey_no", N_("调查页上的编号，调查要在进行中"), ("1",)),
                Column("答卷编号", "sheet_no", N_("每份不同的编号，自己定；再导入时按它认出来"), ("A-001",)),
                Column("社区代码", "community", N_("社区的区划代码"), ("{d}001040",)),
                Column("人数", "answered", N_("这一份代表多少人，不填就是 1"), ("40",), is_required=False),
                Column(
                    "需求",
                    "by_theme",
                    N_("每项需求多少人，例如 elderly:20;tutoring:12"),
                    ("为老服务:20;助学助教:12",),
                ),
            ),
        ),
    )
}
"""In the order in which a district brings them: each names entries of those above it."""
