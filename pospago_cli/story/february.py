"""February: the first invoices; who pays, who pays late, who does not."""

from datetime import timedelta

from pospago_cli.invoice_showing import rendered
from pospago_cli.story.cast import ALL, AURORA, BRISA, CEDRO, DUNA, prepaid
from pospago_cli.story.expectations import expect, expect_refusal
from pospago_cli.story.ladder import SUBSCRIBED
from pospago_cli.story.player import Player
from pospago_cli.story.script import Step, at, on

JANUARY_TOTALS = {AURORA: "239.40", BRISA: "119.70", CEDRO: "79.80", DUNA: "174.50"}
BRISAS = ("loja-1", "loja-2", "loja-3", "loja-4")


def invoices_of_january(player: Player) -> None:
    """One invoice for each payer, its dates, its lines by band, and who is on it."""
    numbers = []
    for who in ALL:
        invoice = player.expect_invoice(
            who,
            on(1, 1),
            state="OPEN",
            issue_date="2027-02-01",
            due_date="2027-02-05",
            last_service_date="2027-02-10",
            stop_time="2027-02-11 00:00",
            deletion_time="2027-02-15 12:00",
            total=f"{JANUARY_TOTALS[who]} BRL",
            amount_paid="0.00 BRL",
        )
        numbers.append(int(invoice.number.rpartition("-")[2]))
        if who == AURORA:
            player.narrator.show(rendered(invoice))
            billed = {f"loja-{letter}" for letter in "adefgh"}
            expect("instances billed", player.billed_instances(invoice.name), billed)
        if who == DUNA:
            player.narrator.show(rendered(invoice))
            lines = [(line.band, line.quantity.value) for line in invoice.lines]
            expect("Duna's lines, by band and quantity", lines, [(1, "2"), (2, "1"), (3, "2")])
            expect("instances billed", player.billed_instances(invoice.name), set(SUBSCRIBED))
    first = min(numbers)
    expect("the invoices' numbers", sorted(numbers), list(range(first, first + len(ALL))))
    player.tell("Brisa owes 119.70 BRL, Cedro 79.80 BRL. No trial is on any invoice.")
    player.tell("One invoice each, numbered without a gap.")


def prepaid_after_january(player: Player) -> None:
    """What was cancelled is gone; what was not taken into postpaid stops, and stays."""
    player.expect_instance(
        AURORA,
        "prepaid-13",
        state="DELETED",
        deletion_reason="CANCELLED",
        delete_time="2027-02-01 00:00",
    )
    for which in prepaid(1, 25):
        player.expect_instance(
            DUNA, which, state="ACTIVE", payment_type="PREPAY", stop_reasons="PREPAID_ENDED"
        )
    player.tell("prepaid-13 is gone. Duna had left its prepaid instances behind: they stopped.")


def paid_in_time(player: Player) -> None:
    """Payment moves the expiry, but never that of what was cancelled in January."""
    (invoice,) = player.invoices(AURORA, on(1, 1))
    payment = player.pay(AURORA, "239.40", on(2, 3), invoice=invoice.name)
    expect("what the payment left over", payment.unallocated_amount.units, 0)
    player.expect_invoice(
        AURORA, on(1, 1), state="SETTLED", settle_date="2027-02-03", settled_late=""
    )
    player.expect_profile(AURORA, expire_date="2027-03-10")
    player.expect_instance(AURORA, "loja-a", expire_date="2027-03-10")
    player.expect_instance(AURORA, "loja-f", expire_date="2027-02-10")
    player.tell("Aurora pays: its expiry moves to 10 March. loja-f, cancelled, keeps 10 February.")


def cancelled_on_day_3(player: Player) -> None:
    """Cancelled in the next month, an instance is billed for that one, too."""
    player.cancel(AURORA, "loja-g")
    player.expect_instance(
        AURORA,
        "loja-g",
        state="CANCELLING",
        expire_date="2027-03-10",
        purge_time="2027-03-11 00:00",
    )
    player.tell("Aurora, who paid, cancels loja-g: February is its last, usable to 10 March.")
    player.cancel(BRISA, "loja-2")
    player.expect_instance(BRISA, "loja-2", state="CANCELLING", expire_date="2027-02-10")
    player.tell(
        "Brisa, who did not, cancels loja-2: billed for February, but it expires on day 10."
    )


def paid_on_the_due_date(player: Player) -> None:
    """Paid on day 5 is paid in time."""
    player.pay(DUNA, "174.50", on(2, 5))
    player.expect_invoice(
        DUNA, on(1, 1), state="SETTLED", settle_date="2027-02-05", settled_late=""
    )
    player.tell("Duna pays on the due date: in time.")


def overdue(player: Player) -> None:
    """The day after the due date, what is not settled is overdue; all runs on."""
    for who in (BRISA, CEDRO):
        player.expect_invoice(who, on(1, 1), state="OVERDUE", amount_paid="0.00 BRL")
        player.expect_instance(who, "loja-1", state="ACTIVE", stopped="")
    player.tell("The invoices of Brisa and Cedro are overdue. Everything still runs.")
    player.create(BRISA, "loja-4", trial=timedelta(days=10))
    player.tell("Brisa starts one more trial, of ten days.")


def last_day_of_service(player: Player) -> None:
    """Day 10 is served to its end."""
    for who in (BRISA, CEDRO):
        player.expect_instance(who, "loja-1", stopped="", expire_date="2027-02-10")
    player.tell("The last day of service of whoever has not paid: Brisa and Cedro still run.")


def stopped_for_non_payment(player: Player) -> None:
    """After day 10 all of the account stops; creating and subscribing are refused."""
    for which in BRISAS:
        player.expect_instance(BRISA, which, stop_reasons="UNPAID", stopped="yes")
    player.expect_instance(CEDRO, "loja-1", state="ACTIVE", stop_reasons="UNPAID")
    for who in (BRISA, CEDRO):
        player.expect_profile(who, stop_time="2027-02-11 00:00", expire_date="2027-02-10")
        player.expect_instance(who, "prepaid-01", state="ACTIVE", stopped="")
    player.tell(
        "At midnight all of Brisa's and Cedro's stopped, trials included, save the prepaid."
    )
    refusal = expect_refusal("ACCOUNT_UNPAID", lambda: player.create(BRISA, "loja-5"))
    player.tell(f"Brisa may not create: {refusal.message}")
    expect_refusal("ACCOUNT_UNPAID", lambda: player.subscribe(BRISA, "loja-4"))
    player.expect_token(BRISA, 1, creations_used="4")
    player.tell("… nor subscribe. What is refused costs no quota.")
    player.expect_instance(AURORA, "loja-a", stopped="")
    player.expect_instance(
        AURORA,
        "loja-f",
        state="DELETED",
        deletion_reason="CANCELLED",
        delete_time="2027-02-11 00:00",
    )
    player.tell("Aurora's run on; loja-f, cancelled on 20 January, was deleted at midnight.")


def day_12(player: Player) -> None:
    """A cancellation when January is long paid, and one while stopped."""
    player.cancel(AURORA, "loja-h")
    player.expect_instance(AURORA, "loja-h", state="CANCELLING", expire_date="2027-03-10")
    player.cancel(AURORA, "prepaid-25")
    player.expect_instance(
        AURORA,
        "prepaid-25",
        state="CANCELLING",
        expire_date="2027-02-28",
        purge_time="2027-03-01 00:00",
    )
    player.tell("Aurora cancels loja-h (usable to 10 March) and prepaid-25 (paid to 28 February).")
    player.cancel(BRISA, "loja-3")
    player.expect_instance(
        BRISA, "loja-3", state="CANCELLING", stop_reasons="UNPAID", expire_date="2027-02-10"
    )
    player.tell("Brisa cancels loja-3 while it is stopped: legal, and billed for February.")


def paid_on_day_12(player: Player) -> None:
    """A late payment takes the stop back."""
    player.pay(CEDRO, "79.80", on(2, 12))
    player.expect_invoice(
        CEDRO, on(1, 1), state="SETTLED", settle_date="2027-02-12", settled_late="yes"
    )
    player.expect_profile(CEDRO, stop_time="", expire_date="2027-03-10")
    for which in ("loja-1", "loja-2"):
        player.expect_instance(CEDRO, which, state="ACTIVE", stopped="", expire_date="2027-03-10")
    player.create(CEDRO, "loja-3")
    player.cancel(CEDRO, "loja-3")
    player.tell("Cedro pays on day 12: its instances run again at once, and it may create again.")


def morning_of_day_15(player: Player) -> None:
    """Until the hour of deletion nothing is lost."""
    for which in BRISAS:
        player.expect_instance(BRISA, which, stop_reasons="UNPAID", delete_time="")
    player.tell("Brisa has an hour left to pay; it does not.")


def deleted_for_non_payment(player: Player) -> None:
    """On day 15 the unpaid account's instances are deleted; who paid on day 12 keeps all."""
    for which in BRISAS:
        player.expect_instance(
            BRISA,
            which,
            state="DELETED",
            deletion_reason="UNPAID",
            delete_time="2027-02-15 12:00",
        )
    player.expect_instance(BRISA, "prepaid-01", state="ACTIVE", stopped="")
    expect_refusal("ACCOUNT_UNPAID", lambda: player.create(BRISA, "loja-5"))
    player.tell("At noon all of Brisa's were deleted. Its prepaid instance is spared.")
    player.expect_instance(CEDRO, "loja-1", state="ACTIVE", stopped="")
    player.tell("Cedro, who paid on day 12, lost nothing.")


def migrated_cancelled_once_billed(player: Player) -> None:
    """Billed once, a migrated instance is like any other."""
    player.cancel(AURORA, "prepaid-02")
    player.expect_instance(
        AURORA,
        "prepaid-02",
        state="CANCELLING",
        expire_date="2027-03-10",
        purge_time="2027-03-11 00:00",
    )
    player.tell("Aurora cancels prepaid-02: February is its first and last month, to 10 March.")


def all_of_duna_cancelled(player: Player) -> None:
    """Duna gives up."""
    for which in SUBSCRIBED:
        player.cancel(DUNA, which)
        player.expect_instance(DUNA, which, state="CANCELLING", expire_date="2027-03-10")
    player.tell("Duna cancels its five instances.")


FEBRUARY = (
    Step(at(2, 1, 9), "The invoices of January", invoices_of_january),
    Step(at(2, 1, 9), "Prepaid instances after January", prepaid_after_january),
    Step(at(2, 3, 10), "A payment", paid_in_time),
    Step(at(2, 3, 11), "Cancellations on day 3", cancelled_on_day_3),
    Step(at(2, 5, 10), "The due date", paid_on_the_due_date),
    Step(at(2, 6, 9), "Overdue", overdue),
    Step(at(2, 10, 23), "Day 10", last_day_of_service),
    Step(at(2, 11, 9), "Stopped", stopped_for_non_payment),
    Step(at(2, 12, 9), "Cancellations on day 12", day_12),
    Step(at(2, 12, 10), "A payment on day 12", paid_on_day_12),
    Step(at(2, 15, 11), "Day 15, eleven o'clock", morning_of_day_15),
    Step(at(2, 15, 13), "Day 15, after noon", deleted_for_non_payment),
    Step(at(2, 20, 9), "A migrated instance is cancelled", migrated_cancelled_once_billed),
    Step(at(2, 25, 9), "Duna cancels", all_of_duna_cancelled),
)
