namespace Tollgate.Metering.Reconcile;

internal sealed class GatewayRow
{
    public Guid SubscriptionId { get; init; }
    public DateTimeOffset At { get; init; }
    public long Gateway { get; init; }
    public long Log { get; init; }
}

internal sealed class FiguresRow
{
    public Guid SubscriptionId { get; init; }
    public Guid ApiId { get; init; }
    public DateTimeOffset At { get; init; }
    public long[]? Log { get; init; }
    public long[]? Hourly { get; init; }
    public long[]? Daily { get; init; }
}

internal sealed class PeriodRow
{
    public Guid SubscriptionId { get; init; }
    public int PlanVersion { get; init; }
    public DateTimeOffset At { get; init; }
    public string Meter { get; init; } = "";
    public decimal Log { get; init; }
    public decimal Period { get; init; }
}

internal sealed class ReportedRow
{
    public Guid SubscriptionId { get; init; }
    public DateTimeOffset At { get; init; }
    public string Meter { get; init; } = "";
    public decimal Log { get; init; }
    public decimal Hourly { get; init; }
}

internal sealed class TotalRow
{
    public Guid SubscriptionId { get; init; }
    public long Gateway { get; init; }
    public long Unsealed { get; init; }
    public long Log { get; init; }
    public long Hourly { get; init; }
    public long? Daily { get; init; }
    public decimal? Period { get; init; }
}
