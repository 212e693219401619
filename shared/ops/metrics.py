"""Every metric, with its meaning. Invariant: no label ever names a person, an account or a free text."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Histogram(
    "http_request_seconds", "Time to answer a request, by route template and status.", ["method", "route", "status"]
)
OUTBOX_DEPTH = Gauge("outbox_depth", "Events committed and not yet acknowledged by Kafka, at the relay's last sweep.")
RELAY_LEADER = Gauge("relay_leader", "1 while this process holds the relay's lock.")
RELAY_PUBLISHED = Counter("relay_published", "Records acknowledged by Kafka.", ["topic"])
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
INBOX_DUPLICATES = Counter("inbox_duplicates", "Events seen again and left out.", ["consumer"])
FENCING_REJECTIONS = Counter(
    "fencing_rejections", "Batches rolled back since another owner had moved on.", ["consumer"]
)
DEAD_LETTERS = Counter("dead_letter_parked", "Records parked as permanently unusable.", ["consumer", "reason"])
CONSUMER_RETRIES = Counter("consumer_retries", "Batches rolled back on a passing fault.", ["consumer"])
REBALANCES = Counter("rebalances", "Assignments of partitions to this process.", ["consumer"])
LOOP_RESTARTS = Counter("loop_restarts", "A background loop failed and was started again.", ["loop"])
SIGN_UP_GROUP_SIZE = Histogram(
    "sign_up_group_size", "Requests decided by one transaction of a shift.", buckets=(1, 2, 5, 10, 20, 50, 100, 200)
)
MAIL_ATTEMPTS = Counter("mail_attempts", "E-mail deliveries tried, by result.", ["result"])
