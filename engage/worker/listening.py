"""RQ's part in a worker process: take one nudge, run it here, without a fork."""

from __future__ import annotations

import logging

from redis import Redis
from rq import Queue, SimpleWorker
from rq.exceptions import DequeueTimeout
from rq.job import Job
from rq.serializers import JSONSerializer

from engage.worker.nudges import mark_of, queue_of

_WORKER_TTL = 60


class Listener(SimpleWorker):
    """Takes nudges one at a time; the loop, signals and SQL polling around it are the caller's."""

    log_result_lifespan = False

    @classmethod
    def on(cls, connection: Redis) -> Listener:
        """A listener that RQ's own tools can see."""
        logging.getLogger("rq.worker").setLevel(logging.WARNING)  # it would log every nudge three times
        listener = cls(
            [queue_of(connection)],
            connection=connection,
            serializer=JSONSerializer,
            worker_ttl=_WORKER_TTL,
            log_job_description=False,
        )
        listener.register_birth()  # type: ignore[no-untyped-call]
        return listener

    def take(self, seconds: int) -> bool:
        """Waits so long for a nudge and runs it; tells whether one came."""
        self.heartbeat()
        try:
            found = self.queue_class.dequeue_any(
                self.queues, seconds, connection=self.connection, serializer=self.serializer
            )
        except DequeueTimeout:
            return False
        if found is None:
            return False
        self.execute_job(*found)
        return True

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Runs a nudge; from now on a further one of its kind may be sent."""
        self.connection.delete(mark_of(job.args[0]))
        super().execute_job(job, queue)
