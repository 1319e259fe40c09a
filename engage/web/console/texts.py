"""Every word of the console, in Japanese and in English."""

from __future__ import annotations

from collections.abc import Callable

from engage.web.console.fact_texts import FACT_TEXTS
from engage.web.console.inbound_texts import INBOUND_TEXTS
from engage.web.console.reach_texts import REACH_TEXTS

LOCALES = ("ja", "en")

TEXTS: dict[str, tuple[str, str]] = {
    # frame
    "skip": ("本文へ移動", "Skip to the content"),
    "nav.approvals": ("承認", "Approvals"),
    "nav.tasks": ("要対応タスク", "Tasks"),
    "nav.templates": ("テンプレート", "Templates"),
    "nav.label": ("メニュー", "Menu"),
    "language": ("表示言語", "Language"),
    "theme": ("配色", "Colours"),
    "theme.auto": ("自動", "Auto"),
    "theme.light": ("明るい", "Light"),
    "theme.dark": ("暗い", "Dark"),
    "logout": ("ログアウト", "Log out"),
    # templates
    "templates.title": ("配信中のテンプレート", "Templates in use"),
    "templates.count": ("{n}件", "{n}"),
    "templates.empty": ("配信中のテンプレートはありません。", "No template is in use."),
    "templates.back": ("テンプレートの一覧", "All templates"),
    "templates.sent_by": ("送るプレイブック: {playbooks}", "Sent by: {playbooks}"),
    "template.kind.email": ("メール", "Mail"),
    "template.kind.in_app": ("アプリ内メッセージ", "In-app message"),
    "template.purpose.transactional": ("契約上のご連絡", "Transactional"),
    "template.purpose.relationship": ("お取引先へのご連絡", "Relationship"),
    "template.purpose.promotional": ("ご案内・宣伝", "Promotional"),
    "templates.colours": ("メールの配色", "Colours of the mail"),
    "templates.account": ("顧客企業のID", "Account id"),
    "templates.show": ("この企業の内容で表示", "Show with its facts"),
    "templates.sample": ("見本に戻す", "Back to the sample"),
    "templates.of_sample": (
        "見本の内容で表示しています。リンクはどこにも移動しません。",
        "Shown with sample facts. The links lead nowhere.",
    ),
    "templates.of_account": (
        "この企業について今わかっている内容で表示しています。進行中の出来事は見本です。リンクはどこにも移動しません。",
        "Shown with what is known of this account now; events of a run are samples. The links lead nowhere.",
    ),
    "templates.no_account": ("{account} という顧客企業はありません。", "There is no account {account}."),
    "template.locale.ja": ("日本語", "Japanese"),
    "template.locale.en": ("英語", "English"),
    # login
    "login.title": ("ログイン", "Log in"),
    "login.lead": (
        "お客様へのメッセージを確認し、承認する画面です。",
        "Where messages to customers are read and approved.",
    ),
    "login.email": ("メールアドレス", "Email address"),
    "login.password": ("パスワード", "Password"),
    "login.submit": ("ログイン", "Log in"),
    "login.wrong": (
        "メールアドレスまたはパスワードが違います。お忘れの場合は管理者にご連絡ください。",
        "The address or the password is not right. If you have forgotten it, ask an administrator.",
    ),
    "login.wait": (
        "失敗が続いたため、今は受け付けていません。{wait}後にもう一度お試しください。",
        "Too many tries have failed. Please try again in {wait}.",
    ),
    # one's own password
    "password.title": ("パスワードの変更", "Change your password"),
    "password.lead": (
        "変更すると、ほかの端末やブラウザーのログインは終了します。",
        "Every other place where you are logged in will be logged out.",
    ),
    "password.current": ("今のパスワード", "Current password"),
    "password.new": ("新しいパスワード({n}文字以上)", "New password ({n} characters or more)"),
    "password.again": ("新しいパスワード(もう一度)", "New password again"),
    "password.submit": ("変更する", "Change it"),
    "password.wrong": ("今のパスワードが違います。", "The current password is not right."),
    "password.differ": ("新しいパスワードが二つの欄で違います。", "The two new passwords are not the same."),
    "password.bad": (
        "新しいパスワードは{n}文字以上200文字以下にしてください。",
        "A new password has {n} to 200 characters.",
    ),
    # approvals: list
    "approvals.title": ("承認待ち", "Waiting for approval"),
    "approvals.count": ("{n}件", "{n}"),
    "approvals.mine": ("自分の担当", "Mine"),
    "approvals.all": ("すべて", "Everyone’s"),
    "approvals.empty": ("承認待ちのメッセージはありません。", "Nothing is waiting for approval."),
    "approvals.empty_hint": (
        "新しい下書きができると、ここに並びます。",
        "New drafts will appear here as playbooks write them.",
    ),
    "approvals.to": ("{name} 宛", "to {name}"),
    "approvals.expires": ("期限 {when}", "decide by {when}"),
    "approvals.late": ("期限切れ", "overdue"),
    "approvals.escalated": ("引き継ぎ", "passed on"),
    "approvals.nobody": ("担当者なし", "nobody"),
    # approvals: one
    "approval.back": ("承認待ち一覧", "All waiting"),
    "approval.why": ("送る理由", "Why this message"),
    "approval.playbook": ("プレイブック", "Playbook"),
    "approval.step": ("ステップ", "Step"),
    "approval.feel": ("お客様に感じていただきたいこと", "What the customer should feel"),
    "approval.cause": ("承認が必要な理由", "Why you are asked"),
    "approval.cause.touch_model": (
        "このお客様のタッチモデルでは、送信前に担当者の確認が必要です。",
        "This customer’s touch model asks a person to look first.",
    ),
    "approval.cause.by_exception": (
        "以前に承認された文面のまま、必要な情報がそろい、お客様の状態も良好なため、確認なしで送られました。",
        "The same words were approved before, all facts were there and the account is in order: it went unasked.",
    ),
    "approval.cause.playbook": ("プレイブックが確認を求めています。", "The playbook asks a person to look first."),
    "approval.cause.sender_consent": (
        "差出人ご本人の同意が必要です。この文面への同意は一度だけで済みます。",
        "It goes out in your name: you consent to this text once.",
    ),
    "approval.started": ("きっかけ", "What started it"),
    "approval.asked": ("依頼日時", "Asked"),
    "approval.expires": ("回答期限", "Decide by"),
    "approval.assignee": ("承認者", "Asked of"),
    "approval.due": ("送信予定", "Will leave"),
    "approval.due_note": (
        "承認がこれより遅れたときは、お客様の配信時間帯のうちに送ります。",
        "If you approve later than that, it leaves as soon as the customer’s hours allow.",
    ),
    "approval.paused": (
        "プレイブックは{when}から一時停止中です。承認しても、再開するまで送られません。",
        "The playbook is paused since {when}: what you approve leaves when it is resumed.",
    ),
    "approval.facts": ("判断に使った情報", "Facts it rests on"),
    "approval.facts_none": ("記録された情報はありません。", "No facts were recorded."),
    "approval.gate": ("送信前の確認", "Checks"),
    "approval.gate_none": ("まだ確認されていません。", "Not checked yet."),
    "approval.gate_at": ("{when}に確認。", "Checked {when}. "),
    "approval.gate_again": ("送信の直前に、もう一度確認します。", "All of it is checked again just before sending."),
    "policy.still_relevant": ("プレイブックの適用が続いている", "The playbook still applies"),
    "policy.lifecycle": ("解約・退職・異動がない", "Still a customer, still there"),
    "policy.past_partner": ("販売パートナーを飛び越えない", "Not past a partner who alone speaks of the contract"),
    "policy.suppression": ("配信除外のアドレスではない", "The address accepts mail"),
    "policy.consent": ("この種類の配信に支障がない", "This kind of mail is welcome"),
    "policy.paused": ("プレイブックが一時停止中ではない", "The playbook is not paused"),
    "policy.in_product": ("アプリ内の状況と合っている", "What the product has settled leaves room for it"),
    "policy.one_mail": ("同じ方に同じご案内が二重に届かない", "Nobody gets it twice for two customers"),
    "policy.gates": ("配信を止める条件に当たらない", "No gate is closed for the customer"),
    "policy.away": ("不在の連絡がない", "No word that they are away"),
    "policy.sending_hours": ("配信してよい時間帯", "Within sending hours"),
    "policy.touch_budget": ("配信頻度の上限に達していない", "The budget of touches has room"),
    "approval.until": ("{when}まで", "until {when}"),
    "mail.label": ("届くメッセージ", "The message as it will look"),
    "mail.subject": ("件名", "Subject"),
    "mail.title": ("タイトル", "Title"),
    "mail.from": ("差出人", "From"),
    "mail.to": ("宛先", "To"),
    "mail.cc": ("CC", "Cc"),
    "mail.desktop": ("パソコン", "Desktop"),
    "mail.phone": ("スマートフォン", "Phone"),
    "mail.text": ("テキスト", "Plain text"),
    "mail.view": ("表示の切り替え", "View"),
    "mail.frame": ("メールの表示", "The mail"),
    "mail.broken": (
        "このメッセージは今のままでは表示できません:{reason}",
        "This message cannot be shown as it is: {reason}",
    ),
    "mail.in_app": ("アプリ内メッセージ", "In-app message"),
    "mail.edited": ("編集済み", "Edited"),
    "act.approve": ("承認して送る", "Approve and send"),
    "act.edit": ("文面を編集", "Edit"),
    "act.reject": ("送らない", "Do not send"),
    "act.reject_title": ("送らない理由", "Why it should not go out"),
    "act.reject_hint": (
        "プレイブックの作成者が読みます。文面や送り先の改善に使われます。",
        "The author of the playbook reads this and improves the text or the audience.",
    ),
    "act.reject_submit": ("送らないことに決める", "Decide not to send"),
    "act.cancel": ("やめる", "Cancel"),
    "edit.title": ("文面を編集", "Edit the text"),
    "edit.lead": (
        "直した文面がそのままお客様に届きます。レイアウトとリンクは変わりません。",
        "What you write here is what the customer reads. Layout and links stay as they are.",
    ),
    "edit.body": ("本文(直したい箇所を押して書き換えてください)", "Text: choose what you want to change and type"),
    "edit.part": ("本文 {n}", "Text {n}"),
    "edit.save": ("保存して確認", "Save and look at it"),
    "edit.nothing": ("この文面には編集できる箇所がありません。", "Nothing in this text can be edited."),
    "state.approved": ("承認済み", "Approved"),
    "state.rejected": ("送らないことに決定", "Decided not to send"),
    "state.expired": ("期限切れ", "Expired"),
    "state.withdrawn": ("取り下げ", "Withdrawn"),
    "state.pending": ("承認待ち", "Waiting"),
    "decided.by": ("{name}さんが{when}に決定しました。", "Decided by {name}, {when}."),
    "decided.itself": ("{when}に終了しました。", "Ended {when}."),
    "decided.reason": ("理由:{reason}", "Reason: {reason}"),
    "refused.already_decided": (
        "あなたの操作の前に、このメッセージの扱いが決まりました。今の状態を表示しています。",
        "This was decided before you answered. What you see is how it stands now.",
    ),
    "refused.stale": (
        "あなたが開いた後に、文面が変更されました。今の文面を読み、もう一度決めてください。",
        "The text was changed after you opened it. Read it as it is now, then decide again.",
    ),
    "refused.mail_changed": (
        "あなたが開いた後に、内容が変わりました。今の内容を読み、もう一度決めてください。",
        "The message has changed since you opened it. Read it as it is now, then decide again.",
    ),
    "refused.denied": (
        "このメッセージを決められるのは、依頼された担当者と責任者だけです。",
        "Only the person who was asked, or a leader, may decide this.",
    ),
    "refused.no_reason": (
        "送らない理由を書いてください。プレイブックの改善に使われます。",
        "Please say why it should not go out: the author of the playbook learns from it.",
    ),
    "refused.edited_your_text": (
        "あなたが編集している間に、ほかの人も文面を変更しました。下はあなたが書いた文面です。保存すると、ほかの人の変更は置き換わります。",
        "Somebody else changed the text while you were writing. Below is what you wrote; saving replaces their change.",
    ),
    "notice.approved": ("承認しました。送信の順番に入りました。", "Approved. It is on its way."),
    "notice.rejected": ("送らないことに決めました。", "Decided: it will not be sent."),
    "notice.edited": ("保存しました。届く形で確認してください。", "Saved. This is how it will look."),
    "notice.done": ("タスクを完了にしました。", "The task is done."),
    "notice.password": (
        "パスワードを変更しました。ほかの端末やブラウザーのログインは終了しました。",
        "Your password is changed. You are logged out everywhere else.",
    ),
    "notice.next": ("次の承認待ちを開く", "Open the next one"),
    **FACT_TEXTS,
    **INBOUND_TEXTS,
    **REACH_TEXTS,
    # tasks
    "tasks.title": ("要対応タスク", "Tasks"),
    "tasks.empty": ("対応が必要なタスクはありません。", "There is nothing for you to do."),
    "tasks.empty_hint": (
        "人の判断が必要になると、ここに並びます。",
        "When something needs a person, it will appear here.",
    ),
    "tasks.due": ("期限 {when}", "due {when}"),
    "tasks.late": ("{when}に期限超過", "was due {when}"),
    "tasks.outcome": ("対応した内容(任意)", "What came of it (optional)"),
    "tasks.done": ("完了にする", "Mark as done"),
    "tasks.optional": ("(任意)", "(optional)"),
    "tasks.wrong": ("「{field}」の入力内容をご確認ください。", "Please check what you filled in for {field}."),
    "tasks.conflict": ("このタスクはすでに完了しています。", "This task is done already."),
    "reason.step": ("プレイブックの手順", "a step of the playbook"),
    "reason.form": ("記入のお願い", "a form to fill in"),
    "reason.lead": ("営業機会", "a lead"),
    "reason.notice_failed": ("社内連絡が届いていません", "news was not delivered"),
    "reason.nobody_found": ("送り先が見つかりません", "nobody to write to"),
    "reason.no_permission": ("メールの許可がありません", "nobody has permitted such mail"),
    "reason.approval_expired": ("承認の期限切れ", "an approval ran out"),
    "reason.facts_missing": ("必要な情報が不足", "facts are missing"),
    "reason.message_held": ("メッセージを作成できません", "a message cannot be made"),
    "reason.too_late": ("時期を過ぎています", "it is too late"),
    "reason.look_better": ("効果が認められます", "it works"),
    "reason.look_worse": ("逆効果です", "it does harm"),
    "reason.look_no_effect": ("効果が認められません", "no effect was found"),
    "reason.look_too_few": ("効果を判断できません", "too few to tell"),
    "reason.look_no_comparison": ("比較する対照群がありません", "nothing to compare with"),
    "reason.anchor_moved": ("基準日が変わりました", "the date has moved"),
    "reason.exit": ("途中で終了しました", "it ended early"),
    # errors
    "error.title": ("表示できません", "This cannot be shown"),
    "error.not_found": ("お探しのものは見つかりませんでした。", "There is nothing here by that name."),
    "error.stale_form": (
        "ページが古くなっています。開き直して、もう一度お試しください。",
        "The page is too old. Open it again and repeat what you did.",
    ),
    "error.foreign_form": ("別のサイトからの操作は受け付けません。", "Forms from other sites are refused."),
    "error.store_unavailable": (
        "データベースに接続できません。少し待ってからもう一度お試しください。",
        "The database does not answer. Please try again in a moment.",
    ),
    "error.home": ("承認待ち一覧へ", "To the approvals"),
    # time
    "time.now": ("まもなく", "now"),
}


def speaker(locale: str) -> Callable[..., str]:
    """The function with which a page says its words in one language."""
    place = LOCALES.index(locale)

    def say(key: str, /, **values: object) -> str:
        said = TEXTS[key][place]
        return said.format(**values) if values else said

    return say


def has_words(key: str) -> bool:
    """Whether there is a text by that name."""
    return key in TEXTS
