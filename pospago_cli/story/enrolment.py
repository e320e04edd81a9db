"""4 January, morning: who may enrol, what is taken along, what the admin panel may no longer do."""

from pospago_cli.story.cast import AURORA, BRISA, CEDRO, NAMES, prepaid
from pospago_cli.story.expectations import expect, expect_refusal
from pospago_cli.story.player import Player
from pospago_cli.story.script import Step, at, on


def too_few_licences(player: Player) -> None:
    """24 licences are not enough."""
    player.open_account(AURORA, NAMES[AURORA])
    player.import_prepaid(AURORA, prepaid(1, 12), on(1, 20))
    player.import_prepaid(AURORA, prepaid(13, 24), on(1, 31))
    refusal = expect_refusal("NOT_ELIGIBLE", lambda: player.enrol(AURORA, migrate=True), "24", "25")
    player.tell(f"Aurora holds 24 licences and asks to enrol. Refused: {refusal.message}")


def enrolled_with_migration(player: Player) -> None:
    """The 25th licence opens the door, and all prepaid instances come along, now or never."""
    player.import_prepaid(AURORA, prepaid(25, 25), on(2, 28))
    answer = player.enrol(AURORA, migrate=True)
    expect("instances taken along", answer.migrated_instances_count, 25)
    player.expect_token(AURORA, 1, state="ACTIVE", band="1", creations_max="25", creations_used="0")
    taken = {"state": "ACTIVE", "payment_type": "POSTPAY", "band": "1"}
    player.expect_instance(AURORA, "prepaid-01", first_billed_month="2027-02-01", **taken)
    player.expect_instance(AURORA, "prepaid-13", first_billed_month="2027-02-01", **taken)
    player.expect_instance(AURORA, "prepaid-25", first_billed_month="2027-03-01", **taken)
    player.tell("With the 25th, Aurora enrols and takes its 25 prepaid instances along, in band 1.")
    player.tell(
        "They consume no quota. Paid to January they are billed from February, "
        "paid to 28 February from March."
    )
    expect_refusal(
        "ALREADY_ENROLLED", lambda: player.import_prepaid(AURORA, ["prepaid-26"], on(2, 28))
    )
    refusal = expect_refusal(
        "ALREADY_ENROLLED", lambda: player.enrol(AURORA, migrate=True), "at enrolment"
    )
    player.tell(f"A later request to take prepaid ones along is refused: {refusal.message}")


def created_in_the_panel(player: Player) -> None:
    """What an operator creates for an enrolled account is not activated."""
    player.create_in_panel(AURORA, "painel-1")
    player.expect_instance(AURORA, "painel-1", state="INACTIVE", band="0", trial_end_time="")
    refusal = expect_refusal("ILLEGAL_TRANSITION", lambda: player.subscribe(AURORA, "painel-1"))
    player.expect_token(AURORA, 1, creations_used="0")
    player.tell(f"An instance created in the admin panel is not activated: {refusal.message}")


def first_creations(player: Player) -> None:
    """Aurora creates seven instances on its first token; each starts a trial of two days."""
    for letter in "abcdfgh":
        player.create(AURORA, f"loja-{letter}")
    player.expect_instance(
        AURORA, "loja-a", state="TRIAL", band="1", trial_end_time="2027-01-06 09:00"
    )
    player.expect_token(AURORA, 1, creations_used="7")
    player.tell("Aurora creates loja-a … loja-h on token 1. Each is on trial for two days.")


def smaller_integrators(player: Player) -> None:
    """Brisa and Cedro enrol under rules of their own: what a licence count must be is a setting."""
    for who, count in ((BRISA, 3), (CEDRO, 2)):
        player.open_account(who, NAMES[who])
        player.import_prepaid(who, prepaid(1, 1), on(12, 31))
        player.enrol(who, licences_min=1)
        for number in range(1, count + 1):
            player.create(who, f"loja-{number}")
            player.subscribe(who, f"loja-{number}")
            player.expect_instance(who, f"loja-{number}", state="ACTIVE", band="1")
        player.expect_instance(who, "prepaid-01", payment_type="PREPAY", state="ACTIVE")
    player.tell("Brisa and Cedro enrol too, their programme asking for one licence only.")
    player.tell("Brisa subscribes three instances, Cedro two. Each keeps a prepaid one as it was.")


ENROLMENT = (
    Step(at(1, 4, 9), "The door to the programme", too_few_licences),
    Step(at(1, 4, 9), "One licence more", enrolled_with_migration),
    Step(at(1, 4, 9), "The admin panel", created_in_the_panel),
    Step(at(1, 4, 9), "First creations", first_creations),
    Step(at(1, 4, 11), "Two smaller integrators", smaller_integrators),
)
