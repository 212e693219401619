"""Surveys of needs as registry tells of them: which are asked, and what those have found that are closed."""

from services.activities.needs.tables import known_need_survey
from shared.store.entries import known_entries, same_names

NEED_SURVEYS = known_entries(
    "need_surveys",
    known_need_survey,
    same_names(
        *("number", "title", "starts_on", "ends_on", "closed"), *("themes", "communities", "answered", "by_theme")
    ),
)
