"""What the embedded demo model's server and its callers agree on."""

MODEL_NAME = "smollm2-135m-instruct"
KEY_VARIABLE = "STEPCREW_MODEL_KEY"
"""Variable with the key that the server asks for."""
PATH_PREFIX = "/model"
"""Everything lies below it: at the root, the server answers some paths without a key."""
