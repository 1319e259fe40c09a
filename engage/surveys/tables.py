"""What customers answered."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engage.db.base import Base, identity


class Answer(Base):
    """One answer to one question, by the reader of one message; a changed mind is another row, and the newest holds."""

    __tablename__ = "answers"
    __table_args__ = (
        UniqueConstraint("message_id", "question", "number"),
        Index("ix_answers_account_id_question", "account_id", "question"),
        Index("ix_answers_question", "question", "id"),
    )

    id: Mapped[identity]
    public_id: Mapped[str] = mapped_column(unique=True)
    question: Mapped[str]
    choice: Mapped[str]
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"))  # the message that asked
    number: Mapped[int]  # of this message's answers to this question, from 1
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    contract_id: Mapped[int | None] = mapped_column(ForeignKey("contracts.id"))  # what it is about, if a contract
    day: Mapped[date | None]  # where the choice asks for one, such as when they will have decided
    comment: Mapped[str | None]
    at: Mapped[datetime]
