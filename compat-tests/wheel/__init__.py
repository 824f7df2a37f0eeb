"""Tests of the wheel: what is in it, and what installers do with it."""
