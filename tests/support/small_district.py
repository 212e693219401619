"""A small district with people and activities, made over HTTP on a running system: the sample's places, people of
its roster with what they have served, and activities of the days to come.
"""

import csv
import gzip
import io
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from deploy.demo.district import Platform, Session, import_reference, logged_in, open_account, open_district
from deploy.demo.folder import read_places
from deploy.local.first_start import SAMPLE
from shared.contracts.calendar import CHINA

VOLUNTEER = "51011500024180"
"""Who served most in the sample: 519 hours and a minute."""
_PEOPLE = 90
_ACTIVITIES: tuple[dict[str, Any], ...] = (
    {
        "station": "510115-STA-10",
        "title": "陪伴阅读",
        "service": "tutoring",
        "place": "光华社区活动室",
        "person_in_charge": "光华社区站长办公室",
        "risk_text": "室内活动，地面湿滑时注意安全。请勿单独带离孩子。",
        "description": "陪一、二年级的孩子读绘本，每组一名志愿者带三个孩子。\n请提前十分钟到，穿便于席地而坐的衣服。",
        "shifts": [(1, "09:00", "11:00", 20), (8, "09:00", "11:00", 20)],
    },
    {
        "station": "510115-STA-07",
        "title": "护河行动",
        "service": "environment",
        "place": "渡桥村金马河堤",
        "person_in_charge": "渡桥村站长办公室",
        "risk_text": "在河边活动，请穿防滑鞋，不要下到水里；雨天取消。",
        "description": "沿河堤捡拾垃圾，劝导不文明行为。手套和夹子由站里提供。",
        "shifts": [(1, "14:00", "17:00", 2)],
    },
    {
        "station": "510115-STA-08",
        "title": "独居老人探访",
        "service": "elderly",
        "place": "长石社区",
        "person_in_charge": "长石社区站长办公室",
        "risk_text": "两人一组入户，不收受财物，发现异常立即联系负责人。",
        "description": "看望社区里的独居老人，陪聊天、量血压、检查用电安全。",
        "shifts": [(2, "09:30", "11:30", 8)],
    },
    {
        "station": "510115-STA-01",
        "title": "新华社区读书会",
        "service": "culture",
        "place": "新华社区活动室",
        "person_in_charge": "新华社区站长办公室",
        "risk_text": "室内活动。",
        "description": "每周一次的居民读书会，志愿者负责签到、茶水和会场整理。",
        "shifts": [(3, "14:00", "16:00", 12), (10, "14:00", "16:00", 12)],
    },
    {
        "station": "510115-STA-00",
        "title": "花博会迎宾引导",
        "service": "event",
        "place": "温江区绿博园北门",
        "person_in_charge": "区志愿服务中心",
        "risk_text": "户外站立时间较长，请带水和雨具。",
        "description": "在入口为游客指路、答疑、维持秩序，统一着志愿者马甲。",
        "shifts": [(5, "08:00", "12:00", 60), (5, "13:00", "17:00", 60)],
    },
    {
        "station": "510115-STA-03",
        "title": "健康义诊",
        "service": "health",
        "place": "共耕社区广场",
        "person_in_charge": "共耕社区站长办公室",
        "risk_text": "医疗操作只由有资质的志愿者进行。",
        "description": "协助医生为居民测血压、血糖，登记和引导。",
        "shifts": [(6, "09:00", "12:00", 10)],
    },
)


@dataclass(frozen=True)
class SmallDistrict:
    """Who can log in, by name and password, and what there is."""

    code: str
    volunteer: tuple[str, str]
    free: Iterator[str]
    """The numbers of further volunteers, who have no account: each is for whoever takes it, and for nobody else."""
    manager: tuple[str, str]
    """The manager of the first station."""
    admin: tuple[str, str]
    activities: Mapping[str, str]
    """Title -> id."""


def make(platform: Platform, folder: Path) -> SmallDistrict:
    """Make the district; files to upload are written to ``folder``."""
    places = read_places(SAMPLE)
    admin = open_district(platform, places.district, places.name)
    with ExitStack() as stack:
        session = stack.enter_context(logged_in(platform, admin, platform.password(admin)))
        import_reference(session, places)
        numbers = _import_people(session, folder)
        manager = "manager.510115"
        stations = places.codes("stations")
        open_account(platform, session, manager, user_name=manager, roles=["station_manager"], units=[stations[1]])
        open_account(platform, session, VOLUNTEER, volunteer_number=VOLUNTEER)
        activities = {activity["title"]: _publish(session, activity) for activity in _ACTIVITIES}
    return SmallDistrict(
        code=places.district,
        volunteer=(VOLUNTEER, platform.password(VOLUNTEER)),
        free=(number for number in numbers if number != VOLUNTEER),
        manager=(manager, platform.password(manager)),
        admin=(admin, platform.password(admin)),
        activities=activities,
    )


def _import_people(session: Session, folder: Path) -> list[str]:
    """Import people and all that they have served; return their numbers."""
    roster = list(_lines("volunteers.csv.gz"))
    chosen = [line for line in roster[1:] if line[0] == VOLUNTEER]
    chosen += [line for line in roster[1:] if line[0] != VOLUNTEER][: _PEOPLE - 1]
    numbers = [line[0] for line in chosen]
    served = list(_lines("service_records.csv.gz"))
    theirs = [line for line in served[1:] if line[1] in set(numbers)]
    for kind, client, lines in (
        ("roster", session.registry, [roster[0], *chosen]),
        ("service-records", session.activities, [served[0], *theirs]),
    ):
        path = folder / f"{kind}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(lines)
        end = client.upload_import(kind, path)
        assert end.state == "completed", end
    return numbers


def _lines(name: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(gzip.decompress((SAMPLE / name).read_bytes()).decode("utf-8-sig")))


def _publish(session: Session, activity: Mapping[str, Any]) -> str:
    today = datetime.now(CHINA).date()

    def moment(days: int, clock: str) -> str:
        return datetime.combine(today + timedelta(days=days), time.fromisoformat(clock), CHINA).isoformat()

    shifts = [
        {"starts_at": moment(days, start), "ends_at": moment(days, end), "capacity": capacity}
        for days, start, end, capacity in activity["shifts"]
    ]
    answer = session.activities.send(
        "POST",
        "/v1/activities",
        json={**activity, "shifts": shifts},
        headers={"Idempotency-Key": activity["title"].encode().hex()},
    )
    published: str = answer.json()["id"]
    return published
