"""Tokens of previews: what each followed from, sealed so that it confirms the same change alone."""

import base64
import binascii
import hmac
import json
from dataclasses import fields
from operator import attrgetter
from typing import Final

from google.protobuf.message import Message

from billing_service.domain.change_errors import PreviewTokenInvalid
from billing_service.domain.previewed import Previewed

_SEAL_BYTES: Final = 16
_TOLD: Final = json.JSONEncoder(separators=(",", ":"))
# What a preview followed from, in the order of the fields.
_VALUES: Final = attrgetter(*(each.name for each in fields(Previewed)))


class PreviewTokens:
    """Makes and reads the tokens of previews of a service.

    A token holds in clear what the preview followed from. Its seal covers what was asked for too,
    as the request of the preview says it.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, asked: Message, previewed: Previewed) -> str:
        """The token of a preview that was asked for."""
        body = _TOLD.encode(_VALUES(previewed)).encode()
        return base64.urlsafe_b64encode(self._seal(asked, body) + body).decode().rstrip("=")

    def read(self, asked: Message, token: str) -> Previewed:
        """What a preview of the same followed from.

        Errors:  PreviewTokenInvalid.
        """
        padded = token + "=" * (-len(token) % 4)
        try:
            sealed = base64.b64decode(padded, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            sealed = b""
        seal, body = sealed[:_SEAL_BYTES], sealed[_SEAL_BYTES:]
        if not hmac.compare_digest(seal, self._seal(asked, body)):
            raise PreviewTokenInvalid("is not one that a preview of this very change gave out")
        return Previewed(*json.loads(body))

    def _seal(self, asked: Message, body: bytes) -> bytes:
        parts = (
            asked.DESCRIPTOR.full_name.encode(),
            asked.SerializeToString(deterministic=True),
            body,
        )
        sealed = b"".join([len(part).to_bytes(4, "big") + part for part in parts])
        return hmac.digest(self._key, sealed, "sha256")[:_SEAL_BYTES]
