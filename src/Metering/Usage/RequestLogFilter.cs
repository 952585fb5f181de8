using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Mvc;
using Tollgate.Foundation;

namespace Tollgate.Metering.Usage;

/// <summary>The place of a row in the list: newest first by time, then by the event's id.</summary>
internal sealed record RequestLogPlace(DateTimeOffset At, Guid JournalId, long JournalOffset)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{At.UtcTicks}.{JournalId:n}.{JournalOffset}");

    public static RequestLogPlace? Parse(string text)
    {
        var parts = text.Split('.');
        return parts.Length == 3 && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) && ticks <= DateTime.MaxValue.Ticks
            && Guid.TryParseExact(parts[1], "n", out var journal) && long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
            ? new RequestLogPlace(new DateTimeOffset(ticks, TimeSpan.Zero), journal, offset)
            : null;
    }
}

internal sealed record RequestLogFilter(short? LowestStatus, short? HighestStatus, UsageOutcome? Outcome, DateTimeOffset? From, DateTimeOffset? To, int Limit, RequestLogPlace? After);

internal sealed class RequestLogParameters : PageParameters
{
    private RequestLogFilter? _filter;
    private RequestLogPlace? _place;

    /// <summary>A status such as 404, or a class such as 4xx.</summary>
    [FromQuery(Name = "status")]
    public string? Status { get; init; }

    [FromQuery(Name = "outcome")]
    public string? Outcome { get; init; }

    [FromQuery(Name = "from")]
    public string? From { get; init; }

    [FromQuery(Name = "to")]
    public string? To { get; init; }

    public RequestLogFilter Filter => _filter ?? throw new InvalidOperationException("The filter is read once the request is validated.");

    public override void Validate(Errors errors)
    {
        var (lowest, highest) = StatusOf(errors, Status);
        var outcome = OutcomeOf(errors, Outcome);
        var from = QueryTime.Parse(errors, "from", From);
        var to = QueryTime.Parse(errors, "to", To);
        base.Validate(errors);
        _filter = new RequestLogFilter(lowest, highest, outcome, from, to, Count, _place);
    }

    protected override bool TryReadKey(string key)
    {
        _place = RequestLogPlace.Parse(key);
        return _place is not null;
    }

    private static (short?, short?) StatusOf(Errors errors, string? text)
    {
        if (string.IsNullOrEmpty(text))
            return (null, null);
        if (text.Length == 3 && text[0] is >= '1' and <= '5')
        {
            if (text.EndsWith("xx", StringComparison.OrdinalIgnoreCase))
                return ((short)((text[0] - '0') * 100), (short)((text[0] - '0') * 100 + 99));
            if (short.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var status))
                return (status, status);
        }
        errors.Add("status", "UNKNOWN_VALUE", "Use a status such as 404, or a class such as 4xx.");
        return (null, null);
    }

    private static UsageOutcome? OutcomeOf(Errors errors, string? text)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        foreach (var outcome in Enum.GetValues<UsageOutcome>())
            if (string.Equals(JsonNamingPolicy.SnakeCaseLower.ConvertName(outcome.ToString()), text, StringComparison.Ordinal))
                return outcome;
        errors.Add("outcome", "UNKNOWN_VALUE", "Use served, refused, upstream_failed, client_aborted or interrupted.");
        return null;
    }
}
