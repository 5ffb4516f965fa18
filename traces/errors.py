"""What can go wrong with a trace file or a picture."""


class TraceError(Exception):
    """A message for the user: the file, what is wrong with it, and what would be right."""
