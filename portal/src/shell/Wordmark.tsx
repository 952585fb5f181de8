import { Link } from "@tanstack/react-router";

/** A post and its barrier, raised. */
export function Wordmark() {
  return (
    <Link to="/marketplace" className="inline-flex items-center gap-8 text-16 font-semibold">
      <svg aria-hidden viewBox="0 0 20 20" className="size-20" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round">
        <path d="M4 17V7M2 17h4" />
        <path d="m4 9.500 13-5.500" />
      </svg>
      Tollgate
    </Link>
  );
}
