using Tollgate.Foundation;

namespace Tollgate.Catalog.Discovery;

/// <summary>Reads published listings. Every order is one number, greatest first, and the API's id: so one cursor serves them all.</summary>
internal static class ListingStore
{
    private const string Columns = """
        l.api_id, l.organization_slug, l.organization_name, l.slug, l.name, l.summary, l.description, l.category, l.tags, l.version, l.endpoint_count,
        l.published_at, l.price_amount, l.price_currency, l.price_interval, l.free_plan,
        coalesce(s.subscriber_count, 0) AS subscriber_count, coalesce(s.requests_30d, 0) AS requests, s.latency_ms_p50 AS latency, s.success_rate,
        s.rating, coalesce(s.rating_count, 0) AS rating_count
        """;

    private const string From = "FROM catalog.listing l LEFT JOIN catalog.listing_statistics s ON s.api_id = l.api_id";

    // All that was typed as a web search, or its beginning so and the last word unfinished.
    private const string Where = """
        WHERE l.published AND (@category::text IS NULL OR l.category = @category) AND (@tag::text IS NULL OR @tag = ANY (l.tags))
          AND (@all::text IS NULL OR l.search @@ query.terms)
        """;

    private const string Query = """
        CROSS JOIN (SELECT coalesce(websearch_to_tsquery('english', @all), ''::tsquery) || CASE WHEN @prefix::text IS NULL THEN ''::tsquery
                           ELSE websearch_to_tsquery('english', @head) && to_tsquery('simple', @prefix || ':*') END AS terms) query
        """;

    public static async Task<Page<ListingRow>> DiscoverAsync(DbSession session, DiscoveryQuery query)
    {
        var rows = await session.QueryAsync<ListingRow>($"""
            SELECT * FROM (SELECT {Columns}, {Order(query.Sort)} AS sort_key {From} {Query} {Where}) found
            WHERE @AfterKey::numeric IS NULL OR (sort_key, api_id) < (@AfterKey::numeric, @AfterId::uuid)
            ORDER BY sort_key DESC, api_id DESC LIMIT @Count
            """, Parameters(query)).ConfigureAwait(false);
        return Page<ListingRow>.Cut(rows, query.Limit, last => query.CursorOf(last.SortKey, last.ApiId));
    }

    public static Task<long> CountAsync(DbSession session, DiscoveryQuery query) =>
        session.QuerySingleAsync<long>($"SELECT count(*) FROM catalog.listing l {Query} {Where}", Parameters(query));

    public static Task<ListingRow?> FindAsync(DbSession session, string organization, string api) => session.QuerySingleOrDefaultAsync<ListingRow>(
        $"SELECT {Columns} {From} WHERE l.published AND l.organization_slug = @organization AND l.slug = @api", new { organization, api });

    public static Task<IReadOnlyList<CategoryResponse>> CategoriesAsync(DbSession session) => session.QueryAsync<CategoryResponse>("""
        SELECT c.slug, c.name, count(l.api_id) AS listing_count
        FROM catalog.category c LEFT JOIN catalog.listing l ON l.category = c.slug AND l.published
        GROUP BY c.slug ORDER BY c.position, c.slug
        """);

    private static object Parameters(DiscoveryQuery query) => new
    {
        category = query.Category,
        tag = query.Tag,
        all = query.Search?.All,
        head = query.Search?.Head,
        prefix = query.Search?.Prefix,
        query.AfterKey,
        query.AfterId,
        Count = query.Limit + 1,
    };

    // Whole numbers, so that a cursor holds exactly what PostgreSQL compares.
    private static string Order(string sort) => sort switch
    {
        "relevance" => "round((ts_rank_cd(l.search, query.terms, 1) * 1000000)::numeric)",
        "popular" => "coalesce(s.subscriber_count, 0)::numeric * 1000000000000 + least(coalesce(s.requests_30d, 0), 999999999999)",
        "rating" => "round(coalesce(s.rating, 0) * 1000) * 1000000000 + coalesce(s.rating_count, 0)",
        "price" => "-round(coalesce(l.price_order, 1000000000000000) * 1000000)",
        _ => "round(extract(epoch FROM l.published_at) * 1000000)",
    };
}
