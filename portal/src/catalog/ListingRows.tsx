import { Link } from "@tanstack/react-router";
import { Money } from "~/design/Figures";
import { count, counted, milliseconds, percent } from "~/design/format";
import type { ListingRow } from "./data";

/** Rows, not cards: one line for the name, one for what it does, and the figures under one another. */
export function ListingRows({ rows }: { rows: readonly ListingRow[] }) {
  return (
    <div>
      <div className="listing-head" aria-hidden>
        <span>API</span>
        <span>From</span>
        <span title="Median over the last 30 days">Latency</span>
        <span title="Share of calls of the last 30 days without a server error">Success</span>
        <span>Subscribers</span>
      </div>
      <ul aria-label="APIs">
        {rows.map((row) => (
          <Row key={row.api_id} row={row} />
        ))}
      </ul>
    </div>
  );
}

function Row({ row }: { row: ListingRow }) {
  return (
    <li className="listing">
      <div className="min-w-0">
        <Link
          to="/marketplace/$organization/$api"
          params={{ organization: row.organization.slug, api: row.slug }}
          className="listing-link text-16 font-semibold"
        >
          {row.name}
        </Link>
        <span className="text-quiet text-13"> by {row.organization.name}</span>
        {row.rating !== null && row.rating_count > 0 && (
          <span className="text-quiet text-13" title={counted(row.rating_count, "review")}>
            {" "}
            · {row.rating.toFixed(1)} of 5
          </span>
        )}
        <p className="text-quiet line-clamp-2 sm:line-clamp-1">{row.summary || counted(row.endpoint_count, "endpoint")}</p>
      </div>
      <dl className="listing-figures">
        <div>
          <dt>From</dt>
          <dd>
            <From row={row} />
          </dd>
        </div>
        <div>
          <dt>Latency</dt>
          <dd>{milliseconds(row.latency_ms_p50)}</dd>
        </div>
        <div>
          <dt>Success</dt>
          <dd>{percent(row.success_rate)}</dd>
        </div>
        <div>
          <dt>Subscribers</dt>
          <dd>{count(row.subscriber_count)}</dd>
        </div>
      </dl>
    </li>
  );
}

function From({ row }: { row: ListingRow }) {
  if (row.free_plan || row.price_from?.amount === 0) return <>Free</>;
  if (!row.price_from) return <>–</>;
  return (
    <>
      <Money amount={row.price_from.amount} currency={row.price_from.currency} />
      <span className="minor"> / {row.price_from.interval}</span>
    </>
  );
}
