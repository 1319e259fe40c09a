"""Publishing a workspace, and what the library then says."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from engage.db.session import Database
from engage.errors import NotFoundError, PlaybookError
from engage.language.spec import EmailStep
from engage.language.vocabulary import Vocabulary
from engage.releases.library import Library
from engage.releases.tables import PlaybookVersion, Release
from engage.rollout.apply import apply_workspace
from tests.support.workspaces import PLAYBOOK, Team

NOW = datetime(2027, 4, 1, tzinfo=UTC)


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path / "team")


def publish(database: Database, team: Team) -> int:
    with database.transaction() as session:
        return apply_workspace(session, team.load(), author="cli", now=NOW).id


def test_what_was_applied_is_live(database: Database, team: Team) -> None:
    publish(database, team)
    library = Library()
    with database.reading() as session:
        (live,) = library.live(session)
        html = library.template(session, live.templates["greeting/hello"]["ja"])
        note = library.template(session, live.templates["greeting/note"]["en"])
        assert library.vocabulary(session).topics["onboarding"].title.ja == "はじめに"
        assert library.live(session) == library.live(session)
    assert (live.key, live.version, live.program.first) == ("greeting", 1, "email-greeting-hello")
    assert '<html lang="ja"' in html.html and '{% if usage.events > 3 and account.plan < "x" %}' in html.html
    assert 'href="{{ company.url | safe_url }}"' in html.html and "{{ unsubscribe_url }}" in html.html
    assert (note.kind, note.html, note.text) == ("in_app", "", "{{ salutation_short }}\n")
    assert note.meta["link"] == "https://app.sample.example/"


def test_applying_the_same_again_makes_no_release(database: Database, team: Team) -> None:
    assert publish(database, team) == publish(database, team)
    with database.reading() as session:
        assert session.query(PlaybookVersion).count() == session.query(Release).count() == 1


def test_a_changed_playbook_gets_a_version_and_the_old_one_stays_readable(database: Database, team: Team) -> None:
    publish(database, team)
    library = Library()
    with database.reading() as session:
        (old,) = library.live(session)
    team.write("playbooks/greeting.yaml", PLAYBOOK.replace("3 days", "5 days"))
    publish(database, team)
    with database.reading() as session:
        (new,) = library.live(session)
        again = Library().playbook(session, old.version_id)
    assert (old.version, new.version) == (1, 2)
    assert again == old and str(again.program["wait"].step.time) == "3 days"  # type: ignore[union-attr]


def test_a_changed_template_makes_a_new_version_of_the_playbook_that_sends_it(database: Database, team: Team) -> None:
    publish(database, team)
    team.write("email_templates/greeting/hello/en/subject.txt", "Hello {{ account.name }}")
    publish(database, team)
    with database.reading() as session:
        (live,) = Library().live(session)
        assert live.version == 2
        assert Library().template(session, live.templates["greeting/hello"]["en"]).subject.startswith("Hello")


def test_going_back_to_an_old_text_takes_the_old_version_up_again(database: Database, team: Team) -> None:
    publish(database, team)
    team.write("playbooks/greeting.yaml", PLAYBOOK.replace("3 days", "5 days"))
    publish(database, team)
    team.write("playbooks/greeting.yaml", PLAYBOOK)
    publish(database, team)
    with database.reading() as session:
        assert Library().live(session)[0].version == 1
        assert session.query(Release).count() == 3


def test_a_changed_word_of_the_vocabulary_is_live_without_a_new_version(database: Database, team: Team) -> None:
    publish(database, team)
    team.write("playbooks/_shared/topics.yaml", "onboarding: {title: {ja: 案内, en: News}}")
    publish(database, team)
    with database.reading() as session:
        assert Library().live(session)[0].version == 1
        assert Library().vocabulary(session).topics["onboarding"].title.en == "News"


def test_another_order_of_the_vocabulary_is_a_change(database: Database, team: Team) -> None:
    said = [f"{key}: {{title: {{ja: 案内, en: News}}}}\n" for key in ("onboarding", "news")]
    team.write("playbooks/_shared/topics.yaml", "".join(said))
    first = publish(database, team)
    team.write("playbooks/_shared/topics.yaml", "".join(reversed(said)))
    assert publish(database, team) > first
    with database.reading() as session:
        assert list(Library().vocabulary(session).topics) == ["news", "onboarding"]


def test_an_old_version_is_readable_after_its_fact_was_withdrawn(database: Database, team: Team) -> None:
    publish(database, team)
    with database.reading() as session:
        (old,) = Library().live(session)
    for name in (*team.root.glob("email_templates/greeting/hello/*/body.mjml"),):
        name.write_text(
            name.read_text().replace("account.plan", "account.name").replace('account["plan"]', "team.name")
        )
    team.write("email_templates/greeting/hello/meta.yaml", "needs: [account.name]\n")
    team.write("playbooks/_shared/facts.yaml", "account.tier: text")
    team.write("playbooks/greeting.yaml", PLAYBOOK.replace("account.plan", "account.tier"))
    publish(database, team)
    with database.reading() as session:
        assert Library().playbook(session, old.version_id) == old


def test_a_withdrawn_playbook_is_no_longer_live(database: Database, team: Team) -> None:
    publish(database, team)
    team.remove("playbooks/greeting.yaml")
    publish(database, team)
    with database.reading() as session:
        assert Library().live(session) == ()


def test_an_error_anywhere_publishes_nothing(database: Database, team: Team) -> None:
    team.write("playbooks/second.yaml", PLAYBOOK.replace("greeting\n", "second\n").replace("email:", "emial:"))
    with pytest.raises(PlaybookError, match="did you mean email"):
        publish(database, team)
    with database.reading() as session:
        assert session.query(Release).count() == 0
        assert Library().live(session) == ()
        assert Library().vocabulary(session) == Vocabulary()


def test_a_library_sees_what_another_process_published(database: Database, team: Team) -> None:
    publish(database, team)
    library = Library()
    with database.reading() as session:
        library.live(session)
    team.write("playbooks/greeting.yaml", PLAYBOOK.replace("greeting/hello", "greeting/hello\n    from: team"))
    publish(database, team)
    with database.reading() as session:
        step = library.live(session)[0].playbook.steps[0]
    assert isinstance(step, EmailStep) and step.from_ == ("team",)


def test_two_who_publish_at_once_come_one_after_the_other(database: Database, tmp_path: Path) -> None:
    teams = [Team(tmp_path / name) for name in ("one", "two", "three")]
    for days, team in enumerate(teams, start=5):
        team.write("playbooks/greeting.yaml", PLAYBOOK.replace("3 days", f"{days} days"))
    with ThreadPoolExecutor(3) as pool:
        releases = list(pool.map(lambda team: publish(database, team), teams))
    with database.reading() as session:
        versions = session.scalars(select(PlaybookVersion.version).order_by(PlaybookVersion.id)).all()
        live = Library().live(session)[0].version
    assert len(set(releases)) == 3 and versions == [1, 2, 3] and live == 3


def test_asking_for_an_unknown_version_says_so(database: Database) -> None:
    with database.reading() as session:
        with pytest.raises(NotFoundError):
            Library().playbook(session, 99)
        with pytest.raises(NotFoundError):
            Library().template(session, 99)
