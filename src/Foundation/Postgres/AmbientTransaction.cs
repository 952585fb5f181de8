using Npgsql;

namespace Tollgate.Foundation.Postgres;

/// <summary>
/// One transaction around a whole request: every <see cref="IDatabase.AsAppAsync"/> in the same asynchronous flow takes part in it, each behind a
/// savepoint, so that a refused part leaves nothing behind while the whole can still be committed. Without <see cref="CommitAsync"/> all is rolled back.
/// </summary>
internal sealed class AmbientTransaction : IAsyncDisposable
{
    // A holder, not the transaction itself: what is set in a callee's flow is lost when it returns, what is changed inside a shared object is not.
    private static readonly AsyncLocal<Holder?> Flow = new();

    private readonly Holder _holder;
    private readonly TenantContext _tenant;
    private readonly List<Func<Task>> _afterCommit = [];
    private int _savepoints;

    private sealed class Holder
    {
        public AmbientTransaction? Transaction { get; set; }
    }

    private AmbientTransaction(Holder holder, TenantContext tenant, DbSession session)
    {
        _holder = holder;
        _tenant = tenant;
        Session = session;
    }

    public static AmbientTransaction? Current => Flow.Value?.Transaction;

    public DbSession Session { get; }

    /// <summary>True when a part of it was refused or threw; that part is rolled back.</summary>
    public bool HasFailedPart { get; private set; }

    /// <summary>Not async: the holder must be set in the caller's own flow.</summary>
    public static Task<AmbientTransaction> BeginAsync(NpgsqlDataSource source, TenantContext tenant, CancellationToken cancellation)
    {
        if (Current is not null)
            throw new InvalidOperationException("The request has a transaction already.");
        var holder = new Holder();
        Flow.Value = holder;
        return OpenAsync(holder, source, tenant, cancellation);
    }

    public async Task<T> JoinAsync<T>(TenantContext tenant, Func<DbSession, Task<T>> work, CancellationToken cancellation)
    {
        var savepoint = $"part_{++_savepoints}";
        await Session.Transaction.SaveAsync(savepoint, cancellation).ConfigureAwait(false);
        await TenantSettings.ApplyAsync(Session.Connection, Session.Transaction, tenant, cancellation).ConfigureAwait(false);
        try
        {
            var result = await work(new DbSession(Session.Connection, Session.Transaction, cancellation)).ConfigureAwait(false);
            if (result is IOutcome { Succeeded: false })
                await UndoAsync(savepoint).ConfigureAwait(false);
            else
            {
                await Session.Transaction.ReleaseAsync(savepoint, CancellationToken.None).ConfigureAwait(false);
                // Going back to a savepoint brings the settings back with it, releasing one does not.
                await TenantSettings.ApplyAsync(Session.Connection, Session.Transaction, _tenant, CancellationToken.None).ConfigureAwait(false);
            }
            return result;
        }
        catch
        {
            await UndoAsync(savepoint).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>For what can only be done when others see the change; not done when it is rolled back.</summary>
    public void AfterCommit(Func<Task> work) => _afterCommit.Add(work);

    public async Task CommitAsync(CancellationToken cancellation)
    {
        _holder.Transaction = null;
        await Session.Transaction.CommitAsync(cancellation).ConfigureAwait(false);
        foreach (var work in _afterCommit)
            await work().ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        _holder.Transaction = null;
        await Session.Transaction.DisposeAsync().ConfigureAwait(false);
        await Session.Connection.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task<AmbientTransaction> OpenAsync(Holder holder, NpgsqlDataSource source, TenantContext tenant, CancellationToken cancellation)
    {
        var connection = await source.OpenConnectionAsync(cancellation).ConfigureAwait(false);
        try
        {
            var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
            await TenantSettings.ApplyAsync(connection, transaction, tenant, cancellation).ConfigureAwait(false);
            return holder.Transaction = new AmbientTransaction(holder, tenant, new DbSession(connection, transaction, cancellation));
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task UndoAsync(string savepoint)
    {
        HasFailedPart = true;
        if (Session.Connection.State == System.Data.ConnectionState.Open)
            await Session.Transaction.RollbackAsync(savepoint, CancellationToken.None).ConfigureAwait(false);
    }
}
