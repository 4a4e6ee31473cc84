"""What the checks of the template let pass, and why."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from stepcrew_local.layout import ROOT, TEMPLATE

CONFIGURATION = ROOT / ".checkov.yaml"
RULE = re.compile(r"CKV\w+")


@pytest.mark.parametrize("file", [TEMPLATE, ROOT / "functions/runner/Dockerfile"])
def test_a_security_rule_that_one_resource_does_not_keep_has_its_reason_beside_it(file: Path) -> None:
    passes = re.findall(r"checkov:skip=(\w+)(.*)", file.read_text())

    assert passes
    assert [rule for rule, reason in passes if not re.match(r":\w+( \S+)+", reason)] == []


def test_a_security_rule_that_no_resource_keeps_has_its_reason_above_it() -> None:
    text = CONFIGURATION.read_text()
    skipped = text[text.index("skip-check:") :].splitlines()[1:]

    assert RULE.match(yaml.safe_load(text)["skip-check"][0])
    comment = False
    for line in skipped:
        comment = line.strip().startswith("#") or (comment and bool(RULE.search(line)))
        assert comment, f"{line.strip()} has no reason"


def test_other_checks_let_nothing_pass() -> None:
    """A suppression of cfn-lint would stand in the template's metadata or in a file of its own."""
    assert "cfn-lint" not in TEMPLATE.read_text()
    assert not list(ROOT.glob(".cfnlintrc*"))


@pytest.mark.slow
def test_a_bucket_that_is_opened_to_everybody_fails_the_check(tmp_path: Path) -> None:
    opened = tmp_path / "template.yaml"
    opened.write_text(TEMPLATE.read_text().replace("BlockPublicPolicy: true", "BlockPublicPolicy: false"))
    checkov = [ROOT / ".venvs/checkov/bin/checkov", "--config-file", CONFIGURATION, "-f", opened]

    done = subprocess.run(checkov, capture_output=True, text=True, timeout=300)

    assert done.returncode == 1
    assert re.search(r"CKV_AWS_54.*\n\s+FAILED for resource: AWS::S3::Bucket.Bucket", done.stdout)
