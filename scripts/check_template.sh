#!/usr/bin/env bash
# Checks of the template and of the runner's image, offline: SAM's own validation, cfn-lint, and checkov's security rules
# (what is let pass stands in .checkov.yaml or beside its resource). No AWS account is asked.
set -euo pipefail
cd "$(dirname "$0")/.."
python3 scripts/bootstrap.py sam checkov
export AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none SAM_CLI_TELEMETRY=0
templates=(template.yaml projects/template.yaml projects/tool.yaml)
for template in "${templates[@]}"; do
  .venvs/sam/bin/sam validate --lint --template "$template"
done
.venvs/sam/bin/cfn-lint "${templates[@]}"
.venvs/checkov/bin/checkov --config-file .checkov.yaml -f "${templates[@]}" functions/runner/Dockerfile
