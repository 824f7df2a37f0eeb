"""The original's own unit tests, against ours."""
