"""Files are written whole or not at all."""

import os
import tempfile
from pathlib import Path

from traces.errors import TraceError


def write_whole(path: Path | str, content: bytes) -> None:
    """Put the content in place in one move, so that nobody ever sees half a file."""
    target = Path(path)
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(
            dir=target.parent, prefix=f".{target.name}.", delete=False
        ) as file:
            temporary = file.name
            file.write(content)
        # A temporary file is private; the result gets the rights of any new file.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, target)
    except OSError as error:
        raise TraceError(f"{target}: cannot be written: {error.strerror or error}") from error
    finally:
        if temporary is not None and os.path.exists(temporary):
            os.unlink(temporary)
