"""A web application of a few lines."""

from __future__ import annotations

import os

from flask import Flask

app = Flask(__name__)


@app.get("/")
def front() -> dict[str, str]:
    """Who answers, and who looks after it."""
    return {
        "shop": os.environ.get("SHOP_NAME", "unnamed"),
        "process": os.environ.get("SUPERVISOR_PROCESS_NAME", "none"),
    }
