"""Secrets: made once, readable by their owner only, found by keyed hash, remembered briefly."""

import asyncio
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from chassis.caller import Caller, CallerKind
from chassis.credentials import (
    HASH_KEY_FILE,
    OPERATOR_FILE,
    Credential,
    CredentialBook,
    KeyedHash,
    load_or_create,
)
from chassis.rpc.authentication import RememberedCallers
from chassis.settings import GivenCredential, ServiceSettings
from tests.chassis_rpc.small_service import ACME_SECRET, Tokens

HASH = KeyedHash(b"key")


def test_makes_secrets_for_their_owner_only(tmp_path: Path) -> None:
    """The files of the first start are readable by their owner only."""
    load_or_create(tmp_path / "data", "billing")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data").iterdir()}
    names = {HASH_KEY_FILE, OPERATOR_FILE, "service-billing.token", "service-provisioning.token"}
    assert modes == dict.fromkeys(names, 0o600)
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_keeps_secrets(tmp_path: Path) -> None:
    """A second start, of either service, finds the secrets of the first."""
    first = load_or_create(tmp_path, "billing")
    second = load_or_create(tmp_path, "provisioning")
    assert second.book.find(first.service_secret) == Caller(CallerKind.SERVICE, "billing")


def test_starts_at_once_agree(tmp_path: Path) -> None:
    """Processes that start at the same moment hold the same secrets."""
    with ThreadPoolExecutor(8) as pool:
        loaded = list(pool.map(lambda _: load_or_create(tmp_path, "billing"), range(16)))
    assert len({each.service_secret for each in loaded}) == 1
    assert len({each.keyed_hash.of("x") for each in loaded}) == 1
    assert len(list(tmp_path.iterdir())) == 4


def test_knows_the_operator(tmp_path: Path) -> None:
    """The operator's file holds a secret that the book knows."""
    credentials = load_or_create(tmp_path, "billing")
    secret = (tmp_path / OPERATOR_FILE).read_text().strip()
    assert credentials.book.find(secret) == Caller(CallerKind.OPERATOR, "admin")


@pytest.mark.parametrize("secret", ["", "pspg_op_", "pspg_op_x", "pspg_op_secret "])
def test_knows_nobody_else(secret: str) -> None:
    """A secret that differs in anything is nobody's."""
    held = Credential("ann", CallerKind.OPERATOR, HASH.of("pspg_op_secret"))
    assert CredentialBook(HASH, [held]).find(secret) is None


def test_settings_state_credentials(tmp_path: Path) -> None:
    """Credentials that the settings state are used, and nothing is written."""
    key = "00" * 32
    stated = GivenCredential(
        name="ann", kind="operator", hash=KeyedHash(bytes.fromhex(key)).of("pspg_op_s").hex()
    )
    settings = ServiceSettings(
        data_dir=tmp_path / "none", hash_key=key, credentials=(stated,), service_secret="pspg_sv_s"
    )
    credentials = settings.credentials_of("billing")
    assert credentials.book.find("pspg_op_s") == Caller(CallerKind.OPERATOR, "ann")
    assert not (tmp_path / "none").exists()


def test_settings_state_all_or_none() -> None:
    """A hash key without credentials is a mistake, said at the start."""
    with pytest.raises(ValueError, match="together, or none"):
        ServiceSettings(hash_key="00" * 32)


def test_settings_read_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shared settings have names without a service."""
    monkeypatch.setenv("POSPAGO_DATA_DIR", "/somewhere")
    settings = ServiceSettings()
    assert settings.database_url_of("billing") == "sqlite:////somewhere/billing.sqlite3"


@pytest.mark.parametrize(
    ("caller", "key", "actor"),
    [
        (Caller(CallerKind.OPERATOR, "ann"), "operator/ann", "operator/ann"),
        (Caller(CallerKind.SERVICE, "billing"), "service/billing", "service/billing"),
        (Caller(CallerKind.INTEGRATOR, "t", account="a"), "account/a", "integrator/a"),
        (Caller(CallerKind.MEMBER, "m", account="a", member="m"), "account/a", "member/a/m"),
    ],
)
def test_callers_have_keys_and_names(caller: Caller, key: str, actor: str) -> None:
    """Request ids belong to the account, events name who acted."""
    assert (caller.key, caller.actor) == (key, actor)


class Watch:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


async def find(callers: RememberedCallers, secret: str = ACME_SECRET) -> Caller | None:
    return await callers.find(secret, HASH.of(secret))


async def test_asks_once_in_a_while() -> None:
    """What the keeper said is remembered for the stated time, and no longer."""
    tokens, watch = Tokens(), Watch()
    callers = RememberedCallers(tokens, seconds=1, monotonic=watch)
    asked = []
    for watch.seconds in (0, 0.5, 0.99, 1.0):
        assert await find(callers)
        asked.append(tokens.asked_count)
    assert asked == [1, 1, 1, 2]


async def test_remembers_no_refusal() -> None:
    """A secret that is not active is asked about each time: it may be by now."""
    tokens = Tokens()
    callers = RememberedCallers(tokens, seconds=1, monotonic=Watch())
    await find(callers, "pspg_it_other")
    await find(callers, "pspg_it_other")
    assert tokens.asked_count == 2


async def test_remembers_no_secret_that_ends_by_itself() -> None:
    """A secret that works beside a newer one is asked about each time: its end is not told."""
    tokens = Tokens()

    class Ending:
        async def find(self, secret: str, secret_hash: bytes) -> Caller | None:
            caller = await tokens.find(secret, secret_hash)
            return caller and replace(caller, secret_expires_at=1)

    callers = RememberedCallers(Ending(), seconds=1, monotonic=Watch())
    await find(callers)
    await find(callers)
    assert tokens.asked_count == 2


async def test_forgets_an_account() -> None:
    """Word of a change makes the keeper be asked again."""
    tokens = Tokens()
    callers = RememberedCallers(tokens, seconds=1, monotonic=Watch())
    assert await find(callers)
    tokens.active = False
    callers.forget_account("acme")
    assert await find(callers) is None


async def test_remembers_nothing_older_than_a_change() -> None:
    """An answer that was under way when a change was told is not remembered."""
    tokens = Tokens()

    class Slow:
        async def find(self, secret: str, secret_hash: bytes) -> Caller | None:
            caller = await tokens.find(secret, secret_hash)
            await asyncio.sleep(0)
            return caller

    callers = RememberedCallers(Slow(), seconds=1, monotonic=Watch())
    under_way = asyncio.ensure_future(find(callers))
    await asyncio.sleep(0)
    tokens.active = False
    callers.forget_all()
    assert await under_way
    assert await find(callers) is None
