"""Makes emails for channel tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from engage.channels.base import OutboundEmail


def an_email(**said: Any) -> OutboundEmail:
    """A Japanese email from a CSM; every field may be said otherwise."""
    fields: dict[str, Any] = {
        "message_id": "msg_0123456789",
        "attempt": 1,
        "from_name": "佐藤 花子",
        "from_address": "hanako.sato@example.com",
        "reply_to": "csm@example.com",
        "to_name": "山田 太郎",
        "to_address": "taro.yamada@example.co.jp",
        "cc": (),
        "subject": "【サンプル株式会社】導入のご案内と初回お打ち合わせのお願い",
        "html": "<html lang=ja><body><p>山田 太郎 様</p></body></html>",
        "text": "山田 太郎 様\n\nお世話になっております。",
        "headers": (("List-Unsubscribe", "<https://example.com/u/1>"),),
        "category": "kickoff",
        "sent_at": datetime(2027, 4, 1, 0, 30, 15, 123456, UTC),
    }
    return OutboundEmail(**fields | said)
