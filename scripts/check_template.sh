#!/usr/bin/env bash
# Template checks, offline: SAM's own validation and cfn-lint. No AWS account is asked.
set -euo pipefail
cd "$(dirname "$0")/.."
export AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none SAM_CLI_TELEMETRY=0
.venvs/sam/bin/sam validate --lint --template template.yaml
.venvs/sam/bin/cfn-lint template.yaml
