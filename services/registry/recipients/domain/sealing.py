"""A household's file and the notes of visits, sealed under the household's own key.

Invariant: all files are of one length on disk, and all notes, whatever they hold; so the length of a ciphertext, of a
row or of a backup says nothing. Without the wrapped key, which lies beside the file, nothing of a household can be read
any more: to delete that row is to erase it.
"""

from dataclasses import dataclass
from uuid import UUID

from services.registry.people.domain.privacy import KeyRing
from services.registry.recipients.domain.household import HouseholdFile

FILE_BYTES, NOTE_BYTES = 16_384, 2_560
"""What is encrypted is of this length, exactly."""
_LENGTH_BYTES = 4


@dataclass(frozen=True, slots=True, repr=False)
class SealedFile:
    """A household's key under the master key, and its file under that key."""

    wrapped_key: bytes
    content: bytes


def seal_file(keys: KeyRing, household_id: UUID, file: HouseholdFile, wrapped_key: bytes | None = None) -> SealedFile:
    """Seal a household's file, under a new key where it has none yet."""
    wrapped = wrapped_key or keys.new_household_key(household_id)
    content = _padded(file.to_bytes(), FILE_BYTES)
    return SealedFile(wrapped, keys.seal_of_household(household_id, wrapped, b"file", content))


def open_file(keys: KeyRing, household_id: UUID, sealed: SealedFile) -> HouseholdFile:
    """Return what ``seal_file`` sealed. Raises InvalidTag where it was changed or is another household's."""
    content = keys.open_of_household(household_id, sealed.wrapped_key, b"file", sealed.content)
    return HouseholdFile.of_bytes(_without_padding(content))


def seal_note(keys: KeyRing, household_id: UUID, wrapped_key: bytes, visit_id: UUID, note: str) -> bytes:
    """Seal what was noted of a visit; an empty note is as long as any."""
    padded = _padded(note.encode(), NOTE_BYTES)
    return keys.seal_of_household(household_id, wrapped_key, visit_id.bytes, padded)


def open_note(keys: KeyRing, household_id: UUID, wrapped_key: bytes, visit_id: UUID, sealed: bytes) -> str:
    """Return what ``seal_note`` sealed. Raises InvalidTag where it was changed or is another visit's."""
    content = keys.open_of_household(household_id, wrapped_key, visit_id.bytes, sealed)
    return _without_padding(content).decode()


def _padded(content: bytes, size: int) -> bytes:
    if len(content) + _LENGTH_BYTES > size:
        raise ValueError("longer than what it is padded to")
    return (len(content).to_bytes(_LENGTH_BYTES) + content).ljust(size, b"\0")


def _without_padding(padded: bytes) -> bytes:
    length = int.from_bytes(padded[:_LENGTH_BYTES])
    return padded[_LENGTH_BYTES : _LENGTH_BYTES + length]
