"""Page tokens: where a list goes on, sealed so that only the list that gave one takes it back."""

import base64
import binascii
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from google.protobuf.message import Message

from chassis.errors import InvalidPageToken

PAGE_SIZE_DEFAULT: Final = 100
PAGE_SIZE_MAX: Final = 1000
_SEAL_BYTES: Final = 16

Key = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What a list is asked for: at most `size` entries after the key `after` (None: the first)."""

    after: Key | None
    size: int


class PageTokens:
    """Makes and reads the tokens of all lists of a service.

    A token holds the key of the last entry given. Its seal covers the request's type and all its
    fields but size and token, so it is good for the same list under the same filters only.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def read(self, request: Message) -> PageRequest:
        """The page that a list request asks for; InvalidPageToken if its token is not ours."""
        asked = cast("Any", request)
        size = min(asked.page_size or PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX)
        if not asked.page_token:
            return PageRequest(None, size)
        sealed = _decoded(asked.page_token)
        seal, body = sealed[:_SEAL_BYTES], sealed[_SEAL_BYTES:]
        if not hmac.compare_digest(seal, self._seal(request, body)):
            raise InvalidPageToken
        return PageRequest(tuple(json.loads(body)), size)

    def next(self, request: Message, last: Sequence[str | int]) -> str:
        """The token for what follows the entry with the key `last`, under the same filters."""
        body = json.dumps(list(last), separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._seal(request, body) + body).decode().rstrip("=")

    def _seal(self, request: Message, body: bytes) -> bytes:
        filters = cast("Any", type(request)())
        filters.CopyFrom(request)
        filters.ClearField("page_size")
        filters.ClearField("page_token")
        digest = hmac.new(self._key, digestmod="sha256")
        for part in (
            request.DESCRIPTOR.full_name.encode(),
            filters.SerializeToString(deterministic=True),
            body,
        ):
            digest.update(len(part).to_bytes(4, "big") + part)
        return digest.digest()[:_SEAL_BYTES]


def _decoded(token: str) -> bytes:
    try:
        return base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidPageToken from None
