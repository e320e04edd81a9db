"""`pospago`: the command line of the suite."""

import json
import os
import sys

import click
import grpc
from rich.text import Text

from pospago_cli.failures import CommandFailed, Refusal
from pospago_cli.nouns import Nouns
from pospago_cli.session import Session, shared_options

INTERRUPTED = 130


@click.group(cls=Nouns, params=shared_options(), context_settings={"max_content_width": 100})
def pospago() -> None:
    """Provisioning and postpaid billing for integrators and resellers.

    \b
    New here?
      pospago demo          plays months of an integrator's life, in a sandbox, and explains
      pospago up            runs the suite; the first start says how to call it
      pospago account list  and so on: every noun below has its own --help

    Commands answer in tables, or in JSON with --json. They exit with 0 if done, 1 if something
    failed, 2 if misspelled, 3 if refused, 4 if not found, 5 if not allowed, 6 if unreachable,
    130 if interrupted or answered with no.
    """  # noqa: D301 - click reads \b


def run(arguments: list[str], session: Session) -> int:
    """Run one command line; what goes wrong is printed in one block and told by the exit code."""
    try:
        # Outside the standalone mode click gives the code of `ctx.exit` back.
        code = pospago.main(arguments, prog_name="pospago", standalone_mode=False, obj=session)
        return code if isinstance(code, int) else 0
    except grpc.RpcError as error:
        return _refused(session, Refusal.of(error))
    except CommandFailed as failure:
        # Whoever reads `file:line: field` from a pipe needs each fault on one line.
        session.errors.print(Text(str(failure), style="red"), soft_wrap=True)
        if failure.remedy:
            session.errors.print(Text(f"→ {failure.remedy}", style="yellow"), soft_wrap=True)
        return failure.exit_code
    except click.ClickException as misspelled:
        misspelled.show()
        return misspelled.exit_code
    except (KeyboardInterrupt, click.Abort):
        session.errors.print(Text("Stopped.", style="yellow"))
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough; nothing may be flushed to it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    finally:
        session.close()


def main() -> None:
    """Run the command line of this process."""
    sys.exit(run(sys.argv[1:], Session()))


def _refused(session: Session, refusal: Refusal) -> int:
    if session.as_json:
        session.errors.out(json.dumps(refusal.as_json(), ensure_ascii=False), highlight=False)
    else:
        refusal.printed(session.errors)
    return refusal.exit_code


if __name__ == "__main__":
    main()
