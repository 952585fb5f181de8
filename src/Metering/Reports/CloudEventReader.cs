using System.Globalization;
using System.Text.Json;
using Tollgate.Foundation;

namespace Tollgate.Metering.Reports;

/// <summary>Reads one event. What it does not know (extension attributes) it passes over, as CloudEvents asks.</summary>
internal static class CloudEventReader
{
    public const int LongestId = 200;
    public const long LargestAmount = 1L << 53;

    private static readonly string[] TimeFormats = ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd't'HH:mm:ss.FFFFFFFK"];

    /// <summary>The event, or every reason why it is none.</summary>
    public static ReportedEvent? Read(JsonElement item, Errors errors)
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            errors.Add("event", "TYPE_INVALID", "An event is a JSON object.");
            return null;
        }
        errors.Check(Text(item, "specversion") == "1.0", "specversion", "UNKNOWN_VALUE", "Only CloudEvents 1.0.");
        var (id, source, type) = (Name(item, "id", errors), Name(item, "source", errors), Name(item, "type", errors));
        errors.Check(TypeId.TryParse(Text(item, "subject"), "sub", out var subscription), "subject", "ID_INVALID", "The id of a subscription, such as sub_….");
        var time = Time(item, errors);
        var amount = Amount(item, errors);
        return errors.Any ? null : new ReportedEvent(id!, source!, type!, subscription, amount, time);
    }

    /// <summary>A text member, or null for everything else: half of a surrogate pair is no text.</summary>
    public static string? Text(JsonElement item, string name)
    {
        if (item.ValueKind != JsonValueKind.Object || !item.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.String)
            return null;
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static string? Name(JsonElement item, string name, Errors errors)
    {
        var text = Text(item, name);
        errors.Text(name, text, 1, LongestId);
        return text;
    }

    private static DateTimeOffset? Time(JsonElement item, Errors errors)
    {
        if (!item.TryGetProperty("time", out var value) || value.ValueKind == JsonValueKind.Null)
            return null;
        if (DateTimeOffset.TryParseExact(Text(item, "time"), TimeFormats, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out var time) && HasOffset(Text(item, "time")!))
            // PostgreSQL keeps microseconds.
            return time.AddTicks(-(time.Ticks % TimeSpan.TicksPerMicrosecond));
        errors.Add("time", "NOT_A_TIME", "Use RFC 3339 with an offset, such as 2026-03-01T00:00:00Z.");
        return null;
    }

    private static bool HasOffset(string text) => text[^1] is 'Z' or 'z' || (text.Length > 6 && text[^6] is '+' or '-');

    private static long Amount(JsonElement item, Errors errors)
    {
        long amount = -1;
        var whole = item.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Object
            && data.TryGetProperty("amount", out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out amount);
        errors.Check(whole && amount is >= 0 and <= LargestAmount, "data.amount", "OUT_OF_RANGE", $"A whole number between 0 and {LargestAmount}.");
        return amount;
    }
}
