import { Link, useRouterState } from "@tanstack/react-router";
import { Notice } from "~/design/Notice";
import { useOrganization } from "~/session/organization";

/** On every page of the desk, while the organization that it works for is suspended. */
export function Suspended() {
  const organization = useOrganization();
  const says = useRouterState({ select: (state) => state.location.pathname === "/organization" });
  if (!organization?.suspended) return null;
  return (
    <Notice title={`${organization.name} is suspended`}>
      Its APIs are not served, its keys open nothing, and it can subscribe to nothing. Its data and members stay.{" "}
      {!says && (
        <Link to="/organization" className="link text-ink">
          Why
        </Link>
      )}
    </Notice>
  );
}
