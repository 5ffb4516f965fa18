"""The command line: stdout is the result, stderr the progress."""

import gc

# What is loaded, and then a search, makes many objects and drops few: to look for cycles all the time
# takes a seventh of it.
gc.set_threshold(100_000, 20, 100)
