"""Puts the built console into the bucket of a deployed stack, with the settings the stack's outputs tell.

make publish-console STACK=NAME       # region and credentials as for any AWS tool

It may be repeated. Files of earlier builds stay, because pages that are open still ask for them.
"""

from __future__ import annotations

import mimetypes
import sys
from pathlib import Path
from typing import Any

import boto3

BUILT = Path(__file__).parents[1] / "console" / "dist"
FOREVER = "public, max-age=31536000, immutable"
LOOK_AGAIN = "no-cache"
FIRST_PAGE = "index.html"


def publish(stack: str, built: Path, cloudformation: Any, s3: Any) -> str:
    """Uploads everything, the first page last: it names files that must be there. Answers the console's address.

    Raises:
        SystemExit: the console is not built, or the stack was deployed without one.
    """
    if not (built / FIRST_PAGE).is_file():
        raise SystemExit("The console is not built: make console/dist/index.html, with Node 20.")
    outputs = _outputs(stack, cloudformation)
    if "ConsoleBucketName" not in outputs:
        raise SystemExit(f"The stack {stack} has no console; deploy it with DeployConsole=true.")
    bucket = outputs["ConsoleBucketName"]
    for file in _in_order(built):
        name = file.relative_to(built).as_posix()
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        # The build names its assets by their content.
        lifetime = FOREVER if name.startswith("assets/") else LOOK_AGAIN
        if name == FIRST_PAGE:
            _put(s3, bucket, "config.json", outputs["ConsoleSettings"].encode(), "application/json", LOOK_AGAIN)
        _put(s3, bucket, name, file.read_bytes(), kind, lifetime)
    return outputs["ConsoleUrl"]


def _outputs(stack: str, cloudformation: Any) -> dict[str, str]:
    described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}


def _in_order(built: Path) -> list[Path]:
    files = [f for f in built.rglob("*") if f.is_file() and not f.relative_to(built).parts[0].startswith(".")]
    return sorted(files, key=lambda file: (file.name == FIRST_PAGE, file))


def _put(s3: Any, bucket: str, key: str, body: bytes, kind: str, lifetime: str) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=kind, CacheControl=lifetime)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("Which stack? make publish-console STACK=NAME")
    session: Any = boto3.Session()
    print(publish(sys.argv[1], BUILT, session.client("cloudformation"), session.client("s3")))
