"""Messages dealt to connections: all of them once, evenly, and few connections for one domain."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engage.channels.email.smtp.lanes import deal

ADDRESSES = st.lists(
    st.sampled_from(["a@x.example", "b@X.example", "c@y.example", "d@z.example", "nonsense"]), max_size=40
)


@given(ADDRESSES, st.integers(1, 8), st.integers(1, 8))
def test_each_message_goes_once_and_no_domain_has_too_many_connections(
    addresses: list[str], lanes: int, per_domain: int
) -> None:
    shares = deal(addresses, lanes=lanes, per_domain=per_domain)

    assert sorted(place for share in shares for place in share) == list(range(len(addresses)))
    for domain in ("x.example", "y.example", "z.example"):
        used = [share for share in shares if any(addresses[place].lower().endswith(f"@{domain}") for place in share)]
        assert len(used) <= min(per_domain, lanes)


def test_without_a_limit_the_batch_is_shared_evenly() -> None:
    assert deal(["a@x.example"] * 7, lanes=3, per_domain=3) == [[0, 3, 6], [1, 4], [2, 5]]


def test_a_slow_domain_leaves_the_other_connections_to_the_others() -> None:
    addresses = ["a@big.example"] * 6 + ["b@x.example", "c@y.example", "d@z.example"]
    assert deal(addresses, lanes=3, per_domain=1) == [[0, 1, 2, 3, 4, 5], [6, 8], [7]]
