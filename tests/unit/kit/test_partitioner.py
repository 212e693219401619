from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from shared.messaging.partitioner import partition_index


@given(st.binary(max_size=64) | st.uuids().map(lambda key: str(key).encode()), st.integers(1, 50))
def test_a_key_goes_where_any_other_client_puts_it(key: bytes, partitions: int) -> None:
    choices = list(range(partitions))
    assert partition_index(key, partitions) == DefaultPartitioner()(key, choices, choices)
