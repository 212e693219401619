"""What local mode loads when it starts for the first time.

Invariant: called once per `.local/`, when all services are ready; it talks to them by HTTP only, and doing it again
changes nothing. No volunteers: those come from a roster (`make demo`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.demo.district import OPERATOR, import_reference, logged_in, open_account, open_district
from deploy.demo.folder import read_places
from deploy.local.paths import ROOT

if TYPE_CHECKING:
    from deploy.demo.district import Platform

SAMPLE = ROOT / "deploy" / "sample" / "510115"


def seed(platform: Platform) -> list[str]:
    """Load the sample district's reference data and open a log-in for each role; return the lines to print."""
    places = read_places(SAMPLE)
    admin = open_district(platform, places.district, places.name)
    with logged_in(platform, admin, platform.password(admin)) as session:
        import_reference(session, places)
        staff = {
            f"station.{places.district}": ("station_manager", places.codes("stations")[:1]),
            f"team.{places.district}": ("team_leader", places.codes("teams")[:1]),
            f"auditor.{places.district}": ("auditor", []),
        }
        for name, (role, units) in staff.items():
            open_account(platform, session, name, user_name=name, roles=[role], units=units)
    log_ins = {OPERATOR: "every district", admin: f"{places.name}, district admin"}
    log_ins |= {name: ", ".join([role.replace("_", " "), *units]) for name, (role, units) in staff.items()}
    passwords = {OPERATOR: platform.operator_password}
    return [f"{name:<16} {passwords.get(name, platform.password(name)):<18} {who}" for name, who in log_ins.items()]
