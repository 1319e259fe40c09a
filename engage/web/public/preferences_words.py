"""The sentences of the page of preferences, in both languages."""

from __future__ import annotations

PREFERENCES_WORDS: dict[str, dict[str, str]] = {
    "ja": {
        "open.title": "メールの配信設定",
        "open.whose": "{customer} {address} 様の配信設定です。",
        "open.shared": (
            "{customer}の共用アドレス {address} の配信設定です。変更は、このアドレスをお使いの皆様に及びます。"
        ),
        "open.others": "転送や写しで受け取られた方は、変更せずにこのページを閉じてください。",
        "open.legend": "受け取るメール",
        "open.hint": "受け取るものに印を付けて、保存してください。",
        "open.waits": "確認メールへのご承諾をお待ちしています",
        "open.twice": "お申し込みの後、確認メールでご承諾いただくと始まります",
        "open.save": "保存する",
        "open.stop": "停止できるメールをすべて停止する",
        "open.own": "私が宛先の本人として変更します。",
        "open.fixed": "停止できないご連絡",
        "open.why": (
            "ご契約のお手続き、ご依頼へのお返事、サービスの停止や重要な変更など、"
            "ご契約を守るために欠かせないご連絡は停止できません。広告や宣伝は含みません。"
        ),
        "open.contact": "お問い合わせ\n{team}",
        "saved.changed": "保存しました。",
        "saved.same": "変更はありませんでした。設定は下のとおりです。",
        "saved.nothing": "停止できるメールをすべて停止しました。",
        "saved.asked": "「{topics}」は、お送りする確認メールでご承諾いただくと始まります。",
        "saved.old": (
            "このページを開いた後に設定が変わっていたため、新たに受け取る指定は保存していません。"
            "下の設定をご確認のうえ、もう一度保存してください。"
        ),
        "wrong.not_confirmed": "写しを受け取った方がいるメールです。宛先のご本人であれば、確認欄に印を付けてください。",
        "stopped.title": "このアドレスへの配信は止まっています",
        "stopped.lead": "{address} へは、{why}、メールを一切お送りしていません。",
        "stopped.way": "再開をご希望の場合は、お手数ですが次の窓口までご連絡ください。",
        "stopped.contact": "{team}",
        "why.bounced": "以前のメールが届かなかったため",
        "why.complained": "迷惑メールとして報告があったため",
        "why.other": "配信しないお約束があるため",
        "unsent.title": "見本のリンクです",
        "unsent.lead": "このメールはまだ送信されていないため、ここからは設定を変更できません。",
    },
    "en": {
        "open.title": "Your mail preferences",
        "open.whose": "These are the preferences of {customer}, {address}.",
        "open.shared": "These are the preferences of {customer}, {address}, which is shared: a change is for all.",
        "open.others": "Was the mail copied or forwarded to you? Please close this page without changing anything.",
        "open.legend": "Mails you get",
        "open.hint": "Tick what you would like to get, then save.",
        "open.waits": "waiting for your yes to the mail that we sent you",
        "open.twice": "begins once you have said yes to the mail that we then send you",
        "open.save": "Save",
        "open.stop": "Stop everything that can be stopped",
        "open.own": "I am the person this mail was addressed to.",
        "open.fixed": "What cannot be stopped",
        "open.why": (
            "Mails without which we could not keep the contract: its formalities, answers to what you asked for, "
            "interruptions and important changes of the service. They carry no advertising."
        ),
        "open.contact": "Questions\n{team}",
        "saved.changed": "Your preferences are saved.",
        "saved.same": "Nothing was changed. These are your preferences.",
        "saved.nothing": "Everything that can be stopped has been stopped.",
        "saved.asked": "“{topics}” begins once you have said yes to the mail that we are sending you.",
        "saved.old": (
            "Your preferences have changed since you opened this page, so nothing new was begun. "
            "Please look at them below and save again."
        ),
        "wrong.not_confirmed": "Others got a copy of this mail. If you are its addressee, please tick the box.",
        "stopped.title": "No mail goes to this address",
        "stopped.lead": "We send no mail at all to {address}, {why}.",
        "stopped.way": "If you would like to hear from us again, please get in touch:",
        "stopped.contact": "{team}",
        "why.bounced": "because earlier mail could not be delivered",
        "why.complained": "because it was reported as spam",
        "why.other": "because we were asked not to",
        "unsent.title": "A sample link",
        "unsent.lead": "This mail has not been sent yet, so nothing can be changed here.",
    },
}
