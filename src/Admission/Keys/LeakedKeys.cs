using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Tollgate.Foundation;
using Tollgate.Identity;

namespace Tollgate.Admission.Keys;

/// <summary>What a scanner that has signed learns of each token, so that it can tell real ones from look-alikes.</summary>
internal sealed record LeakVerdict(string TokenHash, string TokenType, string Label);

/// <summary>
/// Keys that were found in the open: revoked at once, or marked alone (<c>Keys__Leaked</c>: revoke, flag), in the audit log of their organization, and its
/// owners and admins are told by mail. Who has not signed learns nothing of what is known here.
/// </summary>
internal sealed class LeakedKeys(
    IDatabase database, KeyStore keys, LeakReports reports, IOrganizationContacts contacts, IAccountMailer mailer, IChangeFeed feed, IAuditLog audit, IConfiguration configuration)
{
    public const string Limit = "key-leaks";
    private readonly bool _revokes = configuration["Keys:Leaked"] switch
    {
        null or "" or "revoke" => true,
        "flag" => false,
        _ => throw new InvalidOperationException("Keys__Leaked must be revoke or flag."),
    };

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/keys/leaked", ReportAsync).WithName("reportLeakedKeys").WithTags("Keys")
            .WithSummary("For secret scanners: keys that were found in the open, as GitHub's partner program sends them. Pattern: tg_(live|test)_[0-9A-Za-z]{36}")
            .Accepts<LeakedToken[]>("application/json").Produces<LeakVerdict[]>().Produces(StatusCodes.Status202Accepted)
            .ProducesProblem(StatusCodes.Status401Unauthorized).ProducesProblem(StatusCodes.Status413PayloadTooLarge).ProducesProblem(StatusCodes.Status429TooManyRequests)
            .AllowAnonymous().RequireRateLimiting(Limit);

    private static async Task<IResult> ReportAsync(HttpRequest request, AuditActor actor, LeakedKeys leaked, CancellationToken cancellation)
    {
        var read = await leaked.Reports.ReadAsync(request, cancellation).ConfigureAwait(false);
        if (read.Failure is { } refused)
            return Problems.Result(refused);
        var (tokens, verified) = read.Value;
        var known = await leaked.TakeInAsync(tokens, verified, actor with { Name = verified ? "secret scanner" : "anonymous reporter" }, cancellation).ConfigureAwait(false);
        return verified ? Results.Ok(tokens.Select(token => VerdictOf(token, known)).ToArray()) : Results.Accepted();
    }

    private LeakReports Reports => reports;

    private async Task<HashSet<string>> TakeInAsync(IReadOnlyList<LeakedToken> tokens, bool verified, AuditActor actor, CancellationToken cancellation)
    {
        var found = tokens.Where(token => token.Token is not null && PresentedKey.IsWellFormed(token.Token)).DistinctBy(token => token.Token, StringComparer.Ordinal).ToList();
        var genuine = new HashSet<string>(StringComparer.Ordinal);
        if (found.Count == 0)
            return genuine;
        var ids = await database.AsWorkerAsync(session => KeyStore.IdsOfAsync(session, [.. found.Select(token => KeyFormat.Digest(token.Token!))]), cancellation).ConfigureAwait(false);
        foreach (var token in found)
            if (ids.TryGetValue(Convert.ToHexString(KeyFormat.Digest(token.Token!)), out var id))
            {
                await database.AsWorkerAsync(session => TakeInAsync(session, id, token, verified, actor), cancellation).ConfigureAwait(false);
                genuine.Add(token.Token!);
            }
        if (genuine.Count > 0)
            await feed.AfterCommitAsync(cancellation).ConfigureAwait(false);
        return genuine;
    }

    // Told once, and true then: a scanner that comes by again, or at the same moment, finds nothing new.
    private async Task<bool> TakeInAsync(DbSession session, Guid id, LeakedToken token, bool verified, AuditActor actor)
    {
        if (await KeyStore.LockAsync(session, id).ConfigureAwait(false) is not { } key)
            return false;
        var source = LeakText.Of(token.Url ?? token.Source);
        var marked = await keys.MarkLeakedAsync(session, key.Id, source).ConfigureAwait(false);
        // One that was rotated has a successor: its grace is over, whatever is set.
        var revoked = (_revokes || await KeyStore.IsFollowedAsync(session, key.Id).ConfigureAwait(false)) && await keys.RevokeAsync(session, key.Id).ConfigureAwait(false);
        if (!marked && !revoked)
            return false;
        await audit.WriteAsync(session, actor, KeyAudit.Leaked(key, source, verified, revoked)).ConfigureAwait(false);
        // What anybody can write must not reach people in a mail of ours.
        var told = verified ? source : null;
        foreach (var person in (await contacts.AdminsAsync(session, key.OrganizationId).ConfigureAwait(false)).OrderBy(person => person.Email, StringComparer.Ordinal))
            if (await contacts.TakeNewsAsync(session, person.Email).ConfigureAwait(false))
                await mailer.SendAsync(session, MailOf(person, key, told, revoked)).ConfigureAwait(false);
        return true;
    }

    // An address that nobody has proved may be somebody else's: what its account calls itself and its keys is not said there.
    private static AccountMail MailOf(Contact person, KeyRow key, string? source, bool revoked) => new(AccountMailKind.SecurityChanged, person.Email, person.EmailVerified ? person.Name : "")
    {
        Values = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["change"] = $"The key {(person.EmailVerified ? $"“{key.Name}” " : "")}({key.Prefix}…) was found in the open{(source is null ? "" : $" at {source}")}"
                + (revoked ? " and has been revoked. Create a new one where it was used." : ". Rotate it."),
        },
    };

    private static LeakVerdict VerdictOf(LeakedToken token, HashSet<string> known) => new(
        Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(token.Token ?? ""))), token.Type ?? "", known.Contains(token.Token ?? "") ? "true_positive" : "false_positive");
}
