using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Foundation;

namespace Tollgate.Identity;

/// <summary>By what somebody acted.</summary>
public enum AuditMeans
{
    Session,
    ApiToken,

    /// <summary>Before anybody was signed in.</summary>
    Anonymous,

    /// <summary>A job, a command or the program itself.</summary>
    System,
}

/// <summary>Who acts, on whose behalf, by what and from where. Bind it as a parameter of an endpoint, or take <see cref="Of"/>.</summary>
public sealed record AuditActor(string Name, AuditMeans Means)
{
    public Guid? AccountId { get; init; }

    /// <summary>The TypeID of the session or API token.</summary>
    public string? Credential { get; init; }

    public Guid? OnBehalfOf { get; init; }

    public IPAddress? Address { get; init; }

    public string? UserAgent { get; init; }

    public string? RequestId { get; init; }

    public static AuditActor Of(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var caller = Caller.Of(context);
        var actor = caller is null
            ? new AuditActor("anonymous", AuditMeans.Anonymous)
            : caller.Token is { } token
                ? new AuditActor(caller.Email, AuditMeans.ApiToken) { AccountId = caller.AccountId, Credential = TypeId.Format("tok", token.Id) }
                : new AuditActor(caller.Email, AuditMeans.Session) { AccountId = caller.AccountId, Credential = TypeId.Format("ses", caller.SessionId) };
        return actor with
        {
            Address = context.RequestServices.GetRequiredService<ClientAddress>().Of(context),
            UserAgent = new string([.. context.Request.Headers.UserAgent.ToString().Where(c => !char.IsControl(c)).Take(300)]),
            RequestId = Foundation.RequestId.Of(context),
        };
    }

    public static AuditActor System(string name, Guid? onBehalfOf = null) => new(name, AuditMeans.System) { OnBehalfOf = onBehalfOf };

    /// <summary>The same, once it is known who signs in or registers.</summary>
    public AuditActor As(Guid accountId, string email) => this with { AccountId = accountId, Name = email };

    /// <summary>Parameter binding of minimal APIs.</summary>
    public static ValueTask<AuditActor?> BindAsync(HttpContext context) => ValueTask.FromResult<AuditActor?>(Of(context));
}

/// <summary>
/// What was changed. <paramref name="Action"/> is <c>key.revoked</c> (noun.verb, past tense), <paramref name="Subject"/> the TypeID of what changed;
/// <paramref name="Before"/> and <paramref name="After"/> are small objects without secrets.
/// </summary>
public sealed record AuditChange(string Action, string Subject, Guid? OrganizationId = null, object? Before = null, object? After = null);

/// <summary>The audit log. An entry is written in the same transaction as the change: there is none without the other.</summary>
public interface IAuditLog
{
    /// <summary>Works as app (in the caller's own name and for their organizations) and as worker.</summary>
    Task WriteAsync(DbSession session, AuditActor actor, AuditChange change);
}
