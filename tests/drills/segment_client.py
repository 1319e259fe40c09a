"""A product that tells Engage of its users with Segment's stock client: `… HOST KEY NAME FILE`.

It speaks of one user after the other until FILE.stop is there, and leaves the message ids of its calls in FILE.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from segment.analytics.client import Client

PAUSE = 0.2


def main() -> None:
    host, key, name, file = sys.argv[1:]
    path, failures = Path(file), []
    client = Client(key, host=host, on_error=lambda error, _items: failures.append(error), max_queue_size=100_000)
    said: list[str] = []
    while not path.with_suffix(".stop").exists():
        user = f"{name}-{len(said) // 3}"
        person = {"email": f"{user}@customer.example", "family_name": "Smith", "given_name": user}
        for call in (
            lambda: client.identify(user, person, context={"groupId": "acme"}),  # noqa: B023
            lambda: client.group(user, "acme", {}),  # noqa: B023
            lambda: client.track(user, "product.opened", {"pages": 1}, context={"groupId": "acme"}),  # noqa: B023
        ):
            queued, message = call()
            assert queued
            said.append(message["messageId"])
        time.sleep(PAUSE)
    client.flush()
    path.write_text("\n".join(said))
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
