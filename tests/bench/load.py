"""Posts prepared batches over kept connections: `python -m tests.bench.load PORT KEY FOLDER CONNECTIONS`."""

from __future__ import annotations

import base64
import http.client
import json
import queue
import sys
import threading
import time
from pathlib import Path


def post_all(port: int, key: str, bodies: list[bytes], connections: int) -> float:
    """Seconds until every batch was answered with 200."""
    headers = {
        "Content-Type": "application/json",
        "Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode(),
    }
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    for body in bodies:
        waiting.put(body)
    failures: list[str] = []

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while True:
            try:
                body = waiting.get_nowait()
            except queue.Empty:
                return
            connection.request("POST", "/v1/batch", body, headers)
            answer = connection.getresponse()
            said = answer.read()
            if answer.status != 200:
                failures.append(f"{answer.status} {said[:200]!r}")

    threads = [threading.Thread(target=work) for _ in range(connections)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started
    if failures:
        raise SystemExit(f"{len(failures)} batches failed, the first: {failures[0]}")
    return seconds


def main() -> None:
    """Posts the files of a folder in the order of their names."""
    port, key, folder, connections = sys.argv[1:]
    bodies = [path.read_bytes() for path in sorted(Path(folder).iterdir())]
    print(json.dumps({"seconds": post_all(int(port), key, bodies, int(connections))}))


if __name__ == "__main__":
    main()
