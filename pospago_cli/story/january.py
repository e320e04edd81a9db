"""January: trials that lapse or are cancelled, subscriptions, and cancellations of every kind."""

from pospago_cli.story.cast import AURORA, DUNA
from pospago_cli.story.expectations import expect, expect_refusal
from pospago_cli.story.player import Player
from pospago_cli.story.script import Step, at
from pospago_cli.tables import money_text


def subscriptions(player: Player) -> None:
    """Four are subscribed on their trial's second day, one trial is cancelled."""
    for letter in "afgh":
        player.subscribe(AURORA, f"loja-{letter}")
        player.expect_instance(AURORA, f"loja-{letter}", state="ACTIVE", stop_reasons="")
    player.tell("Aurora subscribes loja-a, loja-f, loja-g and loja-h.")
    player.cancel(AURORA, "loja-c")
    player.expect_instance(
        AURORA,
        "loja-c",
        state="DELETED",
        deletion_reason="CANCELLED_BEFORE_SUBSCRIPTION",
        delete_time="2027-01-05 09:00",
    )
    player.tell("It cancels the trial of loja-c, which is deleted at once and never billed.")


def trials_end(player: Player) -> None:
    """A trial that ended stops, and may still be subscribed."""
    for which in ("loja-b", "loja-d"):
        player.expect_instance(AURORA, which, state="TRIAL", stop_reasons="TRIAL_ENDED")
    player.expect_instance(DUNA, "duna-003", state="TRIAL", stop_reasons="TRIAL_ENDED")
    player.tell("At 09:00 the trials of loja-b and loja-d ended: both stopped.")
    player.subscribe(AURORA, "loja-d")
    player.expect_instance(AURORA, "loja-d", state="ACTIVE", stop_reasons="")
    player.tell("loja-d is subscribed before its deletion, and runs again.")
    player.expect_profile(AURORA, expire_date="2027-02-10", stop_time="")
    player.expect_instance(AURORA, "loja-a", expire_date="2027-02-10")
    player.tell("January is not settled yet, so what is subscribed expires on 10 February.")


def lapsed_trials_are_deleted(player: Player) -> None:
    """What was not subscribed in time is gone; its quota is used for good."""
    player.expect_instance(
        AURORA,
        "loja-b",
        state="DELETED",
        deletion_reason="TRIAL_LAPSED",
        delete_time="2027-01-07 09:00",
    )
    refusal = expect_refusal("ILLEGAL_TRANSITION", lambda: player.subscribe(AURORA, "loja-b"))
    player.tell(f"loja-b was deleted at 09:00. Too late to subscribe: {refusal.message}")
    expect("instances of Duna that are left", len(player.instances(DUNA)), 25 + 5)
    for rung, used in ((1, "25"), (2, "25"), (3, "50"), (4, "3")):
        player.expect_token(DUNA, rung, creations_used=used)
    player.tell("98 trials of Duna's are gone too. The quota they used does not come back.")


def migrated_cancelled(player: Player) -> None:
    """A migrated instance, cancelled before its first billed month, runs as far as it was paid."""
    player.cancel(AURORA, "prepaid-01")
    player.expect_instance(
        AURORA,
        "prepaid-01",
        state="CANCELLING",
        expire_date="2027-01-20",
        purge_time="2027-01-21 00:00",
    )
    player.tell(
        "Aurora cancels prepaid-01, paid to 20 January: it runs to that day, billed nothing."
    )


def cancelled_and_taken_back(player: Player) -> None:
    """A cancellation, and the end of what the admin panel made."""
    player.cancel(AURORA, "loja-a")
    player.expect_instance(AURORA, "loja-a", state="CANCELLING", expire_date="2027-02-10")
    player.cancel(AURORA, "painel-1")
    player.expect_instance(
        AURORA, "painel-1", state="DELETED", deletion_reason="CANCELLED_BEFORE_SUBSCRIPTION"
    )
    player.tell("Aurora cancels loja-a, and deletes the inactive painel-1.")


def cancellation_withdrawn(player: Player) -> None:
    """Subscribing again withdraws a cancellation."""
    player.subscribe(AURORA, "loja-a")
    player.expect_instance(AURORA, "loja-a", state="ACTIVE", cancel_time="", purge_time="")
    player.tell("It subscribes loja-a again: the cancellation is withdrawn, January costs once.")


def cancelled_on_day_20(player: Player) -> None:
    """Cancelled in its month, an instance is billed for it and runs to day 10 of the next."""
    player.cancel(AURORA, "loja-f")
    player.expect_instance(
        AURORA,
        "loja-f",
        state="CANCELLING",
        stopped="",
        expire_date="2027-02-10",
        purge_time="2027-02-11 00:00",
    )
    player.tell("Aurora cancels loja-f on day 20: billed for January, usable to 10 February.")


def migrated_gone(player: Player) -> None:
    """The day after what it was paid for, a cancelled one is deleted; the others run on."""
    player.expect_instance(
        AURORA,
        "prepaid-01",
        state="DELETED",
        deletion_reason="CANCELLED",
        delete_time="2027-01-21 00:00",
    )
    player.expect_instance(
        AURORA, "prepaid-02", state="ACTIVE", stopped="", expire_date="2027-02-10"
    )
    player.tell("prepaid-01 was deleted at midnight. prepaid-02, paid as long, is postpaid now.")


def another_migrated_cancelled(player: Player) -> None:
    """Paid to the month's last day."""
    player.cancel(AURORA, "prepaid-13")
    player.expect_instance(
        AURORA,
        "prepaid-13",
        state="CANCELLING",
        expire_date="2027-01-31",
        purge_time="2027-02-01 00:00",
    )
    player.tell("Aurora cancels prepaid-13, paid to 31 January.")


def late_creation(player: Player) -> None:
    """One more trial, two days before the month ends."""
    player.create(AURORA, "loja-e")
    player.expect_token(AURORA, 1, creations_used="8")
    player.tell("Aurora creates loja-e.")


def subscribed_on_the_last_day(player: Player) -> None:
    """A minute of the month costs the month."""
    player.subscribe(AURORA, "loja-e")
    (preview,) = player.preview(AURORA)
    expect("preview of January", money_text(preview.total), "239.40 BRL")
    player.tell("Aurora subscribes loja-e a minute before February: it costs January in full.")
    player.tell("The preview says 6 x 39.90 = 239.40 BRL.")


JANUARY = (
    Step(at(1, 5, 9), "Subscriptions, and a trial cancelled", subscriptions),
    Step(at(1, 6, 13), "Trials end", trials_end),
    Step(at(1, 7, 13), "Lapsed trials", lapsed_trials_are_deleted),
    Step(at(1, 12, 9), "A migrated instance is cancelled", migrated_cancelled),
    Step(at(1, 15, 10), "A cancellation", cancelled_and_taken_back),
    Step(at(1, 18, 10), "… and second thoughts", cancellation_withdrawn),
    Step(at(1, 20, 9), "A cancellation on day 20", cancelled_on_day_20),
    Step(at(1, 21, 9), "Paid to 20 January", migrated_gone),
    Step(at(1, 25, 9), "Another migrated instance is cancelled", another_migrated_cancelled),
    Step(at(1, 30, 9), "A late creation", late_creation),
    Step(at(1, 31, 23, 59), "The last minute of January", subscribed_on_the_last_day),
)
