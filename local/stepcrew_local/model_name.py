"""What the servers of the embedded models and their callers agree on."""

MODEL_NAME = "smollm2-135m-instruct"
EMBEDDER_NAME = "wordllama-l2-256"
KEY_VARIABLE = "STEPCREW_MODEL_KEY"
"""Variable with the key that the server asks for."""
PATH_PREFIX = "/model"
"""Everything lies below it: at the root, the server answers some paths without a key."""
