"""Every topic of the system, as a test run has it: under a prefix of its own."""

from deploy.provision import consumers
from shared.messaging import topic_provisioning
from shared.messaging.servers import KafkaServers


async def provision(bootstrap_servers: str, prefix: str, *, replication: int = 1) -> None:
    """Create every topic that is not there."""
    await topic_provisioning.provision(KafkaServers(bootstrap_servers), consumers(), prefix, replication=replication)
