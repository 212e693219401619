#!/bin/sh
# Run a class of Kafka's: the first argument, or what the name of the link stands for through which this is called.
set -eu
case ${0##*/} in
    kafka-broker-api-versions.sh) set -- org.apache.kafka.tools.BrokerApiVersionsCommand "$@" ;;
    kafka-topics.sh) set -- org.apache.kafka.tools.TopicCommand "$@" ;;
    kafka-consumer-groups.sh) set -- org.apache.kafka.tools.consumer.group.ConsumerGroupCommand "$@" ;;
    kafka-get-offsets.sh) set -- org.apache.kafka.tools.GetOffsetShell "$@" ;;
    kafka-console-consumer.sh) set -- org.apache.kafka.tools.consumer.ConsoleConsumer "$@" ;;
    kafka-configs.sh) set -- kafka.admin.ConfigCommand "$@" ;;
    kafka-storage.sh) set -- kafka.tools.StorageTool "$@" ;;
esac
# Kafka unmaps files by sun.misc.Unsafe; Java 25 would warn. A tool lives for a second: the quick compiler is enough.
# shellcheck disable=SC2086  # each variable is a list of options
exec java ${KAFKA_HEAP_OPTS:--Xmx256M} ${KAFKA_JVM_PERFORMANCE_OPTS:--XX:TieredStopAtLevel=1} ${KAFKA_OPTS:-} \
    --sun-misc-unsafe-memory-access=allow \
    ${KAFKA_LOG4J_OPTS:--Dlog4j2.configurationFile=/etc/kafka/docker/tools-log4j2.yaml} -cp '/opt/kafka/libs/*' "$@"
