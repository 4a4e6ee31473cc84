"""The name under which the embedded demo model answers. Import-free, so that every process may read it."""

MODEL_NAME = "smollm2-135m-instruct"
