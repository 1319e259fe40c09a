"""The effort of a real password hash; the other tests hash with the least."""

from __future__ import annotations

import subprocess
import sys

HASH = "from engage.staff.passwords import hash_password; print(hash_password('a quiet morning in Kyoto'))"


def test_a_password_is_kept_by_argon2id_with_the_effort_of_rfc_9106() -> None:
    kept = subprocess.run([sys.executable, "-c", HASH], capture_output=True, text=True, check=True).stdout
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
