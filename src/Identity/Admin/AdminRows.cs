namespace Tollgate.Identity.Admin;

internal sealed class AdminAccountRow
{
    public Guid Id { get; init; }

    public string Email { get; init; } = "";

    public string Name { get; init; } = "";

    public string Role { get; init; } = "";

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? DisabledAt { get; init; }

    public DateTimeOffset? DeletedAt { get; init; }

    public bool EmailVerified { get; init; }

    public int Organizations { get; init; }

    public int LiveSessions { get; init; }

    public DateTimeOffset? LastSeenAt { get; init; }

    public bool SecondFactor { get; init; }
}

internal sealed class AdminSessionRow
{
    public Guid Id { get; init; }

    public Guid AccountId { get; init; }

    public string Device { get; init; } = "";

    public string UserAgent { get; init; } = "";

    public string? Address { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset LastSeenAt { get; init; }

    public DateTimeOffset ExpiresAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public string? EndedReason { get; init; }
}

internal sealed class AdminOrganizationRow
{
    public Guid Id { get; init; }

    public string Slug { get; init; } = "";

    public string Name { get; init; } = "";

    public string TimeZone { get; init; } = "";

    public bool Personal { get; init; }

    public int Members { get; init; }

    public DateTimeOffset? SuspendedAt { get; init; }

    public string? SuspendedReason { get; init; }

    public DateTimeOffset? RemovedAt { get; init; }

    public string[] Former { get; init; } = [];

    public DateTimeOffset CreatedAt { get; init; }
}
