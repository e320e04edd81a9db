"""Secrets of operators and services: made at the first start, kept as keyed hashes in memory.

The data folder holds `hash.key`, `operator.token` and one `service-{name}.token` per service, each
readable by its owner only. In production the settings give the same, and nothing is written.
"""

import contextlib
import hmac
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chassis.caller import Caller, CallerKind

OPERATOR_PREFIX: Final = "pspg_op_"
SERVICE_PREFIX: Final = "pspg_sv_"
SERVICE_NAMES: Final = ("provisioning", "billing")
OPERATOR_NAME: Final = "admin"
OPERATOR_FILE: Final = "operator.token"
HASH_KEY_FILE: Final = "hash.key"

_HASH_KEY_BYTES: Final = 32
_SECRET_BYTES: Final = 32


class KeyedHash:
    """HMAC-SHA256 under one key: what is stored of a secret instead of it."""

    def __init__(self, key: bytes) -> None:
        self._keyed = hmac.new(key, digestmod="sha256")

    def of(self, secret: str) -> bytes:
        """The 32 bytes kept of a secret."""
        # A copy of one that has taken the key in costs half of a fresh one.
        keyed = self._keyed.copy()
        keyed.update(secret.encode())
        return keyed.digest()


@dataclass(frozen=True, slots=True)
class Credential:
    """One operator or service, and the keyed hash of its secret."""

    name: str
    kind: CallerKind
    secret_hash: bytes


class CredentialBook:
    """The operators and services that may call, found by the keyed hash of their secret."""

    def __init__(self, keyed_hash: KeyedHash, credentials: Iterable[Credential]) -> None:
        self._hash = keyed_hash
        # Nobody without the key can aim at a hash, so the time of a look-up tells nothing.
        self._by_hash: Mapping[bytes, tuple[bytes, Caller]] = {
            each.secret_hash: (each.secret_hash, Caller(kind=each.kind, name=each.name))
            for each in credentials
        }

    def find(self, secret: str) -> Caller | None:
        """The caller that holds the secret, compared in constant time."""
        secret_hash = self._hash.of(secret)
        kept_hash, caller = self._by_hash.get(secret_hash, (b"", None))
        return caller if hmac.compare_digest(kept_hash, secret_hash) else None


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a process needs to know callers, and to be known itself.

    `service_secret` is what this service shows the other one; `operator_file` is None where the
    settings give the credentials.
    """

    keyed_hash: KeyedHash
    book: CredentialBook
    service_secret: str
    operator_file: Path | None


def is_local_secret(secret: str) -> bool:
    """Whether a secret is an operator's or a service's by its form, to be judged by the book."""
    return secret.startswith((OPERATOR_PREFIX, SERVICE_PREFIX))


def load_or_create(data_dir: Path, service: str) -> Credentials:
    """The credentials in the data folder; what is missing is made, by one process only."""
    # Others on the machine have no business in it: it holds secrets and the stores.
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = bytes.fromhex(_kept(data_dir / HASH_KEY_FILE, secrets.token_hex(_HASH_KEY_BYTES)))
    keyed_hash = KeyedHash(key)
    operator_file = data_dir / OPERATOR_FILE
    operator = _kept(operator_file, new_secret(OPERATOR_PREFIX))
    services = {
        name: _kept(data_dir / f"service-{name}.token", new_secret(SERVICE_PREFIX))
        for name in SERVICE_NAMES
    }
    held = [Credential(OPERATOR_NAME, CallerKind.OPERATOR, keyed_hash.of(operator))]
    held += [
        Credential(name, CallerKind.SERVICE, keyed_hash.of(secret))
        for name, secret in services.items()
    ]
    return Credentials(
        keyed_hash=keyed_hash,
        book=CredentialBook(keyed_hash, held),
        service_secret=services[service],
        operator_file=operator_file,
    )


def given(key: bytes, held: Iterable[Credential], service_secret: str) -> Credentials:
    """The credentials that the settings state; nothing is read or written."""
    keyed_hash = KeyedHash(key)
    return Credentials(
        keyed_hash=keyed_hash,
        book=CredentialBook(keyed_hash, held),
        service_secret=service_secret,
        operator_file=None,
    )


def new_secret(prefix: str) -> str:
    """A secret nobody can guess: the prefix, by which scanners find it, and 43 characters."""
    return prefix + secrets.token_urlsafe(_SECRET_BYTES)


def _kept(path: Path, fresh: str) -> str:
    """The text of the file, which is created whole with `fresh` if nobody has created it yet."""
    if not path.exists():
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(fresh + "\n")
            # A link either appears with all its text or is refused because another was first.
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()
