"""What it means when a template could not be filled in, or not safely."""

from __future__ import annotations

from engage.language.reading_code import ReadingCode

_SUBJECT = "# file: email_templates/welcome/hello/en/subject.txt\n"
_META = "# file: email_templates/welcome/hello/meta.yaml\n"
_PIECE = "# file: email_templates/_layout/en/all.txt\n"
_MJML = (
    "# file: email_templates/welcome/hello/en/body.mjml\n"
    '<mjml><mj-head><mj-preview>What it is about</mj-preview><mj-raw><meta name="color-scheme" content="light dark" />'
    "</mj-raw><mj-style>@media (prefers-color-scheme: dark)"
    " {{ body {{ background-color: #111111; }} div {{ color: #eeeeee !important; }} }}</mj-style></mj-head>"
    "<mj-body><mj-section><mj-column><mj-text>{}</mj-text>\n"
    '{{% include "_layout/footer.mjml" %}}</mj-column></mj-section></mj-body></mjml>'
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
        _MJML.format('<span onclick="go()">Go</span>'),
        _MJML.format('<a href="https://app.sample.example/">Go</a>'),
    ),
    "template-empty-link": ReadingCode(
        "A link leads nowhere.",
        "Write its address, or leave the link out.",
        _MJML.format('<a href="">Open</a>'),
        _MJML.format('<a href="https://app.sample.example/">Open</a>'),
    ),
    "template-fails": ReadingCode(
        "A mail cannot be made from the facts of its contract and their samples.",
        "Declare the field that is missing, give it a `sample`, or say something else where it is not there.",
        _META + "needs: {account.plan: text}\n" + _SUBJECT + "{{ account.plan | safe_url }}",
        _META
        + "needs: {account.plan: text}\nsample: {account.plan: 'https://app.sample.example/'}\n"
        + _SUBJECT
        + "{{ account.plan | safe_url }}",
    ),
    "template-fails-without": ReadingCode(
        "A mail cannot be made where a fact is missing, and does not need it.",
        "Put the fact under `needs`: the mail is held until it is known. Or ask for it: `{% if account.plan %}`.",
        _META + "uses: {account.plan: text}\n" + _SUBJECT + "Your plan {{ account.plan }}",
        _META + "needs: {account.plan: text}\n" + _SUBJECT + "Your plan {{ account.plan }}",
    ),
    "template-hole": ReadingCode(
        "A mail shows braces where its readers should read something.",
        "Write the fact between two braces on each side, and words for the case that it is missing.",
        _SUBJECT + "Your plan {{ '{{' }} account.plan {{ '}}' }}",
        _SUBJECT + "Your plan",
    ),
    "template-too-heavy": ReadingCode(
        "The HTML of a mail has more than 102 KB.",
        "Say less, or link to a page: Gmail cuts the mail off there, and the line to unsubscribe with it.",
        _MJML.format("word " * 22_000),
        _MJML.format("word"),
    ),
    "template-long-subject": ReadingCode(
        "A subject is wider than 30 full-width characters, which are 60 Latin ones.",
        "Begin with what matters and leave out the rest: a phone shows no more.",
        _SUBJECT + "Everything that you always wanted to know about our new product",
        _SUBJECT + "What you can do from today",
    ),
    "template-no-preheader": ReadingCode(
        "A mail has no preheader, the line that mail programs show beside the subject.",
        "Write `<mj-preview>…</mj-preview>` into the head; otherwise they show whatever stands first.",
        _MJML.format("Hello").replace("<mj-preview>What it is about</mj-preview>", ""),
        _MJML.format("Hello"),
    ),
    "template-no-dark-mode": ReadingCode(
        "A mail has colours of its own and says nothing of dark mode.",
        "Include the shipped `_layout/head.mjml`, or write a `color-scheme` meta and a block for readers in the dark:"
        " where there is none, mail programs turn the colours around by themselves.",
        _MJML.format("Hello").replace("prefers-color-scheme: dark", "width: 600px"),
        _MJML.format("Hello"),
    ),
    "template-low-contrast": ReadingCode(
        "A text stands out too little from what is behind it, in light or in dark.",
        "Take a darker or a lighter colour: WCAG AA asks for a contrast of 4.5, of 3 for large letters.",
        _MJML.format('<p style="color: #cccccc">Hello</p>'),
        _MJML.format("<p>Hello</p>"),
    ),
}
