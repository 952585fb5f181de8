using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Tollgate.Foundation;

namespace Tollgate.Identity.Tokens;

/// <summary>
/// A new signing key every <c>Identity__SigningKeyDays</c> (30). It is published an hour before it signs; the one before it verifies until the last token that it
/// signed has expired, and is removed then.
/// </summary>
internal sealed partial class SigningKeyRotation(
    IDatabase database, ModuleKeys keys, IAuditLog audit, TimeProvider clock, ILogger<SigningKeyRotation> logger, IConfiguration configuration) : ISigningKeyRotation
{
    /// <summary>Longer than anybody may keep the published keys, and than a node keeps what it read.</summary>
    public static readonly TimeSpan Announced = TimeSpan.FromHours(1);

    private static readonly TimeSpan ClocksDiffer = TimeSpan.FromMinutes(5);

    private readonly TimeSpan _interval = TimeSpan.FromDays(IdentityModule.Setting(configuration, "SigningKeyDays", 30));

    public async Task RotateAsync(CancellationToken cancellation)
    {
        // A key must be there before it can be followed by another.
        await keys.GetAsync(cancellation).ConfigureAwait(false);
        var (added, removed) = await database.AsWorkerAsync(RotateAsync, cancellation).ConfigureAwait(false);
        if (added || removed > 0)
            LogRotated(logger, added, removed);
    }

    private async Task<(bool Added, int Removed)> RotateAsync(DbSession session)
    {
        const string newest = "SELECT max(signs_from) FROM identity.module_key WHERE purpose = 'access_token'";
        // One that a later key replaced so long ago that no token of it is left.
        const string remove = """
            DELETE FROM identity.module_key k WHERE k.purpose = 'access_token'
              AND EXISTS (SELECT FROM identity.module_key later WHERE later.purpose = 'access_token' AND later.signs_from > k.signs_from AND later.signs_from < @over)
            """;
        var now = clock.GetUtcNow();
        var removed = await session.ExecuteAsync(remove, new { over = now - AccessTokens.Lifetime - ClocksDiffer }).ConfigureAwait(false);
        if (now - await session.QuerySingleAsync<DateTimeOffset>(newest).ConfigureAwait(false) < _interval)
            return (false, removed);
        var id = await keys.AddSigningKeyAsync(session, now + Announced).ConfigureAwait(false);
        await audit.WriteAsync(session, AuditActor.System("rotate-signing-keys"), new AuditChange("signing_key.created", id, After: new { signs_from = now + Announced })).ConfigureAwait(false);
        return (true, removed);
    }

    [LoggerMessage(210, LogLevel.Information, "Signing keys of access tokens: new key {Added}, keys removed {Removed}")]
    private static partial void LogRotated(ILogger logger, bool added, int removed);
}
