import { useQuery } from "@tanstack/react-query";
import { failureOf } from "~/api/query";
import { Money, Period, When } from "~/design/Figures";
import { count, moneyParts, unitPrice } from "~/design/format";
import { Failed, Lines } from "~/design/States";
import { upcomingInvoiceQuery, type Invoice } from "./data";

/** What the running period will cost, with the arithmetic to follow. */
export function UpcomingInvoice({ subscriptionId, zone }: { subscriptionId: string; zone: string }) {
  const query = useQuery(upcomingInvoiceQuery(subscriptionId));
  return (
    <section aria-labelledby="invoice">
      <h2 id="invoice" className="text-20 font-semibold mb-12">
        Next invoice
      </h2>
      {failureOf(query) ? (
        <Failed error={query.error} what="The invoice could not be worked out." retry={() => void query.refetch()} />
      ) : query.data ? (
        <InvoiceLines invoice={query.data} zone={zone} />
      ) : (
        <Lines rows={3} />
      )}
    </section>
  );
}

function InvoiceLines({ invoice, zone }: { invoice: Invoice; zone: string }) {
  const { symbol } = moneyParts(0, invoice.currency);
  return (
    <>
      <table className="sheet">
        <thead>
          <tr>
            <th scope="col">For</th>
            <th scope="col" className="figure">
              Quantity × price
            </th>
            <th scope="col" className="figure">
              {symbol} {invoice.currency.toUpperCase()}
            </th>
          </tr>
        </thead>
        <tbody>
          {invoice.lines.map((line) => (
            <tr key={`${line.kind} ${line.description}`}>
              <td>
                {line.description}
                {line.kind === "overage" && line.used != null && line.included != null && (
                  <span className="block text-12 text-quiet">
                    {line.used > line.included
                      ? `${count(line.used)} used − ${count(line.included)} included = ${count(Number(line.quantity))}`
                      : `${count(line.used)} used of ${count(line.included)} included`}
                  </span>
                )}
              </td>
              <td className="figure text-quiet">
                {count(Number(line.quantity))} × {unitPrice(line.unit_price, invoice.currency)}
              </td>
              <td className="figure">
                <Money amount={line.amount} currency={invoice.currency} bare />
              </td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row" className="font-medium text-ink" colSpan={2}>
              Total so far
            </th>
            <td className="figure text-16 font-semibold">
              <Money amount={invoice.total} currency={invoice.currency} bare />
            </td>
          </tr>
        </tfoot>
      </table>
      <p className="text-12 text-quiet mt-8">
        <Period from={invoice.period_start} to={invoice.period_end} zone={zone} />, worked out <When at={invoice.as_of} />.
      </p>
    </>
  );
}
