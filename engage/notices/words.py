"""The sentences of letters to colleagues, in Japanese and in English."""

from __future__ import annotations

LANGUAGES = ("ja", "en")

WORDS: dict[str, tuple[str, str]] = {
    # subjects: of one piece of news, of several
    "approval_asked.one": ("【承認のお願い】{what}", "Please decide: {what}"),
    "approval_asked.many": ("【承認のお願い】{n}件", "{n} messages wait for your approval"),
    "approval_escalated.one": ("【承認の引き継ぎ】{what}", "Passed on to you to decide: {what}"),
    "approval_escalated.many": ("【承認の引き継ぎ】{n}件", "{n} approvals were passed on to you"),
    "approval_expiring.one": ("【まもなく期限】承認のお願い {what}", "Soon too late to decide: {what}"),
    "approval_expiring.many": ("【まもなく期限】承認のお願い {n}件", "{n} approvals will soon be too late"),
    "approval_expired.one": ("【承認の期限切れ】{what}", "Nobody decided in time: {what}"),
    "approval_expired.many": ("【承認の期限切れ】{n}件", "Nobody decided in time on {n} messages"),
    "task_raised.one": ("【要対応タスク】{what}", "New task: {what}"),
    "task_raised.many": ("【要対応タスク】{n}件", "{n} new tasks"),
    "task_overdue.one": ("【期限超過】{what}", "Overdue: {what}"),
    "task_overdue.many": ("【期限超過】要対応タスク {n}件", "{n} tasks are overdue"),
    "digest.subject": ("【本日のまとめ】{what}", "Your day: {what}"),
    "digest.approvals": ("承認待ち{n}件", "{n} to decide"),
    "digest.tasks": ("要対応{n}件", "{n} to do"),
    "digest.sent": ("送信{n}件", "{n} sent"),
    "digest.replies": ("返信・回答{n}件", "{n} replied"),
    "digest.doubts": ("要確認{n}件", "{n} to check"),
    # first sentences
    "approval_asked.lead": (
        "お客様に送る前に、内容の確認をお願いします。",
        "Please look at this before it goes to the customer.",
    ),
    "approval_escalated.lead": (
        "最初の承認者が期限までに決めなかったため、あなたに引き継がれました。",
        "Whoever was asked first did not decide in time, so it was passed on to you.",
    ),
    "approval_expiring.lead": (
        "まもなく期限です。まだ決まっていません。",
        "This will soon run out, and nobody has decided yet.",
    ),
    "approval_expired.lead": (
        "期限までに承認も却下もされませんでした。お客様にはまだ送られていません。",
        "Nobody approved or rejected it in time. The customer has not been written to.",
    ),
    "task_raised.lead": ("あなたの対応が必要です。", "This needs you."),
    "task_overdue.lead": ("期限を過ぎましたが、まだ完了していません。", "This was due, and is not done yet."),
    "digest.lead": (
        "今日の対応と、前営業日からの動きです。",
        "What waits for you today, and what has happened since.",
    ),
    "greeting": ("{name}さん", "Hello {name},"),
    "greeting.team": ("{name}の皆さん", "Hello {name},"),
    # sections
    "section.approvals": ("承認待ち {n}件", "To decide: {n}"),
    "section.tasks": ("要対応タスク {n}件", "Tasks: {n}"),
    "section.sent": ("担当のお客様に送られたメッセージ {n}件", "Sent to your customers: {n}"),
    "section.replies": ("お客様からの返信・回答 {n}件", "Replies and answers: {n}"),
    "section.doubts": ("送信状況の確認 {n}件", "Delivery needs a look: {n}"),
    "more": ("ほか{n}件", "{n} more"),
    "all": ("一覧を開く", "Open the list"),
    # labels
    "label.playbook": ("プレイブック", "Playbook"),
    "label.subject": ("件名", "Subject"),
    "label.opening": ("書き出し", "It begins"),
    "label.account": ("お客様", "Customer"),
    "label.due": ("期限", "Decide by"),
    "label.task_due": ("期限", "Due"),
    "label.then": ("期限を過ぎると", "After that"),
    "label.note": ("内容", "What it is about"),
    "label.instead_of": ("代理", "Standing in for"),
    "label.at": ("日時", "When"),
    "label.answer": ("回答", "Answer"),
    "label.sent": ("送信", "Sent"),
    "late": ("{when}(期限超過)", "{when} (overdue)"),
    "sent.count": ("{playbook} {n}件", "{playbook}: {n}"),
    "then.second": (
        "{name}さんに引き継がれます。承認されるまで、お客様には送られません。",
        "{name} is asked. Until somebody approves, the customer gets nothing.",
    ),
    "then.task": (
        "要対応タスクになります。承認されるまで、お客様には送られません。",
        "It becomes a task. Until somebody approves, the customer gets nothing.",
    ),
    "then.consent": (
        "要対応タスクになります。ご本人の同意なしに、お名前で送られることはありません。",
        "It becomes a task. Nothing goes out in your name without your consent.",
    ),
    "doubts.unknowns": (
        "届いたか分からないメッセージが{n}件あります(engage messages unknowns で確認できます)",
        "{n} messages may or may not have gone: engage messages unknowns lists them",
    ),
    "doubts.notices": (
        "届けられなかった社内連絡が{n}件あります",
        "{n} pieces of news for colleagues could not be delivered",
    ),
    "replied": ("返信", "Replied"),
    "answered": ("質問に回答", "Answered a question"),
    # links
    "act.approve": ("確認して承認する", "Look and approve"),
    "act.reject": ("送らない", "Do not send"),
    "act.open": ("管理画面で開く", "Open in the console"),
    # foot
    "foot.own": (
        "承認のリンクはあなた専用です。転送しないでください。開いただけでは何も起こりません。",
        "The deciding links are yours alone; please do not forward them. Opening one changes nothing.",
    ),
    "foot.settings": ("連絡の受け取り方と時間帯を変える", "Change how and when you hear of this"),
    "slack.for": ("{name}さん宛", "for {name}"),
}


def say(key: str, language: str, /, **values: object) -> str:
    """The words by that name in one language."""
    said = WORDS[key][LANGUAGES.index(language)]
    return said.format(**values) if values else said
