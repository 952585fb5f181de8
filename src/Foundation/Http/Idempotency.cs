using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tollgate.Foundation.Postgres;

namespace Tollgate.Foundation.Http;

/// <summary>
/// Idempotency-Key (draft-ietf-httpapi-idempotency-key-header) for endpoints that are marked <see cref="ApiDefaults.Idempotent{TBuilder}"/>. The effect and the stored
/// answer are one transaction: after any crash there are both or neither. Only answers that changed something are kept; a refusal has no effect and may be tried again.
/// </summary>
internal sealed class Idempotency(RequestDelegate next, Database database, ISecretBox secrets, TimeProvider clock)
{
    public const string Header = "Idempotency-Key";

    private const string Purpose = "foundation.idempotency";
    private static readonly string[] KeptHeaders = ["Content-Type", "Location", "ETag"];
    private static readonly Failure InFlight = Failure.Conflict("IDEMPOTENCY_KEY_IN_FLIGHT", "A request with this Idempotency-Key is being worked on. Repeat it in a moment.") with { RetryAfterSeconds = 1 };
    private static readonly Failure Reused = Failure.Invalid(Header, "IDEMPOTENCY_KEY_REUSED", "This key was used for another request. Use a new key.") with { Code = "IDEMPOTENCY_KEY_REUSED" };

    public Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<IdempotentMetadata>() is null || !context.Request.Headers.TryGetValue(Header, out var header)
            || HttpTenant.Of(context) is not { AccountId: { } account } tenant)
            return next(context);
        // A structured-field string has quotes; most clients send none.
        var key = header.ToString().Trim().Trim('"');
        if (key.Length is 0 or > 255)
            return Problems.Result(Failure.Invalid(Header, "IDEMPOTENCY_KEY_INVALID", "Between 1 and 255 characters.")).ExecuteAsync(context);
        return RunAsync(context, tenant, new Slot(account, key, $"{context.Request.Method} {context.Request.Path}"));
    }

    private async Task RunAsync(HttpContext context, TenantContext tenant, Slot slot)
    {
        var hash = await HashBodyAsync(context).ConfigureAwait(false);
        var ambient = await database.BeginAmbientAsync(tenant, context.RequestAborted);
        await using var _ = ambient.ConfigureAwait(false);
        var session = ambient.Session;
        if (!await session.QuerySingleAsync<bool>("SELECT pg_try_advisory_xact_lock(hashtextextended(@lockName, 0))", new { lockName = slot.LockName }).ConfigureAwait(false))
        {
            await Problems.Result(InFlight).ExecuteAsync(context).ConfigureAwait(false);
            return;
        }
        if (await FindAsync(session, slot).ConfigureAwait(false) is { } stored)
        {
            await (CryptographicOperations.FixedTimeEquals(stored.RequestHash, hash) ? ReplayAsync(context, stored) : Problems.Result(Reused).ExecuteAsync(context)).ConfigureAwait(false);
            return;
        }
        await RunFirstAsync(context, ambient, slot, hash).ConfigureAwait(false);
    }

    // The answer waits in memory until it is committed together with the effect: what the client has seen is what a repetition gets.
    private async Task RunFirstAsync(HttpContext context, AmbientTransaction ambient, Slot slot, byte[] hash)
    {
        var wire = context.Response.Body;
        using var answer = new MemoryStream();
        context.Response.Body = answer;
        try
        {
            await next(context).ConfigureAwait(false);
            if (context.Response.StatusCode is >= 200 and < 300)
            {
                await KeepAsync(ambient.Session, slot, hash, context.Response, answer.ToArray()).ConfigureAwait(false);
                await ambient.CommitAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }
        finally
        {
            context.Response.Body = wire;
        }
        answer.Position = 0;
        await answer.CopyToAsync(wire, context.RequestAborted).ConfigureAwait(false);
    }

    private static async Task<byte[]> HashBodyAsync(HttpContext context)
    {
        context.Request.EnableBuffering();
        var hash = await SHA256.HashDataAsync(context.Request.Body, context.RequestAborted).ConfigureAwait(false);
        context.Request.Body.Position = 0;
        return hash;
    }

    private async Task<Stored?> FindAsync(DbSession session, Slot slot)
    {
        const string sql = """
            SELECT request_hash, status, answer, headers::text AS headers FROM foundation.idempotency_key
            WHERE account = @Account AND key = @Key AND method_path = @MethodPath AND created_at > @oldest
            """;
        return await session.QuerySingleOrDefaultAsync<Stored>(sql, new { slot.Account, slot.Key, slot.MethodPath, oldest = clock.GetUtcNow().AddDays(-1) }).ConfigureAwait(false);
    }

    private Task KeepAsync(DbSession session, Slot slot, byte[] hash, HttpResponse response, byte[] answer)
    {
        const string sql = """
            INSERT INTO foundation.idempotency_key (account, key, method_path, request_hash, status, answer, headers, created_at)
            VALUES (@Account, @Key, @MethodPath, @hash, @status, @answer, @headers::jsonb, @now)
            ON CONFLICT (account, key, method_path) DO UPDATE SET request_hash = excluded.request_hash, status = excluded.status,
              answer = excluded.answer, headers = excluded.headers, created_at = excluded.created_at
            """;
        var headers = KeptHeaders.Where(response.Headers.ContainsKey).ToDictionary(name => name, name => response.Headers[name].ToString(), StringComparer.Ordinal);
        return session.ExecuteAsync(sql, new
        {
            slot.Account,
            slot.Key,
            slot.MethodPath,
            hash,
            status = response.StatusCode,
            answer = secrets.Seal(Purpose, answer),
            headers = JsonSerializer.Serialize(headers, Json.Options),
            now = clock.GetUtcNow(),
        });
    }

    private async Task ReplayAsync(HttpContext context, Stored stored)
    {
        context.Response.StatusCode = stored.Status;
        foreach (var (name, value) in JsonSerializer.Deserialize<Dictionary<string, string>>(stored.Headers)!)
            context.Response.Headers[name] = value;
        context.Response.Headers["Idempotency-Replayed"] = "true";
        await context.Response.Body.WriteAsync(secrets.Open(Purpose, stored.Answer), context.RequestAborted).ConfigureAwait(false);
    }

    private sealed record Slot(Guid Account, string Key, string MethodPath)
    {
        public string LockName => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Account} {MethodPath} {Key}");
    }

    private sealed class Stored
    {
        public byte[] RequestHash { get; init; } = [];

        public int Status { get; init; }

        public byte[] Answer { get; init; } = [];

        public string Headers { get; init; } = "{}";
    }
}
