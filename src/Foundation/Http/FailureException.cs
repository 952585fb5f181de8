namespace Tollgate.Foundation;

/// <summary>A refusal from where no answer can carry one, such as want of room deep inside. The request ends with it, and what it did is rolled back.</summary>
public sealed class FailureException(Failure failure) : Exception(failure?.Message)
{
    public Failure Failure { get; } = failure ?? throw new ArgumentNullException(nameof(failure));
}
