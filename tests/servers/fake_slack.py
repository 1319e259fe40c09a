"""A stand-in for Slack's incoming webhooks over HTTP that keeps its own log, and refuses what Slack would refuse.

`python -m tests.servers.fake_slack --log FILE` prints its port. The log gets one JSON line per accepted message before
the 200. Paths choose faults: `/broken` 500, `/gone` 404.
"""

from __future__ import annotations

import argparse
import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

FAULTS = {"/broken": (500, b"internal_error"), "/gone": (404, b"no_service")}


def complaint(message: dict[str, Any]) -> str | None:
    """What Slack would not take about a message; None when it is in order."""
    blocks = message.get("blocks", [])
    if not message.get("text") or len(message["text"]) > 40_000:
        return "no_text"
    if len(blocks) > 50:
        return "invalid_blocks"
    for block in blocks:
        if block["type"] == "section" and not 1 <= len(block["text"]["text"]) <= 3000:
            return "invalid_blocks"
        for button in block.get("elements", []):
            if not 1 <= len(button["text"]["text"]) <= 75 or len(button["url"]) > 3000:
                return "invalid_blocks"
    return None


class Handler(BaseHTTPRequestHandler):
    """One webhook for each path."""

    log: int

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        refused = complaint(message)
        if self.path in FAULTS:
            self._answer(*FAULTS[self.path])
        elif refused:
            self._answer(400, refused.encode())
        else:
            line = {"path": self.path, "message": message}
            os.write(self.log, json.dumps(line).encode("ascii") + b"\n")
            self._answer(200, b"ok")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Its log is the file; standard error stays quiet."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, required=True, help="file that gets one line per accepted message")
    options = parser.parse_args()
    log = os.open(options.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    server = ThreadingHTTPServer(("127.0.0.1", options.port), type("Bound", (Handler,), {"log": log}))
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
