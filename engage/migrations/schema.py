"""All tables in one metadata; importing this module is what loads them."""

from __future__ import annotations

from engage.channels.email.routing.tables import Brake
from engage.channels.in_app.tables import InAppItem
from engage.customers.tables import Account
from engage.db.base import Base
from engage.events.tables import Event
from engage.journeys.tables import Enrolment
from engage.messages.inbound.tables import InboundEmail
from engage.messages.tables import Message
from engage.notices.tables import Notice
from engage.releases.tables import Release
from engage.staff.tables import StaffMember
from engage.surveys.tables import Answer
from engage.tasks.tables import Task

# One table of each package: naming it here is what registers the package's others, too.
_LOADED = (
    Account, Answer, Brake, Enrolment, Event, InAppItem, InboundEmail, Message, Notice, Release, StaffMember, Task,
)  # fmt: skip

metadata = Base.metadata
