namespace Tollgate.Identity;

/// <summary>Makes somebody an operator outside of a request, for the first one.</summary>
public interface IOperators
{
    /// <summary>False when the account was one already.</summary>
    Task<bool> EnsureAsync(Guid accountId, AuditActor actor, CancellationToken cancellation);
}
