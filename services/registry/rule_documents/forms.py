"""What is filled in about rule documents."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from services.registry.rule_documents.domain import AcceptanceChannel, NewVersion
from shared.http.forms import Line, Paragraphs

_EXAMPLE: dict[str, JsonValue] = {
    "title": "志愿者守则",
    "text": "# 总则\n\n志愿者应当按照约定的时间和地点参加服务。\n\n# 附则\n\n本守则由区志愿服务中心解释。",
    "in_force_from": "2027-01-01",
    "required_from": "2027-02-01",
}


class VersionForm(BaseModel):
    """What is to be published. What is left out is refused by the rules, all of it at once."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    title: Line = ""
    text: Paragraphs = Field(
        "",
        description="Paragraphs between empty lines; a heading begins with #. At most 20,000 characters.",
    )
    in_force_from: date | None = Field(None, description="The first day, in China; today where absent.")
    required_from: date | None = Field(
        None,
        description="From this day on nobody signs up without having accepted it; the first day where absent.",
    )

    def new(self, today: date) -> NewVersion:
        """Return it as the rules want it; browsers end lines with two characters."""
        begins = self.in_force_from or today
        return NewVersion(self.title, self.text.replace("\r\n", "\n"), begins, self.required_from or begins)


class NextVersionForm(VersionForm):
    """The next version of a document."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"version": 1, **_EXAMPLE}]})

    version: int = Field(0, ge=0, le=1_000_000, description="The version published last, which this one is based on.")


class EndingForm(BaseModel):
    """Why a version is withdrawn or ended."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "发布时选错了文件"}]})

    reason: Paragraphs = ""


class AcceptanceForm(BaseModel):
    """Which version somebody has read and accepts, and where."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"version": 1, "channel": "own_page"}]})

    version: int = Field(ge=1, le=1_000_000)
    channel: AcceptanceChannel = AcceptanceChannel.OWN_PAGE


class AskingForm(BaseModel):
    """Of which version those are reminded who have not accepted it: the one in force."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"version": 1}]})

    version: int = Field(ge=1, le=1_000_000)
