"""What can go wrong, and the exit code that says so (the table is in ARCHITECTURE.md).

Every message names the file, setting or handler and says what would be right. The command line
prints the message alone; `--debug` shows the traceback.
"""


class SplitbrainError(Exception):
    """Base of every error that is reported to the user as one message."""

    exit_code = 70


class UsageError(SplitbrainError):
    """The command or a name in it is wrong: a misspelt knob, an unknown model."""

    exit_code = 2


class AssumptionError(SplitbrainError):
    """An assumption of the model does not hold."""

    exit_code = 10


class ConfigurationError(AssumptionError):
    """A configuration file of a real system cannot be read or contradicts itself."""


class UnsoundError(SplitbrainError):
    """A combination of options that would give wrong answers, such as a false symmetry claim."""

    exit_code = 22


class ModelError(SplitbrainError):
    """A model broke the rules of the protocol: it mutates, raises or is not deterministic."""

    exit_code = 75
