"""A scripted model: a server on loopback that speaks like OpenAI, Anthropic and Bedrock; its answers are written into
the prompts.

Directives stand in the text of the task, and only there (`[[say …]]` in a description, say):

    [[say TEXT]]            answers TEXT
    [[saw]]                 answers the hashes (SHA-256) of the files it is shown
    [[json {…}]]            answers that JSON text
    [[size N]]              answers N characters
    [[tool NAME {…}]]       calls that tool with these arguments; several are called one after the other
    [[tools N NAME {…}]]    calls that tool N times at once (OpenAI only)
    [[slow SECONDS]]        waits before answering
    [[fail STATUS]]         answers with that HTTP status; `[[fail STATUS once]]` only the first time

Without one the answer is "answer N", counted by request. It records every request, so tests can count model calls.
"""

from scripted_model.server import Request, ScriptedModel, scripted_model

__all__ = ["Request", "ScriptedModel", "scripted_model"]
