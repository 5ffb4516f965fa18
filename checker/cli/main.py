"""The `splitbrain` command, and what becomes of errors."""

import sys

import click
from rich.console import Console

from checker.cli.bugs import bless, bugs, regress
from checker.cli.check import check_command
from checker.cli.graph import graph
from checker.cli.models import models, show
from checker.cli.replay import replay
from checker.errors import SplitbrainError
from checker.registry import did_you_mean
from traces.errors import TraceError


class Commands(click.Group):
    """Commands, with a suggestion for a misspelt one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, but a name that is not known gets "did you mean"."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            hint = did_you_mean(args[0], self.list_commands(ctx))
            raise click.UsageError(f"no command {args[0]!r}{hint}", ctx) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="splitbrain")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """Check that a cluster cannot have two masters: every interleaving, up to a bound."""


cli.add_command(check_command)
for command in (models, show, bugs, regress, replay, graph, bless):
    cli.add_command(command)


def main(args: list[str] | None = None) -> None:
    """Run the command and exit with the code of the table in ARCHITECTURE.md."""
    sys.exit(run(sys.argv[1:] if args is None else args))


def run(args: list[str]) -> int:
    """Run the command; the exit code."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    debug = "--debug" in args
    try:
        code = cli.main(args, prog_name="splitbrain", standalone_mode=False)
        return int(code or 0)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        console.print("interrupted")
        return 130
    except BrokenPipeError:
        # The reader of our output has gone: there is nobody to tell.
        sys.stderr.close()
        return 0
    except (SplitbrainError, TraceError) as error:
        if debug:
            console.print_exception()
        console.print(f"[bold red]error:[/] {_escaped(str(error))}")
        return error.exit_code if isinstance(error, SplitbrainError) else 2
    except Exception as error:
        if debug:
            console.print_exception()
        console.print(
            f"[bold red]fault in splitbrain:[/] {_escaped(f'{type(error).__name__}: {error}')}\n"
            "run the command again with --debug and report what it prints"
        )
        return 70


def _escaped(text: str) -> str:
    return text.replace("[", "\\[")
