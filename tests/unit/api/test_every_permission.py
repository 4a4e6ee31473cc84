"""What each role is for, done once through every route of the OpenAPI document."""

from __future__ import annotations

from tests.routes import NAMES, NEEDS_AN_UPLOAD, guarded_routes
from tests.unit.api.harness import ADA, MIA, VERA, api_harness, body

ROLES = {"viewer": VERA, "member": MIA, "admin": ADA}


def test_whoever_has_the_role_may_use_every_route() -> None:
    """Deletions come last."""
    with api_harness() as made:
        execution_id = made.client().post("/executions", json=body()).json()["execution_id"]
        made.client().put(f"/crews/{NAMES['/api/v1/crews/{name}']}", json=body())
        for route in sorted(guarded_routes(), key=lambda route: (route.method == "DELETE", route.label)):
            client = made.client(ROLES[route.role or ""])
            answer = client.request(route.method, "http://api" + route.address(execution_id), json=route.body)
            done = (
                (200, 202, 204)
                if route.method == "DELETE"
                else (200, 201, 202, 404, 409, NEEDS_AN_UPLOAD.get(route.label))
            )
            assert answer.status_code in done, route
