"""Work for a person: what is open, and saying that it is done."""

from __future__ import annotations

from flask import Blueprint, g, redirect, request, url_for
from werkzeug.wrappers import Response

from engage.errors import ConflictError, InputError
from engage.messages.inbound.listing import mails_behind
from engage.tasks.listing import list_tasks
from engage.tasks.raising import finish_task
from engage.web.console.pages import show
from engage.wiring import Engage


def add(pages: Blueprint, engage: Engage) -> None:
    """Adds the list of tasks and the way to finish one."""

    @pages.get("/tasks")
    def tasks() -> Response:
        return _list()

    @pages.post("/tasks/<task_id>/done")
    def finish(task_id: str) -> Response:
        by, outcome = g.login.staff.email, request.form.get("outcome", "").strip() or None
        answers = {name[6:]: value for name, value in request.form.items() if name.startswith("field.")}
        try:
            with engage.database.transaction() as session:
                finish_task(session, task_id, by=by, outcome=outcome, now=engage.clock.now(), answers=answers)
        except ConflictError:
            return _list(status=409, conflict=True)
        except InputError as error:
            return _list(status=400, wrong=error.where)
        return redirect(url_for("console.tasks", notice="done"), code=303)

    def _list(*, status: int = 200, conflict: bool = False, wrong: str | None = None) -> Response:
        now = engage.clock.now()
        with engage.database.reading() as session:
            found = list_tasks(session, now=now)
            mails = mails_behind(session, [task.id for task in found])
        shown = {"tasks": found, "mails": mails, "conflict": conflict, "wrong": wrong}
        return show("console/tasks.html", status=status, now=now, **shown)
