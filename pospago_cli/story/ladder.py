"""4 January, noon: Duna climbs from the first token to the definitive one."""

from pospago_cli.story.cast import DUNA, NAMES, numbered, prepaid
from pospago_cli.story.expectations import Surprise, expect_refusal
from pospago_cli.story.player import Player
from pospago_cli.story.script import Step, at, on

SUBSCRIBED = ("duna-001", "duna-002", "duna-026", "duna-051", "duna-101")


def first_token(player: Player) -> None:
    """25 creations in band 1; the 26th is refused."""
    player.open_account(DUNA, NAMES[DUNA])
    player.import_prepaid(DUNA, prepaid(1, 25), on(1, 31))
    player.enrol(DUNA)
    player.expect_instance(DUNA, "prepaid-01", payment_type="PREPAY", band="0")
    _create(player, 1, 25, rung=1)
    _used_up(player, "duna-026", rung=1, limit=25)


def second_token(player: Player) -> None:
    """25 more in band 2; a token requested early waits its turn; the 51st creation is refused."""
    player.request_token(DUNA)
    player.expect_token(DUNA, 2, state="ACTIVE", band="2", creations_max="25")
    player.request_token(DUNA)
    player.expect_token(DUNA, 3, state="WAITING", band="3", creations_max="50")
    refusal = expect_refusal(
        "TOKEN_NOT_YET_USABLE", lambda: player.create(DUNA, "duna-026", rung=3)
    )
    player.tell(f"Token 3, requested early, waits: {refusal.message}")
    expect_refusal("TOKEN_ALREADY_REQUESTED", lambda: player.request_token(DUNA))
    _create(player, 26, 50, rung=2)
    # The next token is there already, so that is the remedy.
    _used_up(player, "duna-051", rung=2, limit=25, remedy="tokens/3")


def third_token(player: Player) -> None:
    """50 more in band 3; the 101st is refused."""
    player.expect_token(DUNA, 3, state="ACTIVE", creations_used="0")
    _create(player, 51, 100, rung=3)
    _used_up(player, "duna-101", rung=3, limit=50)


def definitive_token(player: Player) -> None:
    """No limit, band 3; there is no token after it."""
    player.request_token(DUNA)
    player.expect_token(DUNA, 4, state="ACTIVE", band="3", creations_max="0")
    _create(player, 101, 103, rung=4)
    player.expect_token(DUNA, 4, state="ACTIVE", creations_used="3")
    refusal = expect_refusal("LADDER_COMPLETE", lambda: player.request_token(DUNA))
    player.tell(f"Token 4 is definitive: creations 101, 102, 103 are served. {refusal.message}")


def old_instances_keep_their_band(player: Player) -> None:
    """The band of the token that created an instance stays with it."""
    for which, band in zip(SUBSCRIBED, "11233", strict=True):
        player.subscribe(DUNA, which)
        player.expect_instance(DUNA, which, state="ACTIVE", band=band)
    player.tell("Duna subscribes five of them; they keep the bands 1, 1, 2, 3 and 3.")


def _create(player: Player, first: int, last: int, *, rung: int) -> None:
    band = {1: 1, 2: 2, 3: 3, 4: 3}[rung]
    for which in numbered(first, last):
        created = player.create(DUNA, which, rung=rung)
        if created.band != band:
            raise Surprise(f"the band of {which}", expected=band, came=created.band)
    player.tell(f"Creations {first} to {last} on token {rung}, in band {band}.")


def _used_up(
    player: Player, which: str, *, rung: int, limit: int, remedy: str = "request the next token"
) -> None:
    """The next creation is refused, says why and what to do, and costs nothing."""
    refusal = expect_refusal(
        "QUOTA_USED_UP", lambda: player.create(DUNA, which, rung=rung), str(limit), remedy
    )
    name = f"{player.account(DUNA)}/tokens/{rung}"
    if name not in refusal.quota_subjects:
        raise Surprise("the subject of a quota failure", expected=name, came=refusal.quota_subjects)
    player.expect_token(DUNA, rung, state="USED_UP", creations_used=str(limit))
    player.tell(f"One more is refused: {refusal.message}")


LADDER = (
    Step(at(1, 4, 12), "Duna and its first token", first_token),
    Step(at(1, 4, 12, 10), "The second token", second_token),
    Step(at(1, 4, 12, 20), "The third token", third_token),
    Step(at(1, 4, 12, 30), "The definitive token", definitive_token),
    Step(at(1, 4, 12, 40), "Bands stay", old_instances_keep_their_band),
)
