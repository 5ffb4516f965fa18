"""The table engine: the search over short rows of integers, in compiled code.

Everything that a state is made of gets a small number when it is first met. What handlers, views
and properties say is kept in tables over these numbers; a search looks up, and runs no Python. Where
an entry is missing, it is noted and filled in by asking the model, and the state is taken up again.

Which file does what: ARCHITECTURE.md, "The table engine".
"""

import os

# NumPy would start a thread for each core, to be ready for matrices, of which there are none here.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
