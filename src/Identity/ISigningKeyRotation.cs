using Tollgate.Foundation;

namespace Tollgate.Identity;

/// <summary>Gives access tokens new signing keys in time, and takes away those that no living token was signed with.</summary>
public interface ISigningKeyRotation
{
    Task RotateAsync(CancellationToken cancellation);
}

/// <summary>Recurring, hourly.</summary>
public sealed class RotateSigningKeys(ISigningKeyRotation rotation) : IRecurringJob
{
    public Task RunAsync(CancellationToken cancellation) => rotation.RotateAsync(cancellation);
}
