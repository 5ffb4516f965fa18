"""What is done once before the tests."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Where several processes run the tests, none of them is to compile what another compiles."""
    if getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput"):
        from checker.table.compiling import compile_all

        compile_all()
