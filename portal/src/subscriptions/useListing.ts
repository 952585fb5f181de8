import { useQuery } from "@tanstack/react-query";
import { listingQuery, type Listing } from "~/catalog/data";
import type { Subscription } from "./data";

/**
 * What the catalog tells about a subscription's API, as long as it lists it: the address to call and the endpoints.
 * A product's slug is `{organization}/{api}`; the built-in product has none.
 */
export function useListing(product: Subscription["product"]): Listing | undefined {
  const [organization = "", api = ""] = product.slug?.split("/") ?? [];
  const listed = product.kind === "api" && api !== "";
  return useQuery({ ...listingQuery(organization, api), enabled: listed, staleTime: 5 * 60_000, retry: false }).data;
}
