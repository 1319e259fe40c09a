"""What it means when a template could not be filled in, or not safely."""

from __future__ import annotations

from engage.language.reading_code import ReadingCode

_SUBJECT = "# file: email_templates/welcome/hello/en/subject.txt\n"
_PIECE = "# file: email_templates/_layout/en/all.txt\n"
_MJML = (
    "# file: email_templates/welcome/hello/en/body.mjml\n"
    "<mjml><mj-body><mj-section><mj-column><mj-text>%s</mj-text></mj-column></mj-section></mj-body></mjml>"
)

OF_TEMPLATES: dict[str, ReadingCode] = {
    "template-too-large": ReadingCode(
        "A template is larger than 256 KB with its pieces, or nested too deeply.",
        "Say less, or link to a page.",
        _SUBJECT + '{% include "_layout/all.txt" %} {% include "_layout/all.txt" %}\n' + _PIECE + "x" * 200_000,
        _SUBJECT + '{% include "_layout/all.txt" %} {% include "_layout/all.txt" %}\n' + _PIECE + "x",
    ),
    "template-not-allowed": ReadingCode(
        "A template does more than show facts.",
        "Write the fact itself; reckon in a condition of the playbook.",
        _SUBJECT + "{{ account.name | shout }}",
        _SUBJECT + "{{ account.name }}",
    ),
    "template-active": ReadingCode(
        "A mail holds a script, a form or another part that acts.",
        "Link to a page that does it.",
        _MJML % '<span onclick="go()">Go</span>',
        _MJML % '<a href="https://app.sample.example/">Go</a>',
    ),
    "template-empty-link": ReadingCode(
        "A link leads nowhere.",
        "Write its address, or leave the link out.",
        _MJML % '<a href="">Open</a>',
        _MJML % '<a href="https://app.sample.example/">Open</a>',
    ),
}
