"""From no user to a crew that runs, with the user pool of the template: the administrator's command, the pool's own
sign-in pages, and the command line's tokens."""

from __future__ import annotations

import json
import webbrowser
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from scripted_model import scripted_model
from stepcrew_cli import profile_token
from stepcrew_cli.app import app
from stepcrew_cli.callback import PORTS
from stepcrew_cli.identity import identity_of
from stepcrew_cli.jwt_claims import claims_of
from stepcrew_cli.profiles import Profiles
from stepcrew_local.deploy import STACK
from stepcrew_local.emulator import REGION, Emulator
from stepcrew_local.layout import TEMPLATE
from stepcrew_local.provider import external_model
from stepcrew_local.stack import Stack, StackOptions, running_stack
from stepcrew_local.template import read_template
from tests.e2e.distribution import distribution
from tests.e2e.hosted_pages import Person, asked_for
from tests.e2e.user import crew, task

PASSWORD = "Correct-horse-7"


@dataclass(frozen=True)
class Deployed:
    """A stack that makes its own user pool, and the address of its console."""

    stack: Stack
    console: str


@pytest.fixture(scope="module")
def deployed() -> Iterator[Deployed]:
    """Deployed without JwtIssuer, so that the template makes the user pool."""
    with scripted_model() as model:
        parameters = {"JwtIssuer": "", "JwtAudience": "", "DeployConsole": "true"}
        options = StackOptions(port=0, model=external_model(model.url), environment={}, parameters=parameters)
        with running_stack(options) as stack, distribution(stack) as console:
            yield Deployed(stack, console)


class AtTheEmulator(httpx.BaseTransport):
    """Leads the address of AWS's issuer, which a token must name, to the emulator that stands in for it here."""

    def __init__(self, emulator: Emulator) -> None:
        self._address = httpx.URL(emulator.url)
        self._headers = emulator.own_headers
        self._below = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host.startswith("cognito-idp."):
            request.url = self._address.copy_with(path=request.url.path)
            request.headers["Host"] = self._address.netloc.decode()
        request.headers.update(self._headers)
        return self._below.handle_request(request)

    def close(self) -> None:
        self._below.close()


@pytest.fixture(autouse=True)
def settings(deployed: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The administrator's credentials, a folder for profiles, and the way to the issuer."""
    stack = deployed.stack
    for name, value in {
        "AWS_ENDPOINT_URL": stack.emulator.url,
        "AWS_ACCESS_KEY_ID": stack.emulator.credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": stack.emulator.credentials.secret_access_key,
        "AWS_REGION": REGION,
        "STEPCREW_STACK": STACK,
        "STEPCREW_CONFIG_DIR": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)

    def client(_url: str) -> httpx.Client:
        return httpx.Client(transport=AtTheEmulator(stack.emulator))

    monkeypatch.setattr(profile_token, "issuer_client", client)
    return tmp_path


def stepcrew(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def user(deployed: Deployed) -> Generator[Callable[..., Person]]:
    """Makes a user with the administrator's command; they are removed at the end."""
    made: list[str] = []

    def add(name: str, *groups: str, role: str = "member") -> Person:
        email = f"{name}@example.org"
        options = [part for group in groups for part in ("--group", group)]
        added = stepcrew("admin", "users", "add", email, *options, "--role", role, "--no-invite", "--json")
        assert added.exit_code == 0, added.output
        made.append(email)
        temporary = json.loads(added.stdout)["temporary_password"]
        return Person(email, temporary, deployed.stack.emulator.own_headers, new_password=PASSWORD)

    yield add
    for email in made:
        stepcrew("admin", "users", "remove", email)


@pytest.fixture
def log_in(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    def go(person: Person, *more: str) -> Result:
        monkeypatch.setattr(webbrowser, "open", person.open)
        result = stepcrew("login", "--url", deployed.console, "--timeout", "20", *more)
        person.close()
        return result

    return go


def test_a_user_made_by_the_administrator_signs_in_and_runs_a_crew(
    user: Any, log_in: Any, deployed: Deployed, tmp_path: Path
) -> None:
    ada = user("ada", "demo", "research")
    result = log_in(ada)
    assert result.exit_code == 0, result.output
    assert "as ada@example.org" in result.stderr
    file = tmp_path / "crew.json"
    file.write_text(json.dumps({"config": crew(task("Say it. [[say HELLO]]"))}))
    shown = stepcrew("run", str(file), "--watch")
    assert shown.exit_code == 0, shown.output
    assert "HELLO" in shown.stdout
    assert json.loads(stepcrew("list", "--json").stdout)["executions"]
    assert json.loads(stepcrew("list", "--json", "--group", "research").stdout)["executions"] == []
    refused = stepcrew("list", "--group", "other")
    assert refused.exit_code == 2


def test_the_pool_asks_for_a_new_password_at_the_first_sign_in_only(user: Any, log_in: Any) -> None:
    bob = user("bob", "demo")
    assert log_in(bob).exit_code == 0
    assert log_in(Person(bob.email, PASSWORD, bob.headers)).exit_code == 0


def test_the_id_token_carries_address_groups_and_role_and_is_the_one_sent(
    user: Any, log_in: Any, settings: Path
) -> None:
    log_in(user("cleo", "demo", "research", role="viewer"))
    profile = Profiles(settings).get("default")
    claims = claims_of(profile.sent_token or "")
    assert (claims["token_use"], claims["email"], claims["email_verified"]) == ("id", "cleo@example.org", True)
    assert (claims["custom:group_id"], claims["custom:role"]) == ("demo", "viewer")
    assert sorted(claims["cognito:groups"]) == ["demo", "research"]
    me = json.loads(stepcrew("whoami", "--json").stdout)["me"]
    assert (me["email"], me["group_id"], me["role"]) == ("cleo@example.org", "demo", "viewer")
    assert sorted(me["groups"]) == ["demo", "research"]


def test_a_viewer_reads_and_starts_nothing(user: Any, log_in: Any, tmp_path: Path) -> None:
    log_in(user("vera", "demo", role="viewer"))
    file = tmp_path / "crew.json"
    file.write_text(json.dumps({"config": crew(task("Say it. [[say HELLO]]"))}))
    listed = stepcrew("list")
    assert listed.exit_code == 0, listed.output
    refused = stepcrew("run", str(file))
    assert refused.exit_code == 2
    assert "role" in refused.stderr


def test_the_command_line_comes_back_to_a_registered_port_with_pkce(user: Any, log_in: Any) -> None:
    dora = user("dora", "demo")
    log_in(dora)
    asked = asked_for(dora.visited[0])
    assert asked["redirect_uri"] in {f"http://127.0.0.1:{port}/callback" for port in PORTS}
    assert asked["code_challenge_method"] == "S256"


def test_the_pool_leads_back_to_no_other_port(user: Any, log_in: Any) -> None:
    emil = user("emil", "demo")
    result = log_in(emil, "--callback-port", "18404", "--timeout", "1")
    assert result.exit_code == 2
    assert "redirect_uri is not allowed" in emil.shown[-1]


def test_the_ports_of_the_command_line_are_those_the_template_registers() -> None:
    client = read_template(TEMPLATE)["Resources"]["CommandLineClient"]["Properties"]
    assert client["CallbackURLs"] == [f"http://127.0.0.1:{port}/callback" for port in PORTS]


def test_a_renewed_token_carries_the_groups_the_user_has_by_then(user: Any, log_in: Any, settings: Path) -> None:
    finn = user("finn", "demo")
    log_in(finn)
    changed = stepcrew("admin", "users", "set-groups", finn.email, "research", "other", "--role", "admin")
    assert changed.exit_code == 0, changed.output
    profiles = Profiles(settings)
    before = profiles.get("default")
    assert before.tokens is not None
    soon = before.tokens.model_copy(update={"expires_at": 0.0})
    profiles.save("default", before.model_copy(update={"tokens": soon}))
    now = identity_of(stepcrew("token").stdout.strip())
    assert now is not None
    assert (now.group, sorted(now.groups), now.role) == ("research", ["other", "research"], "admin")
    assert profiles.get("default").tokens != before.tokens


def test_a_wrong_password_signs_nobody_in(user: Any, log_in: Any, settings: Path) -> None:
    gus = user("gus", "demo")
    result = log_in(Person(gus.email, "wrong", gus.headers), "--timeout", "1")
    assert result.exit_code == 2
    assert Profiles(settings).names() == []


def test_a_removed_user_is_signed_out_at_the_next_renewal(user: Any, log_in: Any, settings: Path) -> None:
    hana = user("hana", "demo")
    log_in(hana)
    assert stepcrew("admin", "users", "remove", hana.email).exit_code == 0
    profiles = Profiles(settings)
    profile = profiles.get("default")
    assert profile.tokens is not None
    soon = profile.tokens.model_copy(update={"expires_at": 0.0})
    profiles.save("default", profile.model_copy(update={"tokens": soon}))
    result = stepcrew("list")
    assert result.exit_code == 2
    assert "stepcrew login" in result.stderr


def _signed(**_: object) -> str:
    return "v4"


def change_oneself(cognito: Any, access_token: str, attribute: str) -> None:
    """Signed although AWS wants no signature for it: the local stack lets nobody else reach the emulator."""
    cognito.meta.events.register_first("choose-signer.*.UpdateUserAttributes", _signed)
    cognito.update_user_attributes(AccessToken=access_token, UserAttributes=[{"Name": attribute, "Value": "other"}])


@pytest.mark.parametrize("attribute", ["custom:group_id", "custom:role", "email"])
@pytest.mark.parametrize("client", ["CommandLineClientId", "Audience"])
def test_no_user_changes_their_own_group_role_or_address(
    user: Any, deployed: Deployed, attribute: str, client: str
) -> None:
    """Not even with a token of the pool's own API, which the sign-in pages never give."""
    stack = deployed.stack
    ivo = user("ivo", "demo")
    cognito = stack.client("cognito-idp")
    pool = stack.outputs["UserPoolId"]
    cognito.admin_set_user_password(UserPoolId=pool, Username=ivo.email, Password=PASSWORD, Permanent=True)
    # The administrator's own flow, for a token with the scope aws.cognito.signin.user.admin.
    settings = cognito.describe_user_pool_client(UserPoolId=pool, ClientId=stack.outputs[client])["UserPoolClient"]
    kept = {key: settings[key] for key in ("ReadAttributes", "WriteAttributes")}
    other = cognito.create_user_pool_client(
        UserPoolId=pool, ClientName="same-lists", ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"], **kept
    )["UserPoolClient"]["ClientId"]
    tokens = cognito.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=other,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": ivo.email, "PASSWORD": PASSWORD},
    )["AuthenticationResult"]
    with pytest.raises(cognito.exceptions.NotAuthorizedException, match="unauthorized attribute"):
        change_oneself(cognito, tokens["AccessToken"], attribute)


def test_a_token_of_the_sign_in_pages_changes_nothing_about_its_user(
    user: Any, log_in: Any, settings: Path, deployed: Deployed
) -> None:
    log_in(user("jana", "demo"))
    tokens = Profiles(settings).get("default").tokens
    assert tokens is not None
    cognito = deployed.stack.client("cognito-idp")
    with pytest.raises(cognito.exceptions.NotAuthorizedException, match="scopes"):
        change_oneself(cognito, tokens.access_token, "locale")


def test_an_access_token_of_the_pool_is_refused_because_it_names_no_group(
    user: Any, log_in: Any, settings: Path
) -> None:
    log_in(user("kim", "demo"))
    tokens = Profiles(settings).get("default").tokens
    assert tokens is not None
    refused = stepcrew("list", "--token", tokens.access_token)
    assert refused.exit_code == 2
    assert "no id token" in refused.stderr


def test_the_users_are_listed_with_their_groups_and_roles(user: Any) -> None:
    user("lena", "demo", "research", role="admin")
    users = json.loads(stepcrew("admin", "users", "list", "--json").stdout)
    [lena] = [each for each in users if each["email"] == "lena@example.org"]
    assert (lena["group"], lena["groups"], lena["role"]) == ("demo", ["demo", "research"], "admin")
    assert "lena@example.org" in stepcrew("admin", "users", "list").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "mia@example.org", "--group", "demo"), "already"),
        (("add", "nobody", "--group", "demo"), "not an e-mail address"),
        (("add", "x@example.org", "--group", "a b"), "no name for a group"),
        (("add", "x@example.org", "--group", "demo", "--role", "owner"), "viewer, member, admin"),
        (("set-groups", "absent@example.org", "demo"), "no user absent@example.org"),
        (("remove", "absent@example.org"), "no user absent@example.org"),
        (("list", "--stack", "absent"), "no stack absent"),
    ],
)
def test_what_an_administrator_cannot_do_is_said_with_what_to_do(user: Any, arguments: Any, said: str) -> None:
    user("mia", "demo")
    result = stepcrew("admin", "users", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
