"""What is shown of preferences."""

from datetime import time

from pydantic import BaseModel, ConfigDict

from services.notifications.preferences.domain import Channel, Preferences, Purpose, QuietHours, is_needed


class QuietHoursView(BaseModel):
    """When no mail is to come: times of a clock in China; ``ends`` may be on the day after ``starts``."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"starts": "22:00", "ends": "07:00"}]})

    starts: time
    ends: time

    @classmethod
    def of(cls, quiet: QuietHours) -> "QuietHoursView":
        """Show quiet hours."""
        return cls(starts=quiet.starts, ends=quiet.ends)


class PreferencesView(BaseModel):
    """On which channels messages for each purpose come; ``needed`` are those that cannot be switched off."""

    channels: dict[Purpose, list[Channel]]
    needed: dict[Purpose, list[Channel]]
    quiet_hours: QuietHoursView | None


def view(wanted: Preferences) -> PreferencesView:
    """Show what a person wants, every purpose named."""
    return PreferencesView(
        channels={purpose: [channel for channel in Channel if wanted.want(purpose, channel)] for purpose in Purpose},
        needed={purpose: [channel for channel in Channel if is_needed(purpose, channel)] for purpose in Purpose},
        quiet_hours=QuietHoursView.of(wanted.quiet_hours) if wanted.quiet_hours else None,
    )
