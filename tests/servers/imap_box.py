"""A mailbox over IMAP whose mails are the files of a folder; what is asked for is in its log.

`python -m tests.servers.imap_box --box FOLDER --log FILE` prints its port. `7.eml` in the folder is the mail with the
number 7, its internal date is the file's; a file `validity` holds UIDVALIDITY (1 without it). User `box`, password
`geheim`. It knows what a reader needs: LOGIN, EXAMINE, UID SEARCH, UID FETCH. A real server (Dovecot) stands in for it
in one test where there is one; this one starts in a tenth of a second and needs nothing.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import socketserver
import ssl
import time
from datetime import UTC, datetime
from pathlib import Path

_SINCE = re.compile(r"SINCE (\d{1,2}-\w{3}-\d{4})")
_RANGE = re.compile(r"UID (\d+):\*")
_PARTIAL = re.compile(r"UID FETCH (\d+) .*BODY\.PEEK\[\]<0\.(\d+)>")


class Client(socketserver.StreamRequestHandler):
    """One connection."""

    server: Server

    def handle(self) -> None:
        self._say("* OK ready")
        self._logged_in = False
        while line := self.rfile.readline(8192):
            tag, _, command = line.decode().strip().partition(" ")
            os.write(self.server.log, (re.sub(r"(LOGIN \S+) .*", r"\1 …", command) + "\n").encode())
            if not self._answer(tag, command):
                return

    def _answer(self, tag: str, command: str) -> bool:
        verb = command.upper()
        if verb.startswith("CAPABILITY"):
            self._say("* CAPABILITY IMAP4rev1")
        elif verb.startswith("LOGIN"):
            self._logged_in = shlex.split(command)[1:] == ["box", "geheim"]
            if not self._logged_in:
                self._say(f"{tag} NO [AUTHENTICATIONFAILED] Authentication failed.")
                return True
        elif verb.startswith("LOGOUT"):
            self._say("* BYE", f"{tag} OK")
            return False
        elif not self._logged_in:
            self._say(f"{tag} BAD log in first")
            return True
        elif verb.startswith("EXAMINE"):
            self._say(f"* {len(self.server.mails())} EXISTS", "* FLAGS ()")
            self._say(f"* OK [UIDVALIDITY {self.server.validity()}] ok")
        elif verb.startswith("UID SEARCH"):
            self._say("* SEARCH" + "".join(f" {uid}" for uid in self._found(command)))
        elif verb.startswith("UID FETCH"):
            self._fetch(command)
        else:
            self._say(f"{tag} NO nothing in here can be changed")
            return True
        self._say(f"{tag} OK done")
        return True

    def _found(self, command: str) -> list[int]:
        mails = self.server.mails()
        if since := _SINCE.search(command):
            day = datetime.strptime(since[1], "%d-%b-%Y").replace(tzinfo=UTC).timestamp()
            return [uid for uid, path in mails.items() if path.stat().st_mtime >= day]
        first = int(_RANGE.search(command)[1])  # type: ignore[index]
        return [uid for uid in mails if uid >= first] or list(mails)[-1:]  # `*` is the last one, however small

    def _fetch(self, command: str) -> None:
        uid, most = (int(number) for number in _PARTIAL.search(command).groups())  # type: ignore[union-attr]
        path = self.server.mails().get(uid)
        if path is None:
            return
        raw = path.read_bytes()[:most]
        at = datetime.fromtimestamp(path.stat().st_mtime, UTC).strftime("%d-%b-%Y %H:%M:%S +0000")
        head = (
            f'* 1 FETCH (UID {uid} INTERNALDATE "{at}" RFC822.SIZE {path.stat().st_size} BODY[]<0> {{{len(raw)}}}\r\n'
        )
        self.wfile.write(head.encode() + raw + b")\r\n")

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


class Server(socketserver.ThreadingTCPServer):
    """The mailbox."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int, box: Path, log: Path, certificate: Path | None) -> None:
        super().__init__(("127.0.0.1", port), Client)
        self.box = box
        self.log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)

    def mails(self) -> dict[int, Path]:
        return dict(sorted((int(path.stem), path) for path in self.box.glob("*.eml")))

    def validity(self) -> str:
        kept = self.box / "validity"
        return kept.read_text().strip() if kept.exists() else "1"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed is nothing to speak of."""


def main() -> None:
    os.environ["TZ"] = "UTC"
    time.tzset()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--box", type=Path, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--certificate", type=Path)
    options = parser.parse_args()
    server = Server(options.port, options.box, options.log, options.certificate)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
