"""A group of commands: in the order of definition, with a suggestion for a misspelt one."""

import click

from checker.registry import did_you_mean


class Commands(click.Group):
    """A group as click has it, but for the order and the hint."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order of definition: what is needed most comes first."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, but a name that is not known gets "did you mean"."""
        if args[0] not in self.commands and not args[0].startswith("-"):
            known = self.list_commands(ctx)
            raise click.UsageError(
                f"no command {args[0]!r}{did_you_mean(args[0], known)}: {', '.join(known)}", ctx
            )
        return super().resolve_command(ctx, args)
