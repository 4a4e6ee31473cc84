"""Signing in, as a user types it, at an issuer over real HTTP."""

from __future__ import annotations

import json
import os
import socket
import stat
import time
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from stepcrew_cli.app import app
from stepcrew_cli.profiles import Profiles
from tests.unit.cli.fake_api import FakeApi, serving
from tests.unit.cli.fake_issuer import CLIENT, ME, Browser, FakeIssuer, issuing

pytestmark = pytest.mark.slow


@pytest.fixture
def issuer() -> Iterator[FakeIssuer]:
    with issuing(FakeIssuer()) as fake:
        yield fake


@pytest.fixture(autouse=True)
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    browser = Browser()
    monkeypatch.setattr(webbrowser, "open", browser.open)
    yield browser
    browser.close()


@pytest.fixture
def port() -> int:
    """A free port, so that tests running side by side do not take each other's."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def stepcrew(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env=dict(environment))


@pytest.fixture
def log_in(issuer: FakeIssuer, port: int) -> Any:
    def go(*arguments: str) -> Result:
        at = () if "--url" in arguments else ("--url", issuer.url)
        return stepcrew("login", *at, "--callback-port", str(port), "--timeout", "5", *arguments)

    return go


def file_of(folder: Path, name: str = "default") -> Path:
    return folder / f"{name}.json"


def test_the_address_of_the_server_is_enough_to_sign_in(
    issuer: FakeIssuer, log_in: Any, browser: Browser, profiles_folder: Path
) -> None:
    result = log_in()
    browser.close()
    assert result.exit_code == 0, result.output
    assert "as ada@example.org" in result.stderr
    assert browser.pages[0][0] == 200
    assert "Signed in" in browser.pages[0][1]
    assert stepcrew("list").exit_code == 0
    assert issuer.authorizations == [f"Bearer {Profiles(profiles_folder).get('default').sent_token}"]


def test_it_asks_for_a_code_with_pkce_for_the_client_of_the_command_line(issuer: FakeIssuer, log_in: Any) -> None:
    log_in()
    asked = issuer.asked[0]
    assert (asked["response_type"], asked["client_id"], asked["code_challenge_method"]) == ("code", CLIENT, "S256")
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 43
    assert asked["scope"] == "openid email profile"


def test_state_nonce_and_verifier_are_new_for_each_sign_in(issuer: FakeIssuer, log_in: Any) -> None:
    log_in()
    log_in()
    for name in ("state", "nonce", "code_challenge"):
        assert issuer.asked[0][name] != issuer.asked[1][name]


def test_only_the_owner_may_read_the_tokens_or_open_their_folder(log_in: Any, profiles_folder: Path) -> None:
    before = os.umask(0o000)
    try:
        log_in()
    finally:
        os.umask(before)
    assert stat.S_IMODE(file_of(profiles_folder).stat().st_mode) == 0o600
    assert stat.S_IMODE(profiles_folder.stat().st_mode) == 0o700
    assert [path.name for path in profiles_folder.iterdir()] == ["default.json"]


def test_no_token_is_ever_printed_by_signing_in(log_in: Any, profiles_folder: Path) -> None:
    result = log_in("--json")
    tokens = Profiles(profiles_folder).get("default").tokens
    assert tokens is not None
    assert json.loads(result.stdout)["email"] == "ada@example.org"
    for token in (tokens.access_token, tokens.id_token, tokens.refresh_token):
        assert token
        assert token not in result.output


@pytest.mark.parametrize("back", [{"state": "another"}, {"iss": "https://another.example"}])
def test_an_answer_that_belongs_to_no_sign_in_under_way_is_ignored(
    issuer: FakeIssuer, log_in: Any, browser: Browser, back: dict[str, str]
) -> None:
    issuer.back = back
    result = log_in("--timeout", "1")
    browser.close()
    assert result.exit_code == 2
    assert "Nobody signed in" in result.stderr
    assert browser.pages[0][0] == 400
    assert issuer.posted == []


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"nonce": "another"}, "another sign-in"),
        ({"nonce": None}, "another sign-in"),
        ({"aud": "another"}, "another client"),
        ({"iss": "https://another.example"}, "another issuer"),
        ({"exp": 1}, "expired"),
    ],
)
def test_an_id_token_that_is_not_for_this_sign_in_signs_nobody_in(
    issuer: FakeIssuer, log_in: Any, profiles_folder: Path, claims: dict[str, Any], said: str
) -> None:
    issuer.claims = claims
    result = log_in()
    assert result.exit_code == 2
    assert said in result.stderr
    assert not file_of(profiles_folder).exists()


def test_who_is_refused_by_the_issuer_reads_its_reason(issuer: FakeIssuer, log_in: Any, browser: Browser) -> None:
    issuer.denied = True
    result = log_in()
    browser.close()
    assert result.exit_code == 2
    assert "You said no" in result.stderr
    assert "Not signed in" in browser.pages[0][1]


def test_an_issuer_that_calls_itself_otherwise_is_not_trusted(issuer: FakeIssuer, log_in: Any) -> None:
    issuer.calls_itself = "https://another.example"
    result = log_in()
    assert result.exit_code == 2
    assert "calls itself https://another.example" in result.stderr
    assert issuer.asked == []


def test_tokens_go_over_https_only_except_on_this_machine(port: int) -> None:
    for option in ("--url", "--issuer"):
        other = ("--url", "https://stepcrew.invalid") if option == "--issuer" else ()
        result = stepcrew("login", option, "http://stepcrew.example", *other, "--client-id", "x")
        assert result.exit_code == 2
        assert "not an https address" in result.stderr


def test_a_server_that_publishes_nothing_needs_the_issuer_and_the_client(
    issuer: FakeIssuer, log_in: Any, profiles_folder: Path
) -> None:
    issuer.published = False
    result = log_in()
    assert result.exit_code == 2
    assert "--issuer and --client-id" in result.stderr
    assert log_in("--issuer", issuer.issuer, "--client-id", CLIENT, "--sends", "id_token").exit_code == 0
    # Signing in again needs nothing more: the profile knows.
    assert log_in("--url", issuer.url).exit_code == 0
    assert Profiles(profiles_folder).get("default").issuer == issuer.issuer


def test_a_token_that_is_about_to_end_is_renewed_before_it_is_sent(
    issuer: FakeIssuer, log_in: Any, profiles_folder: Path
) -> None:
    issuer.seconds = 30
    log_in()
    issuer.seconds = 3600
    assert stepcrew("list").exit_code == 0
    assert [fields["grant_type"] for _, fields in issuer.posted] == ["authorization_code", "refresh_token"]
    assert stepcrew("list").exit_code == 0
    assert len(issuer.posted) == 2
    kept = Profiles(profiles_folder).get("default").tokens
    assert kept is not None
    assert kept.expires_at > time.time() + 3000


def test_a_token_that_the_server_refuses_is_renewed_once(issuer: FakeIssuer, log_in: Any) -> None:
    log_in()
    issuer.accepted = set()
    assert stepcrew("list").exit_code == 0
    assert len(set(issuer.authorizations)) == 2


def test_what_another_command_renewed_at_the_same_moment_is_used(
    issuer: FakeIssuer, log_in: Any, profiles_folder: Path
) -> None:
    issuer.seconds = 30
    log_in()
    profiles = Profiles(profiles_folder)
    before = profiles.get("default")
    issuer.seconds = 3600
    stepcrew("list")  # the other command: the refresh token is used up
    after = profiles.get("default")
    profiles.save("default", before)
    renew = issuer.post

    def renewed_meanwhile(path: str, fields: dict[str, str]) -> Any:
        profiles.save("default", after)
        return renew(path, fields)

    issuer.post = renewed_meanwhile
    assert stepcrew("list").exit_code == 0
    assert issuer.authorizations[-1] == f"Bearer {after.sent_token}"


def test_a_sign_in_that_has_ended_names_the_command_to_type(issuer: FakeIssuer, log_in: Any) -> None:
    issuer.seconds, issuer.gives_refresh_tokens = 30, False
    result = log_in("--profile", "prod")
    assert "offline_access" in result.stderr
    result = stepcrew("list", "--profile", "prod")
    assert result.exit_code == 2
    assert "stepcrew login --profile prod" in result.stderr


def test_an_issuer_without_id_tokens_is_told_of_when_the_server_takes_no_other(issuer: FakeIssuer, log_in: Any) -> None:
    issuer.gives_id_tokens = False
    result = log_in()
    assert result.exit_code == 2
    assert "scope openid" in result.stderr
    assert log_in("--sends", "access_token").exit_code == 0
    assert stepcrew("list").exit_code == 0


def test_a_cognito_user_pool_is_sent_its_id_token_without_being_told() -> None:
    from stepcrew_cli.sign_in_settings import Given, sign_in_profile

    pool = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_abc"
    with httpx.Client() as unused:
        profile = sign_in_profile("https://api.example", Given(issuer=pool, client_id="c"), None, unused)
    assert profile.sends == "id_token"


def test_logging_out_ends_the_tokens_at_the_issuer_and_here(
    issuer: FakeIssuer, log_in: Any, profiles_folder: Path
) -> None:
    log_in("--profile", "prod")
    kept = Profiles(profiles_folder).get("prod").tokens
    assert kept is not None
    assert stepcrew("logout", "--profile", "prod").exit_code == 0
    endpoint, fields = issuer.posted[-1]
    assert (endpoint, fields["token"]) == ("revoke", kept.refresh_token)
    assert Profiles(profiles_folder).get("prod").tokens is None
    assert kept.access_token not in file_of(profiles_folder, "prod").read_text()
    # The addresses stay, so signing in again needs the name alone.
    assert stepcrew("logout", "--profile", "prod", "--forget").exit_code == 0
    assert Profiles(profiles_folder).names() == []


def test_logging_out_forgets_the_tokens_although_the_issuer_is_away(
    issuer: FakeIssuer, log_in: Any, profiles_folder: Path
) -> None:
    log_in()
    profiles = Profiles(profiles_folder)
    away = profiles.get("default").model_copy(update={"issuer": "http://127.0.0.1:9"})
    profiles.save("default", away)
    result = stepcrew("logout")
    assert result.exit_code == 0
    assert "stay valid until they expire" in result.stderr
    assert profiles.get("default").tokens is None


def test_whoami_tells_the_server_the_person_and_the_groups(issuer: FakeIssuer, log_in: Any) -> None:
    log_in("--profile", "prod")
    result = stepcrew("whoami", "--profile", "prod")
    for part in (issuer.url, "prod", "ada@example.org", "demo, research", "member"):
        assert part in result.stdout
    told = json.loads(stepcrew("whoami", "--json", STEPCREW_PROFILE="prod").stdout)
    assert (told["profile"], told["me"]) == ("prod", ME)


def test_the_token_of_a_profile_can_be_used_by_other_programs(issuer: FakeIssuer, log_in: Any) -> None:
    log_in("--profile", "prod")
    assert stepcrew("token", "--profile", "prod").stdout.strip() in issuer.accepted


def test_a_profile_never_sends_its_token_to_another_server(issuer: FakeIssuer, log_in: Any) -> None:
    log_in("--profile", "prod")
    log_in()
    with serving(FakeApi()) as other:
        result = stepcrew("list", "--profile", "prod", "--url", other.url)
        assert result.exit_code == 2
        assert "not for" in result.stderr
        assert other.seen == []
        stepcrew("status", "e-1", "--url", other.url)  # with the profile named default left aside
        assert other.seen[-1].headers["Authorization"] == "Bearer ada-1"


def test_each_profile_has_its_own_server(issuer: FakeIssuer, log_in: Any, profiles_folder: Path) -> None:
    with issuing(FakeIssuer()) as second:
        log_in("--profile", "one")
        log_in("--profile", "two", "--url", second.url)
        stepcrew("list", "--profile", "two")
        stepcrew("list", STEPCREW_PROFILE="one")
        assert (len(issuer.authorizations), len(second.authorizations)) == (1, 1)
        assert Profiles(profiles_folder).names() == ["one", "two"]


def test_an_unknown_profile_names_those_there_are(log_in: Any) -> None:
    log_in("--profile", "prod")
    result = stepcrew("list", "--profile", "pord")
    assert result.exit_code == 2
    assert "Profiles there are: prod." in result.stderr


@pytest.mark.parametrize("name", ["../prod", "a/b", "", ".hidden", "a" * 65])
def test_a_profile_has_a_plain_name(name: str) -> None:
    assert stepcrew("logout", "--profile", name).exit_code == 2


def test_the_port_of_the_local_stack_comes_from_the_environment() -> None:
    with serving(FakeApi()) as api:
        port = api.url.rpartition(":")[2]
        assert stepcrew("status", "e-1", STEPCREW_PORT=port).exit_code == 0
    result = stepcrew("list", STEPCREW_PORT="99999")
    assert result.exit_code == 2
    assert "STEPCREW_PORT=99999 is not a port" in result.stderr


def test_a_port_in_use_is_left_for_the_next_one() -> None:
    from stepcrew_cli.callback import Callback

    with Callback((0,)) as first:
        taken = int(first.address.rsplit(":", 1)[1].partition("/")[0])
        with Callback((taken, 0)) as second:
            assert second.address != first.address
        result = stepcrew("login", "--url", "http://127.0.0.1:9", "--callback-port", str(taken))
        assert result.exit_code == 3


def test_the_browser_may_come_back_to_one_address_only(port: int) -> None:
    import threading

    from stepcrew_cli.callback import Callback

    with Callback((port,)) as callback:
        codes: list[str] = []
        waiting = threading.Thread(target=lambda: codes.append(callback.wait("s", "https://issuer.example", 10)))
        waiting.start()
        base = f"http://127.0.0.1:{port}"
        with httpx.Client(trust_env=False) as client:
            assert client.get(f"{base}/").status_code == 404
            assert client.get(f"{base}/callback?code=stolen&state=x").status_code == 400
            assert client.post(f"{base}/callback?code=c&state=s").status_code == 501
            assert client.get(f"{base}/callback?code=c&state=s").status_code == 200
        waiting.join()
        assert codes == ["c"]
