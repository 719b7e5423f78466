"""The version, in the one place the code reads it from; `pyproject.toml` states the same."""

VERSION = "0.1.0"
