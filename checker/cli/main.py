"""The `splitbrain` command, and what becomes of errors."""

import os
import sys
from typing import TYPE_CHECKING

import click

from checker.cli.commands import Commands
from checker.errors import ModelError, SplitbrainError, UsageError
from checker.registry import blamed
from traces.errors import TraceError

if TYPE_CHECKING:
    from rich.console import Console


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="splitbrain")
@click.option("--debug", is_flag=True, help="Show the traceback of an error (at any place).")
def cli(debug: bool) -> None:
    """Check that a cluster cannot have two masters: every interleaving, up to a bound."""


for name, place in {
    "check": "check:check_command",
    "models": "models:models",
    "show": "models:show",
    "bugs": "bugs:bugs",
    "regress": "regress:regress",
    "replay": "replay:replay",
    "graph": "graph:graph",
    "bless": "regress:bless",
}.items():
    cli.add_later(name, f"checker.cli.{place}")


def main() -> None:
    """Run the command and exit with the code of the table in ARCHITECTURE.md."""
    for stream in (sys.stdout, sys.stderr):
        # An arrow in a picture is no reason to fail where the encoding has none.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    code = run(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    # Nothing is left to be put in order; to free millions of objects one by one takes long.
    os._exit(code)


def run(args: list[str]) -> int:
    """Run the command; the exit code."""
    debug = "--debug" in args
    try:
        rest = [arg for arg in args if arg != "--debug"]
        code = int(cli.main(rest, prog_name="splitbrain", standalone_mode=False) or 0)
        sys.stdout.flush()
        return code
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        console = _console()
        console.print(f"[bold red]error:[/] {_escaped(error.format_message())}")
        if isinstance(error, click.UsageError) and error.ctx:
            console.print(f"see {error.ctx.command_path} --help")
        return UsageError.exit_code
    except (click.Abort, KeyboardInterrupt):
        _console().print("[bold yellow]interrupted[/]")
        return 130
    except (BrokenPipeError, SystemExit):
        # Whoever read our output has gone (rich makes a SystemExit of it). Python would complain
        # when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 130
    except Exception as error:
        console = _console()
        if debug:
            console.print_exception()
        message, code = _told(error)
        console.print(message)
        return code


def _console() -> "Console":
    """Where an error is told."""
    # To load what colours errors takes longer than many a search that has none.
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def _escaped(text: str) -> str:
    """The text as it stands, for the console."""
    from rich.markup import escape

    return escape(text)


def _told(error: Exception) -> tuple[str, int]:
    """What is said of an error, and the exit code."""
    if isinstance(error, SplitbrainError):
        return f"[bold red]error:[/] {_escaped(str(error))}", error.exit_code
    if isinstance(error, TraceError):
        return f"[bold red]error:[/] {_escaped(str(error))}", UsageError.exit_code
    what = _escaped(f"{type(error).__name__}: {error}")
    if place := blamed(error):
        return (
            f"[bold red]error:[/] {_escaped(place)}: the model raised {what}",
            ModelError.exit_code,
        )
    return (
        f"[bold red]fault in splitbrain:[/] {what}\n"
        "run the command again with --debug, and report what it prints",
        SplitbrainError.exit_code,
    )
