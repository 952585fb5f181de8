using System.Globalization;
using Tollgate.Plans;

namespace Tollgate.Admission.Leases;

/// <summary>A line of a node's leases as Redis keeps it.</summary>
internal sealed record LeaseRecord(string Field, string Text, Guid Subscription, byte Meter, Window Window, long Granted, long Used, long AtMicros)
{
    public long Unaccounted => Math.Max(0, Granted - Used);

    public static bool TryParse(string? field, string? text, out LeaseRecord record)
    {
        record = null!;
        if (field?.Split(':') is not [var subscription, var meter, var window] || text?.Split(' ') is not [_, var granted, _, var used, var at, ..])
            return false;
        if (!Guid.TryParse(subscription, out var id) || !byte.TryParse(meter, CultureInfo.InvariantCulture, out var code) || !int.TryParse(window, CultureInfo.InvariantCulture, out var kind)
            || !Number(granted, out var grantedAmount) || !Number(used, out var usedAmount) || !Number(at, out var micros))
            return false;
        record = new LeaseRecord(field, text, id, code, (Window)kind, grantedAmount, usedAmount, micros);
        return true;
    }

    private static bool Number(string text, out long value) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
