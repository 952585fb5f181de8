import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Runnable } from "~/design/Copy";
import { SelectField } from "~/design/Field";
import { curl, easiest } from "./calls";
import type { Listing } from "./data";
import { documentQuery } from "./document";

/** As many as one can look through; the list of endpoints has them all. */
const offered = 100;

/** A call to copy, for the endpoint of one's choice; first the one that needs the least. */
export function TryCall({ listing, apiKey, name }: { listing: Listing; apiKey: string; name: string }) {
  const document = useQuery(documentQuery(listing.organization.slug, listing.slug)).data;
  const [chosen, setChosen] = useState<string>();
  const endpoint = listing.endpoints.find((each) => each.id === chosen) ?? easiest(listing.endpoints, document);
  const choices = listing.endpoints.slice(0, offered);
  return (
    <div className="grid gap-8">
      {listing.endpoints.length > 1 && (
        <div className="max-w-form">
          <SelectField label="Endpoint" bare small value={endpoint?.id} onChange={(event) => setChosen(event.target.value)}>
            {endpoint && !choices.includes(endpoint) && <option value={endpoint.id}>{`${endpoint.method} ${endpoint.path}`}</option>}
            {choices.map((each) => (
              <option key={each.id} value={each.id}>{`${each.method} ${each.path}`}</option>
            ))}
          </SelectField>
        </div>
      )}
      <Runnable command={curl(listing.gateway_url, endpoint, apiKey, document)} name={name} />
    </div>
  );
}
