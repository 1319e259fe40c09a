"""The sentences of the page on which somebody says yes to a kind of mail, in both languages."""

from __future__ import annotations

CONFIRM_WORDS: dict[str, dict[str, str]] = {
    "ja": {
        "open.title": "配信のご確認",
        "open.lead": "「{topic}」のメールをお送りしてよろしいですか。",
        "open.address": "対象のアドレス: {address}",
        "open.scope": "{about}",
        "open.button": "受け取ります",
        "open.other": "お心当たりのない場合は、このページを閉じてください。何も送られません。",
        "confirmed.title": "ご承諾をいただきました",
        "confirmed.lead": "「{topic}」のメールを {address} へお送りします。",
        "confirmed.scope": "お受け取りは、メールの末尾のリンクからいつでも止められます。",
        "expired.title": "確認の期限が過ぎています",
        "expired.lead": "「{topic}」の配信は始まっていません。ご希望の場合は、お手数ですが改めてお申し込みください。",
        "stopped.title": "配信は停止されています",
        "stopped.lead": "「{topic}」のメールは、ご承諾の後に停止のお手続きをいただいています。",
        "unsent.title": "見本のリンクです",
        "unsent.lead": "このメールはまだ送信されていないため、ここからのご承諾は受け付けていません。",
    },
    "en": {
        "open.title": "Please confirm",
        "open.lead": "Would you like to get mails about “{topic}”?",
        "open.address": "Address: {address}",
        "open.scope": "{about}",
        "open.button": "Yes, send them to me",
        "open.other": "If you did not ask for them, just close this page. Nothing will be sent.",
        "confirmed.title": "Thank you, that is noted",
        "confirmed.lead": "We will send mails about “{topic}” to {address}.",
        "confirmed.scope": "You can stop them at any time with the link at the end of each mail.",
        "expired.title": "This confirmation has expired",
        "expired.lead": "Mails about “{topic}” have not begun. If you still want them, please ask for them again.",
        "stopped.title": "These mails have been stopped",
        "stopped.lead": "After you had confirmed, mails about “{topic}” were stopped for you.",
        "unsent.title": "A sample link",
        "unsent.lead": "This mail has not been sent yet, so nothing can be confirmed here.",
    },
}
