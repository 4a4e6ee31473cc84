"""CrewAI's loop around an agent's model calls, where a conversation has grown longer than its model can read.

CrewAI ends the process there when an agent is not to summarize, and otherwise summarizes and asks again for as long as
the agent has iterations. Both become an error of the model here, which fails the crew task like any other.
Source: `recover_from_context_length` of crewai/agents/agent_executor.py and `CONTEXT_LIMIT_ERRORS` of
crewai/utilities/exceptions/context_window_exceeding_exception.py of the pinned version.
"""

from __future__ import annotations

from typing import Literal

from crewai.agents.agent_executor import AgentExecutor
from crewai.flow.flow_definition import FlowDefinition
from crewai.utilities.exceptions import context_window_exceeding_exception as crewai_known
from pydantic import PrivateAttr

from stepcrew_runner.crew.provider_errors import TOO_LONG
from stepcrew_runner.crew.seams import last_context_error

MOST_SUMMARIES = 2
"""How often a conversation may be summarized because the provider refused it, in one crew task: each costs model calls,
and a request that is still too long afterwards (for its tools, say) stays so."""

_known = crewai_known.CONTEXT_LIMIT_ERRORS
_known += [phrase for phrase in TOO_LONG.phrases if phrase not in _known]
"""CrewAI itself knows the words of some providers."""


class BoundedExecutor(AgentExecutor):
    """The executor of every agent that a definition names. It has the methods of CrewAI's, called in the same order."""

    _summaries: int = PrivateAttr(default=0)

    @classmethod
    def flow_definition(cls) -> FlowDefinition:
        """CrewAI takes it from the methods that a class defines itself."""
        return AgentExecutor.flow_definition()

    def recover_from_context_length(self) -> Literal["initialized"]:
        """Summarizes the conversation, or raises the provider's refusal."""
        self._summaries += 1
        error = last_context_error(self)
        if error and (not self.respect_context_window or self._summaries > MOST_SUMMARIES):
            raise error
        return super().recover_from_context_length()
