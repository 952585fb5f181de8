import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { Answer } from "@tollgate/sdk";
import { take, tollgate } from "~/api/client";

export type ListingRow = Answer<"/marketplace/discover", "get">["data"][number];
/** All of a row, and what only the listing itself tells. */
export type Listing = ListingRow & Answer<"/marketplace/listings/{organization}/{api}", "get">;
export type ListingPlan = Listing["plans"][number];
export type Endpoint = Listing["endpoints"][number];

export const sorts = { popular: "Most used", rating: "Best rated", newest: "Newest", price: "Lowest price" } as const;
export type Sort = keyof typeof sorts;

export interface Filters {
  q?: string;
  category?: string;
  sort?: Sort;
}

const pageSize = 25;

const discover = (filters: Filters, limit: number, after?: string) => take(tollgate.GET("/marketplace/discover", { params: { query: { ...filters, limit, after } } }));

export const discoverQuery = (filters: Filters, limit: number) =>
  queryOptions({ queryKey: ["catalog", "some", filters, limit], queryFn: () => discover(filters, limit) });

export const discoverPagesQuery = (filters: Filters) =>
  infiniteQueryOptions({
    queryKey: ["catalog", "pages", filters],
    queryFn: ({ pageParam }) => discover(filters, pageSize, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => (page.has_more ? (page.next ?? undefined) : undefined),
    placeholderData: (before) => before,
  });

export const categoriesQuery = queryOptions({
  queryKey: ["catalog", "categories"],
  staleTime: 5 * 60_000,
  queryFn: () => take(tollgate.GET("/marketplace/categories")),
});

export const listingQuery = (organization: string, api: string) =>
  queryOptions({
    queryKey: ["catalog", "listing", organization, api],
    queryFn: () => take(tollgate.GET("/marketplace/listings/{organization}/{api}", { params: { path: { organization, api } } })) as Promise<Listing>,
  });
