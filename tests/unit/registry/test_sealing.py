import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from shared.store.sealing import UnsealableError, open_sealed, seal

READER = X25519PrivateKey.generate()
PRIVATE = READER.private_bytes_raw()
PUBLIC = READER.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


@given(st.lists(st.tuples(st.text(st.characters(codec="utf-8")), st.binary())))
def test_every_message_of_a_batch_opens_under_its_own_id(items: list[tuple[str, bytes]]) -> None:
    sealed = seal(PUBLIC, items)
    assert [open_sealed(PRIVATE, item[0], message) for item, message in zip(items, sealed, strict=True)] == [
        plaintext for _, plaintext in items
    ]


def test_the_same_plaintext_never_seals_to_the_same_bytes() -> None:
    assert len(set(seal(PUBLIC, [("a", b"x")] * 100))) == 100


@pytest.mark.parametrize("position", [0, 1, 40, 45, -1])
def test_a_changed_byte_is_noticed(position: int) -> None:
    message = bytearray(seal(PUBLIC, [("a", b"secret")])[0])
    message[position] ^= 1
    with pytest.raises(UnsealableError):
        open_sealed(PRIVATE, "a", bytes(message))


@pytest.mark.parametrize("message", [b"", b"\x01", b"\x01" + bytes(44), b"\x02" + bytes(80)])
def test_what_was_never_sealed_does_not_open(message: bytes) -> None:
    with pytest.raises(UnsealableError):
        open_sealed(PRIVATE, "a", message)


def test_a_message_opens_neither_under_another_id_nor_with_another_key() -> None:
    message = seal(PUBLIC, [("a", b"secret")])[0]
    with pytest.raises(UnsealableError):
        open_sealed(PRIVATE, "b", message)
    with pytest.raises(UnsealableError):
        open_sealed(X25519PrivateKey.generate().private_bytes_raw(), "a", message)
