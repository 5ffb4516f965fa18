"""The command line: stdout is the result, stderr the progress."""
