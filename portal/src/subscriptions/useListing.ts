import { useQuery } from "@tanstack/react-query";
import { discoverQuery, listingQuery, type Listing } from "~/catalog/data";
import type { Subscription } from "./data";

/**
 * What the catalog tells about a subscription's API, if it still lists it: the address to call and the endpoints.
 * A subscription knows its product by id and name, so the catalog is asked for the name.
 */
export function useListing(product: Subscription["product"]): Listing | undefined {
  const found = useQuery({ ...discoverQuery({ q: product.name ?? undefined }, 50), enabled: product.kind === "api", staleTime: 5 * 60_000 });
  const row = found.data?.data.find((each) => each.api_id === product.id);
  const listing = useQuery({ ...listingQuery(row?.organization.slug ?? "", row?.slug ?? ""), enabled: row !== undefined, staleTime: 5 * 60_000 });
  return listing.data;
}
