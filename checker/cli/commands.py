"""A group of commands: in the order of definition, with a suggestion for a misspelt one."""

from importlib import import_module
from typing import Any

import click

from checker.registry import did_you_mean


class Commands(click.Group):
    """A group as click has it, but for the order and the hint, and that a command may be loaded only
    when it is asked for: one pays for its own imports, not for those of all."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._places: dict[str, str] = {}

    def add_later(self, name: str, place: str) -> None:
        """Add the command at a place, written module:name."""
        self._places[name] = place

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order of definition: what is needed most comes first."""
        return list({**self._places, **self.commands})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        if cmd_name in self._places and cmd_name not in self.commands:
            module, _, name = self._places[cmd_name].partition(":")
            self.add_command(getattr(import_module(module), name), cmd_name)
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, but a name that is not known gets "did you mean"."""
        if args[0] not in self.list_commands(ctx) and not args[0].startswith("-"):
            known = self.list_commands(ctx)
            raise click.UsageError(
                f"no command {args[0]!r}{did_you_mean(args[0], known)}: {', '.join(known)}", ctx
            )
        return super().resolve_command(ctx, args)
