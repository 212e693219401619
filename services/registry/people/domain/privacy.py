"""Personal data at rest: sealed under a key per volunteer, found again by a keyed index, shown masked.

Invariant: without the keys nothing of a person can be read or guessed from the database: ciphertexts are bound to their
volunteer and purpose, and the blind index of an ID number (little entropy in 18 characters) is an HMAC, not a hash.
Deleting a volunteer's wrapped key makes the sealed data unreadable for good.
"""

import hmac
import json
import os
from dataclasses import dataclass, fields, replace
from datetime import date
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.registry.people.domain.papers import Document, says_birthday
from services.registry.people.domain.roster import Entry
from services.registry.people.domain.volunteer import Volunteer

KEY_BYTES = 32
PHONE_TAIL = 4
_INDEX_BYTES = 16
_NONCE_BYTES = 12
_VERSION = b"\x01"
_MASK = "*"
_ALWAYS_SEALED = 5
"""Name, gender, number, phone, email; what else a paper needs that is no resident ID comes after them."""
_ALL_FIELDS = tuple(field.name for field in fields(Volunteer))
_VOLUNTEER_FIELDS = tuple(name for name in _ALL_FIELDS if name not in ("document", "born_on"))
"""What a roster says of somebody with a resident ID; the digests on file are of these."""


@dataclass(frozen=True, slots=True, repr=False)
class PersonalData:
    """What must never be shown or stored in clear; it has no repr either."""

    name: str
    gender: str
    id_number: str
    phone: str
    email: str
    document: Document = Document.RESIDENT_ID
    born_on: date | None = None
    """Where the number does not say it."""

    def masked(self) -> "PersonalData":
        """Return it as it may be shown: 张**, 519900********1234 or E******78, 138****0000, a***@example.org."""
        return PersonalData(
            name=masked_name(self.name),
            gender=self.gender,
            id_number=_masked_number(self.id_number),
            phone=masked_phone(self.phone),
            email=_masked_email(self.email),
            document=self.document,
        )


@dataclass(frozen=True, slots=True)
class SealedPerson:
    """Personal data as it is stored: the volunteer's data key under the master key, and the data under the data key."""

    wrapped_key: bytes
    personal_data: bytes


class KeyRing:
    """The keys of registry, 32 bytes each. A person's blind index is the same in every district."""

    def __init__(self, master_key: bytes, blind_index_key: bytes, contact_public_key: bytes) -> None:
        if {len(master_key), len(blind_index_key), len(contact_public_key)} != {KEY_BYTES}:
            raise ValueError(f"keys have {KEY_BYTES} bytes")
        self._master = AESGCM(master_key)
        self._blind_index_key = blind_index_key
        self.contact_public_key = contact_public_key
        """X25519; notifications has the private half."""

    def blind_index(self, id_number: str, document: Document = Document.RESIDENT_ID) -> bytes:
        """Return what finds a person again without storing the number readably.

        A number of 18 digits is its bearer's on whatever paper; of others the kind of paper is a part.
        """
        scheme = "id_number" if says_birthday(id_number) else document.value
        return hmac.digest(self._blind_index_key, f"{scheme}:{id_number}".encode(), "sha256")

    def name_index(self, name: str) -> bytes:
        """Return what finds everybody of a whole name, in the form of ``contracts.text.name``."""
        return self._index(b"name:", name)

    def phone_tail_index(self, phone: str) -> bytes:
        """Return what finds everybody whose phone number ends in the same four digits."""
        return self._index(b"phone tail:", phone[-PHONE_TAIL:])

    def _index(self, purpose: bytes, value: str) -> bytes:
        return hmac.digest(self._blind_index_key, purpose + value.encode(), "sha256")[:_INDEX_BYTES]

    def digest(self, volunteer: Volunteer) -> bytes:
        """Return a keyed digest of everything a roster says of a volunteer; equal exactly for equal volunteers."""
        said = _VOLUNTEER_FIELDS if volunteer.document is Document.RESIDENT_ID else _ALL_FIELDS
        content = json.dumps([str(getattr(volunteer, field)) for field in said], ensure_ascii=False)
        return hmac.digest(self._blind_index_key, b"volunteer:" + content.encode(), "sha256")

    def entry(self, line: int, volunteer: Volunteer, *, normalised: bool) -> Entry:
        """Return the roster entry of a volunteer who has passed every check."""
        return Entry(line, volunteer, self.index_of(volunteer), self.digest(volunteer), normalised)

    def index_of(self, person: Volunteer | PersonalData) -> bytes:
        """Return the blind index of a person."""
        return self.blind_index(person.id_number, person.document)

    def fingerprint(self, request: bytes) -> bytes:
        """Return a keyed fingerprint of a request that may hold a password or personal data."""
        return hmac.digest(self._blind_index_key, b"request:" + request, "sha256")

    def stranger(self, phone: str) -> UUID:
        """Return what tells people without an account apart: their phone number, keyed, in the shape of an id."""
        return UUID(bytes=self._index(b"stranger:", phone))

    def destination(self, channel: str, to: str) -> bytes:
        """Return what a phone number or mailbox is known by where codes are counted."""
        return self._index(b"destination:", f"{channel}:{to}")

    def code_digest(self, purpose: str, subject: bytes, code: str) -> bytes:
        """Return what is kept of a one-time code; a million codes are quickly tried, so it is keyed."""
        return self._index(b"code:" + purpose.encode() + b":" + subject + b":", code)

    def seal_text(self, text_id: UUID, text: bytes) -> bytes:
        """Encrypt a text that waits to be sent."""
        return _encrypt(self._master, text, b"text:" + text_id.bytes)

    def open_text(self, text_id: UUID, sealed: bytes) -> bytes:
        """Decrypt what ``seal_text`` sealed. Raises InvalidTag where it was changed."""
        return _decrypt(self._master, sealed, b"text:" + text_id.bytes)

    def seal_guardian(self, guardian_id: UUID, guardian: bytes) -> bytes:
        """Encrypt whom a minor's consent is from, and their phone number."""
        return _encrypt(self._master, guardian, b"guardian:" + guardian_id.bytes)

    def open_guardian(self, guardian_id: UUID, sealed: bytes) -> bytes:
        """Decrypt what ``seal_guardian`` sealed. Raises InvalidTag where it was changed."""
        return _decrypt(self._master, sealed, b"guardian:" + guardian_id.bytes)

    def seal_person(self, volunteer_id: UUID, volunteer: Volunteer) -> SealedPerson:
        """Encrypt a volunteer's personal data under a fresh data key; both ciphertexts are bound to the volunteer."""
        data_key = AESGCM.generate_key(8 * KEY_BYTES)
        personal = [volunteer.name, volunteer.gender, volunteer.id_number, volunteer.phone, volunteer.email]
        if volunteer.document is not Document.RESIDENT_ID:
            personal += [volunteer.document.value, volunteer.born_on.isoformat() if volunteer.born_on else ""]
        return SealedPerson(
            wrapped_key=_encrypt(self._master, data_key, b"volunteer key:" + volunteer_id.bytes),
            personal_data=_encrypt(
                AESGCM(data_key),
                json.dumps(personal, ensure_ascii=False).encode(),
                b"personal data:" + volunteer_id.bytes,
            ),
        )

    def open_person(self, volunteer_id: UUID, sealed: SealedPerson) -> PersonalData:
        """Decrypt what ``seal_person`` sealed. Raises InvalidTag where it was changed or belongs to somebody else."""
        data_key = _decrypt(self._master, sealed.wrapped_key, b"volunteer key:" + volunteer_id.bytes)
        content = _decrypt(AESGCM(data_key), sealed.personal_data, b"personal data:" + volunteer_id.bytes)
        known, paper = (opened := json.loads(content))[:_ALWAYS_SEALED], opened[_ALWAYS_SEALED:]
        if not paper:
            return PersonalData(*known)
        document, born_on = paper
        return replace(
            PersonalData(*known),
            document=Document(document),
            born_on=date.fromisoformat(born_on) if born_on else None,
        )

    def new_household_key(self, household_id: UUID) -> bytes:
        """Return a fresh data key of a household that is looked after, encrypted for storage."""
        return self._new_data_key(b"household", household_id)

    def seal_of_household(self, household_id: UUID, wrapped_key: bytes, purpose: bytes, content: bytes) -> bytes:
        """Encrypt something of a household under its data key, bound to it and to a purpose."""
        cipher, associated = self._of_household(household_id, wrapped_key, purpose)
        return _encrypt(cipher, content, associated)

    def open_of_household(self, household_id: UUID, wrapped_key: bytes, purpose: bytes, sealed: bytes) -> bytes:
        """Decrypt what ``seal_of_household`` sealed. Raises InvalidTag where it was changed or is of another one."""
        cipher, associated = self._of_household(household_id, wrapped_key, purpose)
        return _decrypt(cipher, sealed, associated)

    def _of_household(self, household_id: UUID, wrapped_key: bytes, purpose: bytes) -> tuple[AESGCM, bytes]:
        return self._data_cipher(b"household", household_id, wrapped_key), b"household:" + household_id.bytes + purpose

    def seal_evidence(self, evidence_id: UUID, content: bytes) -> tuple[bytes, bytes]:
        """Encrypt a file under a fresh key of its own; return that key as it is stored, and the file."""
        wrapped_key = self._new_data_key(b"evidence", evidence_id)
        cipher = self._data_cipher(b"evidence", evidence_id, wrapped_key)
        return wrapped_key, _encrypt(cipher, content, b"evidence:" + evidence_id.bytes)

    def open_evidence(self, evidence_id: UUID, wrapped_key: bytes, sealed: bytes) -> bytes:
        """Decrypt what ``seal_evidence`` sealed. Raises InvalidTag where it was changed or is another's."""
        cipher = self._data_cipher(b"evidence", evidence_id, wrapped_key)
        return _decrypt(cipher, sealed, b"evidence:" + evidence_id.bytes)

    def new_paper_key(self, paper_id: UUID) -> bytes:
        """Return a fresh data key for what is on file of one paper of somebody's, wrapped; without it that is gone."""
        return self._new_data_key(b"paper", paper_id)

    def seal_paper(self, paper_id: UUID, wrapped_key: bytes, part: str, content: bytes) -> bytes:
        """Encrypt a part of a paper (its details, its picture) under the paper's data key."""
        cipher = self._data_cipher(b"paper", paper_id, wrapped_key)
        return _encrypt(cipher, content, f"{part}:".encode() + paper_id.bytes)

    def open_paper(self, paper_id: UUID, wrapped_key: bytes, part: str, sealed: bytes) -> bytes:
        """Decrypt what ``seal_paper`` sealed. Raises InvalidTag where it was changed or belongs to another paper."""
        cipher = self._data_cipher(b"paper", paper_id, wrapped_key)
        return _decrypt(cipher, sealed, f"{part}:".encode() + paper_id.bytes)

    def _new_data_key(self, of: bytes, owner_id: UUID) -> bytes:
        """Return a fresh data key, encrypted for storage and bound to what it is of."""
        return _encrypt(self._master, AESGCM.generate_key(8 * KEY_BYTES), of + b" key:" + owner_id.bytes)

    def _data_cipher(self, of: bytes, owner_id: UUID, wrapped_key: bytes) -> AESGCM:
        return AESGCM(_decrypt(self._master, wrapped_key, of + b" key:" + owner_id.bytes))

    def seal_signing_key(self, key_id: str, private_key: bytes) -> bytes:
        """Encrypt a token signing key for storage."""
        return _encrypt(self._master, private_key, b"signing key:" + key_id.encode())

    def open_signing_key(self, key_id: str, sealed: bytes) -> bytes:
        """Decrypt what ``seal_signing_key`` sealed. Raises InvalidTag where it was changed."""
        return _decrypt(self._master, sealed, b"signing key:" + key_id.encode())

    def seal_second_factor(self, account_id: UUID, secret: str) -> bytes:
        """Encrypt an account's TOTP secret for storage."""
        return _encrypt(self._master, secret.encode(), b"second factor:" + account_id.bytes)

    def open_second_factor(self, account_id: UUID, sealed: bytes) -> str:
        """Decrypt what ``seal_second_factor`` sealed. Raises InvalidTag where it was changed."""
        return _decrypt(self._master, sealed, b"second factor:" + account_id.bytes).decode()

    def seal_staff_name(self, staff_id: UUID, name: str) -> bytes:
        """Encrypt the name of somebody who works at a station."""
        return _encrypt(self._master, name.encode(), b"station staff:" + staff_id.bytes)

    def open_staff_name(self, staff_id: UUID, sealed: bytes) -> str:
        """Decrypt what ``seal_staff_name`` sealed. Raises InvalidTag where it was changed or is somebody else's."""
        return _decrypt(self._master, sealed, b"station staff:" + staff_id.bytes).decode()

    def outside_subject(self, issuer: str, subject: str) -> bytes:
        """Return what finds somebody again whom an outside issuer names, without storing the name."""
        return hmac.digest(self._blind_index_key, f"outside:{issuer}\n{subject}".encode(), "sha256")

    def seal_state(self, issuer: str, state: bytes) -> bytes:
        """Encrypt what a log-in by an outside issuer needs at its end, to be carried by the browser."""
        return _encrypt(self._master, state, b"state:" + issuer.encode())

    def open_state(self, issuer: str, sealed: bytes) -> bytes:
        """Decrypt what ``seal_state`` sealed. Raises InvalidTag where it was changed or is another issuer's."""
        return _decrypt(self._master, sealed, b"state:" + issuer.encode())


def masked_name(name: str) -> str:
    """Return a name as it may be shown: 张**; nothing of nobody."""
    return name[:1] + _MASK * 2 if name else ""


def _masked_number(number: str) -> str:
    """Return a paper's number as it may be shown; of a short one less, for its ends would be nearly all of it."""
    if says_birthday(number):
        return f"{number[:6]}{_MASK * 8}{number[-4:]}"
    return f"{number[:1]}{_MASK * (len(number) - 3)}{number[-2:]}"


def masked_phone(phone: str) -> str:
    """Return a phone number as it may be shown: 138****0000; nothing where there is none."""
    return f"{phone[:3]}{_MASK * 4}{phone[-4:]}" if phone else ""


def _masked_email(email: str) -> str:
    local, at, domain = email.rpartition("@")
    return f"{local[:1]}{_MASK * 3}{at}{domain}" if at else ""


def _encrypt(cipher: AESGCM, plaintext: bytes, associated_data: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return _VERSION + nonce + cipher.encrypt(nonce, plaintext, associated_data)


def _decrypt(cipher: AESGCM, sealed: bytes, associated_data: bytes) -> bytes:
    start = len(_VERSION) + _NONCE_BYTES
    return cipher.decrypt(sealed[len(_VERSION) : start], sealed[start:], associated_data)
