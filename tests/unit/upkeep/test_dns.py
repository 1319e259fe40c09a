"""SPF, DKIM, DMARC and MX judged from records that are given: what is wrong, and the record that mends it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engage.errors import InputError
from engage.upkeep.dns.dkim import judge_dkim
from engage.upkeep.dns.dmarc import are_aligned, judge_dmarc
from engage.upkeep.dns.domains import Sending, examine_dns
from engage.upkeep.dns.records import GivenRecords, Kind, NoAnswerError, records_in
from engage.upkeep.dns.spf import judge_spf
from engage.upkeep.findings import Finding

RSA_512 = "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAMTcmsmMyNavz+1aOmans67QWUz4On0+M5v5kgwz2UwCwplvqoUPRVz4CSQDKc4WSlOwebzb+y9mSihJFrluxckCAwEAAQ=="  # noqa: E501
RSA_1024 = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCbMqXeP3ThkUn82lCOF5bOvg+IkdaUY4GCopYNLx52cbL/J3cKpkNWAAMCBWmozdloOgaL1qhyzxdKcO1XP7HHqyZHu+bP9cv/zHTBmn7TBRHKuQ0UQdyoN5t0yrEEc9vAFyt6OjWUkdL7+RgG2O1NV3xEudSxut7XjloF57FwxwIDAQAB"  # noqa: E501
RSA_2048 = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAorOLgT19dlhiwgZOEbejRTS+Ck/xk3cwtJm2ufZEFob1k/MxNZTIQEKb5QqZZIVDq+R+yOlEjAa3kD2JY1AcY0eihTWEvzMzPHN3mQbqxuriuQ9K45DgZ9338cILHmq8KR7Dajs/xItAmIJBJhe1Ejt+dHSVFGP9VNgvSg+lAiTA/q7QsEwcTsb/fHWKOU7ouePgvF7HAK6HbddNXr6lIPkJyl8Qwl82sXK2U2NW7XLozE+SGceW+SqqvaJrGpkk/Uz96cae1OT2VMNRVOQAKlWJSEKQmFNHTryzeyQwz61pkaWSxJNB9sBaHT844cFmPrRZNAtUyKQV3Pxbn253AwIDAQAB"  # noqa: E501
ED25519 = "sF1HpF7/MjgrplTnP+fVhXU0T5Xn5p1j8AFyHbQjP+c="
DOMAIN = "mail.sample.example"
SILENT = "it does not say what to think of other servers"
NO_POLICY = "there is none; large mailbox providers refuse mail from such domains"


def texts(**said: str | list[str]) -> GivenRecords:
    """TXT records by name, written with underlines for dots."""
    lines = []
    for name, values in said.items():
        for value in [values] if isinstance(values, str) else values:
            pieces = " ".join(f'"{value[start : start + 200]}"' for start in range(0, len(value), 200)) or '""'
            lines.append(f"{name} 300 IN TXT {pieces}")
    return GivenRecords("\n".join(lines))


def brief(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(one.verdict, one.said) for one in findings]


def chain(count: int) -> dict[str, str | list[str]]:
    """Records that include one another, so many look-ups deep."""
    deep: dict[str, str | list[str]] = {f"i{n}.example.": f"v=spf1 include:i{n + 1}.example -all" for n in range(count)}
    return deep | {f"i{count}.example.": "v=spf1 ip4:192.0.2.0/24 -all", f"{DOMAIN}.": "v=spf1 include:i0.example ~all"}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("v=spf1 ip4:198.51.100.7 ~all", [("ok", "0 look-ups, ~all")]),
        ("v=spf1 a mx exists:%{i}.x.example ip6:2001:db8::/32 -all", [("ok", "3 look-ups, -all")]),
        ("v=spf1 include:known.example ~all", [("ok", "2 look-ups, ~all")]),
        ("V=SPF1 redirect=known.example", [("ok", "2 look-ups, redirect")]),
        ("v=spf1 ip4:198.51.100.7 exp=why.x.example ~all", [("ok", "0 look-ups, ~all")]),
        ("v=spf1 ip4:198.51.100.7", [("note", SILENT), ("ok", "0 look-ups, no end")]),
        ("v=spf1 a ?all", [("note", SILENT), ("ok", "1 look-ups, ?all")]),
        ("v=spf1 +all", [("bad", "it lets every server in the world send for it")]),
        ("v=spf1 all", [("bad", "it lets every server in the world send for it")]),
        ("v=spf1 ptr ~all", [("note", "it uses ptr, which many servers do not read"), ("ok", "1 look-ups, ~all")]),
        ("v=spf1 ipv4:198.51.100.7 ~all", [("bad", "“ipv4:198.51.100.7” is nothing that SPF knows")]),
        ("v=spf1 ip4:198.51.100 ~all", [("bad", "“ip4:198.51.100” is no network")]),
        ("v=spf1 ip4:2001:db8::/32 ~all", [("bad", "“ip4:2001:db8::/32” is no network")]),
        ("v=spf1 include:gone.example ~all", [("bad", "it includes gone.example, which has no SPF record")]),
        (["v=spf1 ~all", "v=spf1 -all"], [("bad", "there are 2 records, so none of them counts")]),
        (["v=spf10 x", "other"], [("bad", "there is none, so no server is known to send for it")]),
        ([], [("bad", "there is none, so no server is known to send for it")]),
    ],
)  # fmt: skip
def test_an_spf_record_is_read_as_a_receiving_server_reads_it(
    record: str | list[str], expected: list[tuple[str, str]]
) -> None:
    records = texts(**{f"{DOMAIN}.": record, "known.example.": "v=spf1 a -all"})

    assert brief(judge_spf(records, DOMAIN, suggestion="include:x.example")) == expected


@pytest.mark.parametrize(("deep", "verdict"), [(8, "ok"), (9, "ok"), (10, "bad"), (40, "bad")])
def test_look_ups_are_counted_through_every_include(deep: int, verdict: str) -> None:
    findings = judge_spf(texts(**chain(deep)), DOMAIN, suggestion="")

    assert {one.verdict for one in findings} == {verdict}


def test_records_that_include_each_other_end() -> None:
    circle = texts(**{f"{DOMAIN}.": "v=spf1 include:a.example ~all", "a.example.": f"v=spf1 include:{DOMAIN} ~all"})

    assert brief(judge_spf(circle, DOMAIN, suggestion="")) == [("ok", "2 look-ups, ~all")]


def test_a_missing_record_is_written_out() -> None:
    (spf,) = judge_spf(texts(), DOMAIN, suggestion="include:sendgrid.net")
    (dmarc,) = judge_dmarc(texts(), DOMAIN)

    assert spf.way_out == f'publish: {DOMAIN}. TXT "v=spf1 include:sendgrid.net ~all"'
    assert dmarc.way_out is not None
    assert f'publish: _dmarc.{DOMAIN}. TXT "v=DMARC1; p=none; rua=mailto:dmarc@{DOMAIN}"' in dmarc.way_out


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (f"v=DKIM1; k=rsa; p={RSA_2048}", ("ok", "2048 bits")),
        (f"p={RSA_2048[:200]} {RSA_2048[200:]}", ("ok", "2048 bits")),
        (f"v=DKIM1; p={RSA_1024}", ("note", "its key has 1024 bits; 2048 are usual")),
        (f"v=DKIM1; p={RSA_512}", ("bad", "its key has 512 bits, which servers refuse")),
        (f"v=DKIM1; t=y; p={RSA_2048}", ("note", "it is marked as a test (t=y): signatures may count for nothing")),
        (f"v=DKIM1; k=ed25519; p={ED25519}", ("note", "not every server reads Ed25519 keys yet")),
        ("v=DKIM1; p=", ("bad", "its key was withdrawn (p= is empty)")),
        ("v=DKIM1; p=AAAA", ("bad", "its key cannot be read")),
        ("v=DKIM1; p=no key!", ("bad", "its key cannot be read")),
        ("something else", ("bad", "there is no key, so no signature is believed")),
        ([f"p={RSA_2048}", f"p={RSA_1024}"], ("bad", "there are 2 keys under one name")),
    ],
)
def test_a_dkim_key_is_there_and_long_enough(key: str | list[str], expected: tuple[str, str]) -> None:
    records = texts(**{f"s1._domainkey.{DOMAIN}.": key})

    assert brief(list(judge_dkim(records, DOMAIN, ["s1"]))) == [expected]


@pytest.mark.parametrize(
    ("place", "record", "expected"),
    [
        (DOMAIN, "v=DMARC1; p=reject; rua=mailto:d@x.example", [("ok", "p=reject")]),
        ("sample.example", "v=DMARC1; p=quarantine; rua=mailto:d@x.example",
         [("ok", "p=quarantine, from sample.example")]),
        ("sample.example", "v=DMARC1;p=reject;sp=none;rua=mailto:d@x.example",
         [("note", "p=none, from sample.example: forged mail is delivered all the same")]),
        (DOMAIN, "v=DMARC1; p=none", [("note", "p=none: forged mail is delivered all the same"),
         ("note", "nobody gets its reports, so nobody learns of mail that fails")]),
        (DOMAIN, "v=DMARC1; p=reject; pct=20; rua=mailto:d@x.example",
         [("ok", "p=reject"), ("note", "it holds for 20% of mail only")]),
        (DOMAIN, "v=DMARC1; p=allow", [("bad", "its policy “allow” is none")]),
        (DOMAIN, "v=DMARC1; rua=mailto:d@x.example", [("bad", "its policy “” is none")]),
        (DOMAIN, ["v=DMARC1; p=none", "v=DMARC1; p=reject"],
         [("bad", f"there are 2 records at _dmarc.{DOMAIN}, so none counts")]),
        ("example", "v=DMARC1; p=reject; psd=y", [("bad", NO_POLICY)]),
    ],
)  # fmt: skip
def test_the_policy_that_holds_is_found_at_the_domain_or_above_it(
    place: str, record: str | list[str], expected: list[tuple[str, str]]
) -> None:
    assert brief(list(judge_dmarc(texts(**{f"_dmarc.{place}.": record}), DOMAIN))) == expected


@pytest.mark.parametrize(
    ("one", "other", "relaxed", "strict"),
    [
        ("sample.example", "sample.example", True, True),
        ("Sample.Example", "sample.example", True, True),
        ("em1.mail.sample.example", "mail.sample.example", True, False),
        ("em1.sample.example", "mail.sample.example", True, False),
        ("sendgrid.net", "mail.sample.example", False, False),
        ("badsample.example", "sample.example", False, False),
        ("a.co.example", "b.co.example", False, False),
    ],
)
def test_domains_of_one_organisation_speak_for_one_another(one: str, other: str, relaxed: bool, strict: bool) -> None:
    records = texts(**{"_dmarc.sample.example.": "v=DMARC1; p=none", "_dmarc.co.example.": "v=DMARC1; p=none; psd=y"})

    assert are_aligned(records, one, other, strict=False) is relaxed
    assert are_aligned(records, one, other, strict=True) is strict


ZONE = f"""
; what dig says, and what a zone file does
{DOMAIN}.	300	IN	TXT	"v=spf1 include:sendgrid.net" " ~all"
sendgrid.net.		300	IN	TXT	"v=spf1 ip4:198.51.100.0/24 ~all"
s1._domainkey.{DOMAIN}. 300 IN CNAME s1.domainkey.wl.sendgrid.net.
s1.domainkey.wl.sendgrid.net. IN TXT "k=rsa; p={RSA_1024}"
em1.mail.sample.example. IN TXT "v=spf1 ip4:198.51.100.0/24 -all"
_dmarc.sample.example. IN TXT "v=DMARC1; p=reject; rua=mailto:d@sample.example"
sample.example. 300 IN MX 10 mx.sample.example.
mute.example. 300 IN MX 0 .
host.example. 300 IN A 192.0.2.1
go.sample.example. 300 IN CNAME host.example.
"""


def told(sending: Sending, zone: str = ZONE) -> list[tuple[str, str]]:
    return [(one.what, one.verdict) for one in examine_dns(GivenRecords(zone), sending)]


def test_everything_that_mail_says_of_itself_is_looked_at() -> None:
    sending = Sending(
        domains=[DOMAIN],
        selectors=["s1"],
        provider="sendgrid",
        replies=["sample.example", "mute.example", "host.example", "gone.example"],
        link_host="go.sample.example",
    )

    assert told(sending) == [
        (f"SPF of {DOMAIN}", "ok"),
        (f"DKIM of {DOMAIN}, selector s1", "note"),
        (f"DMARC of {DOMAIN}", "ok"),
        (f"alignment of {DOMAIN}", "ok"),
        ("answers to sample.example", "ok"),
        ("answers to mute.example", "bad"),
        ("answers to host.example", "note"),
        ("answers to gone.example", "bad"),
        ("links to go.sample.example", "ok"),
    ]


@pytest.mark.parametrize(
    ("bounces", "selectors", "zone", "verdict"),
    [
        ("em1.mail.sample.example", [], ZONE, "ok"),
        (DOMAIN, ["s1"], ZONE, "ok"),
        (DOMAIN, ["s1"], ZONE.replace("v=spf1 include", "v=other include"), "note"),
        (DOMAIN, [], ZONE.replace("v=spf1 include", "v=other include"), "bad"),
        ("sendgrid.net", ["s1"], ZONE, "note"),
        ("sendgrid.net", [], ZONE, "bad"),
        ("sendgrid.net", ["s9"], ZONE, "bad"),
        ("em1.mail.sample.example", ["s1"], ZONE.replace("p=reject", "p=reject; aspf=s"), "note"),
    ],
)
def test_mail_is_believed_where_bounces_or_a_key_speak_for_its_domain(
    bounces: str, selectors: list[str], zone: str, verdict: str
) -> None:
    found = told(Sending([DOMAIN], selectors, bounces), zone)

    assert dict(found)[f"alignment of {DOMAIN}"] == verdict


def test_what_dns_does_not_answer_is_said_and_the_rest_is_looked_at() -> None:
    class Away(GivenRecords):
        def find(self, name: str, kind: Kind) -> list[str]:
            if name.endswith("sample.example"):
                raise NoAnswerError(f"DNS does not answer for {name} (LifetimeTimeout)")
            return super().find(name, kind)

    found = examine_dns(Away(ZONE), Sending([DOMAIN], replies=["host.example"]))

    assert {one.what: one.verdict for one in found} == {f"DNS of {DOMAIN}": "note", "answers to host.example": "note"}
    assert "LifetimeTimeout" in found[0].said


def test_nobody_to_send_is_no_fault() -> None:
    assert [one.verdict for one in examine_dns(GivenRecords(""), Sending([]))] == ["note"]


@pytest.mark.parametrize("text", ["not a record", "x.example. 300 IN TXT", "\xff\xfe"])
def test_a_file_that_holds_no_records_is_refused_with_its_place(text: str, tmp_path: Path) -> None:
    file = tmp_path / "records"
    file.write_bytes(text.encode("latin1"))

    with pytest.raises(InputError, match="no DNS records"):
        records_in(file)
