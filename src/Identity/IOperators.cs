namespace Tollgate.Identity;

/// <summary>How making somebody an operator ended.</summary>
public enum OperatorAnswer
{
    Promoted,

    /// <summary>Nothing was changed.</summary>
    IsOperator,

    /// <summary>Whoever registered the account has not shown that the address is theirs.</summary>
    EmailUnproved,

    Disabled,
}

/// <summary>Makes somebody an operator outside of a request, for the first one.</summary>
public interface IOperators
{
    /// <summary>Only an account that can sign in, and whose address is proved: anybody can register an address.</summary>
    Task<OperatorAnswer> EnsureAsync(Guid accountId, AuditActor actor, CancellationToken cancellation);
}
