"""Every metric, with its meaning; ``docs/metrics.md`` is generated from here.

Invariant: no label ever names a person, an account, a district or a free text.

A gauge whose text says "observer" is read from the database by the loop of that name, in the process that relays, so it
stands however many processes a service has. ``seal_*`` and ``upstream_*`` come with the services that seal the archive
and report upward; until those exist there is nothing to measure.
"""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Histogram(
    "http_request_seconds", "Time to answer a request, by route template and status.", ["method", "route", "status"]
)
OUTBOX_DEPTH = Gauge(
    "outbox_depth", "Events committed and not yet acknowledged by Kafka, after the relay's last round."
)
OUTBOX_OLDEST_SECONDS = Gauge(
    "outbox_oldest_seconds",
    "Age of the oldest event that Kafka has not acknowledged; 0 where the outbox is empty. From the observer.",
)
RELAY_LEADER = Gauge("relay_leader", "1 while this process holds the relay's lock.")
RELAY_PUBLISHED = Counter("relay_published", "Records acknowledged by Kafka.", ["topic"])
RELAY_TOPIC_REFUSED = Gauge(
    "relay_topic_refused", "1 while Kafka takes no records of a topic; others go on.", ["topic"]
)
RELAY_PUBLISH_SECONDS = Histogram("relay_publish_seconds", "Time from reading a batch of the outbox to its deletion.")
CONSUMER_BATCH_SIZE = Histogram(
    "consumer_batch_size",
    "Records in a consumed batch.",
    ["consumer"],
    buckets=(1, 10, 50, 100, 250, 500, 1000, 2500, 5000),
)
CONSUMER_PROCESS_SECONDS = Histogram("consumer_process_seconds", "Time of a batch's transaction.", ["consumer"])
CONSUMER_EVENT_AGE_SECONDS = Histogram(
    "consumer_event_age_seconds",
    "From an event's time to the commit of its effects; the oldest of each batch.",
    ["consumer"],
    buckets=(0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6, 1, 2.5, 5, 10, 30, 60, 300),
)
CONSUMER_LAG = Gauge(
    "consumer_lag_records", "Records behind the end of a partition.", ["consumer", "topic", "partition"]
)
CONSUMER_COMMITTED_OFFSET = Gauge(
    "consumer_committed_offset",
    "Offset that comes next, as the database has it. From the observer.",
    ["consumer", "topic", "partition"],
)
CONSUMER_LAST_PROGRESS = Gauge(
    "consumer_last_progress_timestamp_seconds",
    "When this process last committed a batch of a partition or stood at its end.",
    ["consumer", "topic", "partition"],
)
CONSUMER_STOPPED = Gauge(
    "consumer_stopped",
    "1 while a consumer waits for an operator: too much was to be parked (limit), its place is gone (position), or "
    "history is missing (history).",
    ["consumer", "reason"],
)
CONSUMER_TOPIC_UNREADABLE = Gauge(
    "consumer_topic_unreadable",
    "1 while a consumer cannot read a topic, as it is not there or forbidden; others go on.",
    ["consumer", "topic"],
)
OVERDUE_ROWS = Gauge(
    "overdue_rows",
    "Rows past their retention that the janitor has left, after its last run here; anything but 0 is a fault.",
    ["table"],
)
RETENTION_HEADROOM = Gauge(
    "retention_headroom_seconds",
    "Time until Kafka deletes the next event that a consumer has not read; the whole retention where it is at the end.",
    ["consumer", "topic"],
)
INBOX_DUPLICATES = Counter("inbox_duplicates", "Events seen again and left out.", ["consumer"])
FENCING_REJECTIONS = Counter(
    "fencing_rejections", "Batches rolled back since another owner had moved on.", ["consumer"]
)
DEAD_LETTERS = Counter("dead_letter_parked", "Records parked as permanently unusable.", ["consumer", "reason"])
DEAD_LETTERS_PARKED = Gauge(
    "dead_letters", "Records that are parked now, waiting for an operator. From the observer.", ["consumer", "reason"]
)
DEAD_LETTER_OLDEST_SECONDS = Gauge(
    "dead_letter_oldest_seconds", "Time that the oldest parked record has waited. From the observer.", ["consumer"]
)
CONSUMER_RETRIES = Counter("consumer_retries", "Batches rolled back on a passing fault.", ["consumer"])
REBALANCES = Counter("rebalances", "Assignments of partitions to this process.", ["consumer"])
LOOP_RESTARTS = Counter("loop_restarts", "A background loop failed and was started again.", ["loop"])
LOOP_LAST_BEAT = Gauge(
    "loop_last_beat_timestamp_seconds", "When a background loop last made progress or found a server away.", ["loop"]
)
LOOP_READY = Gauge(
    "loop_ready", "1 while a background loop can do its work, 0 while it waits for a server or an operator.", ["loop"]
)
PROJECTION_POSITION = Gauge(
    "projection_position",
    "Position of the log that the last comparison of a projection with its replay covered. From the observer.",
    ["projection"],
)
PROJECTION_DRIFT = Gauge(
    "projection_drift", "Rows that differed at the last comparison; anything but 0 is wrong.", ["projection"]
)
PROJECTION_COMPARED = Gauge(
    "projection_compared_timestamp_seconds", "When a projection was last compared with its replay.", ["projection"]
)
WORK_OPEN = Gauge("work_open", "Work that is scheduled, waits, or is being done. From the observer.", ["kind"])
WORK_DUE_SECONDS = Gauge(
    "work_due_seconds",
    "How long the oldest work has been due that nobody is doing; 0 where none is due. From the observer.",
    ["kind"],
)
WORK_GIVEN_UP = Gauge(
    "work_given_up", "Work that failed too often and waits for an operator. From the observer.", ["kind"]
)
EVENTS_MISSING = Gauge(
    "events_missing",
    "Events in the logs that were neither applied nor parked 10 minutes later, at the last count. From the observer.",
    ["consumer", "event"],
)
PG_OLDEST_XMIN_SECONDS = Gauge(
    "pg_oldest_xmin_seconds",
    "Age of the oldest transaction of this database; while it runs, vacuum removes nothing newer. From the observer.",
)
LOG_IN_REFUSED = Counter("log_in_refused", "Log-ins refused: wrong credentials, or too many tries.", ["reason"])
REQUESTS_REFUSED = Counter(
    "requests_refused", "Requests refused before any work: body too large, or too many.", ["reason"]
)
TEXTS = Counter(
    "texts",
    "Codes, warnings and messages to guardians that were handed over, by result.",
    ["channel", "result"],
)
RATE_EXCHANGES_FAILED = Counter(
    "rate_exchanges_failed", "Times that counts of tries could not be shared with the service's other processes."
)
SIGN_UP_GROUP_SIZE = Histogram(
    "sign_up_group_size", "Requests decided by one transaction of a shift.", buckets=(1, 2, 5, 10, 20, 50, 100, 200)
)
MAIL_ATTEMPTS = Counter("mail_attempts", "E-mail deliveries tried, by result.", ["result"])
