"""The whole story, from enrolment to April."""

from typing import Final

from pospago_cli.story.enrolment import ENROLMENT
from pospago_cli.story.february import FEBRUARY
from pospago_cli.story.january import JANUARY
from pospago_cli.story.ladder import LADDER
from pospago_cli.story.script import Step
from pospago_cli.story.spring import SPRING

WHOLE_STORY: Final[tuple[Step, ...]] = (*ENROLMENT, *LADDER, *JANUARY, *FEBRUARY, *SPRING)
