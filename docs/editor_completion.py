"""The picture of completion in docs/images: what a real language server answers, drawn as an editor shows it.

Asked is `yaml-language-server`, which VS Code's YAML extension and other editors run; the schemas are those that
`engage playbooks schema` writes. It also looks that no shipped file is underlined. Run with
`npm install --prefix DIR yaml-language-server` done, and Chromium installed:

    python docs/editor_completion.py DIR/node_modules/.bin/yaml-language-server
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import IO, Any, cast

from playwright.sync_api import sync_playwright

from engage.config import shipped
from engage.language.schema import MODE_LINE, SCHEMAS, write_schemas

PICTURE = Path(__file__).parent / "images" / "editor-completion.png"
HEAD = "playbook: first-report\ntitle: {ja: はじめての報告, en: First report}\n"
CURSOR = "‸"
SCENES = (
    ("Which steps there are", HEAD + "steps:\n  - ‸", "wait"),
    ("Which words a key takes", HEAD + "stage: ‸", "use"),
    ("What belongs to a step", HEAD + "steps:\n  - email: report/first\n    ‸", "approve"),
    ("What is not known is underlined", HEAD + "stge: use\n", ""),
)
SHOWN = 9


class Server:
    """The language server at the other end of two pipes."""

    def __init__(self, command: str, folder: Path) -> None:
        self._process = subprocess.Popen([command, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._to, self._from = cast(IO[bytes], self._process.stdin), cast(IO[bytes], self._process.stdout)
        self._folder, self._asked, self._files = folder, 0, 0
        self.said: dict[str, list[dict[str, Any]]] = {}
        can = {"textDocument": {"completion": {}, "publishDiagnostics": {}}, "workspace": {"configuration": True}}
        self._ask("initialize", {"processId": None, "rootUri": folder.as_uri(), "capabilities": can})
        self._send({"method": "initialized", "params": {}})

    def open(self, text: str, schema: str = "playbook") -> str:
        """Opens a text as a file of its own; its address."""
        self._files += 1
        uri = (self._folder / "playbooks" / f"{self._files}.yaml").as_uri()
        text = f"{MODE_LINE}../{SCHEMAS}/{schema}.schema.json\n{text}"
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        return uri

    def completions(self, text: str) -> list[dict[str, Any]]:
        """What is offered where the cursor stands."""
        before, _, after = text.partition(CURSOR)
        uri, line = self.open(before + after), before.count("\n") + 1  # the first line names the schema
        place = {"line": line, "character": len(before.rpartition("\n")[2])}
        return list(self._ask("textDocument/completion", {"textDocument": {"uri": uri}, "position": place})["items"])

    def complaints(self, uri: str) -> list[dict[str, Any]]:
        """What it underlines in a file."""
        while uri not in self.said:
            self._hear()
        return self.said[uri]

    def close(self) -> None:
        """Ends it."""
        self._process.kill()
        self._process.communicate()

    def _ask(self, method: str, params: dict[str, Any]) -> Any:
        self._asked += 1
        self._send({"id": self._asked, "method": method, "params": params})
        while True:
            said = self._hear()
            if said.get("id") == self._asked and "method" not in said:
                return said["result"]

    def _hear(self) -> dict[str, Any]:
        length = 0
        while head := self._from.readline().strip():
            name, _, value = head.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        said: dict[str, Any] = json.loads(self._from.read(length))
        if "method" in said and "id" in said:  # it asks for its settings
            wanted = said.get("params", {}).get("items", [])
            self._send({"id": said["id"], "result": [{} for _ in wanted]})
        elif said.get("method") == "textDocument/publishDiagnostics":
            self.said[said["params"]["uri"]] = said["params"]["diagnostics"]
        return said

    def _send(self, said: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **said}).encode()
        self._to.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._to.flush()


def main() -> int:
    """Asks, looks at the shipped files, and draws."""
    command = sys.argv[1] if len(sys.argv) > 1 else shutil.which("yaml-language-server")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if command is None or chromium is None:
        print("yaml-language-server and Chromium are needed, see the head of this file", file=sys.stderr)  # noqa: T201
        return 1
    with tempfile.TemporaryDirectory(prefix="engage-editor-") as folder:
        write_schemas(Path(folder) / SCHEMAS)
        server = Server(command, Path(folder))
        try:
            underlined = list(_underlined(server))
            panes = [_pane(server, *scene) for scene in SCENES]
        finally:
            server.close()
    for complaint in underlined:
        print(complaint, file=sys.stderr)  # noqa: T201
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1180, "height": 760}, device_scale_factor=1.5)
        page.set_content(PAGE.replace("PANES", "".join(panes)))
        page.locator("main").screenshot(path=str(PICTURE))
        browser.close()
    return 1 if underlined else 0


def _underlined(server: Server) -> Iterator[str]:
    """Every complaint about a shipped file: there is to be none."""
    home = shipped("playbooks")
    files = dict.fromkeys(sorted(home.glob("*.yaml")), "playbook")
    files |= {path: path.stem for path in sorted((home / "_shared").glob("*.yaml"))}
    files |= dict.fromkeys(sorted(shipped("email_templates").rglob("meta.yaml")), "template")
    for path, schema in files.items():
        for said in server.complaints(server.open(path.read_text(encoding="utf-8"), schema)):
            yield f"{path.name}:{said['range']['start']['line']}: {said['message']}"


def _pane(server: Server, title: str, text: str, chosen: str) -> str:
    if CURSOR not in text:
        (said,) = [one for one in server.complaints(server.open(text)) if "stge" in one["message"]]
        wrong = escape(text).replace("stge", "<u>stge</u>")
        return f"<section><h2>{title}</h2><pre>{wrong}</pre><p class=said>{escape(said['message'])}</p></section>"
    offered = {one["label"]: one for one in server.completions(text) if ":" not in one["label"]}
    names = sorted(offered)
    first = max(0, min(names.index(chosen) - SHOWN // 2, len(names) - SHOWN))
    rows = "".join(f"<li{' class=on' if name == chosen else ''}>{name}</li>" for name in names[first : first + SHOWN])
    meaning = offered[chosen].get("documentation") or ""
    meaning = meaning if isinstance(meaning, str) else meaning.get("value", "")
    column = len(text.partition(CURSOR)[0].rpartition("\n")[2])
    popup = f"<div class=popup style='margin-left:{column}ch'><ul>{rows}</ul><p>{escape(meaning)}</p></div>"
    return f"<section><h2>{title}</h2><pre>{escape(text).replace(CURSOR, '<i></i>')}</pre>{popup}</section>"


PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><style>
body{margin:0;background:#fff;font:14px/1.5 system-ui,sans-serif;color:#1c2024}
main{display:grid;grid-template-columns:1fr 1fr;gap:18px;padding:18px;width:1144px}
section{border:1px solid #d5dadf;border-radius:8px;padding:12px 16px;min-height:290px}
h2{font-size:14px;margin:0 0 10px}
pre,ul,.popup{font:13px/1.5 ui-monospace,"DejaVu Sans Mono","Noto Sans Mono CJK JP",monospace;margin:0}
i{border-left:2px solid #2f5fb0;margin-left:-1px}
.popup{display:flex;align-items:flex-start;margin-top:4px}
ul{list-style:none;padding:3px;border:1px solid #c3cad2;border-radius:5px;min-width:15ch;background:#f8f9fb}
li{padding:0 8px;border-radius:3px} .on{background:#2f5fb0;color:#fff}
.popup p{margin:0 0 0 -1px;padding:8px 12px;border:1px solid #c3cad2;border-radius:5px;max-width:230px;font:13px/1.5
system-ui,sans-serif;background:#fff}
u{text-decoration:underline wavy #c0392b} .said{margin:12px 0 0;padding:8px 12px;border-left:3px solid #c0392b;
background:#fdf1ef;font-size:13px}
</style><main>PANES</main></html>"""

if __name__ == "__main__":
    sys.exit(main())
