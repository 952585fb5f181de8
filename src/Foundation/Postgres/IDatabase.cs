namespace Tollgate.Foundation;

/// <summary>
/// The three ways into PostgreSQL, each a transaction that commits when <c>work</c> returns and rolls back when it throws or answers a failed
/// <see cref="Outcome{T}"/>. Inside a request with an Idempotency-Key, <see cref="AsAppAsync"/> joins the request's one transaction, so that the
/// effect and the stored answer commit together.
/// </summary>
public interface IDatabase
{
    /// <summary>Role tollgate_app: bound by row-level security to <paramref name="tenant"/>.</summary>
    Task<T> AsAppAsync<T>(TenantContext tenant, Func<DbSession, Task<T>> work, CancellationToken cancellation);

    /// <summary>Role tollgate_worker: background work across tenants, on the tables that name it in a policy.</summary>
    Task<T> AsWorkerAsync<T>(Func<DbSession, Task<T>> work, CancellationToken cancellation);

    /// <summary>Role tollgate_ingest: the request log, rollups and journal positions only.</summary>
    Task<T> AsIngestAsync<T>(Func<DbSession, Task<T>> work, CancellationToken cancellation);
}
