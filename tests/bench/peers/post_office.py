"""django-post-office doing the same mail: `… MAIL.json DATABASE_URL SMTP_PORT COUNT default|best`."""

from __future__ import annotations

import json
import logging
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from tests.bench.mail import SampleMail, person


def database(url: str) -> dict[str, Any]:
    """Django's settings for the database behind an SQLAlchemy URL."""
    parts = make_url(url)
    if parts.get_backend_name() == "sqlite":
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": parts.database}
    host = parts.query.get("host") or parts.host
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.database,
        "USER": parts.username,
        "PASSWORD": parts.password or "",
        "HOST": host,
        "PORT": parts.port or "",
    }


def set_up(url: str, port: int, office: dict[str, Any]) -> None:
    """Configures Django and makes the tables."""
    import django
    from django.conf import settings
    from django.core.management import call_command

    settings.configure(
        DATABASES={"default": database(url)},
        INSTALLED_APPS=["django.contrib.contenttypes", "post_office"],
        EMAIL_BACKEND="post_office.EmailBackend",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=port,
        DEFAULT_FROM_EMAIL="team@vendor.example",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        USE_TZ=True,
        LOGGING_CONFIG=None,
        POST_OFFICE={"BACKENDS": {"default": "django.core.mail.backends.smtp.EmailBackend"}, **office},
    )
    django.setup()
    call_command("migrate", verbosity=0)
    logging.disable()


def main() -> None:
    """Queues and sends; prints the seconds from the first queued mail to the last one sent."""
    mail_file, url, port, count, setting = sys.argv[1:]
    best = setting == "best"
    set_up(url, int(port), {"BATCH_SIZE": 5000} if best else {})
    from post_office import mail
    from post_office.mail import send_queued_mail_until_done
    from post_office.models import EmailTemplate

    for locale, sample in SampleMail.load_all(Path(mail_file)).items():
        EmailTemplate.objects.create(name=locale, subject=sample.subject, html_content=sample.html, content=sample.text)
    templates = {locale: EmailTemplate.objects.get(name=locale) for locale in ("ja", "en")}
    started = time.perf_counter()
    letters = [
        {"recipients": [who["address"]], "template": templates[who["locale"]], "context": who}
        for who in map(person, range(int(count)))
    ]
    if best:
        mail.send_many([{**letter, "render_on_delivery": True} for letter in letters])
    else:
        for letter in letters:
            mail.send(**letter)
    with tempfile.TemporaryDirectory() as folder:
        send_queued_mail_until_done(f"{folder}/lock", processes=2 if best else 1)
    print(json.dumps({"seconds": time.perf_counter() - started}), flush=True)


if __name__ == "__main__":
    main()
