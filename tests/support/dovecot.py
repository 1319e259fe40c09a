"""A real IMAP server for one mailbox, where Dovecot is installed and may be started."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.waiting import until

SETTINGS = """
base_dir = {home}/run
log_path = {home}/log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <{certificate}
ssl_key = <{certificate}
mail_location = maildir:{home}/mail
passdb {{
  driver = static
  args = password=geheim
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={home}
}}
service imap-login {{
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {implicit}
    ssl = yes
  }}
}}
"""


class Dovecot:
    """One mailbox of Dovecot: where it listens and where its mails lie."""

    def __init__(self, home: Path, plain: int, implicit: int) -> None:
        self.home, self.plain, self.implicit = home, plain, implicit
        self._count = 0

    def put(self, raw: bytes) -> None:
        """A new mail, as a mail server would deliver it."""
        self._count += 1
        path = self.home / "mail" / "new" / f"{self._count}.eml"
        path.write_bytes(raw)
        shutil.chown(path, "nobody", "nogroup")

    def touched(self) -> list[str]:
        """The mails that are not as they were delivered: seen, marked, or gone."""
        return [path.name for path in (self.home / "mail" / "cur").iterdir()]


def is_here() -> bool:
    """Whether Dovecot can be started: it is installed, and we are root."""
    return shutil.which("dovecot") is not None and os.geteuid() == 0


@contextmanager
def dovecot(certificate: Path) -> Iterator[Dovecot]:
    """Dovecot with an empty mailbox; any user gets in with the password `geheim`."""
    with tempfile.TemporaryDirectory(prefix="dovecot-") as folder:
        yield from _run(Path(folder), certificate)


def _run(home: Path, certificate: Path) -> Iterator[Dovecot]:
    home.chmod(0o755)  # its processes run as nobody
    for folder in ("mail/new", "mail/cur", "mail/tmp", "run"):
        (home / folder).mkdir(parents=True)
    for path in (home, *home.rglob("*")):
        shutil.chown(path, "nobody", "nogroup")
    (home / "run").chmod(0o755)
    plain, implicit = _free_port(), _free_port()
    conf = home / "dovecot.conf"
    conf.write_text(SETTINGS.format(home=home, certificate=certificate, plain=plain, implicit=implicit))
    with subprocess.Popen(["dovecot", "-F", "-c", str(conf)]) as process:
        try:
            until(lambda: _listens(implicit), seconds=20, what="Dovecot listening")
            yield Dovecot(home, plain, implicit)
        finally:
            process.terminate()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
