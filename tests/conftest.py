"""What every test shares: the environment the template gives the functions, and no way to a real AWS account."""

from __future__ import annotations

import os

os.environ.update(
    {
        "POWERTOOLS_SERVICE_NAME": "stepcrew",
        "POWERTOOLS_METRICS_NAMESPACE": "Stepcrew",
        "POWERTOOLS_TRACE_DISABLED": "true",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
)
