namespace Tollgate.Foundation;

/// <summary>Work that runs on one node of the cluster at a time. All recurring jobs of the product are listed in one file of the host.</summary>
public interface IRecurringJob
{
    Task RunAsync(CancellationToken cancellation);
}
