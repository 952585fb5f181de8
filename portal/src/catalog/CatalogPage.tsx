import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { failureOf } from "~/api/query";
import { Button, ButtonLink } from "~/design/Button";
import { SelectField } from "~/design/Field";
import { count, counted } from "~/design/format";
import { Empty, Failed, Lines } from "~/design/States";
import { usePageTitle } from "~/design/usePage";
import { categoriesQuery, discoverPagesQuery, sorts, type Filters, type Sort } from "./data";
import { ListingRows } from "./ListingRows";

const at = "/public/marketplace";

function titleOf(filters: Filters, total: number | undefined, category: string | undefined): string {
  if (total === undefined) return "APIs to call";
  const what = counted(total, "API");
  if (filters.q) return `${what} for “${filters.q}”`;
  if (category) return `${what} in ${category}`;
  return `${what} you can call today`;
}

export function CatalogPage() {
  const filters = useSearch({ from: at });
  const pages = useInfiniteQuery({ ...discoverPagesQuery({ q: filters.q, category: filters.category, sort: filters.sort }), placeholderData: keepPreviousData });
  const categories = useQuery(categoriesQuery).data?.data ?? [];
  const rows = pages.data?.pages.flatMap((page) => page.data) ?? [];
  const total = pages.data?.pages[0]?.total;
  const title = titleOf(filters, total, categories.find((each) => each.slug === filters.category)?.name);
  usePageTitle(title);
  return (
    <>
      <div className="pt-40 md:pt-64 pb-24">
        <h1 className="font-serif text-34">{title}</h1>
        <SearchBox />
      </div>
      <div className="flex flex-wrap items-center gap-x-24 gap-y-12 pb-12">
        <nav aria-label="Categories" className="categories">
          <CategoryLink name="All" />
          {categories.filter((each) => each.listing_count > 0 || each.slug === filters.category).map((each) => (
            <CategoryLink key={each.slug} slug={each.slug} name={each.name} count={each.listing_count} />
          ))}
        </nav>
        <SortChoice />
      </div>
      {failureOf(pages) ? (
        <Failed error={pages.error} what="The catalog could not be read." retry={() => void pages.refetch()} />
      ) : pages.isPending ? (
        <Lines rows={8} tall />
      ) : rows.length === 0 ? (
        <Nothing filters={filters} />
      ) : (
        <>
          <ListingRows rows={rows} />
          <footer className="flex items-center gap-16 pt-24 text-quiet text-13">
            {pages.hasNextPage && (
              <Button busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
                Load more
              </Button>
            )}
            <span>
              {count(rows.length)} of {counted(total ?? rows.length, "API")}
            </span>
          </footer>
        </>
      )}
    </>
  );
}

/** Searches while one types, with the words in the address. */
function SearchBox() {
  const filters = useSearch({ from: at });
  const navigate = useNavigate({ from: "/marketplace" });
  const [typed, setTyped] = useState(filters.q ?? "");
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (document.activeElement !== input.current) setTyped(filters.q ?? "");
  }, [filters.q]);
  useEffect(() => {
    const q = typed.trim() || undefined;
    if (q === filters.q) return;
    const timer = setTimeout(() => void navigate({ search: (before) => ({ ...before, q }), replace: true }), 200);
    return () => clearTimeout(timer);
  }, [typed, filters.q, navigate]);
  return (
    <form role="search" className="relative mt-24 max-w-prose" onSubmit={(event) => event.preventDefault()}>
      <Search aria-hidden className="absolute left-16 top-0 bottom-0 my-auto size-20 text-quiet" />
      <input
        ref={input}
        type="search"
        aria-label="Search the catalog"
        placeholder="What should it do? Weather, exchange rates, transport"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        className="control search-box"
      />
    </form>
  );
}

function CategoryLink({ slug, name, count: size }: { slug?: string; name: string; count?: number }) {
  const filters = useSearch({ from: at });
  return (
    <Link
      to="/marketplace"
      search={(before) => ({ ...before, category: slug })}
      className="category"
      aria-current={filters.category === slug ? "true" : undefined}
      activeOptions={{ exact: true, includeSearch: true }}
    >
      {name}
      {size !== undefined && <span className="minor"> {count(size)}</span>}
    </Link>
  );
}

function SortChoice() {
  const filters = useSearch({ from: at });
  const navigate = useNavigate({ from: "/marketplace" });
  return (
    <div className="ml-auto">
      <SelectField
        label="Sort by"
        bare
        small
        value={filters.sort ?? "popular"}
        onChange={(event) => {
          const sort = event.target.value as Sort;
          void navigate({ search: (before) => ({ ...before, sort: sort === "popular" ? undefined : sort }) });
        }}
      >
        {Object.entries(sorts).map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </SelectField>
    </div>
  );
}

function Nothing({ filters }: { filters: Filters }) {
  const filtered = filters.q !== undefined || filters.category !== undefined;
  if (filtered)
    return (
      <Empty title="No API matches" action={<ButtonLink to="/marketplace">Show all APIs</ButtonLink>}>
        Try fewer or other words. The search looks at names, summaries, tags and providers.
      </Empty>
    );
  return (
    <Empty title="The catalog is still empty" action={<ButtonLink to="/apis/new">Publish the first API</ButtonLink>}>
      Published APIs are listed here, with their price and the numbers of their real traffic.
    </Empty>
  );
}
