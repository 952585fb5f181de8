using Tollgate.Foundation;
using Tollgate.Identity;

namespace Tollgate.Metering.Meters;

/// <summary>The meters that providers declare, under the caller's row-level security.</summary>
internal sealed class MeterStore(TimeProvider clock) : IMeters
{
    private const string Columns = "id, organization_id, code, name, unit, description, created_at, archived_at";

    private const string Lock = "SELECT pg_advisory_xact_lock(hashtextextended('metering.meter' || @organization::text, 0))";

    private const string Insert = $"""
        INSERT INTO metering.meter (id, organization_id, code, name, unit, description, created_at)
        SELECT @id, @organization, coalesce(max(code), 127) + 1, @name, @unit, @description, @now FROM metering.meter WHERE organization_id = @organization
        HAVING coalesce(max(code), 127) < 255
        ON CONFLICT (name) DO NOTHING RETURNING {Columns}
        """;

    private const string List = $"""
        SELECT {Columns}, coalesce(r.amount, 0) AS last30_days, r.hour AS last_reported_hour
        FROM metering.meter m LEFT JOIN (
          SELECT meter, sum(amount) AS amount, max(hour) AS hour FROM metering.meter_hourly
          WHERE provider_organization_id = @organization AND meter LIKE 'x.%' AND hour >= @since GROUP BY meter
        ) r ON r.meter = m.name
        WHERE organization_id = @organization AND (@archived OR archived_at IS NULL) AND (@last::uuid IS NULL OR id < @last::uuid)
        ORDER BY id DESC LIMIT @limit
        """;

    public async Task<IReadOnlyDictionary<string, DeclaredMeter>> FindAsync(DbSession session, Guid organizationId, IReadOnlyCollection<string> names)
    {
        ArgumentNullException.ThrowIfNull(session);
        var rows = await session.QueryAsync<MeterRow>($"SELECT {Columns} FROM metering.meter WHERE organization_id = @organizationId AND name = ANY (@names)",
            new { organizationId, names = names.ToArray() }).ConfigureAwait(false);
        return rows.ToDictionary(row => row.Name, row => new DeclaredMeter(row.OrganizationId, (byte)row.Code, row.Name, row.ArchivedAt is not null), StringComparer.Ordinal);
    }

    /// <summary>Who has declared these names, of the caller's organizations.</summary>
    public static async Task<IReadOnlyDictionary<string, Guid>> OwnersAsync(DbSession session, string[] names) =>
        (await session.QueryAsync<MeterRow>($"SELECT {Columns} FROM metering.meter WHERE name = ANY (@names)", new { names }).ConfigureAwait(false))
            .ToDictionary(row => row.Name, row => row.OrganizationId, StringComparer.Ordinal);

    public async Task<Outcome<MeterRow>> DeclareAsync(DbSession session, Membership organization, DeclareMeterRequest request)
    {
        // Codes are given one after the other.
        await session.ExecuteAsync(Lock, new { organization = organization.OrganizationId }).ConfigureAwait(false);
        var name = Meter.DeclaredName(organization.Slug, request.Name!);
        var made = await session.QuerySingleOrDefaultAsync<MeterRow>(Insert, new
        {
            id = TypeId.New(clock),
            organization = organization.OrganizationId,
            name,
            unit = request.Unit!.Trim(),
            description = request.Description?.Trim() ?? "",
            now = clock.GetUtcNow(),
        }).ConfigureAwait(false);
        if (made is not null)
            return made;
        var count = await session.QuerySingleAsync<long>("SELECT count(*) FROM metering.meter WHERE organization_id = @organization AND name <> @name",
            new { organization = organization.OrganizationId, name }).ConfigureAwait(false);
        return count >= byte.MaxValue - Meter.FirstDeclaredCode + 1
            ? Failure.Conflict("METER_LIMIT", "An organization can declare 128 meters ever. Archiving one makes no room: plans and counters know a meter by a code that is never given twice. Restore an archived one instead.")
            : Failure.Conflict("METER_NAME_TAKEN", $"There is already a meter named '{name}', or there was one: names are for good. An archived meter can be restored.");
    }

    public Task<IReadOnlyList<MeterRow>> ListAsync(DbSession session, Guid organization, bool archived, int limit, Guid? last) =>
        session.QueryAsync<MeterRow>(List, new { organization, archived, limit, last, since = clock.GetUtcNow().AddDays(-30) });

    public static Task<MeterRow?> FindAsync(DbSession session, Guid id) =>
        session.QuerySingleOrDefaultAsync<MeterRow>($"SELECT {Columns} FROM metering.meter WHERE id = @id", new { id });

    /// <summary>What is so already stays as it is.</summary>
    public Task<MeterRow> SetArchivedAsync(DbSession session, Guid id, bool archived) => session.QuerySingleAsync<MeterRow>(
        $"UPDATE metering.meter SET archived_at = CASE WHEN @archived THEN coalesce(archived_at, @now) END WHERE id = @id RETURNING {Columns}", new { id, archived, now = clock.GetUtcNow() });
}

internal sealed class MeterRow
{
    public Guid Id { get; init; }

    public Guid OrganizationId { get; init; }

    public short Code { get; init; }

    public string Name { get; init; } = "";

    public string Unit { get; init; } = "";

    public string Description { get; init; } = "";

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? ArchivedAt { get; init; }

    public decimal Last30Days { get; init; }

    public DateTimeOffset? LastReportedHour { get; init; }

    public MeterResponse ToResponse() => new(
        TypeId.Format("meter", Id), TypeId.Format("org", OrganizationId), Name, Unit, Description, "sum", CreatedAt, ArchivedAt, Last30Days, LastReportedHour);
}
