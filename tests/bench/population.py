"""A large customer base, put into PostgreSQL by SQL: an import of a million people is not what is measured."""

from __future__ import annotations

import psycopg

from tests.bench.stand import Store

# As `tests.bench.mail.person` names them: four people at each account, every second one reads Japanese.
_ACCOUNTS = """
INSERT INTO accounts (public_id, external_id, name, country, locale, touch_model, phase, is_test, traits, said_at,
                      created_at, updated_at)
SELECT 'acc_bench_' || n, 'account-' || n, 'Sample ' || n || ' Ltd', 'JP', 'en', 'tech', 'onboarding', false, '{}',
       '{}', now() - interval '1 day', now() - interval '1 day'
FROM generate_series(0, (%(people)s - 1) / 4) AS n
"""
_CONTACTS = """
INSERT INTO contacts (public_id, external_id, email, address_key, family_name, given_name, locale, is_staff,
                      is_shared_box, traits, said_at, created_at, updated_at)
SELECT 'con_bench_' || n, 'user-' || n, address, address, CASE n %% 2 WHEN 0 THEN '山田' ELSE 'Miller' END,
       CASE n %% 2 WHEN 0 THEN '太郎' ELSE 'Ann' END || n, CASE n %% 2 WHEN 0 THEN 'ja' ELSE 'en' END, false, false,
       '{}', '{}', now() - interval '1 day', now() - interval '1 day'
FROM generate_series(0, %(people)s - 1) AS n,
     LATERAL (SELECT 'person' || n || '@customer' || n / 4 || '.example') AS a(address)
"""
_MEMBERSHIPS = """
INSERT INTO memberships (contact_id, account_id, roles, since, learned_at)
SELECT c.id, a.id, '["end_user"]', now() - interval '1 day', now() - interval '1 day'
FROM contacts c JOIN accounts a ON a.external_id = 'account-' || replace(c.external_id, 'user-', '')::bigint / 4
"""


def populate(place: Store, people: int) -> None:
    """Puts so many people with their accounts into an empty store, and has its statistics made."""
    with psycopg.connect(place.url.replace("+psycopg", ""), autocommit=True) as connection:
        for statement in (_ACCOUNTS, _CONTACTS, _MEMBERSHIPS):
            connection.execute(statement, {"people": people} if "%(people)s" in statement else None)
        connection.execute("ANALYZE")
