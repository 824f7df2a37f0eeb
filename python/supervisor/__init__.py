"""Supervisor's Python package, on a Rust engine (``supervisor._engine``)."""
