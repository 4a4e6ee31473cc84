"""Sessions of roles: what the runner reaches a group's data with, one group and execution at a time, and the function
that reads files, one group at a time.

The policies of the role open only what belongs to the session's tags `group`, `group-digest` and `execution`
(AttemptRole in template.yaml, docs/decisions/0011-least-reach.md). A session lasts an hour at most, because a role that
was itself assumed begins it ("Role chaining", IAM user guide); an invocation of the runner lasts a quarter of that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from stepcrew.aws.clients import Clients, SessionKeys
from stepcrew.aws.errors import platform_errors
from stepcrew.aws.meter import RequestMeter
from stepcrew.domain.project import group_digest
from stepcrew.domain.senders import project_session
from stepcrew.settings import take

SECONDS = 3600
SERVICES = ("dynamodb", "s3", "sqs", "ssm", "lambda_")
"""What an attempt talks to."""
ONLY_MODELS = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"],
                "Resource": "*",
            }
        ],
    }
)
"""A session policy: what the session may do at most, whatever its role may."""


def take_own_keys() -> SessionKeys | None:
    """The function's own credentials, removed from the environment, where a library or a crew would find them; None
    when there are none. Call it once, before anything of a crew is loaded."""
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    key, secret, token = take(*names)
    return SessionKeys(key, secret, token) if key and secret and token else None


class AttemptSessions:
    """Begins a session for each attempt. Nothing of it is kept for the next one.

    Args:
        own: the function's own credentials; it can begin sessions and nothing else.
        role_arn: of the attempt's role.
        of_project: whether the function runs a project's own code; its role then gives sessions for one group only.
        vectors: whether vectors may lie in Amazon S3 Vectors.
    """

    def __init__(
        self, own: SessionKeys | None, role_arn: str, *, of_project: bool = False, vectors: bool = False
    ) -> None:
        self._own = Clients(own)
        self._own.open(*SERVICES, "sts", *(["s3vectors"] if vectors else []))
        self._role_arn = role_arn
        self._of_project = of_project

    @property
    def own(self) -> Clients:
        """The function's own: they begin sessions, and read the bundle of the project where it serves one."""
        return self._own

    def clients(self, group_id: str, execution_id: str, meter: RequestMeter | None = None) -> Clients:
        """Clients that reach this execution, its group's secrets and the operator's keys; `meter` counts their use.

        Raises:
            PlatformUnavailable: no session was given.
        """
        return Clients(self._begin(group_id, execution_id), like=self._own, meter=meter)

    def model_keys(self, group_id: str, execution_id: str) -> SessionKeys:
        """Credentials that can do nothing but call models; a model object holds them where a crew could find them.

        Raises:
            PlatformUnavailable: no session was given.
        """
        return self._begin(group_id, execution_id, ONLY_MODELS)

    def _begin(self, group_id: str, execution_id: str, policy: str | None = None) -> SessionKeys:
        tags = {**_group_tags(group_id), "execution": execution_id}
        tags |= {"runs-project": "yes"} if self._of_project else {}
        name = project_session(group_id, execution_id) if self._of_project else execution_id
        return _begin(self._own, self._role_arn, name, tags, policy)


class GroupSessions:
    """Begins a session for each request about a group, of a role that reaches what the group knows and remembers.

    Args:
        own: the function's own credentials; it can begin sessions and nothing else.
        role_arn: of the role.
        vectors: as above.
    """

    def __init__(self, own: SessionKeys | None, role_arn: str, *, vectors: bool = False) -> None:
        self._own = Clients(own)
        self._own.open("dynamodb", "s3", "ssm", "sts", *(["s3vectors"] if vectors else []))
        self._role_arn = role_arn

    def begin(self, group_id: str) -> SessionKeys:
        """Raises `PlatformUnavailable`."""
        return _begin(self._own, self._role_arn, "knowledge", _group_tags(group_id))

    def clients(self, keys: SessionKeys) -> Clients:
        return Clients(keys, like=self._own)


def _group_tags(group_id: str) -> dict[str, str]:
    """With the digest that the names of the group's indexes of vectors begin with."""
    return {"group": group_id, "group-digest": group_digest(group_id)}


def _begin(own: Clients, role_arn: str, name: str, tags: Mapping[str, str], policy: str | None = None) -> SessionKeys:
    limits = {} if policy is None else {"Policy": policy}
    with platform_errors("Beginning a session"):
        answer: dict[str, str] = own.sts.assume_role(
            RoleArn=role_arn,
            RoleSessionName=name,
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
            DurationSeconds=SECONDS,
            **limits,
        )["Credentials"]
    return SessionKeys(answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"])
