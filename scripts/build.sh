#!/usr/bin/env bash
# Builds the zip functions and the layer as `sam deploy` would ship them. The image is built where Docker is.
set -euo pipefail
cd "$(dirname "$0")/.."
export AWS_DEFAULT_REGION=us-east-1 SAM_CLI_TELEMETRY=0
functions=(ApiFunction TraceSinkFunction ReconcilerFunction TriggerFunction AnnouncerFunction WebhookSenderFunction ExporterFunction)
for resource in CoreLayer "${functions[@]}"; do
  .venvs/sam/bin/sam build "$resource" --build-dir ".aws-sam/$resource" --cache-dir .aws-sam/cache "$@" >/dev/null
  echo "$resource $(du -sm ".aws-sam/$resource/$resource" | cut -f1) MB unpacked"
done
