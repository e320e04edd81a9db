"""March and April: partial payment and surplus, a value date that undoes a stop, a reversal."""

from rich.console import RenderableType

from pospago_cli.story.cast import ALL, AURORA, BRISA, CEDRO, DUNA, prepaid
from pospago_cli.story.expectations import expect, expect_fields
from pospago_cli.story.ladder import SUBSCRIBED
from pospago_cli.story.player import SAO_PAULO, Player
from pospago_cli.story.script import Step, at, on
from pospago_cli.tables import money_text, table_of

BILL_COLUMNS = "buyer.name number month total state settle_date settled_late"
FEBRUARY_TOTALS = {AURORA: "1077.30", BRISA: "119.70", CEDRO: "79.80", DUNA: "174.50"}


def invoices_of_february(player: Player) -> None:
    """Migrated instances are billed for the first time; the month of deletion is billed."""
    found = {}
    for who in ALL:
        found[who] = player.expect_invoice(
            who, on(2, 1), state="OPEN", due_date="2027-03-05", total=f"{FEBRUARY_TOTALS[who]} BRL"
        )
    ours = {f"loja-{letter}" for letter in "adegh"} | set(prepaid(2, 12)) | set(prepaid(14, 24))
    expect("instances billed", player.billed_instances(found[AURORA].name), ours)
    player.tell("Aurora: 5 of its own, 22 migrated ones: 27 x 39.90 = 1,077.30 BRL.")
    brisas = {"loja-1", "loja-2", "loja-3"}
    expect("instances billed", player.billed_instances(found[BRISA].name), brisas)
    player.tell("Brisa: the month of deletion is billed, the trial of loja-4 is not.")
    player.expect_instance(
        AURORA,
        "prepaid-25",
        state="DELETED",
        deletion_reason="CANCELLED",
        delete_time="2027-03-01 00:00",
    )
    player.tell(
        "prepaid-25, cancelled before its first billed month, is gone and was never billed."
    )


def paid_in_part(player: Player) -> None:
    """A part of what is due settles nothing."""
    player.pay(AURORA, "1000.00", on(3, 3))
    player.expect_invoice(AURORA, on(2, 1), state="OPEN", amount_paid="1000.00 BRL")
    player.expect_profile(AURORA, expire_date="2027-03-10")
    player.tell("Aurora pays 1,000.00 of 1,077.30: nothing is settled, the expiry stays.")
    player.pay(DUNA, "174.50", on(3, 3))


def paid_too_much(player: Player) -> None:
    """What is paid beyond the invoice is credit."""
    payment = player.pay(AURORA, "100.00", on(3, 4))
    expect("what is left over", money_text(payment.unallocated_amount), "22.70 BRL")
    player.expect_invoice(
        AURORA, on(2, 1), state="SETTLED", settle_date="2027-03-04", settled_late=""
    )
    player.expect_profile(AURORA, expire_date="2027-04-10", credit_balance="22.70 BRL")
    player.tell("100.00 more settle it and leave a credit of 22.70. Its expiry is 10 April.")


def cancelled_ones_are_gone(player: Player) -> None:
    """What was cancelled in February ended with 10 March; who has not paid is stopped again."""
    for who, which in (
        *((AURORA, each) for each in ("loja-g", "loja-h", "prepaid-02")),
        *((DUNA, each) for each in SUBSCRIBED),
    ):
        player.expect_instance(
            who,
            which,
            state="DELETED",
            deletion_reason="CANCELLED",
            delete_time="2027-03-11 00:00",
        )
    player.tell("What was cancelled in February was deleted at midnight.")
    player.expect_instance(CEDRO, "loja-1", state="ACTIVE", stop_reasons="UNPAID")
    player.tell("Cedro has not paid February: stopped again.")


def value_date_before_the_stop(player: Player) -> None:
    """The value date decides late or not; recorded after the stop, it takes the stop back."""
    player.pay(CEDRO, "79.80", on(3, 9))
    player.expect_invoice(
        CEDRO, on(2, 1), state="SETTLED", settle_date="2027-03-09", settled_late="yes"
    )
    player.expect_profile(CEDRO, stop_time="", expire_date="2027-04-10")
    player.expect_instance(CEDRO, "loja-1", stopped="", expire_date="2027-04-10")
    player.tell("Its bank reports the money, value date 9 March: from now on Cedro runs again.")


def brisa_pays(player: Player) -> None:
    """Paying at last opens the door again; what is deleted stays deleted."""
    player.pay(BRISA, "239.40", on(3, 20))
    for month in (1, 2):
        player.expect_invoice(
            BRISA, on(month, 1), state="SETTLED", settle_date="2027-03-20", settled_late="yes"
        )
    player.expect_profile(BRISA, stop_time="", expire_date="")
    player.expect_instance(BRISA, "loja-1", state="DELETED")
    player.create(BRISA, "loja-5")
    player.expect_instance(BRISA, "loja-5", state="TRIAL", stopped="")
    player.cancel(BRISA, "loja-5")
    player.tell("Brisa pays both invoices: it may create again, but what was deleted stays so.")


def invoices_of_march(player: Player) -> None:
    """Credit is used when the invoice is issued; without charges there is no invoice."""
    player.expect_invoice(
        AURORA, on(3, 1), state="OPEN", total="957.60 BRL", amount_paid="22.70 BRL"
    )
    player.expect_profile(AURORA, expire_date="2027-04-10", credit_balance="0.00 BRL")
    player.tell("Aurora: 24 x 39.90 = 957.60 BRL, of which its credit has paid 22.70.")
    player.expect_invoice(CEDRO, on(3, 1), state="OPEN", total="79.80 BRL")
    for who in (BRISA, DUNA):
        expect(f"invoices of {who} for March", len(player.invoices(who, on(3, 1))), 0)
    player.tell("Brisa and Duna had nothing subscribed in March: no invoice.")


def march_paid(player: Player) -> None:
    """All that is due is paid."""
    player.pay(AURORA, "934.90", on(4, 2))
    player.expect_invoice(AURORA, on(3, 1), state="SETTLED", settled_late="")
    player.expect_profile(AURORA, expire_date="2027-05-10")
    player.pay(CEDRO, "79.80", on(4, 2))
    player.tell("Aurora and Cedro pay. Aurora's expiry is 10 May.")


def payment_reversed(player: Player) -> None:
    """A payment that bounces opens the invoice again and takes the expiry back."""
    amounts = {money_text(each.amount): each.name for each in player.payments(AURORA)}
    reversed_ = player.reverse(amounts["934.90 BRL"], "returned by the bank")
    expect_fields(reversed_, SAO_PAULO, state="REVERSED", allocations="")
    player.expect_invoice(AURORA, on(3, 1), state="OVERDUE", amount_paid="22.70 BRL")
    player.expect_profile(AURORA, expire_date="2027-04-10")
    player.expect_instance(AURORA, "loja-a", stopped="", expire_date="2027-04-10")
    player.tell("Aurora's payment bounces: March is open again, and the expiry is 10 April again.")


def paid_again(player: Player) -> None:
    """Paid after the due date, before the last day of service."""
    player.pay(AURORA, "934.90", on(4, 8))
    player.expect_invoice(
        AURORA, on(3, 1), state="SETTLED", settle_date="2027-04-08", settled_late="yes"
    )
    player.expect_profile(AURORA, expire_date="2027-05-10")
    player.tell("It pays again: late, but before the last day of service.")


def the_end(player: Player) -> None:
    """Whoever paid runs on; the months as one table."""
    for who, which in ((AURORA, "loja-a"), (AURORA, "prepaid-03"), (CEDRO, "loja-1")):
        player.expect_instance(who, which, state="ACTIVE", stopped="", expire_date="2027-05-10")
    bills = [each for who in ALL for each in player.invoices(who)]
    expect("invoices of the story", len(bills), 10)
    picture: RenderableType = table_of("All invoices", bills, BILL_COLUMNS)
    player.narrator.show(picture)
    player.tell("Aurora and Cedro run on.")


SPRING = (
    Step(at(3, 1, 9), "The invoices of February", invoices_of_february),
    Step(at(3, 3, 10), "A part of it", paid_in_part),
    Step(at(3, 4, 10), "… and too much", paid_too_much),
    Step(at(3, 11, 9), "What was cancelled in February", cancelled_ones_are_gone),
    Step(at(3, 11, 10), "A value date before the stop", value_date_before_the_stop),
    Step(at(3, 20, 9), "Brisa pays", brisa_pays),
    Step(at(4, 1, 9), "The invoices of March", invoices_of_march),
    Step(at(4, 2, 10), "Payments", march_paid),
    Step(at(4, 7, 10), "A reversal", payment_reversed),
    Step(at(4, 8, 10), "Paid again", paid_again),
    Step(at(4, 11, 9), "The end", the_end),
)
