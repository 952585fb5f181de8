using Microsoft.AspNetCore.Mvc;
using Tollgate.Foundation;

namespace Tollgate.Identity.Audit;

/// <summary>What is looked for. Everything that is given must hold.</summary>
internal sealed record AuditFilter(string? Action, Guid? Account, string? Subject, Guid? FirstId, Guid? EndId);

/// <summary>The query of the list and of the export.</summary>
internal sealed class AuditParameters : IdPageParameters
{
    private AuditFilter? _filter;

    /// <summary>Id or slug; without it one's own acts, and what others did to one's account. An operator without it sees all; an API token of one organization sees that one's.</summary>
    [FromQuery(Name = "organization")]
    public string? Organization { get; init; }

    /// <summary>`key.revoked`, or `key` for all that was done to keys.</summary>
    [FromQuery(Name = "action")]
    public string? Action { get; init; }

    /// <summary>Who did it.</summary>
    [FromQuery(Name = "account")]
    public string? Account { get; init; }

    /// <summary>The id of what was changed.</summary>
    [FromQuery(Name = "subject")]
    public string? Subject { get; init; }

    [FromQuery(Name = "from")]
    public string? From { get; init; }

    [FromQuery(Name = "to")]
    public string? To { get; init; }

    /// <summary>Of the export: `csv` or `jsonl`.</summary>
    [FromQuery(Name = "format")]
    public string? Format { get; init; }

    public AuditFilter Filter => _filter ?? throw new InvalidOperationException("The filter is read once the request is validated.");

    public override void Validate(Errors errors)
    {
        base.Validate(errors);
        errors.Text("action", Action, 0, 60);
        errors.Text("subject", Subject, 0, 200);
        var from = QueryTime.Parse(errors, "from", From);
        var to = QueryTime.Parse(errors, "to", To);
        errors.Check(from is null || to is null || from < to, "from", "RANGE_EMPTY", "`from` must lie before `to`.");
        Guid account = default;
        errors.Check(string.IsNullOrEmpty(Account) || TypeId.TryParse(Account, "acc", out account), "account", "TYPE_INVALID", "The id of an account, acc_….");
        errors.Check(Format is null or "" or "csv" or "jsonl", "format", "UNKNOWN_VALUE", "Use csv or jsonl.");
        _filter = new AuditFilter(Text(Action), string.IsNullOrEmpty(Account) ? null : account, Text(Subject), FirstOf(from), FirstOf(to));
    }

    private static string? Text(string? value) => string.IsNullOrWhiteSpace(value) ? null : value.Trim();

    // The smallest id of a moment: UUIDv7 begins with its milliseconds.
    private static Guid? FirstOf(DateTimeOffset? time)
    {
        if (time is not { } at)
            return null;
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(bytes, at.ToUnixTimeMilliseconds() << 16);
        return new Guid(bytes, bigEndian: true);
    }
}
