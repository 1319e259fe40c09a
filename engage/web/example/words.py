"""What the sample product says besides its messages."""

from __future__ import annotations

PAGES = ("", "reports", "contract", "start")
WORDS = {
    "ja": {
        "product": "あおばワークス",
        "page.": "ホーム",
        "page.reports": "レポート",
        "page.contract": "ご契約",
        "page.start": "はじめる",
        "hello": "{name} 様、おつかれさまです",
        "about": "お客様の製品に組み込んだ受信箱の見本です。右上のベルがお知らせの一覧です。",
        "who": "表示する利用者",
        "go": "切り替える",
        "other": "English",
        "rows": "今日の記録",
        "row.1": "日報の提出",
        "row.2": "確認待ちの注文",
        "row.3": "今週の集計",
        "note": "これは engage demo が作った見本のページです。本番の環境にはありません。",
    },
    "en": {
        "product": "Aoba Works",
        "page.": "Home",
        "page.reports": "Reports",
        "page.contract": "Contract",
        "page.start": "Get started",
        "hello": "Good to see you, {name}",
        "about": "A sample of a product that embeds the inbox. The bell at the top right has the list of messages.",
        "who": "Signed in as",
        "go": "Switch",
        "other": "日本語",
        "rows": "Today",
        "row.1": "Reports handed in",
        "row.2": "Orders to be confirmed",
        "row.3": "This week's totals",
        "note": "This sample page was made by engage demo. There is none in production.",
    },
}
