"""Decides on what an execution waits for by a link that was sent to somebody."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from stepcrew.domain.approval import Approval, numbered
from stepcrew.domain.decision_link import DecisionLink, LinkNotValid, check_link, read_link
from stepcrew.domain.errors import Conflict, ExecutionNotFound, NotAllowed
from stepcrew.domain.membership import Role
from stepcrew.services.audit_ports import Act, AuditLog
from stepcrew.services.decide_approval import DecideApproval, Feedback
from stepcrew.services.link_ports import LinkKeyStore
from stepcrew.services.ports import ApprovalStore, Clock

AUDIT_ACTION = "approvals.feedback"
"""As of a decision with a token."""


class Standing(StrEnum):
    OPEN = "OPEN"
    """The link can decide it."""
    COUNTED = "COUNTED"
    """This very link decided it."""
    DECIDED = "DECIDED"
    """Somebody else did, another link, or the time that ran out."""
    WITHDRAWN = "WITHDRAWN"
    """The execution ended, so nobody is asked any more."""
    EXPIRED = "EXPIRED"


class SeenLink(NamedTuple):
    link: DecisionLink
    approval: Approval
    standing: Standing


class DecideByLink:
    """Every call may be repeated: a link counts once. Every method raises `LinkNotValid` for a link that the group has
    not signed or has revoked, and for one to what is not there (any more): the answer is always the same."""

    def __init__(
        self, keys: LinkKeyStore, approvals: ApprovalStore, decide: DecideApproval, audit: AuditLog, clock: Clock
    ) -> None:
        self._keys = keys
        self._approvals = approvals
        self._decide = decide
        self._audit = audit
        self._clock = clock

    def look(self, text: str) -> SeenLink:
        """What the link is about and how it stands. Decides nothing."""
        kept = self._keys.link_keys(read_link(text).group_id)
        link = check_link(text, kept.keys if kept else [], self._clock.now())
        asked = self._approvals.approvals(link.group_id, link.execution_id)
        approval = numbered(asked, link.number)
        if approval is None:
            raise LinkNotValid
        return SeenLink(link, approval, self._standing(link, approval))

    def decide(self, text: str, comment: str | None) -> SeenLink:
        """As the link says, if it can; how it stands then. Raises `InvalidRequest` for a limit that may not be
        raised."""
        seen = self.look(text)
        if seen.standing is not Standing.OPEN:
            return seen
        link = seen.link
        act = Act(link.group_id, link.decided_by, Role.MEMBER, AUDIT_ACTION, link.execution_id, None)
        feedback = Feedback(
            group_id=link.group_id,
            execution_id=link.execution_id,
            decision=link.decision,
            decided_by=link.decided_by,
            email=link.email,
            comment=comment,
            approval_id=link.approval_id,
        )
        try:
            with self._audit.acting(act):
                self._decide(feedback)
        except Conflict:  # somebody came before, or it was cancelled
            pass
        except (ExecutionNotFound, NotAllowed) as error:
            raise LinkNotValid from error
        return self.look(text)

    def _standing(self, link: DecisionLink, approval: Approval) -> Standing:
        decision = approval.decision
        if decision:
            is_ours = (decision.kind, decision.decided_by) == (link.decision, link.decided_by)
            return Standing.COUNTED if is_ours else Standing.DECIDED
        if approval.withdrawn_at:
            return Standing.WITHDRAWN
        return Standing.EXPIRED if self._clock.now() >= link.expires_at else Standing.OPEN
