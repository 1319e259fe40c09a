"""Structured logs: constant text plus fields, one JSON object a line, no personal data."""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime

_DATABASES = ("sqlalchemy", "psycopg", "sqlite3")
_LONGEST_STATEMENT = 500
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """Writes a record as one JSON line: time, level, logger, text, and the fields given as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "text": record.getMessage(),
        }
        line.update({key: value for key, value in vars(record).items() if key not in _STANDARD})
        if record.exc_info:
            line["error"] = "\nwhich led to\n".join(_told(error) for error in _chain(record.exc_info[1]))
        return json.dumps(line, ensure_ascii=False, default=str)


def _chain(error: BaseException | None) -> list[BaseException]:
    """The error and what led to it, that first."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.insert(0, error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return found


def _told(error: BaseException) -> str:
    """Where it happened and what it was; of a database's refusal no words, since they repeat what customers told us."""
    kind = type(error)
    where = "".join(traceback.format_tb(error.__traceback__))
    if kind.__module__.partition(".")[0] not in _DATABASES:
        return where + "".join(traceback.format_exception_only(error)).rstrip()
    diagnosis = getattr(getattr(error, "orig", error), "diag", None)
    said = [getattr(diagnosis, name, None) for name in ("sqlstate", "table_name", "column_name", "constraint_name")]
    statement = str(getattr(error, "statement", None) or "")[:_LONGEST_STATEMENT]
    return where + " ".join([f"{kind.__module__}.{kind.__qualname__}", *filter(None, [*said, statement])])


def configure_logs(level: str = "INFO") -> None:
    """Sends Engage's logs to standard error as JSON lines."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel("WARNING")
