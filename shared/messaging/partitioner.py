"""Which partition a key goes to: murmur2, as every Kafka client's default partitioner has it.

Invariant: the same as aiokafka's, so that anybody else who writes to a topic puts a key where we do. It is here since
aiokafka's goes byte by byte and was a quarter of the relay's time; a key of whole words (an id) is hashed by the word.

Partitions that a topic has beyond those agreed on get nothing: were a key to move, what follows in it would overtake.
"""

import struct

from aiokafka.partitioner import murmur2

from shared.contracts.topics import TOPICS

_SEED, _FACTOR, _WORD = 0x9747B28C, 0x5BD1E995, 0xFFFFFFFF


def agreed_partitions(topic: str) -> int:
    """Return how many partitions a topic, by its name without prefix, was agreed to have; a dead-letter topic one."""
    return TOPICS[topic].partitions if topic in TOPICS else 1


def partition_index(key: bytes, partitions: int) -> int:
    """Return the index of a key's partition among so many."""
    hashed = int(murmur2(key)) if len(key) % 4 else _hash_words(key)
    return (hashed & 0x7FFFFFFF) % partitions


def _hash_words(key: bytes) -> int:
    result = _SEED ^ len(key)
    for word in struct.unpack(f"<{len(key) // 4}I", key):
        mixed = word * _FACTOR & _WORD
        result = result * _FACTOR & _WORD ^ (mixed ^ mixed >> 24) * _FACTOR & _WORD
    result = (result ^ result >> 13) * _FACTOR & _WORD
    return result ^ result >> 15
