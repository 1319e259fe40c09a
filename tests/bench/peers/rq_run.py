"""Enqueues an RQ job for each email and runs two workers as they ship: `… MAIL.json REDIS_PORT SMTP_PORT COUNT`."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from redis import Redis
from rq import Queue


def main() -> None:
    """Prints the seconds from the first enqueued job to the last one done."""
    mail_file, redis_port, smtp_port, count = sys.argv[1:]
    url = f"redis://127.0.0.1:{redis_port}/0"
    queue = Queue(connection=Redis.from_url(url))
    started = time.perf_counter()
    for number in range(int(count)):
        queue.enqueue("tests.bench.peers.rq_per_email.send", mail_file, int(smtp_port), number, result_ttl=0)
    rq = Path(sys.executable).parent / "rq"
    command = [rq, "worker", "--url", url, "--burst", "--quiet"]
    workers = [subprocess.Popen(command, env={"PYTHONPATH": ".", "PATH": "/usr/bin:/bin"}) for _ in range(2)]
    for worker in workers:
        worker.wait()
    print(json.dumps({"seconds": time.perf_counter() - started}), flush=True)


if __name__ == "__main__":
    main()
